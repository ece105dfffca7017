import type { ApiContext, ApiFailure, ApiResult } from '../api/client';
import { HISTORY_PAGE_SIZE, listDeliveries } from '../api/webhooks';
import type { DeliveryRow } from '../api/webhooks';
import { DELIVERED, GIVEN_UP } from './missed';

const DAY_MS = 24 * 60 * 60_000;

/** Anchor keeps the history for 7 days. */
const HISTORY_MS = 7 * DAY_MS;

/** How far back delivered rows are read first at a start. */
const RECENT_MS = 60 * 60_000;

/** The most rows of one kind that are read at a time. */
const MAX_ROWS = 5_000;

/** A reader of one webhook's history that knows what it has read: an idle trigger costs one page of each kind. */
export interface HistoryReader {
	readonly webhookId: string;
	/** How many rows there were of a status in the last complete reading, by status and start. */
	readonly totals: Map<string, number>;
}

/** What a look reads. Times are Anchor's, in milliseconds. */
export interface HistoryWish {
	/** Since when the trigger listens. */
	sinceMs: number;
	nowMs: number;
	/** From when on delivered rows are read; 'start' finds the last ones before a start; undefined for none. */
	deliveredSince: number | 'start' | undefined;
}

/**
 * Reads the rows that may show a missed event: those given up, and those delivered where they are to be doubted. What
 * was there before, and only that, is not read again.
 * @returns the rows with their payload, or why Anchor did not answer
 */
export async function readHistory(
	context: ApiContext,
	reader: HistoryReader,
	{ sinceMs, nowMs, deliveredSince }: HistoryWish,
): Promise<ApiResult<DeliveryRow[]>> {
	const isStart = deliveredSince === 'start';
	const oldestMs = nowMs - HISTORY_MS;
	// Later on nothing may leave the history while its rows are counted, so the beginning moves on once a day.
	const fromMs = Math.max(sinceMs, isStart ? oldestMs : Math.ceil(oldestMs / DAY_MS) * DAY_MS);
	const rows: DeliveryRow[] = [];
	for (const status of GIVEN_UP) {
		const found = await readRows(context, reader, { status, sinceMs: fromMs, isOnce: true });
		if (!found.ok) return found;
		rows.push(...found.body);
	}
	if (deliveredSince === undefined) return { ok: true, body: rows };
	const since = Math.max(isStart ? nowMs - RECENT_MS : deliveredSince, fromMs);
	let found = await readRows(context, reader, { status: DELIVERED, sinceMs: since });
	if (found.ok && isStart && found.body.length === 0 && since > fromMs) {
		found = await readRows(context, reader, { status: DELIVERED, sinceMs: fromMs });
	}
	return found.ok ? { ok: true, body: [...rows, ...found.body] } : found;
}

/**
 * Reads all pages of one kind. Anchor does not say in which order; rows that appear meanwhile move the others along, so
 * that one may come twice, and are read the next time.
 */
async function readRows(
	context: ApiContext,
	{ webhookId, totals }: HistoryReader,
	{ status, sinceMs, isOnce = false }: { status: string; sinceMs: number; isOnce?: boolean },
): Promise<{ ok: true; body: DeliveryRow[] } | ApiFailure> {
	const query = { since: new Date(sinceMs).toISOString(), status, includePayload: true };
	const key = `${status} ${sinceMs}`;
	const rows = new Map<string, DeliveryRow>();
	let total: number | null = null;
	for (let offset = 0; offset < MAX_ROWS; ) {
		const page = await listDeliveries(context, webhookId, { ...query, offset });
		if (!page.ok) {
			// A webhook that is gone for longer than Anchor keeps its history has none.
			return page.status === 404 ? { ok: true, body: [] } : page;
		}
		if (offset === 0) {
			({ total } = page.body);
			if (isOnce && total !== null && totals.get(key) === total) return { ok: true, body: [] };
		}
		for (const row of page.body.rows) rows.set(row.id, row);
		offset += page.body.received;
		const { received } = page.body;
		if (received === 0 || (total === null ? received < HISTORY_PAGE_SIZE : offset >= total)) break;
	}
	if (isOnce && total !== null) totals.set(key, total);
	return { ok: true, body: [...rows.values()] };
}
