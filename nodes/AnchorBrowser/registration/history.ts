import type { ApiContext, ApiResult } from '../api/client';
import { collectDeliveries } from '../api/webhooks';
import type { DeliveryRow } from '../api/webhooks';
import { countMissed, LOST_STATUSES, missedEvents } from './missed';
import type { MissedCount, MissedEvents } from './missed';

/** What was lost in a stretch of time. */
export interface MissedReport extends MissedEvents {
	count: MissedCount;
	/** False when there was more than is looked at: the counts are then at-least numbers. */
	complete: boolean;
}

/** Anchor keeps the history for 7 days. */
const HISTORY_MS = 7 * 24 * 60 * 60_000;

/**
 * Reads from Anchor's delivery history what a webhook missed.
 * @param query.webhookId also one that was deleted up to 7 days ago
 * @param query.sinceMs from when on, by scheduled time; earlier than 7 days ago is of no use
 * @param query.nowMs the time
 * @param query.withPayload whether to read the events themselves, not only count them
 * @param query.maxRows of each of the two statuses, 1,000 unless told
 */
export async function readMissed(
	context: ApiContext,
	query: {
		webhookId: string;
		sinceMs: number;
		nowMs: number;
		withPayload: boolean;
		maxRows?: number;
	},
): Promise<ApiResult<MissedReport>> {
	const { webhookId, sinceMs, nowMs, withPayload, maxRows } = query;
	const since = new Date(Math.max(sinceMs, nowMs - HISTORY_MS)).toISOString();
	const rows: DeliveryRow[] = [];
	let complete = true;
	for (const status of LOST_STATUSES) {
		const found = await collectDeliveries(
			context,
			webhookId,
			{ since, status, includePayload: withPayload },
			{ maxRows },
		);
		if (!found.ok) return found;
		rows.push(...found.body.rows);
		complete &&= found.body.complete;
	}
	return { ok: true, body: { ...missedEvents(rows), count: countMissed(rows), complete } };
}
