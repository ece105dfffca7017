import {
	AUTHENTICATION_FAILURE_TYPES,
	CATALOGUE,
	EVENT_TYPES,
	EVERY_EVENT,
	FAILURE_TYPES,
	columnsOf,
	entryOf,
	failureTypeOf,
	fieldsOf,
	idsOf,
	titleOf,
} from '../../../nodes/AnchorBrowser/events/catalogue';
import type { EventType, IdKind } from '../../../nodes/AnchorBrowser/events/catalogue';
import type { AnchorEvent } from '../../../nodes/AnchorBrowser/events/event';
import { FIXTURE_TYPES, fixture } from '../../fixtures/events';
import { DOCUMENTED_EVENTS, NEWEST_EVENTS } from '../../simulator/events';

const eventOf = (type: string, data: Record<string, unknown>): AnchorEvent => ({
	id: 'evt_1',
	type,
	data,
});

describe('the catalogue', () => {
	it('keeps the outcomes, and the order of the outputs that users have wired: what is new comes after them', () => {
		const first = CATALOGUE.slice(0, 14).map(({ type, outcome }) => [type, outcome]);
		expect(first).toEqual([
			['task.completed', 'succeeded'],
			['task.failed', 'failed'],
			['task.cancelled', 'other'],
			['task.healed', 'needsAttention'],
			['session.completed', 'succeeded'],
			['session.failed', 'failed'],
			['session.recording.ready', 'succeeded'],
			['intervention.requested', 'needsAttention'],
			['intervention.resolved', 'succeeded'],
			['batch.completed', 'succeeded'],
			['batch.failed', 'failed'],
			['identity.authenticated', 'succeeded'],
			['identity.authentication_failed', 'failed'],
			['session.ready', 'succeeded'],
		]);
		expect(EVENT_TYPES).toEqual(CATALOGUE.map(({ type }) => type));
	});

	it('takes for documented what the simulator finds on the page of events, and knows all that it knows', () => {
		const documented = CATALOGUE.filter((entry) => entry.documented).map(({ type }) => type);
		expect([...documented].sort()).toEqual([...DOCUMENTED_EVENTS].sort());
		expect([...EVENT_TYPES].sort()).toEqual([...NEWEST_EVENTS].sort());
	});

	it('has one fixture file for each type and none besides', () => {
		expect(FIXTURE_TYPES).toEqual([...EVENT_TYPES].sort());
	});

	it.each(CATALOGUE)('$type: its entity is the first part of its name', ({ type, entity }) => {
		expect(type.split('.')[0]).toBe(entity);
	});

	it.each(CATALOGUE)('$type: its label is its name in Title Case', ({ type, label }) => {
		const words = type.split(/[._]/).map((word) => word[0].toUpperCase() + word.slice(1));
		expect(label).toBe(words.join(' '));
	});

	it.each(CATALOGUE)('$type: its description suits a menu', ({ description }) => {
		expect(description).toMatch(/^[A-Z].*[^.]$/);
		expect(description).not.toMatch(/error|problem|failure|mistake/i);
	});

	it.each(CATALOGUE)('$type: has a column for each key of its fixture', ({ type }) => {
		const { data } = fixture(type);
		const declared = columnsOf(type).map(({ places: [[key]] }) => key);
		expect(
			Object.keys(data).filter((key) => key !== 'metadata' && !declared.includes(key)),
		).toEqual([]);
	});

	it('shows each key of a failed one’s error in a column', () => {
		for (const type of ['task.failed', 'session.failed']) {
			const { error } = fixture(type as EventType).data;
			const names = columnsOf(type).map(({ places: [path] }) => path.join('.'));
			expect(names).toEqual(
				expect.arrayContaining(Object.keys(error as object).map((key) => `error.${key}`)),
			);
		}
	});

	it('knows five kinds of columns, and stands for every event with a star', () => {
		const kinds = CATALOGUE.flatMap(({ type }) => columnsOf(type).map(({ kind }) => kind));
		expect(new Set(kinds)).toEqual(new Set(['plain', 'date', 'list', 'count', 'free']));
		expect(EVERY_EVENT).toBe('*');
	});

	it('has the length of a list in a column after it', () => {
		const names = columnsOf('task.failed').map(({ name }) => name);
		expect(names[names.indexOf('artifacts') + 1]).toBe('artifacts_count');
	});

	it('looks for a column also under its joined name and in camel case', () => {
		const places = columnsOf('session.failed').map((column) => column.places);
		expect(places).toContainEqual([
			['error', 'type'],
			['error_type'],
			['error', 'type'],
			['errorType'],
		]);
		expect(places).toContainEqual([
			['live_view_url'],
			['live_view_url'],
			['liveViewUrl'],
			['liveViewUrl'],
		]);
	});

	it.each(CATALOGUE)('$type: no two of its columns share a name', ({ type }) => {
		const names = columnsOf(type).map(({ name }) => name);
		expect(new Set(names).size).toBe(names.length);
	});

	it('gives all events of an entity the same columns, also those that Anchor adds', () => {
		for (const { type, entity } of CATALOGUE) {
			expect(columnsOf(type).length).toBeGreaterThan(0);
			expect(columnsOf(type)).toBe(columnsOf(`${entity}.paused`));
		}
		for (const type of ['volume.created', '', 'constructor']) expect(columnsOf(type)).toEqual([]);
	});

	it.each([
		['automation_failure', 'Automation Failure'],
		['timeout', 'Timeout'],
	])('titles %s as %s', (name, title) => {
		expect(titleOf(name)).toBe(title);
	});

	it('finds an entry by type, and none for a type it does not know', () => {
		expect(entryOf('task.failed')).toMatchObject({ type: 'task.failed', label: 'Task Failed' });
		for (const type of [
			'task.paused',
			'TASK.FAILED',
			'',
			EVERY_EVENT,
			'__proto__',
			'constructor',
		]) {
			expect(entryOf(type)).toBeUndefined();
		}
	});
});

