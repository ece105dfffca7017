import type { IHookFunctions } from 'n8n-workflow';
import { endRegistration } from '../registration/end';
import type { EndRequest } from '../registration/end';
import { report } from './keepRegistration';
import { writeState } from './staticData';
import type { Trigger } from './trigger';
import { releaseIfOver } from './triggers';
import { wait } from './wait';

/**
 * How long a webhook outlives `delete`, then how long until each further try. n8n 2 publishes a changed trigger, and n8n 1
 * saves an active workflow, by `delete` and then `create` about a second later.
 */
const REMOVAL_DELAYS_MS = [10_000, 15_000, 60_000, 300_000];

/** Calls off the removal that awaits the trigger's webhook; not that of one which another webhook has replaced. */
function takeRemoval({ removals }: Trigger): EndRequest | undefined {
	const pending = [...removals].find(({ isReplaced }) => !isReplaced);
	if (pending !== undefined) removals.delete(pending);
	return pending;
}

/**
 * Removes a production webhook (or disables it) some seconds from now, unless it is wanted again before. Returns at once.
 * @param context n8n's context of the deactivation
 */
export function scheduleRemoval(
	context: IHookFunctions,
	trigger: Trigger,
	pending: EndRequest,
): void {
	takeRemoval(trigger);
	trigger.removals.add(pending);
	void tryToRemove(context, trigger, pending);
}

async function tryToRemove(
	context: IHookFunctions,
	trigger: Trigger,
	pending: EndRequest,
): Promise<void> {
	for (const delay of REMOVAL_DELAYS_MS) {
		await wait(delay);
		const isSettled = await trigger.registrationQueue.run(
			async () => !trigger.removals.has(pending) || (await remove(context, trigger, pending)),
		);
		if (isSettled) break;
	}
	trigger.removals.delete(pending);
	releaseIfOver(trigger);
}

/** @returns whether it is settled; otherwise it is worth another try */
async function remove(
	context: IHookFunctions,
	trigger: Trigger,
	pending: EndRequest,
): Promise<boolean> {
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
	trigger.removals.delete(pending);
	if (!isReplaced && onDeactivate === 'delete') trigger.production.forget();
	return true;
}

/**
 * Cancels the removal of a webhook that is wanted again.
 * @returns the removal that awaited it; undefined when none did
 */
export function cancelRemoval(context: IHookFunctions, trigger: Trigger): EndRequest | undefined {
	const pending = takeRemoval(trigger);
	const { state, secrets } = trigger.production;
	if (pending === undefined || state === undefined) return pending;
	const served = { ...state };
	delete served.endedAt;
	trigger.production.remember(served, secrets);
	writeState(context, trigger.nodeId, served);
	return pending;
}

/** Lets a webhook be removed all the same, because another one serves in its place. */
export function resumeRemoval(trigger: Trigger, replaced: EndRequest): void {
	replaced.isReplaced = true;
	replaced.onDeactivate = 'delete';
	trigger.removals.add(replaced);
}
