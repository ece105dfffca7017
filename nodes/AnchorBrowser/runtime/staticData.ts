import type {
	IDataObject,
	IExecuteFunctions,
	IHookFunctions,
	ITriggerFunctions,
	IWebhookFunctions,
} from 'n8n-workflow';
import { parseState } from '../registration/state';
import type { RegistrationState } from '../registration/state';

type Context = IHookFunctions | IWebhookFunctions | ITriggerFunctions | IExecuteFunctions;

/**
 * Static data is one JSON column of the workflow, and n8n keys its part for a node by the node's name. The state
 * therefore lies in the global part under the node's id: renaming the node loses nothing. While the editor listens for
 * a test event, n8n gives a listener static data of its own.
 */
const globalData = (context: Context): IDataObject => context.getWorkflowStaticData('global');

/**
 * What n8n has kept of this node's registration; undefined when there is none, or something that is none.
 * @param nodeId the node's id
 */
export function readState(context: Context, nodeId: string): RegistrationState | undefined {
	return parseState(globalData(context)[nodeId]);
}

/**
 * Keeps the state, or drops it. Never from `webhook()`: n8n does not save what one that starts a run writes. Never from
 * `trigger()`: n8n saves all static data as it was at the activation, other nodes' entries too.
 * @param nodeId the node's id
 * @param state undefined drops it
 */
export function writeState(
	context: IHookFunctions | IExecuteFunctions,
	nodeId: string,
	state: RegistrationState | undefined,
): void {
	const data = globalData(context);
	if (state === undefined) delete data[nodeId];
	else data[nodeId] = state as unknown as IDataObject;
}