describe('failureTypeOf', () => {
	it.each(FAILURE_TYPES)('reads %s where Anchor documents it for tasks', (type) => {
		expect(failureTypeOf(eventOf('task.failed', { error: { type } }))).toBe(type);
	});

	it.each(AUTHENTICATION_FAILURE_TYPES)(
		'reads %s where Anchor documents it for identities',
		(type) => {
			const event = eventOf('identity.authentication_failed', { failure_type: type });
			expect(failureTypeOf(event)).toBe(type);
		},
	);

	it.each([
		['error_type', { error_type: 'timeout' }],
		['errorType', { errorType: 'timeout' }],
		['failure_type', { failure_type: 'timeout' }],
		['failureType', { failureType: 'timeout' }],
		['error_type beside an error in words', { error: 'it took too long', error_type: 'timeout' }],
		['error_type beside a blank error.type', { error: { type: ' ' }, error_type: 'timeout' }],
		['failure_type beside null', { error: null, error_type: null, failure_type: 'timeout' }],
	])('reads it also from %s', (_, data) => {
		expect(failureTypeOf(eventOf('task.failed', data))).toBe('timeout');
		expect(failureTypeOf(eventOf('identity.authentication_failed', data))).toBe('timeout');
	});

	it('takes the documented place of the entity first', () => {
		const data = { error: { type: 'timeout' }, failure_type: 'invalid_credentials' };
		expect(failureTypeOf(eventOf('task.failed', data))).toBe('timeout');
		expect(failureTypeOf(eventOf('identity.authentication_failed', data))).toBe(
			'invalid_credentials',
		);
	});

	it('passes on a kind that Anchor adds later', () => {
		expect(failureTypeOf(eventOf('task.failed', { error: { type: 'quota' } }))).toBe('quota');
	});

	it.each([
		['nothing', {}],
		['a number', { error: { type: 7 } }],
		['an error in words', { error: 'timeout' }],
		['a list', { error: [{ type: 'timeout' }] }],
	])('finds none in %s', (_, data) => {
		expect(failureTypeOf(eventOf('task.failed', data))).toBeUndefined();
	});
});

