import type { TriggerSetup } from '../conformance/deliveryDriver';
import { SECRET } from '../support/signedRequests';
import { waitFor, type N8nClient, type Workflow, type WorkflowNode } from '../support/n8n';

/** The name of the trigger in workflows. */
export const TRIGGER = 'Anchor Browser Trigger';
export const TRIGGER_TYPE = 'n8n-nodes-anchorbrowser-webhooks.anchorBrowserTrigger';

/** A trigger, as a workflow's JSON holds it. */
export const triggerNode = (
	parameters: Record<string, unknown>,
	credentials: WorkflowNode['credentials'],
): WorkflowNode => ({ name: TRIGGER, type: TRIGGER_TYPE, typeVersion: 2, parameters, credentials });

/** A published workflow of one trigger. */
interface ManualTrigger {
	readonly workflow: Workflow;
	/** Where it takes deliveries; they come through already. */
	readonly url: string;
	readonly credential: { id: string; name: string };
}

/** Publishes a workflow of one trigger whose webhook is kept by hand, with `SECRET` unless told. */
export async function publishManualTrigger(
	client: N8nClient,
	{ secrets, ...parameters }: TriggerSetup,
): Promise<ManualTrigger> {
	const credential = await client.createCredential('anchorBrowserSigningSecretApi', {
		signingSecret: secrets?.current ?? SECRET,
		previousSigningSecret: secrets?.previous ?? '',
	});
	const workflow = await client.createWorkflow({
		name: 'Kept by hand',
		nodes: [
			triggerNode(
				{ registration: 'manual', ...parameters },
				{ anchorBrowserSigningSecretApi: credential },
			),
		],
		connections: {},
	});
	await client.activate(workflow.id);
	const url = client.webhookUrl(await client.getWorkflow(workflow.id), TRIGGER);
	await waitFor(async () => await client.isRegistered(url), { what: 'the webhook to be live' });
	return { workflow, url, credential };
}
