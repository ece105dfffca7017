import { whatHappened } from '../api/explain';
import { updateWebhook } from '../api/webhooks';
import { unjudgedLine } from '../delivery/verdict';
import { planRecovery } from '../recovery/plan';
import type { RecoveryPlan } from '../recovery/plan';
import { Reading } from '../recovery/reading';
import type { MissedEvent } from '../recovery/reading';
import {
	recoveredLine,
	REPORTED_WRONG,
	STILL_REFUSED,
	withoutPayloadLine,
} from '../recovery/report';
import { formatMark } from '../registration/mark';
import type { Mark } from '../registration/mark';
import type { RegistrationState } from '../registration/state';
import { keepRegistration } from './keepRegistration';
import { warnOncePerMinute } from './log';
import type { Monitor } from './monitor';
import { runEach, runForRegistration, runTogether } from './startRuns';

/**
 * How often a secret is taken for wrong at most: where this process has refused deliveries itself, and where the history
 * alone says that they were refused.
 */
const ROTATION_INTERVAL_MS = { proven: 60 * 60_000, reported: 24 * 60 * 60_000 };

/** How old the noted time may become while events arrive: a start reads no more than a day and this. */
const NOTE_INTERVAL_MS = 60 * 60_000;

/** A registration as it stands at Anchor. */
interface Kept {
	state: RegistrationState;
	mark: Mark | undefined;
	/** Anchor's time in milliseconds. */
	anchorMs: number;
	projectId: string;
}

/**
 * One regular look after a trigger in service: keeps the webhook in order, reads the history, plans, carries the plan out,
 * and notes how far it came.
 * @returns whether nothing is left to be done; otherwise the next look comes before long
 */
export async function look(monitor: Monitor): Promise<boolean> {
	const { trigger, settings } = monitor;
	const kept = await keepInOrder(monitor, false);
	if (kept === undefined) return false;
	let isDone = true;
	if (settings.catchUp) {
		const read = await readHistory(monitor, kept);
		isDone = read !== undefined && (await carryOut(monitor, kept, read));
	}
	// Other processes of this n8n know the secret from static data alone, which only a run can write.
	if (trigger.production.isUnsaved && !monitor.isOver) await runForRegistration(monitor);
	// A rotation that Anchor has not answered is worth another one before long.
	return isDone && !trigger.production.isUnsaved && !trigger.production.isChanging;
}

/** @returns undefined when the registration cannot be had now */
async function keepInOrder(monitor: Monitor, secretIsWrong: boolean): Promise<Kept | undefined> {
	const { context, trigger, owner, settings } = monitor;
	const { production } = trigger;
	return await trigger.registrationQueue.run(async () => {
		const { state: before } = production;
		// Whatever n8n could not activate, or has taken out of service, must not get a webhook from here.
		if (monitor.isOver || before === undefined || !production.isInService) return undefined;
		const outcome = await keepRegistration(context, trigger, {
			owner,
			url: before.url,
			events: settings.events,
			occasion: 'look',
			wasEnded: false,
			secretIsWrong,
		});
		if (!outcome.ok) {
			monitor.log('debug', outcome.refusal.words.message);
			return undefined;
		}
		const { state, happened } = outcome;
		if (state !== undefined && state.secret !== before.secret) production.isUnsaved = true;
		// A look at an Anchor that does not answer has seen nothing.
		if (state === undefined || happened.some(({ what }) => what === 'unchecked')) return undefined;
		return { ...outcome, state };
	});
}

/** @returns the reading, and whether it has all that matters; undefined when Anchor does not answer */
async function readHistory(
	monitor: Monitor,
	{ state, mark, anchorMs, projectId }: Kept,
): Promise<{ reading: Reading; isWhole: boolean } | undefined> {
	const { context, trigger, settings } = monitor;
	const { seen, refused } = trigger;
	const { events, filters } = settings;
	const reading = new Reading({
		projectId,
		wanted: { events, filters },
		sinceMs: state.wantsSince,
		doneMs: mark?.recoveredMs,
		startedMs: anchorMs - (Date.now() - monitor.startedAtMs),
		isKnown: (id) => seen.has(id, Date.now()) || refused.has(id, Date.now()),
		isInHand: (id) => seen.isReserved(id, Date.now()),
	});
	let isWhole = true;
	for (const webhookId of webhooksOf(state)) {
		const read = await monitor.readerOf(webhookId).read(context, reading, anchorMs);
		if (!read.ok) {
			monitor.log('debug', whatHappened(read, { what: 'read the delivery history' }));
			return undefined;
		}
		isWhole &&= read.isWhole;
	}
	return { reading, isWhole };
}