describe('idsOf', () => {
	const kinds: IdKind[] = ['task', 'session', 'batch', 'identity', 'project'];

	it.each(kinds)('finds a %s id under both of its names, nested or not', (kind) => {
		for (const data of [
			{ [`${kind}_id`]: 'id-1' },
			{ [`${kind}Id`]: 'id-1' },
			{ [kind]: { id: 'id-1' } },
			{ execution: { [`${kind}_id`]: 'id-1' } },
			{ execution: { [`${kind}Id`]: 'id-1' } },
		]) {
			expect(idsOf(eventOf('task.completed', data), kind)).toEqual(['id-1']);
		}
	});

	it('finds the ids that the fixtures carry', () => {
		expect(idsOf(fixture('task.failed'), 'task')).toEqual(['tsk_4f8w9n2b']);
		expect(idsOf(fixture('session.ready'), 'session')).toEqual([
			'550e8400-e29b-41d4-a716-446655440000',
		]);
		expect(idsOf(fixture('batch.failed'), 'batch')).toEqual([
			'0b6f2b1e-8d0d-4b7c-9a3e-5f2f7f0f9c11',
		]);
		expect(idsOf(fixture('identity.authenticated'), 'identity')).toEqual([
			'123e4567-e89b-12d3-a456-426614174000',
		]);
		expect(idsOf(fixture('task.healed'), 'session')).toEqual([]);
	});

	it('takes a project from the envelope first, then from data', () => {
		const event = { ...eventOf('task.failed', { projectId: 'p2' }), project_id: 'p1' };
		expect(idsOf(event, 'project')).toEqual(['p1', 'p2']);
		expect(idsOf({ ...event, project_id: undefined, projectId: 'p3' }, 'project')).toEqual([
			'p3',
			'p2',
		]);
	});

	it('takes nothing but a project from the envelope', () => {
		expect(idsOf({ ...eventOf('task.failed', {}), task_id: 't' }, 'task')).toEqual([]);
	});

	it('does not look into what users put there themselves', () => {
		const data = { result: { task_id: 'a' }, metadata: { task_id: 'b' } };
		expect(idsOf(eventOf('task.completed', data), 'task')).toEqual([]);
	});

	it('gives numbers as text, each id once, and no blank ones', () => {
		const data = {
			task_id: 42,
			taskId: ' 42 ',
			task: { id: '' },
			run: { task_id: null, taskId: {} },
		};
		expect(idsOf(eventOf('task.completed', data), 'task')).toEqual(['42']);
		expect(idsOf(eventOf('task.completed', { task_id: 42 }), 'task')).toEqual(['42']);
	});

	it('is not misled by inherited names', () => {
		const data = JSON.parse('{"__proto__":{"task_id":"inner"},"constructor":[1]}') as Record<
			string,
			unknown
		>;
		expect(idsOf(eventOf('task.completed', data), 'task')).toEqual(['inner']);
		expect(idsOf(eventOf('task.completed', data), 'session')).toEqual([]);
	});
});

describe('fieldsOf', () => {
	const fieldsOfType = (type: EventType) =>
		CATALOGUE.filter((entry) => entry.type === type).map(fieldsOf);

	it('lists the fields of the data in order, and those below one that has columns of their own', () => {
		expect(fieldsOfType('session.failed')).toEqual([
			['session_id', 'status', 'duration', 'error.type', 'error.message', 'tags'],
		]);
	});

	it('takes a field whose inside has no columns as it is', () => {
		const [fields] = fieldsOfType('identity.authentication_failed');
		expect(fields.slice(-2)).toEqual(['failure_type', 'error']);
	});
});
