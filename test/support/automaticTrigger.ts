import type { INodeParameters } from 'n8n-workflow';
import type { Simulator } from '../simulator';
import type { Host } from './host';
import { triggerNode } from './workflowRow';
import type { WorkflowRow } from './workflowRow';

let serial = 0;

/**
 * Adds a workflow with one trigger that registers by itself at the simulator. It is not active yet.
 * @param parameters laid over those of a new node
 */
export function automaticTrigger(
	host: Host,
	anchor: Pick<Simulator, 'apiKey' | 'url'>,
	parameters: INodeParameters = {},
): WorkflowRow {
	const name = `automatic-${++serial}`;
	host.credentials.stored.set(name, { apiKey: anchor.apiKey, baseUrl: anchor.url });
	const node = triggerNode({
		id: `node-of-${name}`,
		parameters: { events: ['task.completed', 'task.failed'], ...parameters },
		credentials: { anchorBrowserApi: name },
	});
	return host.addWorkflow([node], { id: name });
}

/**
 * Makes another project at the simulator.
 * @param number tells it from others, one digit
 * @returns the fields of a credential with its API key
 */
export function anotherProject(anchor: Simulator, number = 1) {
	const apiKey = `sk-${`${number}c`.repeat(16)}`;
	anchor.addApiKey(apiKey, `99999999-9999-4999-8999-99999999999${number}`);
	return { apiKey, baseUrl: anchor.url };
}
