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

/**
 * Rows in short: `a 202@5` is one of the event a that was delivered with 202, `a 404@5` one that was given up after a 404, and
 * `a dead@5` one in that state; five seconds after the start, at the first attempt or, with `2nd` behind it, at the second.
 */
export function rowsOf(text: string): DeliveryRow[] {
	return text.split(', ').flatMap((one) => {
		const [, id, answer, seconds, again] = /^(\S+) (\S+)@(\S+)( 2nd)?$/.exec(one) ?? [];
		if (id === undefined) return [];
		const response_status = Number(answer) || 404;
		const ended = response_status < 300 ? 'succeeded' : 'failed';
		const status = Number(answer) ? ended : answer;
		return row(id, Number(seconds), { status, response_status, attempt: again ? 2 : 1 });
	});
}

/** So many rows, each in short. */
export const manyRows = (count: number, rowAt: (index: number) => string) =>
	rowsOf(Array.from({ length: count }, (_, index) => rowAt(index)).join(', '));

/** A reading of these rows by a trigger that has met nothing. */
export function readingOf(
	rows: string | readonly DeliveryRow[],
	more: Partial<ReadingInput> = {},
): Reading {
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
	for (const one of typeof rows === 'string' ? rowsOf(rows) : rows) reading.add(one);
	return reading;
}

/** The ids of events, with blanks between them. */
export const idsOf = (events: readonly MissedEvent[]) =>
	events.map(({ event }) => event.id).join(' ');

/** A test for one of these ids, written with blanks between them. */
export const oneOf = (ids: string) => (id: string) => ids.split(' ').includes(id);