/** A webhook that was gone and made anew has its history under the old id. */
const webhooksOf = ({ webhookId }: RegistrationState): string[] => [webhookId];

async function carryOut(
	monitor: Monitor,
	kept: Kept,
	{ reading, isWhole }: { reading: Reading; isWhole: boolean },
): Promise<boolean> {
	const { trigger, settings } = monitor;
	const { anchorMs } = kept;
	const { mismatchedAtMs, hasReceived } = trigger;
	const plan = planRecovery(reading, {
		nowMs: anchorMs,
		isWhole,
		isStart: monitor.followsAnother,
		isDurable: settings.deduplicate === 'durable',
		secretSinceMs: kept.state.secretSince,
		hasReceived,
		mismatchedMs: mismatchedAtMs && anchorMs - (Date.now() - mismatchedAtMs),
	});
	reportFindings(monitor, plan);
	const now = (await replaceSecret(monitor, plan)) ?? kept;
	const isRun = await runMissed(monitor, plan, now);
	if (!isRun || plan.isUnsettled) return false;
	for (const webhookId of webhooksOf(kept.state)) monitor.readerOf(webhookId).settle();
	const { doneMs } = plan;
	const noted = now.mark?.recoveredMs ?? now.state.wantsSince;
	if (reading.isEmpty || doneMs === undefined || doneMs - noted < NOTE_INTERVAL_MS) return true;
	await noteDone(monitor, now, doneMs);
	return true;
}

/**
 * Runs what is missing, and notes progress after each portion where it outlasts this process.
 * @returns whether all of it was taken up
 */
async function runMissed(monitor: Monitor, plan: RecoveryPlan, kept: Kept): Promise<boolean> {
	const { webhookId } = kept.state;
	const run: MissedEvent[] = [];
	let isComplete = true;
	for (const question of plan.questions) {
		isComplete &&= !monitor.isOver && (await runTogether(monitor, question, webhookId));
	}
	for (const { events, doneMs } of plan.portions) {
		if (!isComplete || monitor.isOver) break;
		const taken = await runEach(monitor, events, webhookId);
		run.push(...taken);
		isComplete = taken.length === events.length;
		if (isComplete && doneMs !== undefined) await noteDone(monitor, kept, doneMs);
	}
	if (run.length > 0) monitor.log('info', recoveredLine(run));
	return isComplete && !monitor.isOver;
}

/**
 * Writes into the mark at Anchor by when all that Anchor had ended with has run. n8n's store knows it too, but only of so
 * many events, and unless its database is put back to an older state one day.
 */
async function noteDone(monitor: Monitor, kept: Kept, doneMs: number): Promise<void> {
	const { context, trigger, owner } = monitor;
	const { state, mark } = kept;
	// A row that does not say when it ended must not set the time back.
	if (doneMs <= (mark?.recoveredMs ?? 0)) return;
	await trigger.registrationQueue.run(async () => {
		// Whoever has got a new secret since has written another mark.
		if (monitor.isOver || trigger.production.state?.secret !== state.secret) return;
		const description = formatMark(owner, mark?.fingerprint, doneMs);
		const written = await updateWebhook(context, state.webhookId, { description });
		if (written.ok) kept.mark = mark && { ...mark, recoveredMs: doneMs };
		else monitor.log('debug', whatHappened(written, { what: 'write the mark of the webhook' }));
	});
}

/** Deliveries are refused because the secret here is not the one that Anchor signs with: it gets a new one in place. */
async function replaceSecret(
	monitor: Monitor,
	{ wrongSecret }: RecoveryPlan,
): Promise<Kept | undefined> {
	const { trigger } = monitor;
	if (wrongSecret === undefined) return undefined;
	const { rotatedAtMs } = trigger;
	const interval = ROTATION_INTERVAL_MS[wrongSecret];
	if (rotatedAtMs !== undefined && Math.abs(Date.now() - rotatedAtMs) < interval) {
		monitor.log('warn', STILL_REFUSED);
		return undefined;
	}
	if (wrongSecret === 'reported') monitor.log('warn', REPORTED_WRONG);
	trigger.rotatedAtMs = Date.now();
	return await keepInOrder(monitor, true);
}

function reportFindings(monitor: Monitor, { unjudged, withoutPayload }: RecoveryPlan): void {
	const { context, owner } = monitor;
	const { workflowId, nodeId } = owner;
	if (withoutPayload.length > 0) monitor.log('warn', withoutPayloadLine(withoutPayload));
	if (unjudged.length === 0) return;
	warnOncePerMinute(
		context.logger,
		`${workflowId} ${nodeId} unjudged`,
		`${context.getNode().name}: ${unjudgedLine(unjudged)}`,
		{ workflowId, nodeId },
		Date.now(),
	);
}
