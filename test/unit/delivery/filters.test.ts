import {
	isSubscribed,
	judgeFilters,
	makeFilters,
	parseIdList,
} from '../../../nodes/AnchorBrowser/delivery/filters';
import type { RawFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import { EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import type { AnchorEvent } from '../../../nodes/AnchorBrowser/events/event';

const event = (type: string, data: Record<string, unknown> = {}): AnchorEvent => ({
	id: 'evt_1',
	type,
	project_id: 'prj_1',
	data,
});

const passes = (candidate: AnchorEvent, raw: RawFilters) =>
	judgeFilters(candidate, makeFilters(raw)).holds;

describe('isSubscribed', () => {
	it('takes the selected events and no others', () => {
		expect(isSubscribed('task.failed', ['task.completed', 'task.failed'])).toBe(true);
		expect(isSubscribed('task.healed', ['task.completed', 'task.failed'])).toBe(false);
		expect(isSubscribed('task', ['task.completed'])).toBe(false);
	});

	it.each([...EVENT_TYPES, 'task.paused', 'something.new'])(
		'takes %s when * is selected',
		(type) => {
			expect(isSubscribed(type, ['*'])).toBe(true);
			expect(isSubscribed(type, ['task.completed', '*'])).toBe(true);
		},
	);

	it('takes nothing when nothing is selected', () => {
		expect(isSubscribed('task.failed', [])).toBe(false);
	});
});

describe('parseIdList', () => {
	it.each<[string, unknown, string[]]>([
		['commas', 'a,b', ['a', 'b']],
		['semicolons', 'a;b', ['a', 'b']],
		['blanks and tabs', ' a  b\tc ', ['a', 'b', 'c']],
		['line breaks of every kind', 'a\nb\r\nc\rd', ['a', 'b', 'c', 'd']],
		['all of them at once', ',a ,; b\n,,c;', ['a', 'b', 'c']],
		['repeated entries', 'a, b, a', ['a', 'b']],
		['one entry', 'tsk_4f8w9n2b', ['tsk_4f8w9n2b']],
		['an empty text', '', []],
		['separators alone', ' ,;\n', []],
		['a number', 42, ['42']],
		['a number longer than 53 bits', 9_007_199_254_740_993n, ['9007199254740993']],
		['an array', ['a', 'b'], ['a', 'b']],
		['an array of numbers', [1, 2], ['1', '2']],
		['an array of lists in text', ['a, b', 'b;c'], ['a', 'b', 'c']],
		['an array with entries that are no ids', ['a', null, {}, true, ['b'], undefined], ['a']],
		['nothing', undefined, []],
		['null', null, []],
		['an object', { id: 'a' }, []],
		['a boolean', true, []],
	])('reads %s', (_title, value, expected) => {
		expect(parseIdList(value)).toEqual(expected);
	});

	it('ends for an array that holds itself', () => {
		const circular: unknown[] = ['a'];
		circular.push(circular);
		expect(parseIdList(circular)).toEqual(['a']);
	});
});

describe('without filters', () => {
	it.each([...EVENT_TYPES, 'something.new'])('%s passes', (type) => {
		expect(passes(event(type), {})).toBe(true);
	});

	it('empty lists are no filters', () => {
		const empty = { failureTypes: [], taskIds: '', sessionIds: ' , ' };
		expect(passes(event('task.failed'), empty)).toBe(true);
	});
});

describe('conditions', () => {
	it('hold nowhere when there is nobody to judge them', () => {
		const conditions = { conditions: [{ leftValue: 'task_id', rightValue: 'tsk_1' }] };
		const judged = judgeFilters(
			event('task.failed', { task_id: 'tsk_1' }),
			makeFilters({ conditions }),
		);
		expect(judged).toEqual({ holds: false, unjudged: ['task_id'] });
	});
});

describe('an expression that gives nothing', () => {
	it.each([null, undefined, {}, [], [null], true])(
		'%j as a list of ids lets nothing pass',
		(value) => {
			const carrier = event('task.failed', { task_id: 'tsk_1' });
			expect(passes(carrier, { taskIds: value })).toBe(false);
			expect(passes(carrier, { projectIds: value })).toBe(false);
		},
	);

	it.each([null, {}])('%j as failure types lets none of them pass', (value) => {
		const failed = event('task.failed', { error: { type: 'timeout' } });
		expect(passes(failed, { failureTypes: value })).toBe(false);
		expect(passes(event('task.completed'), { failureTypes: value })).toBe(true);
	});
});

describe('failure types', () => {
	const failed = (type?: string) => event('task.failed', { error: { type } });
	const refused = (failure_type: string) =>
		event('identity.authentication_failed', { identity_id: 'idn_1', failure_type });
	const authenticationFailureTypes = ['invalid_credentials'];
	const both = { failureTypes: ['timeout', 'agent_error'], authenticationFailureTypes };

	it.each<[string, AnchorEvent, RawFilters, boolean]>([
		['one of a task', failed('timeout'), both, true],
		['another one of a task', failed('agent_error'), both, true],
		['one of a task that is not among them', failed('system_error'), both, false],
		['one of a task that is in the other list', failed('invalid_credentials'), both, false],
		['none of a task', failed(), both, false],
		['one that Anchor may add later', failed('quota'), { failureTypes: ['quota'] }, true],
		['one of a login', refused('invalid_credentials'), both, true],
		['one of a login that is not among them', refused('automation_failure'), both, false],
		['one of a login that is in the other list', refused('timeout'), both, false],
	])('judge %s', (_what, candidate, raw, holds) => {
		expect(passes(candidate, raw)).toBe(holds);
	});

	it.each<[string, RawFilters]>([
		['task.failed', { failureTypes: ['timeout'] }],
		['identity.authentication_failed', { authenticationFailureTypes }],
	])('narrow %s and leave every other event alone', (narrowed, raw) => {
		for (const type of [...EVENT_TYPES, 'something.new']) {
			const data = { failure_type: 'agent_error', error: { type: 'agent_error' } };
			expect([type, passes(event(type, data), raw)]).toEqual([type, type !== narrowed]);
			expect([type, passes(event(type), raw)]).toEqual([type, type !== narrowed]);
		}
	});
});

describe('ids', () => {
	const kinds = [
		['taskIds', 'task'],
		['sessionIds', 'session'],
		['batchIds', 'batch'],
		['identityIds', 'identity'],
	] as const;

	it.each(kinds)('%s takes events that carry one of them and drops the rest', (name, kind) => {
		const raw = { [name]: 'one, two' };
		expect(passes(event('task.completed', { [`${kind}_id`]: 'two' }), raw)).toBe(true);
		expect(passes(event('task.completed', { [`${kind}Id`]: 'one' }), raw)).toBe(true);
		expect(passes(event('task.completed', { [`${kind}_id`]: 'three' }), raw)).toBe(false);
		expect(passes(event('task.completed', { [`${kind}_id`]: 'on' }), raw)).toBe(false);
		expect(passes(event('task.completed', {}), raw)).toBe(false);
	});

	it('projectIds looks at the envelope', () => {
		expect(passes(event('task.completed'), { projectIds: 'prj_1' })).toBe(true);
		expect(passes(event('task.completed'), { projectIds: 'prj_2' })).toBe(false);
	});

	it('every list that is set has to be met', () => {
		const candidate = event('task.completed', { task_id: 'tsk_1', session_id: 'ses_1' });
		expect(passes(candidate, { taskIds: 'tsk_1', sessionIds: 'ses_1' })).toBe(true);
		expect(passes(candidate, { taskIds: 'tsk_1', sessionIds: 'ses_2' })).toBe(false);
		expect(passes(candidate, { taskIds: 'tsk_1', projectIds: 'prj_2' })).toBe(false);
	});

	it('and a failure type both count', () => {
		const candidate = event('task.failed', { task_id: 'tsk_1', error: { type: 'timeout' } });
		expect(passes(candidate, { taskIds: 'tsk_1', failureTypes: ['timeout'] })).toBe(true);
		expect(passes(candidate, { taskIds: 'tsk_2', failureTypes: ['timeout'] })).toBe(false);
		expect(passes(candidate, { taskIds: 'tsk_1', failureTypes: ['agent_error'] })).toBe(false);
	});
});
