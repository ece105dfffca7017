import { recoveredEvent } from '../../../nodes/AnchorBrowser/recovery/recoveredEvent';
import { at, row } from './rows';

const eventOf = (more: Parameters<typeof row>[2], projectId = 'p') =>
	recoveredEvent({ ...row('a', 10), payload: {}, ...more }, projectId);

it('has the whole envelope, as far as it is known', () => {
	const payload = { task_id: 'tsk_1', error: { type: 'timeout' } };
	expect(eventOf({ event_type: 'task.failed', payload })).toEqual({
		id: 'a',
		type: 'task.failed',
		created: new Date(at(10)).toISOString(),
		project_id: 'p',
		text: 'Task Failed: task `tsk_1` (`timeout`)',
		recovered: true,
		data: payload,
	});
});

it('names all ids that it carries, no time that Anchor does not name, and no project', () => {
	const payload = { session_id: 'ses_`1`', task_id: 'tsk_1' };
	const event = eventOf({ payload, scheduled_at: null }, '');
	expect(event.text).toBe("Task Completed: task `tsk_1`, session `ses_'1'`");
	expect(event).not.toHaveProperty('created');
	expect(event).not.toHaveProperty('project_id');
});

it('of an unknown type is called by its name', () => {
	expect(eventOf({ event_type: 'moon.rose' }).text).toBe('`moon.rose`');
});
