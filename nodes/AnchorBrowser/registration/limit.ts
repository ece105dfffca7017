import type { Explanation } from '../api/explain';
import { MAX_WEBHOOKS } from './plan';
import type { TakenSlot } from './plan';

/**
 * The words for a full project: each webhook by host, which of them n8n made, and for which workflow. They stand in
 * message and description alike, because n8n 1.x shows the one alone and 2.41 the other.
 */
export function limitWords(taken: readonly TakenSlot[]): Explanation {
	const names = taken.map((slot, index) => `${index + 1}. ${slotWords(slot)}`).join('; ');
	const unlisted =
		taken.length < MAX_WEBHOOKS ? ' Disabled ones count too and may be missing here.' : '';
	const list = names === '' ? 'n8n could not list them.' : `They are: ${names}.${unlisted}`;
	return {
		message: `All ${MAX_WEBHOOKS} webhooks that an Anchor Browser project can have are taken, so n8n could not create one for this trigger. ${list} Remove one, or deactivate a workflow that uses one, then try again`,
		description: `An Anchor Browser project can have ${MAX_WEBHOOKS} webhooks, and all are taken. ${list} Remove one in the Anchor Browser dashboard, or deactivate a workflow that uses one, then try again. Listening for a test event takes one as well.`,
	};
}

function slotWords({ id, host, madeBy, workflowName, mode }: TakenSlot): string {
	const maker =
		workflowName === undefined
			? 'not made by n8n'
			: `made by ${madeBy} for the workflow "${workflowName}" (${mode})`;
	return `${host}, ${maker}, ${id}`;
}
