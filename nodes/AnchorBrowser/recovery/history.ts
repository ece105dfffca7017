import type { ApiContext, ApiFailure } from '../api/client';
import { HISTORY_PAGE_SIZE, listDeliveries } from '../api/webhooks';
import type { DeliveryRow } from '../api/webhooks';
import { DELIVERED, GIVEN_UP } from './missed';

const DAY_MS = 24 * 60 * 60_000;

/** Anchor keeps the history for 7 days. */
const HISTORY_MS = 7 * DAY_MS;

/** How far back delivered rows are read first at a start. */
const RECENT_MS = 60 * 60_000;

/** The most unknown rows that one reading returns, and the most pages of one kind that it asks for. */
const MAX_ROWS = 5_000;
const MAX_PAGES = 500;

/** A reader of one webhook's history that knows what it has read: an idle trigger costs one page of each kind. */
export interface HistoryReader {
	readonly webhookId: string;
	/** How many rows there were of a status in the last complete reading, by status and start; emptied, all are read again. */
	readonly totals: Map<string, number>;
}

/** What a look reads. Times are Anchor's, in milliseconds. */
export interface HistoryRequest {
	/** Since when the trigger listens. */
	sinceMs: number;
	nowMs: number;
	/** From when on delivered rows are read; 'start' finds the last ones before a start; undefined for none. */
	deliveredSince: number | 'start' | undefined;
	/** Whether nothing has to be found out about an event any more: its rows are left out. */
	isKnown(eventId: string): boolean;
}

/** What a look has read. */
export interface History {
	ok: true;
	/** With their payload. */
	rows: DeliveryRow[];
	/** Whether there is more of it, which the next reading returns once these rows are known. */
	isCut: boolean;
}

/**
 * Reads the rows that may show a missed event: those given up, and those delivered where they are to be doubted. What
 * was there before, and only that, is not read again.
 * @returns the rows, or why Anchor did not answer
 */
export async function readHistory(
	context: ApiContext,
	reader: HistoryReader,
	{ sinceMs, nowMs, deliveredSince, isKnown }: HistoryRequest,
): Promise<History | ApiFailure> {
	const isStart = deliveredSince === 'start';
	const oldestMs = nowMs - HISTORY_MS;
	// Later on nothing may leave the history while its rows are counted, so the beginning moves on once a day.
	const fromMs = Math.max(sinceMs, isStart ? oldestMs : Math.ceil(oldestMs / DAY_MS) * DAY_MS);
	const parts: History[] = [];
	for (const status of GIVEN_UP) {
		const part = await readRows(context, reader, {
			status,
			sinceMs: fromMs,
			isOnce: true,
			isKnown,
		});
		if (!part.ok) return part;
		parts.push(part);
	}
	if (deliveredSince !== undefined) {
		const since = Math.max(isStart ? nowMs - RECENT_MS : deliveredSince, fromMs);
		const request = { status: DELIVERED, sinceMs: since, isKnown };
		let part = await readRows(context, reader, request);
		if (part.ok && isStart && part.rows.length === 0 && since > fromMs) {
			part = await readRows(context, reader, { ...request, sinceMs: fromMs });
		}
		if (!part.ok) return part;
		parts.push(part);
	}
	return {
		ok: true,
		rows: parts.flatMap(({ rows }) => rows),
		isCut: parts.some(({ isCut }) => isCut),
	};
}

/**
 * Reads all pages of one kind. Anchor does not say in which order; rows that appear meanwhile move the others along, so
 * that one may come twice, and are read the next time.
 */
async function readRows(
	context: ApiContext,
	{ webhookId, totals }: HistoryReader,
	{
		status,
		sinceMs,
		isOnce = false,
		isKnown,
	}: { status: string; sinceMs: number; isOnce?: boolean; isKnown: HistoryRequest['isKnown'] },
): Promise<History | ApiFailure> {
	const query = { since: new Date(sinceMs).toISOString(), status, includePayload: true };
	const key = `${status} ${sinceMs}`;
	const rows = new Map<string, DeliveryRow>();
	let total: number | null = null;
	let isCut = true;
	for (let offset = 0, pages = 0; rows.size < MAX_ROWS && pages < MAX_PAGES; pages++) {
		const page = await listDeliveries(context, webhookId, { ...query, offset });
		if (!page.ok) {
			// A webhook that is gone for longer than Anchor keeps its history has none.
			return page.status === 404 ? { ok: true, rows: [], isCut: false } : page;
		}
		if (offset === 0) {
			({ total } = page.body);
			if (isOnce && total !== null && totals.get(key) === total) {
				return { ok: true, rows: [], isCut: false };
			}
		}
		for (const row of page.body.rows) {
			if (!isKnown(row.external_event_id)) rows.set(row.id, row);
		}
		offset += page.body.received;
		const { received } = page.body;
		if (received === 0 || (total === null ? received < HISTORY_PAGE_SIZE : offset >= total)) {
			isCut = false;
			break;
		}
	}
	if (isOnce && total !== null && !isCut) totals.set(key, total);
	return { ok: true, rows: [...rows.values()], isCut };
}
