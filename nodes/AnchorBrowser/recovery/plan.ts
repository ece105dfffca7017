import { ACCEPTED_STATUS } from '../delivery/verdict';
import { portionsOf } from './portions';
import type { Portion } from './portions';
import type { MissedEvent, Reading } from './reading';

/** What a look knows besides the history. Times are Anchor's, in milliseconds. */
export interface PlanInput {
	/** Whether this process has just been started, so that an earlier one may have died. */
	isStart: boolean;
	/** Whether n8n's store knows of each event whether it has run. */
	isDurable: boolean;
	/** Since when events were collected, so that 202 does not say that one has run; Infinity where none were. */
	collectedSinceMs: number;
	/** Whether other processes of this n8n take deliveries, so that their workers may die while this one lives. */
	othersReceive: boolean;
	/** By when all has begun that n8n took, or was asked about; -Infinity when nothing is noted. */
	checkedMs: number;
	/** Since when the signing secret signs: a delivery that was refused with 401 before had another one. */
	secretSinceMs: number;
	/** Whether this process has judged a delivery, and when some matched none of its secrets. */
	hasReceived: boolean;
	mismatchesMs: readonly number[];
}

/** Doubtful events that share a run: whether they have run is for n8n's store to say. */
export interface Question {
	events: MissedEvent[];
	/** Events that have surely run, the last one last. */
	witnesses: string[];
}

/** What a look has to do. */
export interface RecoveryPlan {
	/** Whether the secret is wrong: `proven` by 401s of this process, or `reported` by a history that may hold a proxy's. */
	wrongSecret: 'proven' | 'reported' | undefined;
	/** In this order, before the portions. */
	questions: Question[];
	/** By when all was asked about that n8n took, once they are answered; undefined where that cannot be said. */
	checkedMs: number | undefined;
	portions: Array<Portion<MissedEvent>>;
	/** Whether there are more portions, for a plan that is made anew as soon as this one is carried out. */
	goesOn: boolean;
	/** All that Anchor had ended with by then has run, once this is done; undefined where another look must come before long. */
	doneMs: number | undefined;
}

/** How many events are run before progress is noted; a kill may let so many ask n8n's store in vain. */
const PORTION = 25;

/** After so many portions it is asked again about what other processes took meanwhile: n8n's store still knows it then. */
const MOST_PORTIONS = 40;

/** How many doubtful events share a run at most: n8n's store remembers 2,000. */
const QUESTION = 500;

/**
 * How long a dying n8n may have taken deliveries without carrying them out. Traffic ends when it dies: this counts back from
 * the last delivery before a start, and from every one before it that n8n did not take at once, in case it died more often.
 */
const DYING_MS = 120_000;

/** How long n8n may start: what it answers meanwhile says nothing of when the one before it died. */
const STARTING_MS = 5 * 60_000;

/** Enough to tell a store that was put back from one that was not. */
const WITNESSES = 10;

/** A worker of n8n's queue mode begins what was taken so long ago, or has died. */
const BEGUN_MS = 60_000;

/** Of so many events n8n's store surely knows whether they have run: it remembers 2,000, recovered ones among them. */
const MOST_ASKED = 1_000;

/** What was taken so long ago is being carried out, and noted as done. */
const CARRIED_OUT_MS = 5 * 60_000;

/** How long a refusal in this process and the row that Anchor writes about it may lie apart. */
const SAME_REFUSAL_MS = 120_000;

/**
 * Decides what a look does about the history that it has read. Pure.
 *
 * | the history shows                          | then it is                                                     |
 * |--------------------------------------------|----------------------------------------------------------------|
 * | 202, 204, still tried                      | settled, or being settled                                      |
 * | given up                                   | missing: a run of its own                                      |
 * | another 2xx                                | missing: n8n's own start, or a proxy, has answered             |
 * | another 2xx, where a proxy changes ours    | doubtful: n8n's store is asked                                 |
 * | 202 by an n8n that then ended              | doubtful, if it came within two minutes of the end of traffic   |
 * | 202 by another process of this n8n         | doubtful after a minute: its worker may have died               |
 * | 401 since the secret is known              | a secret that is not the right one                             |
 *
 * Order: in portions by when Anchor ended with the events, so that one time says what is done; inside a portion the oldest
 * first, and of the same moment in the history's order from its older end.
 */
