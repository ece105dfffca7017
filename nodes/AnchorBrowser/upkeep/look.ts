import { isOutage } from '../api/client';
import { unjudgedLine } from '../delivery/verdict';
import { planRecovery } from '../recovery/plan';
import type { RecoveryPlan } from '../recovery/plan';
import type { Portion } from '../recovery/portions';
import type { MissedEvent, Reading } from '../recovery/reading';
import {
	recoveredLine,
	REPORTED_WRONG,
	STILL_REFUSED,
	withoutPayloadLine,
} from '../recovery/report';
import type { RegistrationState } from '../registration/state';
import { anchorNow, noteProgress, readHistory, settleHistory } from './deliveryHistory';
import { keepRegistration } from './keepRegistration';
import { warnOncePerMinute } from '../runtime/log';
import type { Monitor } from './monitor';
import { receivedEvent, runEach, runTogether } from './startRuns';

/** How often a secret is taken for wrong at most (`RecoveryPlan.wrongSecret`). */
const ROTATION_INTERVAL_MS = { proven: 60 * 60_000, reported: 24 * 60 * 60_000 };

/** So long may runs be taken up until it is noted, where a portion takes long: a kill must not let more be asked about. */
const NOTE_MEANWHILE_MS = 5_000;

/** n8n makes runs in the order in which it is given events, or so long after at the most. */
const OUT_OF_ORDER_MS = 10_000;

/** How old the noted time may become while events arrive: a start reads no more than a day and this. */
const NOTE_INTERVAL_MS = 60 * 60_000;

/**
 * One regular look after a trigger in service: keeps the webhook in order, reads the history, plans, carries the plan out,
 * and notes how far it came.
 * @returns whether nothing is left to be done; otherwise the next look comes before long
 */
export async function look(monitor: Monitor): Promise<boolean> {
	const { trigger, settings } = monitor;
	if (!(await keepInOrder(monitor, false))) return false;
	const readsHistory = settings.catchUp || settings.collectMinutes > 0;
	const isDone = !readsHistory || (await recover(monitor));
	// Other processes of this n8n know the secret from static data alone, which only a run can write.
	if (trigger.production.isUnsaved && !monitor.isOver) await runTogether(monitor, { events: [] });
	// A rotation that Anchor has not answered is worth another one before long.
	return isDone && !trigger.production.isUnsaved && !trigger.production.isChanging;
}

/** @returns whether the registration was looked at, and stands */
async function keepInOrder(monitor: Monitor, secretIsWrong: boolean): Promise<boolean> {
	const { context, trigger, settings } = monitor;
	const { production } = trigger;
	return await trigger.registrationQueue.run(async () => {
		const { state: before } = production;
		// Whatever n8n could not activate, or has taken out of service, must not get a webhook from here.
		if (monitor.isOver || before === undefined || !production.isInService) return false;
		const outcome = await keepRegistration(context, trigger, {
			mode: 'production',
			url: before.url,
			events: settings.events,
			wants: settings.wants,
			occasion: 'look',
			// What was collected before is looked for once more, then the mark says no more of it.
			collectsSince: monitor.collectsSince ?? (monitor.looks > 0 ? false : undefined),
			secretIsWrong,
		});
		if (!outcome.ok) {
			const { words, permanent, status = null } = outcome.refusal;
			if (permanent || !isOutage({ status })) monitor.warnOfTrouble(words.message);
			else monitor.log('debug', words.message);
			return false;
		}
		const { state, happened } = outcome;
		if (state !== undefined && isWorthSaving(state, before)) production.isUnsaved = true;
		// A look at an Anchor that does not answer has seen nothing.
		return state !== undefined && !happened.some(({ what }) => what === 'unchecked');
	});
}

/** A new secret, or a time that was wrong: the next start would take the time of that start for it. */
const isWorthSaving = (state: RegistrationState, before: RegistrationState): boolean =>
	state.secret !== before.secret ||
	state.secretSince < before.secretSince ||
	state.wantsSince < before.wantsSince;

/** @returns whether nothing is left to be done about the history */
async function recover(monitor: Monitor): Promise<boolean> {
	const { trigger, collector } = monitor;
	for (;;) {
		const reading = await readHistory(monitor);
		if (reading === undefined) return false;
		const plan = planFor(monitor, reading);
		reportFindings(monitor, reading);
		await replaceSecret(monitor, plan);
		if (collector !== undefined) return await collector.look(reading);
		if (!(await runMissed(monitor, plan))) return false;
		if (plan.goesOn) continue;
		const { doneMs } = plan;
		if (doneMs === undefined) return false;
		settleHistory(monitor, reading);
		const notedMs = trigger.anchor?.note.recoveredMs ?? reading.input.sinceMs;
		if (!reading.isEmpty && doneMs - notedMs >= NOTE_INTERVAL_MS) {
			await noteProgress(monitor, { recoveredMs: doneMs });
		}
		return true;
	}
}

