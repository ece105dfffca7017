import { updateWebhook } from '../api/webhooks';
import type { ApiContext } from '../api/client';
import { planEnding } from './plan';
import type { EndingInput } from './plan';
import { listWithStored, noteEnd, removeAll } from './remote';
import type { Happening } from './report';

/** The registration to be ended. */
export interface EndRequest extends EndingInput {
	/** `options.onDeactivate`; a test's webhook is always deleted. */
	onDeactivate: 'delete' | 'disable';
	/** When n8n asked for the end, in milliseconds of this machine's clock. */
	askedAtMs: number;
}

/** What became of it. */
export interface Ended {
	/** Whether Anchor sends nothing more to this trigger; otherwise it is worth another try. */
	isOver: boolean;
	/** Whether another process has taken the webhook up since, so that it stays and is no business of this one any more. */
	isTakenUp: boolean;
	happened: Happening[];
}

/**
 * Ends a registration at Anchor: the webhook of the stored id, and every other one with our own mark. A webhook that is
 * already gone counts as ended. It is looked at right before, because several processes may keep one trigger: what another
 * one has taken up since the end was asked for stays.
 * @throws n8n's own message when the node has no credential
 */
export async function endRegistration(context: ApiContext, request: EndRequest): Promise<Ended> {
	const { owner, webhookId } = request;
	const happened: Happening[] = [];
	const remote = await listWithStored(context, webhookId);
	if (!remote.ok) {
		happened.push({ what: 'stayed', id: webhookId, failure: remote });
		return { isOver: false, isTakenUp: false, happened };
	}
	// Read after the answer has come: rather too early a time than one after the webhook was taken up.
	const nowMs = Date.now();
	const askedMs = (remote.dateMs ?? nowMs) - (nowMs - request.askedAtMs);
	const { served, doubles, takenUp } = planEnding(remote.body, request, askedMs);
	if (takenUp !== undefined) {
		happened.push({ what: 'takenUp', id: takenUp.id });
		return { isOver: true, isTakenUp: true, happened };
	}
	if (served === undefined && webhookId !== undefined) {
		happened.push({ what: 'absent', id: webhookId });
	}
	if (served === undefined || request.onDeactivate === 'delete' || owner.mode === 'test') {
		const ours = served === undefined ? doubles : [served, ...doubles];
		const isOver = await removeAll(context, ours, 'served', happened);
		return { isOver, isTakenUp: false, happened };
	}
	const { id } = served;
	const disabled = await updateWebhook(context, id, { enabled: false });
	const isDisabled = noteEnd(disabled, { what: 'disabled', id }, happened);
	const areGone = await removeAll(context, doubles, 'leftover', happened);
	return { isOver: isDisabled && areGone, isTakenUp: false, happened };
}
