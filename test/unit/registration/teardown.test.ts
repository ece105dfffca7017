import { judgeTeardown, UNTOUCHED } from '../../../nodes/AnchorBrowser/registration/teardown';
import type { Course } from '../../../nodes/AnchorBrowser/registration/teardown';

const NOW = Date.parse('2026-05-24T12:00:00Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const url = 'https://n8n.example.com/webhook/0b6f/webhook';

type Activation = NonNullable<Course['activation']>;
const activation = (fields: Partial<Activation>): Activation => ({
	url,
	isStart: false,
	hasFailed: false,
	atMs: NOW - MINUTE,
	...fields,
});
const judge = (course: Partial<Course>) => judgeTeardown({ ...UNTOUCHED, ...course }, NOW).endsInMs;

describe('how long a webhook outlives a delete() after these calls of n8n', () => {
	const failed = { hasFailed: true };
	const start = { isStart: true };

	it.each<[string, Partial<Course>, number | undefined]>([
		['create(), trigger()', { activation: activation({}), isRunning: true }, 10 * SECOND],
		['start: create(), trigger()', { activation: activation(start), isRunning: true }, 10 * SECOND],
		['trigger(), and delete() since create()', { isRunning: true }, 10 * SECOND],
		[
			'2.41: failed create(), trigger()',
			{ activation: activation(failed), isRunning: true },
			undefined,
		],
		[
			'2.41: a start, create() that failed, trigger()',
			{ activation: activation({ ...start, ...failed }), isRunning: true },
			undefined,
		],
		['1.123: a save, create() that failed', { activation: activation(failed) }, 10 * SECOND],
		['1.123: a save, create(), another one failed', { activation: activation({}) }, 10 * SECOND],
		['1.123: a start, create(), another failed', { activation: activation(start) }, 25 * HOUR],
		[
			'1.123: a start, failed create()',
			{ activation: activation({ ...start, ...failed }) },
			25 * HOUR,
		],
		[
			'1.123: a start, create(), as long as one try can take',
			{ activation: activation({ ...start, atMs: NOW - 10 * MINUTE }) },
			25 * HOUR,
		],
		[
			'1.123: a start, create() long ago, in a main that does not lead',
			{ activation: activation({ ...start, atMs: NOW - 10 * MINUTE - 1 }) },
			10 * SECOND,
		],
		['1.123: a start, an earlier trigger failed', {}, 15 * SECOND],
		['1.123: the same, and again', { isUnexplained: true }, 25 * HOUR],
	])('%s', (_calls, course, expected) => {
		expect(judge(course)).toBe(expected);
	});
});

describe('how n8n goes on', () => {
	const next = (course: Partial<Course>) => judgeTeardown({ ...UNTOUCHED, ...course }, NOW).course;

	it('2.41 keeps running a trigger whose create() failed, until it takes it out of service', () => {
		const course = { activation: activation({ hasFailed: true }), isRunning: true };
		expect(next(course)).toEqual({ isRunning: true, isUnexplained: false });
		expect(judge(next(course))).toBe(10 * SECOND);
		expect(next(next(course))).toEqual(UNTOUCHED);
	});

	it('1.123 may call a second delete() of which nothing is known, but not after a create()', () => {
		expect(next({})).toEqual({ isRunning: false, isUnexplained: true });
		expect(next({ activation: activation({ isStart: true }) })).toEqual(UNTOUCHED);
	});
});
