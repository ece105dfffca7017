import { NodeOperationError } from 'n8n-workflow';
import type { ICheckProcessedOptions, IExecuteFunctions } from 'n8n-workflow';
import { warnOncePerMinute } from '../runtime/log';
import type { Recording } from '../runtime/storeQueue';
import type { Trigger } from '../runtime/trigger';
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

/** Two processes that both meet a node's very first event collide in inserting its row: one of them tries again. */
const ATTEMPTS = 3;

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
	if (mode === 'manual' || eventIds.length === 0) return { ids: new Set(eventIds) };
	const store = storeFor(context, trigger);
	const takenBy: OwnerEntry = (eventId) => `${eventId} taken by ${runName}`;
	let claimed: { now: string[]; mine: string[] };
	try {
		if (await isForgotten(store, witnesses)) return 'forgotten';
		const first = { eventIds, takenBy, acrossProcesses, isAwaitedLate: areDoubtful };
		claimed = await claim(store, first);
	} catch (cause) {
		reportSilence(context, eventIds[0], cause as Error);
		return 'silent';
	}
	const had = new Set(claimed.mine);
	try {
		for (let round = 1; acrossProcesses && claimed.now.length > 0 && round <= ROUNDS; round++) {
			claimed = await claim(store, { eventIds: claimed.now, takenBy, acrossProcesses });
			for (const id of claimed.mine) had.add(id);
		}
	} catch (cause) {
		// They were claimed: nobody else runs them.
		reportSilence(context, eventIds[0], cause as Error);
	}
	for (const id of claimed.now) had.add(id);
	if (acrossProcesses && had.size > 0) void recordAgain(store, entriesOf([...had], takenBy));
	return { ids: had };
}

/** n8n's store, as one run reaches it. */
interface Store {
	record(recording: Recording): Promise<ReadonlySet<unknown>>;
	remove(entries: string[]): Promise<void>;
}

function storeFor(context: IExecuteFunctions, { store }: Trigger): Store {
	return {
		record: async (recording) =>
			await store.record(async (entries) => await ask(context, entries), recording),
		remove: async (entries) =>
			await store.run(async () => await context.helpers.removeProcessed(entries, 'node', STORE)),
	};
}

/** What it writes can be written over just as well: it ends with a look that finds all there. */
async function recordAgain(store: Store, entries: string[]): Promise<void> {
	for (let round = 1; round <= ROUNDS; round++) {
		await wait(HELD_UP_MS);
		const known = await store.record({ entries, isSpaced: true }).catch(() => new Set());
		if (entries.every((entry) => known.has(entry))) return;
	}
}

/**
 * Whatever has run may be recorded as such: asking leaves nothing that keeps another event from running. Of a store that has
 * forgotten, nothing is left at all, or it would seem to know when it is asked the next time.
 */
async function isForgotten(store: Store, witnesses: readonly string[]): Promise<boolean> {
	if (witnesses.length === 0) return false;
	const entries = [...witnesses];
	const known = await store.record({ entries, isSpaced: false });
	if (known.size > 0) return false;
	await store.remove(entries);
	return true;
}

/** The entry that says which run has taken an event. */
type OwnerEntry = (eventId: string) => string;

const entriesOf = (eventIds: readonly string[], takenBy: OwnerEntry) =>
	eventIds.flatMap((id) => [id, takenBy(id)]);

/** What is to be claimed in one call. */
interface Claiming {
	eventIds: readonly string[];
	takenBy: OwnerEntry;
	acrossProcesses: boolean;
	isAwaitedLate?: boolean;
}

/**
 * Asks and records in one step.
 * @returns the events that nobody had, and those that this run had already
 */
async function claim(
	store: Store,
	{ eventIds, takenBy, acrossProcesses, isAwaitedLate }: Claiming,
): Promise<{ now: string[]; mine: string[] }> {
	const entries = entriesOf(eventIds, takenBy);
	const known = await store.record({ entries, isSpaced: acrossProcesses, isAwaitedLate });
	const now = eventIds.filter((id) => !known.has(id));
	const mine = eventIds.filter((id) => known.has(id) && known.has(takenBy(id)));
	const others = eventIds.filter((id) => known.has(id) && !known.has(takenBy(id)));
	// Else a repetition of this very run would take itself for the owner. The answer stands without it.
	if (others.length > 0) await store.remove(others.map(takenBy)).catch(() => {});
	return { now, mine };
}

async function ask(context: IExecuteFunctions, entries: string[]): Promise<ReadonlySet<unknown>> {
	for (let attempt = 1; ; attempt++) {
		try {
			const { processed } = await context.helpers.checkProcessedAndRecord(entries, 'node', STORE);
			return new Set(processed);
		} catch (cause) {
			if (attempt === ATTEMPTS) throw new NodeOperationError(context.getNode(), cause as Error);
		}
	}
}

function reportSilence(context: IExecuteFunctions, eventId: string, { message }: Error): void {
	warnOncePerMinute(
		context,
		'store',
		"n8n's store of processed events does not answer, so an event that was delivered twice may run twice. Check the n8n database.",
		{ eventId, cause: message },
	);
}
