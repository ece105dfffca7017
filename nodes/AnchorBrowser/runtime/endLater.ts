import type { IHookFunctions } from 'n8n-workflow';
import { endRegistration } from '../registration/end';
import type { EndRequest } from '../registration/end';
import { ownerKeyOf } from '../registration/mark';
import type { MarkOwner } from '../registration/mark';
import { report } from './keepInLine';
import { forget, nodeKeyOf, recall, remember } from './registrations';
import { runExclusive } from './runExclusive';
import { writeState } from './staticData';
import { wait } from './wait';

/**
 * The production webhooks that n8n has taken out of service and that still stand at Anchor. One that is gone from here when
 * its time comes was taken back.
 */
const pendingEnds = new Set<EndRequest>();

/** Finds the end that awaits a trigger's webhook, unless another webhook has replaced it, and calls it off. */
function takePending(owner: MarkOwner): EndRequest | undefined {
	const key = ownerKeyOf(owner);
	const pending = [...pendingEnds].find((one) => !one.isReplaced && ownerKeyOf(one.owner) === key);
	if (pending !== undefined) pendingEnds.delete(pending);
	return pending;
}

/**
 * How long a webhook outlives `delete`, then how long until each further try. n8n 2 publishes a changed trigger, and n8n 1
 * saves an active workflow, by `delete` and then `create` about a second later.
 */
const END_DELAYS_MS = [10_000, 15_000, 60_000, 300_000];

/**
 * Ends a production webhook at Anchor some seconds from now, unless it is taken back before. Returns at once.
 * @param context n8n's context of the deactivation
 */
export function endLater(context: IHookFunctions, pending: EndRequest): void {
	takePending(pending.owner);
	pendingEnds.add(pending);
	void tryToEnd(context, pending);
}

async function tryToEnd(context: IHookFunctions, pending: EndRequest): Promise<void> {
	const key = nodeKeyOf(context);
	for (const delay of END_DELAYS_MS) {
		await wait(delay);
		const isSettled = await runExclusive(key, async () => {
			return !pendingEnds.has(pending) || (await endProduction(context, pending));
		});
		if (isSettled) return;
	}
	pendingEnds.delete(pending);
}

async function endProduction(context: IHookFunctions, pending: EndRequest): Promise<boolean> {
	const { owner, webhookId, isReplaced, onDeactivate } = pending;
	try {
		const { isOver, happened } = await endRegistration(context, pending);
		report(context, owner, happened);
		if (!isOver) return false;
	} catch (cause) {
		context.logger.warn(
			`${context.getNode().name}: ${webhookId === undefined ? 'its webhook' : `the webhook ${webhookId}`} stays at Anchor Browser, because this node has no usable Anchor Browser API credential any more. Remove the webhook in the Anchor Browser dashboard`,
			{ workflowId: owner.workflowId, nodeId: owner.nodeId, cause: (cause as Error).message },
		);
	}
	pendingEnds.delete(pending);
	if (!isReplaced && onDeactivate === 'delete') forget(owner);
	return true;
}

/**
 * Takes a production webhook back that is wanted again: it does not end.
 * @returns the end that awaited it; undefined when none did
 */
export function takeBackEnd(context: IHookFunctions, owner: MarkOwner): EndRequest | undefined {
	const pending = takePending(owner);
	if (pending === undefined) return undefined;
	const known = recall(owner);
	if (known !== undefined) {
		const state = { ...known.state };
		delete state.endedAt;
		remember(owner, state, known.secrets);
		writeState(context, owner.nodeId, state);
	}
	return pending;
}

/** Lets a webhook end all the same, because another one serves in its place. */
export function endReplaced(pending: EndRequest): void {
	pending.isReplaced = true;
	pending.onDeactivate = 'delete';
	pendingEnds.add(pending);
}
