import type { DeliveryRow } from '../api/webhooks';
import type { AnchorEvent } from '../events/envelope';

/** The row statuses of a delivery that Anchor has given up: `failed` by a 4xx, `dead` after the last attempt. */
export const LOST_STATUSES = ['failed', 'dead'] as const;

/** What Anchor's history holds and the workflow never got. */
export interface MissedEvents {
	/** In the trigger's own shape, oldest first. */
	events: AnchorEvent[];
	/** Rows that were missed too but came without their payload: nothing is made up for them. */
	withoutPayload: Array<Pick<DeliveryRow, 'external_event_id' | 'event_type'>>;
}

/** How many events were lost, each counted once. */
export interface MissedCount {
	failed: number;
	dead: number;
	total: number;
}

/**
 * Turns rows of Anchor's delivery history into events as the trigger receives them. A row holds `data` alone, so that
 * `text` and `project_id` are absent and `created` is the time for which the delivery was scheduled. Left out: what was
 * delivered, also by another attempt or another row of the same event, and what Anchor is still trying.
 * @param rows from the history, asked with `include_payload`, in any order
 */
export function missedEvents(rows: readonly DeliveryRow[]): MissedEvents {
	const missed = [...lostRows(rows).values()].sort(bySchedule);
	return {
		events: missed.flatMap((row) => eventOf(row) ?? []),
		withoutPayload: missed
			.filter(({ payload }) => payload === undefined)
			.map(({ external_event_id, event_type }) => ({ external_event_id, event_type })),
	};
}

/**
 * Counts what `missedEvents` would find, with or without payload.
 * @param rows from the history, in any order
 */
export function countMissed(rows: readonly DeliveryRow[]): MissedCount {
	const lost = [...lostRows(rows).values()];
	const failed = lost.filter(({ status }) => status === 'failed').length;
	return { failed, dead: lost.length - failed, total: lost.length };
}

/** By event id; of two rows of one event the one with a payload. */
function lostRows(rows: readonly DeliveryRow[]): Map<string, DeliveryRow> {
	const settled = new Set(
		rows.filter(({ status }) => !isLost(status)).map(({ external_event_id }) => external_event_id),
	);
	const lost = new Map<string, DeliveryRow>();
	for (const row of rows) {
		const { external_event_id: id } = row;
		if (settled.has(id) || lost.get(id)?.payload !== undefined) continue;
		lost.set(id, row);
	}
	return lost;
}

function isLost(status: string): boolean {
	return LOST_STATUSES.some((lost) => lost === status);
}

function eventOf(row: DeliveryRow): AnchorEvent | undefined {
	if (row.payload === undefined) return undefined;
	return {
		id: row.external_event_id,
		type: row.event_type,
		...(row.scheduled_at === null ? {} : { created: row.scheduled_at }),
		data: row.payload,
	};
}

/** ISO 8601 in UTC sorts as text; rows without a time come first. */
function bySchedule(one: DeliveryRow, other: DeliveryRow): number {
	const [left, right] = [one.scheduled_at ?? '', other.scheduled_at ?? ''];
	return left < right ? -1 : Number(left > right);
}
