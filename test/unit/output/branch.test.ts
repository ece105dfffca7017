import fc from 'fast-check';
import {
	AUTHENTICATION_FAILURE_TYPES,
	CATALOGUE,
	EVENT_TYPES,
	FAILURE_TYPES,
	titleOf,
} from '../../../nodes/AnchorBrowser/events/catalogue';
import type { BranchBy } from '../../../nodes/AnchorBrowser/output/branch';
import {
	EVENT_OUTPUTS,
	FIXED_OUTPUTS,
	outputIndex,
	outputNames,
} from '../../../nodes/AnchorBrowser/output/branch';
import { fixture } from '../../fixtures/events';

const unknown = { id: 'evt_1', type: 'volume.created', data: {} };
const inherited = { id: 'evt_1', type: 'constructor', data: {} };

/** The name of the output that an event leaves by. */
const output = (event: typeof unknown, branchBy: BranchBy, events: readonly string[] = ['*']) =>
	outputNames(branchBy, events)[outputIndex(event, branchBy, events)];

describe('outputNames', () => {
	it.each<[BranchBy, string[]]>([
		['none', ['']],
		['entity', ['Task', 'Session', 'Intervention', 'Batch', 'Identity', 'Other']],
		['outcome', ['Succeeded', 'Failed', 'Needs Attention', 'Other']],
		[
			'failureType',
			[
				'Automation Failure',
				'Invalid Credentials',
				'Timeout',
				'Agent Error',
				'System Error',
				'Other Failure',
				'Not a Failure',
			],
		],
	])('%s: always the same outputs, whatever events are chosen', (branchBy, names) => {
		for (const events of [['*'], ['task.failed'], []]) {
			expect(outputNames(branchBy, events)).toEqual(names);
		}
	});

	it('event: the chosen events in catalogue order, then Other Events', () => {
		const names = ['Task Failed', 'Batch Failed', 'Session Ready', 'Other Events'];
		expect(outputNames('event', ['session.ready', 'batch.failed', 'task.failed'])).toEqual(names);
	});

	it('event: every known event with *, alone or beside others', () => {
		const names = [...CATALOGUE.map(({ label }) => label), 'Other Events'];
		expect(outputNames('event', ['*'])).toEqual(names);
		expect(outputNames('event', ['task.failed', '*'])).toEqual(names);
	});

	it('event: neither names twice nor names that nobody knows add an output', () => {
		const names = ['Task Failed', 'Other Events'];
		expect(outputNames('event', ['task.failed', 'task.failed', 'volume.created'])).toEqual(names);
		expect(outputNames('event', [])).toEqual(['Other Events']);
	});

	it('event: an event that comes later in the catalogue moves no output before its own', () => {
		const anyEvents = fc.subarray([...EVENT_TYPES]);
		fc.assert(
			fc.property(anyEvents, fc.constantFrom(...EVENT_TYPES), (events, added) => {
				const place = EVENT_TYPES.indexOf(added);
				const earlier = events.filter((type) => EVENT_TYPES.indexOf(type) < place);
				const names = (chosen: readonly string[]) =>
					outputNames('event', chosen).slice(0, earlier.length);
				expect(names([...events, added])).toEqual(names(events));
			}),
		);
	});

	it('gives a list of its own each time', () => {
		outputNames('entity', []).push('Mine');
		expect(outputNames('entity', [])).not.toContain('Mine');
	});

	it('is built from tables that survive JSON, for the expression of the node', () => {
		expect(JSON.parse(JSON.stringify(EVENT_OUTPUTS))).toEqual(
			CATALOGUE.map(({ type, label }) => ({ type, label })),
		);
		expect(JSON.parse(JSON.stringify(FIXED_OUTPUTS))).toEqual(FIXED_OUTPUTS);
	});
});

describe('outputIndex', () => {
	it('none: one output for all', () => {
		for (const event of [...EVENT_TYPES.map((type) => fixture(type)), unknown]) {
			expect(outputIndex(event, 'none', ['task.failed'])).toBe(0);
		}
	});

	it.each(CATALOGUE)('event: $type leaves by its own output', ({ type, label }) => {
		expect(output(fixture(type), 'event')).toBe(label);
		expect(output(fixture(type), 'event', [type, 'task.failed', 'session.ready'])).toBe(label);
	});

	it('event: what was not chosen leaves by Other Events', () => {
		expect(output(fixture('task.completed'), 'event', ['task.failed'])).toBe('Other Events');
		expect(output(fixture('task.completed'), 'event', [])).toBe('Other Events');
	});

	it.each(CATALOGUE)('entity: $type leaves by the output of its entity', ({ type }) => {
		expect(output(fixture(type), 'entity').toLowerCase()).toBe(type.split('.')[0]);
	});

	it.each(CATALOGUE)('outcome: $type leaves by the output of its outcome', ({ type, outcome }) => {
		const words = { needsAttention: 'Needs Attention', succeeded: 'Succeeded', failed: 'Failed' };
		expect(output(fixture(type), 'outcome')).toBe({ ...words, other: 'Other' }[outcome]);
	});

	it.each(FAILURE_TYPES)(
		'failureType: a task that failed with %s leaves by that output',
		(type) => {
			expect(output(fixture('task.failed', { error: { type } }), 'failureType')).toBe(
				titleOf(type),
			);
		},
	);

	it.each(AUTHENTICATION_FAILURE_TYPES)(
		'failureType: a login that failed with %s leaves by that output',
		(type) => {
			const event = fixture('identity.authentication_failed', { failure_type: type });
			expect(output(event, 'failureType')).toBe(titleOf(type));
		},
	);

	it.each([
		['a kind that nobody knows', fixture('task.failed', { error: { type: 'quota' } })],
		['no kind at all', fixture('task.failed', { error: 'it broke' })],
		['the name of another output', fixture('task.failed', { error: { type: 'Not a Failure' } })],
		['a session', fixture('session.failed')],
		['a batch', fixture('batch.failed')],
	])('failureType: a failure with %s leaves by Other Failure', (_, event) => {
		expect(output(event, 'failureType')).toBe('Other Failure');
	});

	it('failureType: what did not fail leaves by Not a Failure, even if it names a kind', () => {
		const others = CATALOGUE.filter(({ outcome }) => outcome !== 'failed');
		expect(others).not.toEqual([]);
		for (const { type } of others) {
			const event = fixture(type, { error: { type: 'timeout' }, failure_type: 'timeout' });
			expect(output(event, 'failureType')).toBe('Not a Failure');
		}
	});

	it.each<BranchBy>(['event', 'entity', 'outcome', 'failureType'])(
		'%s: the last output takes an event that nobody knows',
		(branchBy) => {
			for (const event of [unknown, inherited]) {
				expect(outputIndex(event, branchBy, ['*'])).toBe(outputNames(branchBy, ['*']).length - 1);
			}
		},
	);

	it('always points at an output that is there', () => {
		const types = fc.oneof(fc.constantFrom<string>(...EVENT_TYPES), fc.string());
		const branchings = fc.constantFrom<BranchBy>(
			'none',
			'event',
			'entity',
			'outcome',
			'failureType',
		);
		const data = fc.dictionary(
			fc.constantFrom('error', 'failure_type', 'error_type'),
			fc.jsonValue(),
		);
		fc.assert(
			fc.property(types, branchings, data, fc.array(types), (type, branchBy, value, events) => {
				const event = { id: 'evt_1', type, data: value };
				expect(output(event, branchBy, events)).toEqual(expect.any(String));
			}),
		);
	});
});
