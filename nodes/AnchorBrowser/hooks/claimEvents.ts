import { randomInt } from 'node:crypto';
import { NodeOperationError, sleep } from 'n8n-workflow';
import type { ICheckProcessedOptions, IExecuteFunctions } from 'n8n-workflow';
import { warnOncePerMinute } from '../runtime/log';
import type { StoreAnswer, Trigger, WaitingClaim } from '../runtime/trigger';
import { wait } from '../runtime/wait';

/**
 * The second tier of de-duplication: n8n's own store of processed entries, one row for each node in its database,
 * shared by all processes and kept over restarts, renames and republishing.
 *
 * Two entries are kept for each event, its id and the id with the run that took it: n8n may give the same execution to
 * another worker after the first one died, and that repetition must run. The row is read and written
 * whole, so its length is a price paid for each event: 4,000 entries know the last 2,000 events.
 */
const STORE: ICheckProcessedOptions = { mode: 'entries', maxEntries: 4_000 };

/**
 * A store that takes longer than this is treated as one that does not answer. It is what n8n itself waits for
 * SQLite's one writing connection: a database that is only slow, under a flood of runs, must not make an event run twice.
 */
const PATIENCE_MS = 60_000;

/** Two processes that both meet a node's very first event collide in inserting its row: one of them tries again. */
const ATTEMPTS = 3;

/** How many entries are recorded in one call at most, unless one run alone has more. */
const MOST_AT_ONCE = 1_000;

/** How long another process needs, with room to spare, between reading n8n's row and writing it. */
const OTHER_WRITE_MS = 100;

/**
 * A process that was held up in the middle of that, on a machine that is full, has written by then: over what others
 * recorded meanwhile, and found there when they looked a second time.
 */
const HELD_UP_MS = 5_000;

/** Every round is lost only to another process that wrote the row in just that moment. */
const ROUNDS = 10;

/** What a run wants of n8n's store. */
export interface ClaimRequest {
	/** The signed ids of the events that it carries. */
	eventIds: readonly string[];
	/** The name under which it has them: a repetition of the run has the same. */
	runName: string;
	/**
	 * Whether they were received in another process, as in n8n's queue mode. Then a copy may run in yet another one at this
	 * very moment, both may have read n8n's row before either wrote it, and the row is looked at a second time: it holds
	 * the claim of the one that wrote last. Within one process the gate has seen to that.
	 *
	 * Then calls keep a distance from each other, too: processes that write the row without a pause would overwrite each
	 * other's claims round after round.
	 */
	acrossProcesses: boolean;
	/**
	 * Whether they are left out when the store does not answer; other events run then, and are recorded if it can be done.
	 * An answer that comes late counts all the same: what it has claimed, no other run will carry.
	 */
	areDoubtful?: boolean;
	/** Events that have surely run. A store that knows none of them has been put back, and cannot tell. */
	witnesses?: readonly string[];
}

/**
 * What the store says: which of the events this run has. Or that it cannot tell: `silent`, it does not answer;
 * `forgotten`, its database was put back to an older state.
 */
export type Claim = { ids: ReadonlySet<string> } | 'silent' | 'forgotten';

/**
 * Claims events for this run: it has those that no other execution has taken. The number of calls does not grow with
 * that of the events.
 *
 * A run that is repeated is no repetition of the event: it has the same name. Manual runs neither ask nor record.
 * @param context n8n's context of the run
 * @param trigger its calls to the store wait for each other
 * @returns never throws; what `silent` means for the events is up to the caller, and the log says that it was so
 */
export async function claimEvents(
	context: IExecuteFunctions,
	trigger: Trigger,
	{ eventIds, runName, acrossProcesses, areDoubtful = false, witnesses = [] }: ClaimRequest,
): Promise<Claim> {
	const mode = context.getMode();
	if (mode === 'manual' || eventIds.length === 0) {
		return { ids: new Set(eventIds) };
	}
	const takenBy: OwnerEntry = (eventId) => `${eventId} taken by ${runName}`;
	let claimed: { now: string[]; mine: string[] };
	try {
		if (await isForgotten(context, trigger, witnesses)) return 'forgotten';
		claimed = await claim(context, trigger, {
			eventIds,
			takenBy,
			acrossProcesses,
			isAwaitedLate: areDoubtful,
		});
	} catch (cause) {
		reportSilence(context, { eventId: eventIds[0], cause: cause as Error });
		return 'silent';
	}
	const had = new Set(claimed.mine);
	try {
		for (let round = 1; acrossProcesses && claimed.now.length > 0 && round <= ROUNDS; round++) {
			claimed = await claim(context, trigger, { eventIds: claimed.now, takenBy, acrossProcesses });
			for (const id of claimed.mine) had.add(id);
		}
	} catch (cause) {
		// They were claimed: nobody else runs them.
		reportSilence(context, { eventId: eventIds[0], cause: cause as Error });
	}
	for (const id of claimed.now) had.add(id);
	if (acrossProcesses && had.size > 0) {
		void recordAgain(
			context,
			trigger,
			[...had].flatMap((id) => [id, takenBy(id)]),
		);
	}
	return { ids: had };
}

/** What it writes can be written over just as well: it ends with a look that finds all there. */
async function recordAgain(
	context: IExecuteFunctions,
	trigger: Trigger,
	entries: string[],
): Promise<void> {
	for (let round = 1; round <= ROUNDS; round++) {
		await wait(HELD_UP_MS);
		const asked = record(context, trigger, { entries, isSpaced: true });
		const known = await asked.catch(() => new Set());
		if (entries.every((entry) => known.has(entry))) return;
	}
}

