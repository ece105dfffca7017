import { ExecuteContext, RoutingNode } from 'n8n-core';
import { createEmptyRunExecutionData } from 'n8n-workflow';
import type {
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	INodeCredentialTestResult,
	INodeType,
	IWorkflowExecuteAdditionalData,
} from 'n8n-workflow';
import type { LoadedPackage } from './core';
import { CredentialStore } from './credentials';
import { openWorkflow, triggerNode } from './workflowRow';

/**
 * The editor's *Test* of a credential that has a request for it: n8n's own routing node carries the request out, and the
 * rules are held against what comes back as in credentials-tester.service of both lines.
 */
export async function testCredential(
	loaded: LoadedPackage,
	type: string,
	data: ICredentialDataDecryptedObject,
): Promise<INodeCredentialTestResult> {
	const { request, rules = [] } = loaded.credentialType(type).test as ICredentialTestRequest;
	const tested: INodeType = {
		description: {
			...loaded.trigger.description,
			credentials: [{ name: type, required: true }],
			properties: [
				{ displayName: 'Temp', name: 'temp', type: 'string', routing: { request }, default: '' },
			],
		},
	};
	const nodes = [triggerNode({ credentials: { [type]: 'tested' } })];
	const row = { id: 'wf', name: 'wf', nodes, active: false, staticData: '{}' };
	const workflow = openWorkflow(row, { ...loaded.nodeTypes, getByNameAndVersion: () => tested });
	const [node] = Object.values(workflow.nodes);
	const credentialsHelper = new CredentialStore(() => loaded);
	credentialsHelper.stored.set('tested', data);
	const inputData = { main: [[{ json: {} }]] };
	const context = new ExecuteContext(
		workflow,
		node,
		{ credentialsHelper, currentNodeParameters: {} } as unknown as IWorkflowExecuteAdditionalData,
		'internal',
		createEmptyRunExecutionData(),
		0,
		[],
		inputData,
		{ node, data: {}, source: null },
		[],
	);
	const decrypted = { id: 'tested', name: 'tested', type, data };
	let body: unknown;
	try {
		const items = await new RoutingNode(context, tested, decrypted).runNode();
		body = items?.[0]?.[0]?.json;
	} catch (thrown) {
		return { status: 'Error', message: wordsFor(thrown, rules) };
	}
	const broken = rules.find(
		(one) =>
			one.type === 'responseSuccessBody' &&
			Object(body)[one.properties.key] === one.properties.value,
	);
	return broken === undefined
		? { status: 'OK', message: 'Connection successful!' }
		: { status: 'Error', message: broken.properties.message };
}

/** What the user reads of a request that failed: the words of the rule for its status, else n8n's. */
function wordsFor(thrown: unknown, rules: ICredentialTestRequest['rules'] = []): string {
	const { message, cause } = thrown as Error & {
		cause?: { response?: { status: number; statusText: string }; code?: string };
	};
	const { status, statusText } = cause?.response ?? {};
	const rule = rules.find((one) => one.type === 'responseCode' && one.properties.value === status);
	return rule?.properties.message ?? statusText ?? cause?.code ?? message;
}
