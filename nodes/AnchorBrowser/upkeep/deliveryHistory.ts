import { isOutage } from '../api/client';
import { explain, whatHappened } from '../api/explain';
import { updateWebhook } from '../api/webhooks';
import { Reading } from '../recovery/reading';
import { advanceNote, formatMark } from '../registration/mark';
import type { Progress } from '../registration/mark';
import { webhooksWithHistory } from '../registration/state';
import type { Monitor } from './monitor';
import type { Trigger } from '../runtime/trigger';

/** What was done by then is not looked at again in this process either, should its memory of events not reach so far. */
const LATE_ROWS_MS = 60_000;

/** Anchor's time in milliseconds, as the last look at Anchor has shown it. */
export function anchorNow({ anchor }: Trigger): number {
	return Date.now() + (anchor?.clockOffsetMs ?? 0);
}

/**
 * Reads what Anchor's history has to say since the last reading that was settled.
 * @returns undefined when Anchor does not answer, or before the first look
 */
export async function readHistory(monitor: Monitor): Promise<Reading | undefined> {
	const { context, trigger, settings, collectsSince } = monitor;
	const { anchor, startedAtMs, waiting, ran, refused, recovered, seen } = trigger;
	const { state } = trigger.production;
	if (state === undefined || anchor === undefined || startedAtMs === undefined) return undefined;
	const { projectId, note, clockOffsetMs } = anchor;
	const isCollecting = collectsSince !== undefined;
	monitor.firstDoneMs ??= note.recoveredMs ?? 0;
	const hasRun = (id: string) =>
		isCollecting ? waiting.has(id) || ran.has(id, Date.now()) : seen.has(id, Date.now());
	const nowMs = anchorNow(trigger);
	const reading = new Reading({
		nowMs,
		webhookId: state.webhookId,
		projectId,
		wanted: settings,
		sinceMs: state.wantsSince,
		doneMs: Math.max(monitor.firstDoneMs, (note.recoveredMs ?? 0) - LATE_ROWS_MS),
		collectedSinceMs: isCollecting
			? (note.collectedMs ?? collectsSince + clockOffsetMs)
			: undefined,
		startedMs: startedAtMs + clockOffsetMs,
		forgottenMs: seen.forgottenMs + clockOffsetMs + LATE_ROWS_MS,
		isKnown: (id) => hasRun(id) || refused.has(id, Date.now()),
		isRecovered: (id) => recovered.has(id, Date.now()),
		isInHand: (id) => seen.isReserved(id, Date.now()),
	});
	const pause = async (ms: number) => await monitor.pause(ms);
	for (const webhookId of webhooksWithHistory(state, nowMs)) {
		const failure = await trigger.historyOf(webhookId).read(context, reading, pause);
		if (failure !== undefined) {
			const operation = 'read the delivery history';
			if (isOutage(failure)) monitor.log('debug', whatHappened(failure, operation));
			else monitor.warnOfTrouble(explain(failure, operation).message);
			return undefined;
		}
	}
	trigger.othersReceive ||= reading.othersReceive;
	return reading;
}

/** Says that nothing is left to be done about a reading: the next one begins after it. */
export function settleHistory(monitor: Monitor, reading: Reading): void {
	const { trigger } = monitor;
	const { state } = trigger.production;
	if (state === undefined) return;
	for (const id of webhooksWithHistory(state, anchorNow(trigger)))
		trigger.historyOf(id).settle(reading);
}

/**
 * Writes into the mark at Anchor how far recovery came. n8n's store knows it too, but only of so many events, and unless its
 * database is put back to an older state one day.
 * @returns whether it is noted
 */
export async function noteProgress(monitor: Monitor, progress: Progress): Promise<boolean> {
	const { context, trigger } = monitor;
	return await trigger.registrationQueue.run(async () => {
		const { anchor } = trigger;
		const { state } = trigger.production;
		if (anchor === undefined || state === undefined) return false;
		const note = advanceNote(anchor.note, progress);
		if (note === undefined) return true;
		const description = formatMark(trigger.production.ownerIn(context), note);
		const written = await updateWebhook(context, state.webhookId, { description });
		if (written.ok) anchor.note = note;
		else monitor.log('debug', whatHappened(written, 'write the mark of the webhook'));
		return written.ok;
	});
}
