import type {
	IExecuteFunctions,
	IHookFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	ITriggerFunctions,
	ITriggerResponse,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { ACCEPTED_STATUS } from './delivery/verdict';
import { lookAfter } from './hooks/trigger';
import { signingSecretTest } from './hooks/credentialTest';
import { NODE_HINT } from './settings/builderHints';
import { TRIGGER_PROPERTIES } from './settings/fields';
import { OUTPUTS_EXPRESSION } from './settings/outputs';
import { receiveDelivery } from './hooks/webhook';
import { activate, deactivate } from './hooks/webhookMethods';
import { shapeItems } from './hooks/execute';

/** How to get data in the editor. */
const WHILE_BUILDING =
	'<b>While you build</b>, click "Execute step": Anchor Browser sends a sample of the first selected event at once. To wait for a real event, add the option Sample Event and choose None; with manual registration, give your webhook the Test URL first.';

/**
 * Starts a workflow when Anchor Browser says that something happened. `webhook()` verifies, filters and answers each
 * delivery; `execute()` turns what passed into items on outputs, as n8n's own Error Trigger and Execute Workflow Trigger
 * do; `trigger()` looks after the webhook and fetches events that did not arrive.
 */
export class AnchorBrowserTrigger implements INodeType {
	description: INodeTypeDescription = {
		...NODE_HINT,
		displayName: 'Anchor Browser Trigger',
		name: 'anchorBrowserTrigger',
		icon: {
			light: 'file:../../icons/anchorBrowser.svg',
			dark: 'file:../../icons/anchorBrowser.dark.svg',
		},
		group: ['trigger'],
		// Never 1: for a webhook node of version 1, n8n evaluates an expression of its own for every request.
		version: 2,
		subtitle:
			'={{ ((events) => events.includes("*") ? "All events" : events.length > 2 ? events.length + " events" : events.join(", "))([].concat($parameter["events"])) }}',
		description:
			'Starts the workflow when a browser task, session, batch, intervention or identity changes at Anchor Browser',
		eventTriggerDescription:
			'Anchor Browser sends a sample at once. With Sample Event set to None, or with manual registration, run something in Anchor Browser, for example a task.',
		activationMessage:
			'Events that you chose and that meet your conditions now run this workflow. If one does not, look at the delivery history of the webhook in Anchor Browser: it shows what n8n answered.',
		defaults: { name: 'Anchor Browser Trigger' },
		inputs: [],
		outputs: OUTPUTS_EXPRESSION,
		credentials: [
			{
				name: 'anchorBrowserApi',
				required: true,
				displayOptions: { show: { registration: ['automatic'] } },
			},
			{
				name: 'anchorBrowserSigningSecretApi',
				required: true,
				testedBy: 'signingSecretTest',
				// Not `show: manual`: where a credential is shown for every choice of a field, n8n's editor takes that field for
				// the kind of login and moves it out of the panel into the credential's dialog.
				displayOptions: { hide: { registration: ['automatic'] } },
			},
		],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				// A number, of which n8n's type knows nothing: text would have to be an expression, evaluated for each delivery.
				responseCode: ACCEPTED_STATUS as unknown as string,
				// Left out, n8n answers the literal text firstEntryJson; empty, it answers what webhook() returns.
				responseData: '',
				path: 'webhook',
			},
		],
		triggerPanel: {
			header: 'Receive events from Anchor Browser',
			executionsHelp: {
				inactive: `${WHILE_BUILDING}<br /><br /><b>When you are done</b>, publish the workflow (n8n 1: activate it). Every event then runs it; you find the runs in the <a data-key="executions">executions list</a>, not here.`,
				active: `${WHILE_BUILDING} The published workflow goes on meanwhile, with a webhook of its own.<br /><br /><b>In production</b>, every event runs the workflow; you find the runs in the <a data-key="executions">executions list</a>, not here.`,
			},
			activationHint: {
				inactive:
					'"Execute step" brings a sample event (with the option Sample Event set to None, or with manual registration, it waits for a real one). Publish the workflow (n8n 1: activate it) to run it for every event.',
				active: 'This workflow is published: every event runs it, also while you build.',
			},
		},
		properties: TRIGGER_PROPERTIES,
	};

	methods = { credentialTest: { signingSecretTest } };

	webhookMethods = {
		default: {
			/** `create` brings in line whatever it finds, so it is always asked. */
			async checkExists(this: IHookFunctions): Promise<boolean> {
				return false;
			},
			async create(this: IHookFunctions): Promise<boolean> {
				await activate(this);
				return true;
			},
			async delete(this: IHookFunctions): Promise<boolean> {
				await deactivate(this);
				return true;
			},
		},
	};

	/** Because of this method n8n 2 also calls `create` at every start. */
	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return lookAfter(this);
	}

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await receiveDelivery(this);
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await shapeItems(this);
	}
}
