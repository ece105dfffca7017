import { failureTypeOf, idsOf } from '../events/catalogue';
import type { AnchorEvent } from '../events/event';

/** What n8n 2 keeps of a value; a longer one also costs a line of its log, at the level error. */
const MAX_LENGTH = 255;

/**
 * Takes the events that a run carries; returns what the run can be found by, as n8n's custom execution data: seven keys
 * at most, in order of use, because n8n takes ten for a run, drops later ones, and the user's own come later. Of several
 * events it is their number and types: a task each would need a key each. Total: never throws.
 */
export function customDataOf(events: readonly AnchorEvent[]): Record<string, string> {
	if (events.length === 0) return {};
	const [event] = events;
	const found =
		events.length > 1
			? {
					event_type: [...new Set(events.map(({ type }) => type))].join(', '),
					event_count: String(events.length),
				}
			: {
					event_type: event.type,
					task_id: idsOf(event, 'task')[0],
					event_id: event.id,
					failure_type: failureTypeOf(event),
					session_id: idsOf(event, 'session')[0],
					batch_id: idsOf(event, 'batch')[0],
					identity_id: idsOf(event, 'identity')[0],
				};
	return Object.fromEntries(
		Object.entries(found).flatMap(([key, value]) => (value ? [[key, cut(value)]] : [])),
	);
}

/** Never in the middle of a character that JavaScript holds as two. */
function cut(value: string): string {
	return value.slice(0, MAX_LENGTH).replace(/[\uD800-\uDBFF]$/, '');
}
