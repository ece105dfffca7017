import { updateWebhook } from '../api/webhooks';
import type { ApiContext } from '../api/client';
import { planEnding } from './plan';
import type { EndingInput } from './plan';
import { listWithStored, removeAll } from './remote';
import type { Happening } from './report';

/** The registration to be ended. */
export interface EndRequest extends EndingInput {
	/** `options.onDeactivate`; a test's webhook is always deleted. */
	onDeactivate: 'delete' | 'disable';
}

/** What became of it. */
export interface Ended {
	/** Whether Anchor sends nothing more to this trigger; otherwise it is worth another try. */
	isOver: boolean;
	happened: Happening[];
}

/**
 * Ends a registration at Anchor: the webhook of the stored id, and every other one with our own mark. A webhook that is
 * already gone counts as ended.
 * @throws n8n's own message when the node has no credential
 */
export async function endRegistration(context: ApiContext, request: EndRequest): Promise<Ended> {
	const { owner, webhookId } = request;
	const happened: Happening[] = [];
	const remote = await listWithStored(context, webhookId);
	if (!remote.ok) {
		return { isOver: false, happened: [{ what: 'unended', failure: remote, id: webhookId }] };
	}
	const { served, doubles } = planEnding(remote.body, request);
	if (served === undefined && webhookId !== undefined) {
		happened.push({ what: 'absent', id: webhookId });
	}
	const isDisabled = request.onDeactivate === 'disable' && owner.mode === 'production';
	if (served === undefined || !isDisabled) {
		const ours = served === undefined ? doubles : [served, ...doubles];
		return { isOver: await removeAll(context, ours, 'served', happened), happened };
	}
	const { id } = served;
	const disabled = await updateWebhook(context, id, { enabled: false });
	if (disabled.ok) happened.push({ what: 'disabled', id });
	else if (disabled.status === 404) happened.push({ what: 'absent', id });
	else happened.push({ what: 'stayed', id, failure: disabled });
	const areGone = await removeAll(context, doubles, 'leftover', happened);
	return { isOver: areGone && (disabled.ok || disabled.status === 404), happened };
}