function planFor(monitor: Monitor, reading: Reading): RecoveryPlan {
	const { trigger, settings } = monitor;
	const { production, mismatchesMs, hasReceived } = trigger;
	const nowMs = anchorNow(trigger);
	return planRecovery(reading, {
		isStart: monitor.followsAnother,
		isDurable: settings.deduplicate === 'durable',
		collectedSinceMs: trigger.anchor?.note.collectedMs ?? Infinity,
		othersReceive: trigger.othersReceive,
		checkedMs: trigger.anchor?.note.checkedMs ?? -Infinity,
		secretSinceMs: production.state?.secretSince ?? nowMs,
		hasReceived,
		mismatchesMs: mismatchesMs.map((ms) => nowMs - (Date.now() - ms)),
	});
}

/**
 * Runs what is missing, and notes progress where it outlasts this process.
 * @returns whether all of it was taken up
 */
async function runMissed(monitor: Monitor, plan: RecoveryPlan): Promise<boolean> {
	const run: MissedEvent[] = [];
	const { checkedMs } = plan;
	let isComplete = true;
	for (const { events, witnesses } of plan.questions) {
		const load = { events: events.map(receivedEvent), areDoubtful: true, witnesses };
		isComplete &&= !monitor.isOver && (await runTogether(monitor, load));
	}
	if (isComplete && plan.questions.length > 0) await noteProgress(monitor, { checkedMs });
	// What is surely missing does not wait for a store that gives no answer about the rest.
	for (const portion of plan.portions) {
		if (monitor.isOver) break;
		const left = await runPortion(monitor, portion, isComplete && checkedMs !== undefined);
		run.push(...portion.events.filter((missed) => !left.has(missed)));
		isComplete &&= left.size === 0;
		if (left.size > 0) break;
	}
	if (run.length > 0) monitor.log('info', recoveredLine(run));
	return isComplete && !monitor.isOver;
}

/**
 * Runs a portion, and notes by when all that Anchor had ended with has run.
 * @param isNoted whether all before it has run
 * @returns those that were not taken up
 */
async function runPortion(
	monitor: Monitor,
	{ events, doneMs }: Portion<MissedEvent>,
	isNoted: boolean,
): Promise<ReadonlySet<MissedEvent>> {
	const left = new Set(events);
	let notedAtMs = Date.now();
	let checkedMs: number | undefined;
	const note = async () => {
		notedAtMs = Date.now();
		const recoveredMs = Math.min(doneMs, ...[...left].map(({ endMs }) => endMs - 1));
		await noteProgress(monitor, { recoveredMs, checkedMs });
	};
	await runEach(monitor, events, (missed, startedMs) => {
		left.delete(missed);
		const { carriesOutRuns, othersReceive } = monitor.trigger;
		// Begun in this process, so that what it took before has begun, too.
		if (carriesOutRuns && !othersReceive) checkedMs = startedMs - OUT_OF_ORDER_MS;
		if (isNoted && Date.now() - notedAtMs >= NOTE_MEANWHILE_MS) void note().catch(() => {});
	});
	if (isNoted) await note();
	return left;
}

/** Deliveries are refused because the secret here is not the one that Anchor signs with: it gets a new one in place. */
async function replaceSecret(monitor: Monitor, { wrongSecret }: RecoveryPlan): Promise<void> {
	const { trigger } = monitor;
	if (wrongSecret === undefined) return;
	const { rotatedAtMs } = trigger;
	const interval = ROTATION_INTERVAL_MS[wrongSecret];
	if (rotatedAtMs !== undefined && Math.abs(Date.now() - rotatedAtMs) < interval) {
		monitor.log('warn', STILL_REFUSED);
		return;
	}
	if (wrongSecret === 'reported') monitor.log('warn', REPORTED_WRONG);
	trigger.rotatedAtMs = Date.now();
	await keepInOrder(monitor, true);
}

function reportFindings(monitor: Monitor, { unjudged, withoutPayload }: Reading): void {
	if (withoutPayload.size > 0) monitor.log('warn', withoutPayloadLine([...withoutPayload]));
	if (unjudged.size === 0) return;
	warnOncePerMinute(monitor.context, 'unjudged', unjudgedLine([...unjudged]));
}
