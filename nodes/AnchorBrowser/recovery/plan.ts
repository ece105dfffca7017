import { byAge, portionsOf } from './portions';
import type { Portion } from './portions';
import { earliest, TAKEN } from './reading';
import type { MissedEvent, Reading } from './reading';

/** What a look knows besides the history. Times are Anchor's, in milliseconds. */
export interface PlanInput {
	/** When the history was read. */
	nowMs: number;
	/** Whether all of it was read that matters. */
	isWhole: boolean;
	/** Whether this process has just been started, so that an earlier one may have died. */
	isStart: boolean;
	/** Whether n8n's store knows of each event whether it has run. */
	isDurable: boolean;
	/** Since when events were collected, if an earlier process did so: 202 does not say then that one has run. */
	collectedSinceMs: number | undefined;
	/** Whether other processes of this n8n take deliveries, so that their workers may die while this one lives. */
	othersReceive: boolean;
	/** By when all has begun that n8n took, or was asked about; undefined when nothing is noted. */
	checkedMs: number | undefined;
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
	/**
	 * Whether the signing secret is to be replaced, because deliveries were refused with 401: `proven` by this process's own
	 * refusals, `reported` by the history alone, which a proxy's 401 may have got into.
	 */
	wrongSecret: 'proven' | 'reported' | undefined;
	/** In this order, before the portions. */
	questions: Question[];
	/** Once they are answered, all has been asked about that n8n took by then; undefined where that cannot be said. */
	checkedMs: number | undefined;
	portions: Array<Portion<MissedEvent>>;
	/** All that Anchor had ended with by then has run, once all of this is done; undefined where that cannot be said. */
	doneMs: number | undefined;
	/** Whether something is left for another look before long, whatever comes of this one. */
	isUnsettled: boolean;
	/** Whether there are more portions, for a plan that is made anew as soon as this one is carried out. */
	goesOn: boolean;
	unjudged: string[];
	withoutPayload: string[];
}

/** How many events are run before progress is noted; a kill may let so many ask n8n's store in vain. */
const PORTION = 25;

/**
 * How many portions are run before it is asked again about what other processes took meanwhile: n8n's store still knows it
 * then.
 */
const MOST_PORTIONS = 40;

/** How many doubtful events share a run at most: n8n's store remembers 2,000. */
const QUESTION = 500;

/**
 * How long an n8n that was dying may have taken deliveries without carrying them out. Traffic ends when it dies, so this
 * counts back from the last delivery before a start, however long ago that was, and from every one before it that n8n did
 * not take at once: an n8n that dies again before its first look leaves the question to the next one.
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
	const { isMasked, inHandMs } = reading;
	const { nowMs, isWhole, checkedMs = -Infinity } = input;
	const missing = reading.missing({ givenUp: true, answered: !isMasked });
	const masked = isMasked ? reading.missing({ givenUp: false, answered: true }) : [];
	const untilMs = earliest(inHandMs, reading.droppedMs);
	const portions = portionsOf(missing, { most: PORTION, untilMs: isWhole ? untilMs : -Infinity });
	const atOnce = input.othersReceive ? MOST_PORTIONS : Infinity;
	return {
		wrongSecret: wrongSecretOf(reading, input),
		questions: input.isDurable ? questionsOf(reading, masked, input) : [],
		checkedMs: isWhole
			? Math.max(checkedMs, reading.input.startedMs - 1, nowMs - BEGUN_MS)
			: undefined,
		portions: portions.slice(0, atOnce),
		goesOn: portions.length > atOnce,
		doneMs: isWhole ? Math.min(nowMs - CARRIED_OUT_MS, (untilMs ?? Infinity) - 1) : undefined,
		isUnsettled: !isWhole || untilMs !== undefined,
		unjudged: [...reading.unjudged],
		withoutPayload: [...reading.withoutPayload],
	};
}

function wrongSecretOf(
	{ unauthorizedMs, othersReceive }: Reading,
	{ secretSinceMs, hasReceived, mismatchesMs }: PlanInput,
): RecoveryPlan['wrongSecret'] {
	const refused = unauthorizedMs.filter((endMs) => endMs > secretSinceMs);
	const isOwn = (endMs: number) =>
		mismatchesMs.some((ms) => Math.abs(endMs - ms) < SAME_REFUSAL_MS);
	if (refused.some(isOwn)) return 'proven';
	// A process that takes all deliveries itself knows its own refusals: this one was not among them.
	return refused.length > 0 && (othersReceive || !hasReceived) ? 'reported' : undefined;
}

function questionsOf(
	reading: Reading,
	masked: readonly MissedEvent[],
	input: PlanInput,
): Question[] {
	const { startedMs, doneMs = -Infinity } = reading.input;
	const { isStart, nowMs, checkedMs = -Infinity, collectedSinceMs = Infinity } = input;
	const taken = uniqueById(reading.takenEvents()).sort(byEnd);
	const candidates = isStart
		? [...taken.filter(({ endMs }) => endMs < startedMs), ...masked]
		: masked.filter(({ endMs }) => endMs >= startedMs);
	candidates.sort(byEnd);
	// Behind what changes answers, those of n8n's own start look like those of the n8n that died.
	const isOfBefore = ({ endMs }: MissedEvent) =>
		!reading.isMasked || endMs < startedMs - STARTING_MS;
	const lastMs = candidates.filter(isOfBefore).pop()?.endMs ?? -Infinity;
	// What something else has answered, or what was collected, n8n has not begun.
	const begunMs = Math.min(checkedMs, collectedSinceMs);
	const isSettled = ({ endMs, status }: MissedEvent) =>
		endMs <= doneMs || (status === TAKEN && endMs <= begunMs);
	const isDoubtful = (one: MissedEvent) =>
		!isSettled(one) &&
		(one.endMs >= lastMs - DYING_MS ||
			one.endMs > collectedSinceMs ||
			reading.hasOutageAfter(one.endMs, DYING_MS));
	const doubtful = candidates.slice(-MOST_ASKED).filter(isDoubtful);
	const asked = new Set(doubtful);
	// n8n's store forgets the oldest first: one that it knows speaks for those that came later, not for those before.
	const witnesses = candidates
		.slice(0, candidates.indexOf(doubtful[0]))
		.slice(-WITNESSES)
		.map(({ event }) => event.id);
	const isHandedOver = (one: MissedEvent) =>
		!asked.has(one) && !isSettled(one) && one.endMs <= nowMs - BEGUN_MS;
	const elsewhere = input.othersReceive ? taken.slice(-MOST_ASKED).filter(isHandedOver) : [];
	return [
		...chunksOf(doubtful.sort(byAge), QUESTION).map((events) => ({ events, witnesses })),
		...chunksOf(elsewhere, QUESTION).map((events) => ({ events, witnesses: [] })),
	];
}

function chunksOf<T>(list: readonly T[], size: number): T[][] {
	const count = Math.ceil(list.length / size);
	return Array.from({ length: count }, (_, index) => list.slice(index * size, (index + 1) * size));
}

function uniqueById(list: readonly MissedEvent[]): MissedEvent[] {
	return [...new Map(list.map((one) => [one.event.id, one])).values()];
}

const byEnd = (one: MissedEvent, other: MissedEvent) => one.endMs - other.endMs;
