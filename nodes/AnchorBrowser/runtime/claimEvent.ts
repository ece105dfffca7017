import { NodeOperationError, sleep } from 'n8n-workflow';
import type { ICheckProcessedOptions, IExecuteFunctions } from 'n8n-workflow';
import { warnOncePerMinute } from './log';
import { runExclusive } from './runExclusive';
import { wait } from './wait';

/**
 * The second tier of de-duplication: n8n's own store of processed entries, one row for each node in its database,
 * shared by all processes and kept over restarts, renames and republishing.
 *
 * Two entries are kept for each event, its id and the id with the execution that took it: n8n may give the same
 * execution to another worker after the first one died, and that repetition must run. The row is read and written
 * whole, so its length is a price paid for each event: 4,000 entries know the last 2,000 events.
 */
const STORE: ICheckProcessedOptions = { mode: 'entries', maxEntries: 4_000 };

/**
 * A store that takes longer than this is treated as one that does not answer. It is what n8n itself waits for
 * SQLite's one writing connection: a database that is only slow, under a flood of runs, must not make an event run twice.
 */
const PATIENCE_MS = 60_000;

/** How many events the store is asked for at once: asking records them for a moment, and must not push others out. */
const ASKED_AT_ONCE = 500;

/** Two processes that both meet a node's very first event collide in inserting its row: one of them tries again. */
const ATTEMPTS = 3;

/** Waits for the store, but not for ever: a row that is never given back must not stop the events behind it. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
	const silence = wait(PATIENCE_MS).then(() => {
		throw new Error(`no answer within ${PATIENCE_MS} ms`);
	});
	return await Promise.race([ask(), silence]);
}

async function record(context: IExecuteFunctions, entries: string[]): Promise<Set<unknown>> {
	for (let attempt = 1; ; attempt++) {
		try {
			const { processed } = await context.helpers.checkProcessedAndRecord(entries, 'node', STORE);
			return new Set(processed);
		} catch (cause) {
			if (attempt === ATTEMPTS) {
				throw new NodeOperationError(context.getNode(), cause as Error);
			}
		}
	}
}

async function unrecord(context: IExecuteFunctions, entries: string[]): Promise<void> {
	await context.helpers.removeProcessed(entries, 'node', STORE);
}

/** What n8n's store says of an event that an execution wants to take. */
type Claim = 'taken now' | 'mine' | "another's";

/** Asks and records in one step; the caller holds the node's place in the queue. */
async function claim(context: IExecuteFunctions, eventId: string, owner: string): Promise<Claim> {
	const processed = await patiently(async () => await record(context, [eventId, owner]));
	if (!processed.has(eventId)) return 'taken now';
	if (processed.has(owner)) return 'mine';
	// Else a repetition of this very execution would take itself for the owner. The answer stands without it.
	await patiently(async () => await unrecord(context, [owner])).catch(() => {});
	return "another's";
}

/** How long another process needs, with room to spare, between reading n8n's row and writing it. */
const SETTLE_MS = 100;

/** Every round is lost only to another process that wrote the row in just that moment. */
const ROUNDS = 5;

export interface ClaimRequest {
	/** The signed id of the event. */
	eventId: string;
	/**
	 * Whether the delivery was received in another process, as in n8n's queue mode. Then a copy of it may run in yet
	 * another one at this very moment, both may have read n8n's row before either wrote it, and the row is looked at a
	 * second time: it holds the claim of the one that wrote last. Within one process the gate has seen to that.
	 */
	acrossProcesses: boolean;
}

/** The store reads, changes and writes without a lock, so calls of this process for one node wait for each other. */
async function askInTurn<T>(context: IExecuteFunctions, ask: () => Promise<T>): Promise<T> {
	return await runExclusive(`store ${context.getWorkflow().id} ${context.getNode().id}`, ask);
}

/**
 * Claims an event for this run, unless another execution has taken it already.
 *
 * A run that n8n itself repeats is no repetition of the event: a retry by the user (mode `retry`), or the same
 * execution id again. Manual runs neither ask nor record. A store that does not answer must not lose the event: the run
 * then has it, and the log says so.
 * @param context n8n's context of the run
 * @returns whether this run has the event
 */
export async function claimEvent(
	context: IExecuteFunctions,
	{ eventId, acrossProcesses }: ClaimRequest,
): Promise<boolean> {
	const mode = context.getMode();
	if (mode === 'manual' || mode === 'retry') return true;

	const owner = `${eventId} taken by ${context.getExecutionId()}`;
	const ask = async () =>
		await askInTurn(context, async () => await claim(context, eventId, owner));
	try {
		let answer = await ask();
		for (let round = 1; acrossProcesses && answer === 'taken now' && round <= ROUNDS; round++) {
			await sleep(SETTLE_MS);
			answer = await ask();
		}
		return answer !== "another's";
	} catch (cause) {
		const outcome = 'an event that was delivered twice may run twice';
		reportSilence(context, { eventId, outcome, cause: cause as Error });
		return true;
	}
}

/**
 * Which of these events no execution has claimed. Claims none.
 * @returns their ids; undefined when the store does not answer
 */
export async function findUnclaimed(
	context: IExecuteFunctions,
	eventIds: string[],
): Promise<Set<string> | undefined> {
	try {
		const found = new Set<string>();
		for (let from = 0; from < eventIds.length; from += ASKED_AT_ONCE) {
			const asked = eventIds.slice(from, from + ASKED_AT_ONCE);
			const look = async () => {
				const claimed = await record(context, asked);
				const unclaimed = asked.filter((id) => !claimed.has(id));
				// Asking records them, too.
				if (unclaimed.length > 0) await unrecord(context, unclaimed);
				for (const id of unclaimed) found.add(id);
			};
			await askInTurn(context, async () => await patiently(look));
		}
		return found;
	} catch (cause) {
		const outcome = 'missed events are run without that check and may run twice';
		reportSilence(context, { eventId: eventIds[0], outcome, cause: cause as Error });
		return undefined;
	}
}

function reportSilence(
	context: IExecuteFunctions,
	{ eventId, outcome, cause }: { eventId: string; outcome: string; cause: Error },
): void {
	const node = context.getNode();
	const workflowId = context.getWorkflow().id;
	warnOncePerMinute(
		context.logger,
		`${workflowId} ${node.id} store`,
		`${node.name}: n8n's store of processed events does not answer, so ${outcome}. Check the n8n database.`,
		{ workflowId, nodeId: node.id, eventId, cause: cause.message },
		Date.now(),
	);
}