export function planRecovery(reading: Reading, input: PlanInput): RecoveryPlan {
	const { isMasked, isWhole, untilMs } = reading;
	const { nowMs, startedMs } = reading.input;
	const missing = reading.missing({ givenUp: true, answered: !isMasked });
	const portions = portionsOf(missing, { most: PORTION, untilMs });
	const atOnce = input.othersReceive ? MOST_PORTIONS : Infinity;
	return {
		wrongSecret: wrongSecretOf(reading, input),
		questions: input.isDurable ? questionsOf(reading, input) : [],
		checkedMs: isWhole ? Math.max(input.checkedMs, startedMs - 1, nowMs - BEGUN_MS) : undefined,
		portions: portions.slice(0, atOnce),
		goesOn: portions.length > atOnce,
		doneMs: untilMs === Infinity ? nowMs - CARRIED_OUT_MS : undefined,
	};
}

function wrongSecretOf(
	{ unauthorizedMs }: Reading,
	{ secretSinceMs, othersReceive, hasReceived, mismatchesMs }: PlanInput,
): RecoveryPlan['wrongSecret'] {
	const refused = unauthorizedMs.filter((endMs) => endMs > secretSinceMs);
	const isOwn = (endMs: number) =>
		mismatchesMs.some((ms) => Math.abs(endMs - ms) < SAME_REFUSAL_MS);
	if (refused.some(isOwn)) return 'proven';
	// A process that takes all deliveries itself knows its own refusals: this one was not among them.
	return refused.length > 0 && (othersReceive || !hasReceived) ? 'reported' : undefined;
}

function questionsOf(reading: Reading, input: PlanInput): Question[] {
	const { isMasked } = reading;
	const { nowMs, startedMs, doneMs } = reading.input;
	const { isStart, checkedMs, collectedSinceMs } = input;
	const taken = reading.takenEvents().sort(byEnd);
	const masked = reading.missing({ answered: isMasked });
	const candidates = isStart
		? [...taken.filter(({ endMs }) => endMs < startedMs), ...masked]
		: masked.filter(({ endMs }) => endMs >= startedMs);
	candidates.sort(byEnd);
	// Behind what changes answers, those of n8n's own start look like those of the n8n that died.
	const isOfBefore = ({ endMs }: MissedEvent) => !isMasked || endMs < startedMs - STARTING_MS;
	const lastMs = candidates.filter(isOfBefore).pop()?.endMs ?? -Infinity;
	// What something else has answered, or what was collected, n8n has not begun.
	const begunMs = Math.min(checkedMs, collectedSinceMs);
	const isSettled = ({ endMs, row }: MissedEvent) =>
		endMs <= doneMs || (row.response_status === ACCEPTED_STATUS && endMs <= begunMs);
	const isDoubtful = (one: MissedEvent) =>
		!isSettled(one) &&
		(one.endMs >= lastMs - DYING_MS ||
			one.endMs > collectedSinceMs ||
			reading.hasOutageAfter(one.endMs, DYING_MS));
	const doubtful = candidates.slice(-MOST_ASKED).filter(isDoubtful);
	// n8n's store forgets the oldest first: one that it knows speaks for those that came later, not for those before.
	const witnesses = candidates
		.slice(0, candidates.indexOf(doubtful[0]))
		.slice(-WITNESSES)
		.map(({ event }) => event.id);
	const isHandedOver = (one: MissedEvent) =>
		!doubtful.includes(one) && !isSettled(one) && one.endMs <= nowMs - BEGUN_MS;
	const elsewhere = input.othersReceive ? taken.slice(-MOST_ASKED).filter(isHandedOver) : [];
	return [
		...portionsOf(doubtful, { most: QUESTION }).map(({ events }) => ({ events, witnesses })),
		...portionsOf(elsewhere, { most: QUESTION }).map(({ events }) => ({ events, witnesses: [] })),
	];
}

const byEnd = (one: MissedEvent, other: MissedEvent) => one.endMs - other.endMs;