/**
 * Whatever has run may be recorded as such: asking leaves nothing that keeps another event from running. Of a store that has
 * forgotten, nothing is left at all, or it would seem to know when it is asked the next time.
 */
async function isForgotten(
	context: IExecuteFunctions,
	trigger: Trigger,
	witnesses: readonly string[],
): Promise<boolean> {
	if (witnesses.length === 0) return false;
	const entries = [...witnesses];
	const known = await record(context, trigger, { entries, isSpaced: false });
	if (known.size > 0) return false;
	await unrecord(context, trigger, entries);
	return true;
}

/** The entry that says which run has taken an event. */
type OwnerEntry = (eventId: string) => string;

/** What is to be recorded, and how long an answer is waited for. */
interface Claiming {
	eventIds: readonly string[];
	takenBy: OwnerEntry;
	acrossProcesses: boolean;
	/** Whether an answer counts that comes when nobody behind it in the queue waits for it any more. */
	isAwaitedLate?: boolean;
}

/**
 * Asks and records in one step.
 * @returns the events that nobody had, and those that this run had already
 */
async function claim(
	context: IExecuteFunctions,
	trigger: Trigger,
	{ eventIds, takenBy, acrossProcesses, isAwaitedLate }: Claiming,
): Promise<{ now: string[]; mine: string[] }> {
	const entries = eventIds.flatMap((id) => [id, takenBy(id)]);
	const processed = await record(context, trigger, {
		entries,
		isSpaced: acrossProcesses,
		isAwaitedLate,
	});
	const now = eventIds.filter((id) => !processed.has(id));
	const mine = eventIds.filter((id) => processed.has(id) && processed.has(takenBy(id)));
	const others = eventIds.filter((id) => processed.has(id) && !processed.has(takenBy(id)));
	// Else a repetition of this very run would take itself for the owner. The answer stands without it.
	if (others.length > 0) await unrecord(context, trigger, others.map(takenBy)).catch(() => {});
	return { now, mine };
}

/**
 * Records entries in one call with those of other runs that wait for their turn: under load the call is the price, hardly
 * the entries in it.
 * @returns those of all these entries that were recorded before
 */
async function record(
	context: IExecuteFunctions,
	trigger: Trigger,
	{ isAwaitedLate = false, ...claim }: Omit<WaitingClaim, 'begin'> & { isAwaitedLate?: boolean },
): Promise<Set<unknown>> {
	const { storeQueue, waitingClaims } = trigger;
	const { inTime, late } = await new Promise<StoreAnswer>((begin) => {
		waitingClaims.push({ ...claim, begin });
		if (waitingClaims.length === 1) {
			void storeQueue.run(async () => await recordTogether(context, trigger));
		}
	});
	return await (isAwaitedLate ? late : inTime);
}

async function recordTogether(context: IExecuteFunctions, trigger: Trigger): Promise<void> {
	const batch = takeBatch(trigger.waitingClaims);
	if (trigger.waitingClaims.length > 0) {
		void trigger.storeQueue.run(async () => await recordTogether(context, trigger));
	}
	const entries = batch.flatMap((claim) => claim.entries);
	const late = ask(context, entries).then(({ processed }) => new Set<unknown>(processed));
	const inTime = withPatience(late);
	for (const { begin } of batch) begin({ inTime, late });
	await inTime.catch(() => {});
	if (batch.some(({ isSpaced }) => isSpaced)) {
		// At random, or two processes would keep in step.
		await sleep(OTHER_WRITE_MS + randomInt(OTHER_WRITE_MS / 2));
	}
}

/** The first of the claims that wait, and those behind it that fit; two copies of one event must not learn the same. */
function takeBatch(waiting: WaitingClaim[]): WaitingClaim[] {
	const taken = new Set<string>();
	const batch = waiting.filter(({ entries }, index) => {
		const fits = taken.size + entries.length <= MOST_AT_ONCE;
		if (index > 0 && (!fits || entries.some((entry) => taken.has(entry)))) return false;
		for (const entry of entries) taken.add(entry);
		return true;
	});
	waiting.splice(0, waiting.length, ...waiting.filter((claim) => !batch.includes(claim)));
	return batch;
}

async function ask(context: IExecuteFunctions, entries: string[]) {
	for (let attempt = 1; ; attempt++) {
		try {
			return await context.helpers.checkProcessedAndRecord(entries, 'node', STORE);
		} catch (cause) {
			if (attempt === ATTEMPTS) throw new NodeOperationError(context.getNode(), cause as Error);
		}
	}
}

async function unrecord(
	context: IExecuteFunctions,
	{ storeQueue }: Trigger,
	entries: string[],
): Promise<void> {
	await storeQueue.run(
		async () => await withPatience(context.helpers.removeProcessed(entries, 'node', STORE)),
	);
}

/** Waits for the store, but not for ever: a row that is never given back must not stop the events behind it. */
async function withPatience<T>(asked: Promise<T>): Promise<T> {
	const silence = wait(PATIENCE_MS).then(() => {
		throw new Error(`no answer within ${PATIENCE_MS} ms`);
	});
	return await Promise.race([asked, silence]);
}

function reportSilence(
	context: IExecuteFunctions,
	{ eventId, cause }: { eventId: string; cause: Error },
): void {
	const node = context.getNode();
	const workflowId = context.getWorkflow().id;
	warnOncePerMinute(
		context.logger,
		`${workflowId} ${node.id} store`,
		`${node.name}: n8n's store of processed events does not answer, so an event that was delivered twice may run twice. Check the n8n database.`,
		{ workflowId, nodeId: node.id, eventId, cause: cause.message },
		Date.now(),
	);
}
