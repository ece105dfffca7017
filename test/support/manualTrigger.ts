import type { INodeParameters } from 'n8n-workflow';
import type { Run } from './execution';
import type { Host } from './host';
import { send } from './send';
import type { Received } from './send';
import { SECRET, signedNow } from './signedRequests';
import type { SigningWish } from './signedRequests';
import { triggerNode } from './workflowRow';
import type { WorkflowRow } from './workflowRow';

/** An active trigger with a pasted secret, and the means to send it something. */
export interface ManualTrigger {
	row: WorkflowRow;
	/** Signed with `SECRET` now, unless the wish says otherwise. */
	deliver(body: unknown, wish?: SigningWish): Promise<Received>;
	runs(): Promise<Run[]>;
	/** The items of all runs, all outputs together. */
	items(): Promise<Array<Record<string, unknown>>>;
}

let serial = 0;

/**
 * Adds a workflow with one trigger in manual registration, every event selected, and activates it.
 * @param parameters laid over these
 * @param secrets fields of the credential in place of `SECRET`
 */
export async function manualTrigger(
	host: Host,
	parameters: INodeParameters = {},
	secrets: { signingSecret?: string; previousSigningSecret?: string } = {},
): Promise<ManualTrigger> {
	const name = `manual-${++serial}`;
	host.credentials.stored.set(name, {
		signingSecret: SECRET,
		previousSigningSecret: '',
		...secrets,
	});
	const node = triggerNode({
		id: `node-of-${name}`,
		parameters: { registration: 'manual', events: ['*'], ...parameters },
		credentials: { anchorBrowserSigningSecretApi: name },
	});
	const row = host.addWorkflow([node], { id: name });
	await host.activate(row);
	const runs = async () => await host.runs(row);
	return {
		row,
		deliver: async (body, wish) => await send(host.urlOf(row), signedNow(body, wish)),
		runs,
		items: async () => (await runs()).flatMap(({ outputs }) => outputs.flat()),
	};
}
