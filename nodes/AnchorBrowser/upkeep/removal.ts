import type { IHookFunctions } from 'n8n-workflow';
import { endRegistration } from '../registration/end';
import type { EndRequest } from '../registration/end';
import { report } from './keepRegistration';
import { log } from '../runtime/log';
import type { PendingRemoval, Trigger } from '../runtime/trigger';
import { releaseIfOver, removalsBeside } from '../runtime/triggers';
import { wait } from '../runtime/wait';

/** How long until each further try where Anchor could not remove a webhook. */
const AGAIN_DELAYS_MS = [15_000, 60_000, 300_000];

/** A removal that is due so soon is worth waiting for; and so long at most, because two activations may wait for each other. */
const SOON_MS = 15_000;
const PATIENCE_MS = 20_000;

/** Calls off the removal that awaits the trigger's webhook; not that of one which another webhook has replaced. */
function takeRemoval({ removals }: Trigger): PendingRemoval | undefined {
	const pending = [...removals].find(({ isReplaced }) => !isReplaced);
	if (pending !== undefined) removals.delete(pending);
	return pending;
}

/**
 * Removes a production webhook (or disables it) some time from now, unless it is wanted again before. Never throws.
 * @param context n8n's context of the deactivation
 * @param delayMs how long it waits to be wanted again, in milliseconds
 */
export async function removeLater(
	context: IHookFunctions,
	trigger: Trigger,
	{ pending, delayMs }: { pending: PendingRemoval; delayMs: number },
): Promise<void> {
	takeRemoval(trigger);
	trigger.removals.add(pending);
	for (const [tries, delay] of [delayMs, ...AGAIN_DELAYS_MS].entries()) {
		const isLastTry = tries === AGAIN_DELAYS_MS.length;
		const isSettled = wait(delay).then(async () =>
			trigger.registrationQueue.run(async () => {
				if (!trigger.removals.has(pending)) return true;
				const isWanted = pending.isUnlessRunning && trigger.course.isRunning;
				return isWanted || (await remove(context, trigger, { pending, isLastTry }));
			}),
		);
		pending.firstTry = tries === 0 && delay <= SOON_MS ? isSettled : undefined;
		if (await isSettled) break;
	}
	if (trigger.removals.delete(pending)) {
		trigger.course = { ...trigger.course, isUnexplained: false };
	}
	releaseIfOver(trigger);
}

/**
 * Removes a test webhook at once; where Anchor could not, again some time later, unless somebody listens with it then.
 * @param context n8n's context of the end of listening
 * @throws n8n's own message when the node has no credential
 */
export async function removeTest(
	context: IHookFunctions,
	trigger: Trigger,
	request: EndRequest,
): Promise<void> {
	const { isOver, happened } = await endRegistration(context, request);
	report(context, 'test', happened);
	if (!isOver) void removeTestAgain(context, trigger, request);
}

async function removeTestAgain(
	context: IHookFunctions,
	trigger: Trigger,
	request: EndRequest,
): Promise<void> {
	// Keeps the trigger in mind; an activation calls off none that is replaced.
	const pending = { ...request, isReplaced: true, isUnlessRunning: false };
	trigger.removals.add(pending);
	for (const delay of AGAIN_DELAYS_MS) {
		await wait(delay);
		const isSettled = await trigger.registrationQueue.run(async () => {
			if (trigger.test.isInService) return true;
			// Without a credential nothing can be asked, now or later.
			const ended = await endRegistration(context, request).catch(() => undefined);
			report(context, 'test', ended?.happened ?? []);
			return ended?.isOver ?? true;
		});
		if (isSettled) break;
	}
	trigger.removals.delete(pending);
	releaseIfOver(trigger);
}

/** @returns whether it is settled; otherwise it is worth another try */
async function remove(
	context: IHookFunctions,
	trigger: Trigger,
	{ pending, isLastTry }: { pending: PendingRemoval; isLastTry: boolean },
): Promise<boolean> {
	const { webhookId, isReplaced, onDeactivate } = pending;
	let isTakenUp = false;
	try {
		const ended = await endRegistration(context, pending);
		report(context, 'production', ended.happened);
		if (!ended.isOver) return false;
		({ isTakenUp } = ended);
	} catch (cause) {
		// n8n's database may be busy for a moment; a credential that was deleted does not come back.
		if (!isLastTry) return false;
		log(
			context,
			'warn',
			`${webhookId === undefined ? 'its webhook' : `the webhook ${webhookId}`} stays at Anchor Browser, because this node has no usable Anchor Browser API credential any more. Remove the webhook in the Anchor Browser dashboard`,
			{ cause: (cause as Error).message },
		);
	}
	if (!isReplaced && (onDeactivate === 'delete' || isTakenUp)) trigger.production.forget();
	return true;
}

/**
 * Cancels the removal of a webhook that is wanted again.
 * @returns the removal that awaited it; undefined when none did
 */
export function cancelRemoval(
	context: IHookFunctions,
	trigger: Trigger,
): PendingRemoval | undefined {
	const pending = takeRemoval(trigger);
	const { production } = trigger;
	if (pending !== undefined && production.state !== undefined) {
		production.noteEnd(context, production.state, undefined);
	}
	return pending;
}

/**
 * Waits for the webhooks of other triggers that this process removes within seconds: a workflow that was just unpublished, or
 * a node that another one replaces, still takes a place among Anchor's five. None is ended before its time, because each may
 * be wanted again.
 * @returns whether there was one, so that a place may be free
 */
export async function awaitRemovals(trigger: Trigger): Promise<boolean> {
	const tries = removalsBeside(trigger).flatMap(({ firstTry }) => firstTry ?? []);
	if (tries.length > 0) await Promise.race([Promise.all(tries), wait(PATIENCE_MS)]);
	return tries.length > 0;
}

/** Lets a webhook be removed all the same, because another one serves in its place. */
export function resumeRemoval(trigger: Trigger, replaced: PendingRemoval): void {
	replaced.isReplaced = true;
	replaced.isUnlessRunning = false;
	replaced.onDeactivate = 'delete';
	trigger.removals.add(replaced);
}
