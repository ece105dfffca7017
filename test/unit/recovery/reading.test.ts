import { makeFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import { EventMemory } from '../../../nodes/AnchorBrowser/delivery/dedupe';
import type { Reading, ReadingInput } from '../../../nodes/AnchorBrowser/recovery/reading';
import { at, idsOf, manyRows, oneOf, readingOf, row, rowsOf } from './rows';

const givenUpIn = (reading: Reading) => reading.missing({ givenUp: true });
const answeredIn = (reading: Reading) => reading.missing({ answered: true });
const known = (ids: string) => ({ isKnown: oneOf(ids) });
const bare = { payload: undefined };
const unselected = { event_type: 'task.failed' };
const collected = { collectedSinceMs: at(-100) };

describe('a reading tells of', () => {
	const nothing = {
		givenUp: '',
		answered: '',
		taken: '',
		withoutPayload: '',
		unauthorized: [] as number[],
		ends: {} as Record<string, number>,
		untilMs: Infinity,
		isMasked: true,
		othersReceive: false,
	};

	it.each<[string, string, Partial<ReadingInput>, Partial<typeof nothing>]>([
		['nothing: that answers may be changed', '', {}, {}],
		['what was given up', 'a 404@5, b dead@6', { doneMs: at(4) }, { givenUp: 'a b' }],
		['and was noted as done', 'a 404@5, b 404@6', { doneMs: at(5) }, { givenUp: 'b' }],
		['and was due before it listens', 'a 404@4, b 404@5', { sinceMs: at(5) }, { givenUp: 'b' }],
		['and comes twice', 'a 404@5, a 404@5', {}, { givenUp: 'a' }],
		['and is known here', 'a 404@5, a 404@4', known('a'), { ends: { a: at(5) } }],
		[
			'and n8n has in hand',
			'a 404@7, b 404@6, c 404@8',
			{ isInHand: oneOf('a b c'), ...known('a b c') },
			{ untilMs: at(6) },
		],
		['and is still tried: nothing', 'a 404@5, a pending@6', {}, {}],
		['the same, in an older state', 'a 404@5, a in_flight@6', {}, {}],
		['and was taken after that', 'a 404@5, a 204@6', {}, { isMasked: false }],
		[
			'and refused with 401, done or not',
			'a 401@5, b 404@6',
			{ doneMs: at(9) },
			{ unauthorized: [at(5)] },
		],
		['a 200', 'a 200@5', {}, { answered: 'a' }],
		['a 200 that was noted as done', 'a 200@5', { doneMs: at(5) }, {}],
		['a 200 beside an answer of ours', 'x 204@1, a 200@5', {}, { answered: 'a', isMasked: false }],
		['a 200 for what this one answered', 'x 204@1, a 200@5', known('a'), { ends: { a: at(5) } }],
		[
			'a 200 for what it recovered',
			'x 204@1, a 200@5',
			{ ...known('a'), isRecovered: oneOf('a') },
			{ ends: { a: at(5) }, isMasked: false },
		],
		['a 202', 'a 202@0', {}, { taken: 'a', othersReceive: true, isMasked: false }],
		['a 202, known here', 'a 202@5', known('a'), { ends: { a: at(5) }, isMasked: false }],
		['a 202 from before the start', 'a 202@-1', {}, { taken: 'a', isMasked: false }],
		['a 202 that comes twice', 'a 202@-1, a 202@-2', {}, { taken: 'a', isMasked: false }],
		['a 204', 'a 204@5', {}, { isMasked: false }],
		['a 204 from before the start', 'a 204@-1', {}, { isMasked: false }],
		[
			'a 202, when this process remembers all since the second before',
			'a 202@5',
			{ forgottenMs: at(4) },
			{ taken: 'a', othersReceive: true, isMasked: false },
		],
		['a 202 that it may have forgotten', 'a 202@5', { forgottenMs: at(5) }, { isMasked: false }],
		[
			'a 202 from before the start, whatever was forgotten',
			'a 202@-5',
			{ forgottenMs: at(60) },
			{ taken: 'a', isMasked: false },
		],
		[
			'collected: a 202 that has not run here',
			'before 202@-100, a 202@-50, b 202@5, c 202@5, no 204@6',
			{ ...collected, ...known('b') },
			{ answered: 'a c', ends: { b: at(5) }, othersReceive: true, isMasked: false },
		],
		[
			'collected: a 202 that may have been forgotten',
			'a 202@5',
			{ ...collected, forgottenMs: at(60) },
			{ answered: 'a', isMasked: false },
		],
		[
			'collected: a 202, also while another delivery is still tried',
			'a 202@-5, a pending@6',
			collected,
			{ answered: 'a', isMasked: false },
		],
		[
			'collected: a 204 where an attempt before had no answer',
			'a 202@-5, a 204@6, no 204@6, repeated 204@7 2nd',
			collected,
			{ answered: 'a repeated', isMasked: false },
		],
		['the same, run at once', 'repeated 204@7 2nd', {}, { isMasked: false }],
		['collected: a 200, also from before', 'a 200@-150 2nd', collected, { answered: 'a' }],
		[
			'collected: nothing that was noted as done',
			'a 202@-50',
			{ ...collected, doneMs: at(-50) },
			{ isMasked: false },
		],
	])('%s', (_what, rows, more, expected) => {
		const reading = readingOf(rows, more);
		expect({
			givenUp: idsOf(givenUpIn(reading)),
			answered: idsOf(answeredIn(reading)),
			taken: idsOf(reading.takenEvents()),
			withoutPayload: [...reading.withoutPayload].join(' '),
			unauthorized: reading.unauthorizedMs,
			ends: Object.fromEntries(reading.endsMs),
			untilMs: reading.untilMs,
			isMasked: reading.isMasked,
			othersReceive: reading.othersReceive,
		}).toEqual({ ...nothing, ...expected });
	});
});

it('tells of what is selected and passes the filters, and names what could not be judged', () => {
	const conditions = { conditions: [{ leftValue: 'duration_ms', operator: 'number:gt' }] };
	const judged = [{ taskIds: 'tsk_2' }, { conditions }].map((filters) => {
		const wanted = { events: ['*'], filters: makeFilters(filters) };
		const reading = readingOf('a 404@5, b 200@5', { wanted });
		const missing = reading.missing({ givenUp: true, answered: true });
		return [missing, [...reading.unjudged]];
	});
	expect(judged).toEqual([
		[[], []],
		[[], ['duration_ms']],
	]);
	const rows = rowsOf('a 404@5, b 200@5, c 202@5').map((one) => ({ ...one, ...unselected }));
	const reading = readingOf(rows);
	const found = [...reading.missing({ givenUp: true, answered: true }), ...reading.takenEvents()];
	expect(found).toEqual([]);
});

it('takes the word of a 202 for it that the filters were passed when the event came', () => {
	const wanted = { events: ['*'], filters: makeFilters({ taskIds: 'tsk_2' }) };
	const rows = 'a 202@-5, b 204@-5 2nd, c 200@-5';
	const [atOnce, together] = [{ wanted }, { wanted, ...collected }].map((more) =>
		readingOf(rows, more),
	);
	expect(idsOf(atOnce.takenEvents())).toBe('a');
	expect(idsOf(answeredIn(together))).toBe('a');
});

it('names wanted events that were given up and have no payload, and no others', () => {
	const rows = rowsOf('a 404@5, b 200@6, c 202@7, known 404@5').map((one) => ({ ...one, ...bare }));
	const reading = readingOf([...rows, row('d', 6, { ...bare, ...unselected })], known('known'));
	const found = [...reading.missing({ givenUp: true, answered: true }), ...reading.takenEvents()];
	expect([[...reading.withoutPayload], found]).toEqual([['a'], []]);
});

it('counts a row as scheduled when it ended, and as ended when it was scheduled, where Anchor does not say', () => {
	const untimed = [4, 5].map((seconds) => row(`e${seconds}`, seconds, { scheduled_at: null }));
	expect(idsOf(givenUpIn(readingOf(untimed, { sinceMs: at(5) })))).toBe('e5');
	const [one] = givenUpIn(readingOf([row('a', 5, { completed_at: null })]));
	expect(one).toMatchObject({ endMs: at(5), createdMs: at(5), row: { id: 'row_a' } });
	const nowhere = row('b', 5, { completed_at: null, scheduled_at: null });
	const [two] = givenUpIn(readingOf([nowhere], { sinceMs: 0 }));
	expect(two).toMatchObject({ endMs: 0, createdMs: 0 });
});

it('takes no 401 of a former webhook for a sign of a wrong secret', () => {
	const rows = rowsOf('a 401@5, b 401@6');
	rows[1].webhookId = 'wh_0';
	const reading = readingOf(rows);
	expect([reading.unauthorizedMs, idsOf(givenUpIn(reading))]).toEqual([[at(5)], 'a b']);
});

it('takes a payload of any depth, and tells how long it is', () => {
	const depth = 20_000;
	const text = `{"result":${'['.repeat(depth)}${']'.repeat(depth)}}`;
	const payload = JSON.parse(text) as Record<string, unknown>;
	expect(() => JSON.stringify(payload)).toThrow(RangeError);
	const [one] = givenUpIn(readingOf([row('a', 5, { payload })]));
	expect(one.length).toBe(text.length);
});

it('takes an event as ended when the last of its deliveries did', () => {
	const twice = 'a 202@9, a 202@5, b 202@9, b 202@5, a 404@12, b 404@12';
	const reading = readingOf(twice, { ...collected, ...known('b') });
	const [one, ...others] = reading.missing({ givenUp: true, answered: true });
	expect([one.endMs, others, [...reading.endsMs]]).toEqual([at(12), [], [['b', at(12)]]]);
	expect(answeredIn(readingOf('a 202@9, a 202@5', collected))[0].endMs).toBe(at(9));
	expect(readingOf('a 202@9, a 202@5').takenEvents()[0].endMs).toBe(at(9));
});

it.each([
	['given up', '404@100', true],
	['still tried', 'pending@100', true],
	['delivered at the second attempt', '202@100 2nd', true],
	['delivered at once', '202@100', false],
	['given up in the same ten seconds', '404@59', true],
	['given up at the end of that time', '404@175', true],
	['given up later', '404@185', false],
	['given up before', '404@45', false],
])(
	'a delivery that was %s is an outage of the next two minutes, or is not',
	(_what, one, isOutage) => {
		expect(readingOf(`a ${one}`).hasOutageAfter(at(55), 120_000)).toBe(isOutage);
	},
);

it('tells the earliest that Anchor still tries, and whether there was a row at all', () => {
	expect(readingOf('a pending@9, b pending@7, c pending@8').pendingMs).toBe(at(7));
	expect(readingOf('').pendingMs).toBe(Infinity);
	expect([readingOf('').isEmpty, readingOf('a 404@5').isEmpty]).toEqual([true, false]);
});

it('runs nothing twice after more events than the memory holds, because their rows say what became of them', () => {
	const seen = new EventMemory({ maxIds: 20 });
	const rows = manyRows(21, (index) => `e${index} 202@${index / 10}`);
	for (const one of rows) seen.commit(one.external_event_id, 0);
	const reading = readingOf(rows, { isKnown: (id) => seen.has(id, 0) });
	expect(reading.missing({ givenUp: true, answered: !reading.isMasked })).toEqual([]);
});

describe('of very many', () => {
	it('keeps those that ended first, and says when the first one ended that it left out', () => {
		// In no order: each of 15,000 seconds once.
		const rows = manyRows(15_000, (index) => `e${index} 404@${1 + ((index * 7_919) % 15_000)}`);
		const reading = readingOf(rows);
		const kept = givenUpIn(reading).filter(({ endMs }) => endMs < reading.untilMs);
		expect([kept.length, reading.untilMs]).toEqual([5_000, at(5_001)]);
		reading.isWhole = false;
		expect(reading.untilMs).toBe(-Infinity);
	});

	it('keeps of what was taken before the start the last ones', () => {
		const { taken } = readingOf(manyRows(9_600, (index) => `e${index} 202@${-10_000 - index}`));
		expect([taken.length, taken[0].external_event_id]).toEqual([1_200, 'e1199']);
	});

	it('keeps fewer of large ones', () => {
		// Five million characters, the quarter of what is kept.
		const payload = { result: 'x'.repeat(5_000_000 - '{"result":""}'.length) };
		const large = (second: number) => row(`e${second}`, second, { payload });
		const reading = readingOf([3, 8, 1, 6, 2, 7, 5, 4].map(large));
		expect([idsOf(givenUpIn(reading)), reading.untilMs]).toEqual(['e3 e1 e2 e4', at(5)]);
		for (const second of [-1, -2, -3]) reading.add(large(second));
		expect(givenUpIn(reading)).toHaveLength(7);
		reading.add(large(-4));
		expect(givenUpIn(reading)).toHaveLength(4);
	});

	it('keeps one at least, however large', () => {
		const payload = { result: 'x'.repeat(40_000_000) };
		const reading = readingOf([row('b', 2, { payload })]);
		expect([idsOf(givenUpIn(reading)), reading.untilMs]).toEqual(['b', Infinity]);
		reading.add(row('a', 1, { payload }));
		expect([idsOf(givenUpIn(reading)), reading.untilMs]).toEqual(['a', at(2)]);
	});
});

it.each([
	['newest first', 'd 404@4, c 404@3, b 404@2, b2 404@2, f 404@9, e 404@8', 'b2 b'],
	['oldest first', 'b2 404@2, b 404@2, c 404@3, d 404@4, e 404@8, f 404@9', 'b2 b'],
	// As they came, a row that moved to the next page where it was first.
	['all of one moment', 'b2 404@5, b 404@5, b2 404@5', 'b2 b'],
])('%s: counts places from the older end, also across two histories', (_what, rows, expected) => {
	const inOrder = givenUpIn(readingOf(rows)).sort((one, two) => one.place - two.place);
	const ids = inOrder.filter(({ event }) => event.id.startsWith('b'));
	expect(idsOf(ids)).toBe(expected);
});
