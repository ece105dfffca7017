import type { DeliveryRow } from '../../../nodes/AnchorBrowser/api/webhooks';
import { makeFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import { Reading } from '../../../nodes/AnchorBrowser/recovery/reading';
import type { MissedEvent, ReadingInput } from '../../../nodes/AnchorBrowser/recovery/reading';

/** When the process of a test began to take deliveries. */
export const STARTED = Date.UTC(2026, 4, 24, 12);

/** A moment, so many seconds after that start. */
export const at = (seconds: number) => STARTED + seconds * 1_000;
const iso = (ms: number) => new Date(ms).toISOString();

/** A row that Anchor has given up after a 404, created and ended so many seconds after the start, or as told. */
export function row(id: string, seconds: number, more: Partial<DeliveryRow> = {}): DeliveryRow {
	return {
		id: `row_${id}`,
		webhookId: 'wh_1',
		external_event_id: id,
		event_type: 'task.completed',
		status: 'failed',
		response_status: 404,
		attempt: 1,
		scheduled_at: iso(at(seconds)),
		completed_at: iso(at(seconds)),
		payload: { task_id: 'tsk_1' },
		...more,
	};
}

/** The same, held delivered with this status. */
export const answered = (id: string, seconds: number, status: number): DeliveryRow =>
	row(id, seconds, { status: 'succeeded', response_status: status });

/** A reading of these rows by a trigger that has met nothing. */
export function readingOf(rows: readonly DeliveryRow[], more: Partial<ReadingInput> = {}): Reading {
	const reading = new Reading({
		nowMs: at(900),
		webhookId: 'wh_1',
		projectId: 'p',
		wanted: { events: ['task.completed'], filters: makeFilters() },
		sinceMs: at(-7 * 24 * 3_600),
		doneMs: -Infinity,
		collectedSinceMs: undefined,
		startedMs: STARTED,
		forgottenMs: -Infinity,
		isKnown: () => false,
		isRecovered: () => false,
		isInHand: () => false,
		...more,
	});
	for (const one of rows) reading.add(one);
	return reading;
}

export const idsOf = (events: readonly MissedEvent[]) => events.map(({ event }) => event.id);

/** A test for one of these ids, written with blanks between them. */
export const oneOf = (ids: string) => (id: string) => ids.split(' ').includes(id);
