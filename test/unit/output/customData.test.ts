import { EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import { customDataOf } from '../../../nodes/AnchorBrowser/output/customData';
import { fixture } from '../../fixtures/events';

const keysOf = (data: Record<string, unknown>) =>
	Object.keys(customDataOf([fixture('task.failed', data)]));

describe('customDataOf', () => {
	it('names a failed task by type, task, event, failure and session, what is looked for most first', () => {
		const event = fixture('task.failed', { error: { type: 'timeout' } });
		expect(Object.entries(customDataOf([event]))).toEqual([
			['event_type', 'task.failed'],
			['task_id', event.data.task_id],
			['event_id', event.id],
			['failure_type', 'timeout'],
			['session_id', event.data.session_id],
		]);
	});

	it('names batches and identities by their own ids', () => {
		const batch = fixture('batch.failed');
		expect(customDataOf([batch])).toEqual({
			event_type: 'batch.failed',
			event_id: batch.id,
			batch_id: batch.data.batch_id,
		});
		const identity = fixture('identity.authentication_failed');
		expect(customDataOf([identity])).toMatchObject({
			failure_type: 'invalid_credentials',
			identity_id: identity.data.identity_id,
		});
	});

	it('says of several events how many they are, and each type once', () => {
		const types = ['task.failed', 'task.completed', 'task.failed'] as const;
		expect(customDataOf(types.map((type) => fixture(type)))).toEqual({
			event_type: 'task.failed, task.completed',
			event_count: '3',
		});
	});

	it('says nothing of a run without events', () => {
		expect(customDataOf([])).toEqual({});
	});

	it('leaves out what an event does not have or has empty', () => {
		expect(keysOf({ task_id: ' ', session_id: null, error: null })).toEqual([
			'event_type',
			'event_id',
		]);
	});

	it.each([
		['x'.repeat(255), 'x'.repeat(255)],
		['x'.repeat(256), 'x'.repeat(255)],
		[`${'x'.repeat(254)}🔒`, 'x'.repeat(254)],
		[`${'x'.repeat(253)}🔒y`, `${'x'.repeat(253)}🔒`],
	])('cuts %j after 255 characters, never in the middle of one', (id, expected) => {
		expect(customDataOf([fixture('task.failed', { task_id: id })]).task_id).toBe(expected);
	});

	it('leaves at least three of n8n’s ten keys to the user, and every name is one that n8n takes', () => {
		const data = { task_id: 1, session_id: 2, batch_id: 3, identity_id: 4, failure_type: 'x' };
		for (const type of EVENT_TYPES) {
			const keys = Object.keys(customDataOf([fixture(type, data)]));
			expect(keys.length).toBeLessThanOrEqual(7);
			for (const key of keys) expect(key).toMatch(/^\w{1,50}$/);
		}
	});
});
