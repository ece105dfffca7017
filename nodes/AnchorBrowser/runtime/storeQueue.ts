import { randomInt } from 'node:crypto';
import { sleep } from 'n8n-workflow';
import { Mutex } from './mutex';
import { wait } from './wait';

/**
 * A store that takes longer than this is treated as one that does not answer. It is what n8n itself waits for
 * SQLite's one writing connection: a database that is only slow, under a flood of runs, must not make an event run twice.
 */
const PATIENCE_MS = 60_000;

/** How many entries are recorded in one call at most, unless one run alone has more. */
const MOST_AT_ONCE = 1_000;

/** How long another process needs, with room to spare, between reading n8n's row and writing it. */
const OTHER_WRITE_MS = 100;

/** What a run wants to be recorded. */
export interface Recording {
	entries: string[];
	/** Whether other processes write the row, too, so that the next call keeps a distance. */
	isSpaced: boolean;
	/** Whether an answer counts that comes when nobody behind it in the queue waits for it any more. */
	isAwaitedLate?: boolean;
}

/** Asks n8n's store for entries and records them; it answers with those that were recorded before. */
type Ask = (entries: string[]) => Promise<ReadonlySet<unknown>>;

/** Its answer, which may throw: within a time, or whenever it comes. */
interface StoreAnswer {
	inTime: Promise<ReadonlySet<unknown>>;
	late: Promise<ReadonlySet<unknown>>;
}

interface Waiting extends Recording {
	/** Told when its turn has come. */
	begin(answer: StoreAnswer): void;
}

/**
 * One trigger's calls to n8n's store of processed events, which reads, changes and writes a row without a lock: they wait for
 * each other here.
 */
export class StoreQueue {
	private readonly turns = new Mutex();
	private waiting: Waiting[] = [];

	/** Whether no call is made or waits. */
	get isFree(): boolean {
		return this.turns.isFree;
	}

	/**
	 * Records entries in one call with those of other runs that wait for their turn: under load the call is the price, hardly
	 * the entries in it.
	 * @param ask makes the call
	 * @returns those of all these entries that were recorded before; throws when the store does not answer
	 */
	async record(
		ask: Ask,
		{ isAwaitedLate = false, ...recording }: Recording,
	): Promise<ReadonlySet<unknown>> {
		const { inTime, late } = await new Promise<StoreAnswer>((begin) => {
			this.waiting.push({ ...recording, begin });
			if (this.waiting.length === 1) void this.recordNext(ask);
		});
		return await (isAwaitedLate ? late : inTime);
	}

	/** Makes another call to the store in its turn; throws when the store does not answer. */
	async run(call: () => Promise<void>): Promise<void> {
		await this.turns.run(async () => await withPatience(call()));
	}

	private async recordNext(ask: Ask): Promise<void> {
		await this.turns.run(async () => {
			const batch = this.takeBatch();
			if (this.waiting.length > 0) void this.recordNext(ask);
			const late = ask(batch.flatMap(({ entries }) => entries));
			const inTime = withPatience(late);
			for (const { begin } of batch) begin({ inTime, late });
			await inTime.catch(() => {});
			if (batch.some(({ isSpaced }) => isSpaced)) {
				// At random, or two processes would keep in step.
				await sleep(OTHER_WRITE_MS + randomInt(OTHER_WRITE_MS / 2));
			}
		});
	}

	/** The first that waits, and those behind it that fit; two copies of one event must not learn the same. */
	private takeBatch(): Waiting[] {
		const taken = new Set<string>();
		const batch = this.waiting.filter(({ entries }, index) => {
			const fits = taken.size + entries.length <= MOST_AT_ONCE;
			if (index > 0 && (!fits || entries.some((entry) => taken.has(entry)))) return false;
			for (const entry of entries) taken.add(entry);
			return true;
		});
		this.waiting = this.waiting.filter((recording) => !batch.includes(recording));
		return batch;
	}
}

/** Waits for the store, but not for ever: a row that is never given back must not stop the events behind it. */
async function withPatience<T>(asked: Promise<T>): Promise<T> {
	const silence = wait(PATIENCE_MS).then(() => {
		throw new Error(`no answer within ${PATIENCE_MS} ms`);
	});
	return await Promise.race([asked, silence]);
}
