import type { IHookFunctions } from 'n8n-workflow';
import { endRegistration } from '../registration/end';
import type { EndRequest } from '../registration/end';
import { ownerKeyOf } from '../registration/mark';
import type { MarkOwner } from '../registration/mark';
import { UNTOUCHED } from '../registration/teardown';
import type { Course } from '../registration/teardown';
import { report } from './keepInLine';
import { forget, nodeKeyOf, recall, remember } from './registrations';
import { runExclusive } from './runExclusive';
import { writeState } from './staticData';
import { wait } from './wait';

export interface PendingEnd extends EndRequest {
	/** Whether n8n had not called `trigger()`: if it does, the workflow is active all the same. */
	isUnlessRunning: boolean;
}

/**
 * The production webhooks that n8n has taken out of service and that still stand at Anchor. One that is gone from here when
 * its time comes was taken back.
 */
const pendingEnds = new Set<PendingEnd>();

/** Finds the end that awaits a trigger's webhook, unless another webhook has replaced it, and calls it off. */
function takePending(owner: MarkOwner): PendingEnd | undefined {
	const key = ownerKeyOf(owner);
	const pending = [...pendingEnds].find((one) => !one.isReplaced && ownerKeyOf(one.owner) === key);
	if (pending !== undefined) pendingEnds.delete(pending);
	return pending;
}

/** What n8n has done with the production triggers of this process, by key. */
const courses = new Map<string, Course>();

/** What n8n has done with a production trigger in this process. */
export function courseOf(key: string): Course {
	return courses.get(key) ?? UNTOUCHED;
}

/** Notes what n8n has done with a production trigger. */
export function noteCourse(key: string, course: Course): void {
	courses.set(key, course);
}

/** Notes that n8n has called `trigger()`. */
export function noteRunning(key: string): void {
	noteCourse(key, { ...courseOf(key), isRunning: true, isUnexplained: false });
}

/** How long until each further try where Anchor could not end a webhook. */
const AGAIN_DELAYS_MS = [15_000, 60_000, 300_000];

/**
 * Ends a production webhook at Anchor some time from now, unless it is taken back before. Returns at once.
 * @param context n8n's context of the deactivation
 * @param delayMs how long it waits to be taken back, in milliseconds
 */
export function endLater(context: IHookFunctions, pending: PendingEnd, delayMs: number): void {
	takePending(pending.owner);
	pendingEnds.add(pending);
	void tryToEnd(context, pending, delayMs);
}

async function tryToEnd(
	context: IHookFunctions,
	pending: PendingEnd,
	delayMs: number,
): Promise<void> {
	const key = nodeKeyOf(context);
	for (const delay of [delayMs, ...AGAIN_DELAYS_MS]) {
		await wait(delay);
		const isSettled = await runExclusive(key, async () => {
			if (!pendingEnds.has(pending)) return true;
			if (!pending.isUnlessRunning || !courseOf(key).isRunning) {
				return await endProduction(context, pending);
			}
			settleEnd(context, pending);
			return true;
		});
		if (isSettled) return;
	}
	settleEnd(context, pending);
}

function settleEnd(context: IHookFunctions, pending: PendingEnd): void {
	pendingEnds.delete(pending);
	const key = nodeKeyOf(context);
	noteCourse(key, { ...courseOf(key), isUnexplained: false });
}

async function endProduction(context: IHookFunctions, pending: PendingEnd): Promise<boolean> {
	const { owner, webhookId, isReplaced, onDeactivate } = pending;
	let isTakenUp = false;
	try {
		const ended = await endRegistration(context, pending);
		report(context, owner, ended.happened);
		if (!ended.isOver) return false;
		({ isTakenUp } = ended);
	} catch (cause) {
		context.logger.warn(
			`${context.getNode().name}: ${webhookId === undefined ? 'its webhook' : `the webhook ${webhookId}`} stays at Anchor Browser, because this node has no usable Anchor Browser API credential any more. Remove the webhook in the Anchor Browser dashboard`,
			{ workflowId: owner.workflowId, nodeId: owner.nodeId, cause: (cause as Error).message },
		);
	}
	settleEnd(context, pending);
	if (!isReplaced && (onDeactivate === 'delete' || isTakenUp)) forget(owner);
	return true;
}

/**
 * Takes a production webhook back that is wanted again: it does not end.
 * @returns the end that awaited it; undefined when none did
 */
export function takeBackEnd(context: IHookFunctions, owner: MarkOwner): PendingEnd | undefined {
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
export function endReplaced(pending: PendingEnd): void {
	pending.isReplaced = true;
	pending.isUnlessRunning = false;
	pending.onDeactivate = 'delete';
	pendingEnds.add(pending);
}
