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

/** The most pages of one reading: 200,000 rows. */
const MAX_PAGES = 2_000;

/**
 * Reads one webhook's history, and remembers how far it has been settled: later readings begin with what was new, or still
 * being tried, in the last one. An idle trigger costs one page, unless Anchor shows a row as still being tried for days.
 */
export class HistoryReader {
	/** Rows that were scheduled before have nothing new to show; undefined until a reading has been settled. */
	private fromMs: number | undefined;
	private nextFromMs: number | undefined;

	constructor(readonly webhookId: string) {}

	/**
	 * Reads all rows that may be new into `reading`. Anchor does not say in which order they come; rows that appear
	 * meanwhile move the others along, so that one may come twice.
	 * @param how with Anchor's time, and what waits so many milliseconds
	 * @returns whether there was an end to it, and when it began by Anchor's clock; or why Anchor did not answer
	 */
	async read(
		context: ApiContext,
		reading: Reading,
		{ nowMs, pause }: { nowMs: number; pause(ms: number): Promise<void> },
	): Promise<{ ok: true; isWhole: boolean; beganMs: number } | ApiFailure> {
		const { sinceMs, doneMs } = reading.input;
		const untriedMs = this.fromMs ?? (doneMs === undefined ? 0 : doneMs - RETRIES_MS);
		const fromMs = Math.max(sinceMs, nowMs - HISTORY_MS, untriedMs);
		const since = new Date(fromMs).toISOString();
		let beganMs = nowMs;
		for (let offset = 0, pages = 0; pages < MAX_PAGES; pages++) {
			const ask = async () => await listDeliveries(context, this.webhookId, { since, offset });
			let page = await ask();
			// The longer a reading, the less it may end with a single answer that failed.
			for (let again = 0; again < AGAIN_SECONDS.length; again++) {
				if (page.ok || offset === 0 || !isOutage(page)) break;
				const seconds = page.retryAfterSeconds ?? AGAIN_SECONDS[again];
				await pause(Math.min(seconds * 1_000, LONGEST_PAUSE_MS));
				page = await ask();
			}
			// A webhook that is gone for longer than Anchor keeps its history has none.
			if (!page.ok && page.status === 404) return { ok: true, isWhole: true, beganMs: nowMs };
			if (!page.ok) return page;
			if (pages === 0) beganMs = page.dateMs ?? nowMs;
			const { rows, total, received } = page.body;
			for (const row of rows) reading.add(row);
			offset += received;
			if (received === 0 || (total === null ? received < HISTORY_PAGE_SIZE : offset >= total)) {
				this.nextFromMs = Math.min(reading.pendingMs ?? Infinity, nowMs - LATE_ROWS_MS);
				return { ok: true, isWhole: true, beganMs };
			}
		}
		return { ok: true, isWhole: false, beganMs };
	}

	/** Says that nothing is left to be done about the last reading. */
	settle(): void {
		this.fromMs = this.nextFromMs;
	}
}
