import { isOutage } from '../api/client';
import type { ApiContext, ApiFailure } from '../api/client';
import { HISTORY_PAGE_SIZE, listDeliveries } from '../api/webhooks';
import type { Reading } from './reading';

const HOUR_MS = 60 * 60_000;

/** Anchor keeps the history for 7 days. */
const HISTORY_MS = 7 * 24 * HOUR_MS;

/** Rows are read by when they were scheduled; the last attempt for one ends this much later at most (Anchor's retries). */
const RETRIES_MS = 24 * HOUR_MS;

/** A row may show in the history a moment after the one before it was read. */
const LATE_ROWS_MS = 60_000;

/** How long a page that failed is waited for, before each further try, where Anchor does not say. */
const AGAIN_SECONDS = [0, 5, 20];
/** Longer, a reading does not wait in the middle. */
const LONGEST_PAUSE_MS = 60_000;

/** A row that takes longer to judge has a condition with a slow pattern: n8n has as long for all else before the next one. */
const SLOW_MS = 50;
/** But for a clock that was set forward meanwhile. */
const LONGEST_TURN_MS = 1_000;

/** The most pages of one reading: 200,000 rows. */
const MAX_PAGES = 2_000;

/**
 * Reads one webhook's history, and remembers how far it has been settled: later readings begin with what was new, or still
 * being tried, in the last one. An idle trigger costs one page, unless Anchor shows a row as still being tried for days.
 */
export class HistoryReader {
	/** Rows that were scheduled before have nothing new to show; undefined until a reading has been settled. */
	private fromMs: number | undefined;
	/** The same once a reading is settled; another one may be made while that one is carried out. */
	private readonly nextFromMs = new WeakMap<Reading, number>();

	constructor(readonly webhookId: string) {}

	/**
	 * Reads all rows that may be new into `reading`. Anchor does not say in which order they come; rows that appear
	 * meanwhile move the others along, so that one may come twice.
	 * @param pause waits so many milliseconds
	 * @returns undefined, or why Anchor did not answer
	 */
	async read(
		context: ApiContext,
		reading: Reading,
		pause: (ms: number) => Promise<void>,
	): Promise<ApiFailure | undefined> {
		const { nowMs, sinceMs, doneMs } = reading.input;
		const fromMs = Math.max(sinceMs, nowMs - HISTORY_MS, this.fromMs ?? doneMs - RETRIES_MS);
		const since = new Date(fromMs).toISOString();
		for (let offset = 0, pages = 0; pages < MAX_PAGES; pages++) {
			const ask = async () => await listDeliveries(context, this.webhookId, { since, offset });
			let page = await ask();
			// The longer a reading, the less it may end with a single answer that failed.
			for (const seconds of AGAIN_SECONDS) {
				if (page.ok || offset === 0 || !isOutage(page)) break;
				await pause(Math.min((page.retryAfterSeconds ?? seconds) * 1_000, LONGEST_PAUSE_MS));
				page = await ask();
			}
			reading.beganMs = Math.min(reading.beganMs, page.dateMs ?? nowMs);
			// A webhook that is gone for longer than Anchor keeps its history has none.
			if (!page.ok) return page.status === 404 ? undefined : page;
			const { rows, total, received } = page.body;
			for (const row of rows) {
				const beganMs = Date.now();
				reading.add(row);
				const tookMs = Date.now() - beganMs;
				if (tookMs > SLOW_MS) await pause(Math.min(tookMs, LONGEST_TURN_MS));
			}
			offset += received;
			if (received === 0 || (total === null ? received < HISTORY_PAGE_SIZE : offset >= total)) {
				// By the clock of Anchor's answer, too: that of this machine may have been set forward since the last look.
				const anchorMs = Math.min(nowMs, reading.beganMs);
				this.nextFromMs.set(reading, Math.min(reading.pendingMs, anchorMs - LATE_ROWS_MS));
				return undefined;
			}
		}
		reading.isWhole = false;
		return undefined;
	}

	/** Says that nothing is left to be done about a reading. */
	settle(reading: Reading): void {
		this.fromMs = this.nextFromMs.get(reading) ?? this.fromMs;
	}
}
