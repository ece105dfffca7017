import { startSimulator, type Simulator } from '../simulator';
import { N8nClient, startN8n, waitFor, type N8n } from '../support/n8n';
import { AiClient } from './mcp/aiClient';
import { describeOnNewest } from './newest';
import { TRIGGER, TRIGGER_TYPE } from './trigger';

let n8n: N8n;
let simulator: Simulator;
let owner: N8nClient;
let ai: AiClient;
/** All that the client is told of the trigger. */
let told: string;

beforeAll(async () => {
	simulator = await startSimulator();
	n8n = await startN8n();
	owner = new N8nClient(n8n);
	await owner.setUpOwner();
	const { url: baseUrl, apiKey } = simulator;
	await owner.createCredential('anchorBrowserApi', { apiKey, baseUrl }, 'Anchor Browser account');
	ai = await AiClient.connect(n8n, owner);
	const nodeIds = [{ nodeId: TRIGGER_TYPE }];
	const answer = await ai.call<{ definitions: string }>('get_node_types', { nodeIds });
	told = answer.definitions.replace(/^ *\* ?/gm, '');
});

afterAll(async () => {
	await n8n?.stop();
	await simulator?.close();
});

/** The numbers that the client is told for Branch By, by the word in front of them. */
function outputsOf(branchBy: string): string {
	return new RegExp(`\\W${branchBy}: (.*?)\\.(?: \\w+: |\n)`).exec(told)?.[1] ?? '';
}

/** The number of the output whose list names an event: `1 Failed (task.failed, …)`. */
function outcomeOf(type: string): number {
	const output = outputsOf('outcome')
		.split('),')
		.find((one) => one.includes(type));
	return Number(/\d+/.exec(output ?? '')?.[0]);
}

/** Where an event stands among those selected, in the order that the client is told. */
function placeOf(label: string, selected: readonly string[]): number {
	const order = outputsOf('event').split('events: ').at(-1)?.split(', ') ?? [];
	return order.filter((name) => selected.includes(name)).indexOf(label);
}

/** The example that the client is told, with other parameters, and a node at each of two outputs. */
function workflowCode(parameters: string, [log, alert]: readonly [number, number]): string {
	const [, example = ''] = /<pattern [^>]*>\n([^]*?)<\/pattern>/.exec(told) ?? [];
	const noOp = (name: string) =>
		`const ${name.toLowerCase()} = node({ type: 'n8n-nodes-base.noOp', version: 1, config: { name: '${name}' } });`;
	const code = example
		.replace(/parameters: \{.*\}/, `parameters: ${parameters}`)
		.replace('output(0)', `output(${log})`)
		.replace('output(1)', `output(${alert})`);
	return [
		"import { workflow, trigger, node, newCredential } from '@n8n/workflow-sdk';",
		noOp('Log'),
		noOp('Alert'),
		code,
	].join('\n');
}

/** Which nodes ran after the trigger, once an event of this type has been delivered. */
async function ranFor(workflowId: string, type: string): Promise<string[]> {
	const { id } = simulator.emit(type);
	const run = await waitFor(
		async () => {
			for (const execution of await owner.executions({ workflowId, status: ['success'] })) {
				const whole = await owner.getExecution(execution.id);
				const { runData } = whole.data.resultData;
				if (JSON.stringify(runData[TRIGGER]).includes(id)) return Object.keys(runData);
			}
			return undefined;
		},
		{ timeout: 30_000, what: `a run for ${type}` },
	);
	return run.filter((name) => name !== TRIGGER);
}

describeOnNewest('an AI client at n8n’s own MCP server', () => {
	it.each([
		'alert',
		'failed',
		'captcha',
		'digest',
		'log results',
		'browser task failed alert',
		'log browser task results',
	])('finds the trigger for "%s", with what it is for and what follows it', async (query) => {
		const { results } = await ai.call<{ results: string }>('search_nodes', { queries: [query] });
		const [, entry = ''] = results.split(`- ${TRIGGER_TYPE} `);
		const [about] = entry.split('\n- ');
		expect(about).toMatch(/@builderHint .*failed.*spreadsheet.*captcha/);
		for (const node of ['slack', 'googleSheets', 'dataTable', 'httpRequest', 'if']) {
			expect(about).toContain(`n8n-nodes-base.${node}:`);
		}
	});

	it('is told the item of each format', () => {
		expect(told).toContain('\ntask.failed: task_id, ');
		expect(told).toMatch(/^In format row: event_id, event_type, /m);
		expect(told).toMatch(/^In format envelope: id, type, /m);
	});

	const SELECTED = ['Task Failed', 'Task Completed', 'Task Healed'];

	it.each([
		[
			'outcome',
			"{ events: ['task.completed', 'task.failed'], branchBy: 'outcome' }",
			() => [outcomeOf('task.completed'), outcomeOf('task.failed')] as const,
		],
		[
			'event',
			"{ events: ['task.failed', 'task.completed', 'task.healed'], branchBy: 'event', format: 'row' }",
			() => [placeOf('Task Completed', SELECTED), placeOf('Task Failed', SELECTED)] as const,
		],
	])(
		'makes a workflow that branches by %s, and each event runs the right branch',
		async (_, parameters, outputs) => {
			const code = workflowCode(parameters, outputs());
			expect(await ai.call('validate_workflow', { code })).toMatchObject({ valid: true });
			const made = await ai.call<{ workflowId: string }>('create_workflow_from_code', { code });
			const { workflowId } = made;
			await ai.call('publish_workflow', { workflowId });
			await waitFor(async () => (await owner.publication(workflowId)).status === 'published', {
				what: 'the workflow to be published',
			});

			expect(await ranFor(workflowId, 'task.completed')).toEqual(['Log']);
			expect(await ranFor(workflowId, 'task.failed')).toEqual(['Alert']);
		},
	);
});
