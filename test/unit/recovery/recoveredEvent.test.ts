import type { DeliveryRow } from '../../../nodes/AnchorBrowser/api/webhooks';
import { recoveredEvent } from '../../../nodes/AnchorBrowser/recovery/recoveredEvent';
import { row } from './rows';

const rowWith = (more: Partial<DeliveryRow> = {}) => row('a', 0, more) as Required<DeliveryRow>;

describe('an event from the history', () => {
	it('has the whole envelope, as far as it is known, in the order of a delivered one', () => {
		const payload = { task_id: 'tsk_1', error: { type: 'agent_error' } };
		const event = recoveredEvent(rowWith({ event_type: 'task.failed', payload }), 'p');
		expect(Object.entries(event)).toEqual([
			['id', 'a'],
			['type', 'task.failed'],
			['created', '2026-05-24T12:00:00.000Z'],
			['project_id', 'p'],
			['text', 'Task Failed: task `tsk_1` (`agent_error`)'],
			['recovered', true],
			['data', payload],
		]);
	});

	it('names all ids that it carries, and neither time nor project that Anchor does not name', () => {
		const payload = { session_id: 'ses_1', task_id: 'tsk_1' };
		const event = recoveredEvent(rowWith({ payload, scheduled_at: null }), '');
		expect(event.text).toBe('Task Completed: task `tsk_1`, session `ses_1`');
		expect(event).not.toHaveProperty('created');
		expect(event).not.toHaveProperty('project_id');
	});

	it.each([
		['moon_base.rose', {}, '`moon_base.rose`'],
		['task.failed', { task_id: 'a_`_b', error: { type: '*' } }, "Task Failed: task `a_'_b` (`*`)"],
		['batch.failed', { batch_id: 7 }, 'Batch Failed: batch `7`'],
	])('of the type %s says in words that Markdown leaves alone: %j', (event_type, payload, text) => {
		expect(recoveredEvent(rowWith({ event_type, payload }), 'p').text).toBe(text);
	});
});
