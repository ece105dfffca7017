import type { DeliveryRow } from '../../../nodes/AnchorBrowser/api/webhooks';
import { makeFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import { EventMemory } from '../../../nodes/AnchorBrowser/delivery/dedupe';
import type { ReadingInput } from '../../../nodes/AnchorBrowser/recovery/reading';
import { answered, at, idsOf, oneOf, readingOf, row } from './rows';

const GIVEN_UP = { givenUp: true, answered: false };
const ANSWERED = { givenUp: false, answered: true };

describe('a row counts', () => {
	it('since the trigger listens, by when it was scheduled', () => {
		const reading = readingOf([row('before', 4), row('a', 5)], { sinceMs: at(5) });
		expect(idsOf(reading.missing(GIVEN_UP))).toEqual(['a']);
	});

	it('once, however often it comes', () => {
		expect(readingOf([row('a', 5), row('a', 5)]).missing(GIVEN_UP)).toHaveLength(1);
	});

	it('not when another one of the same event is delivered or still tried', () => {
		for (const status of ['pending', 'in_flight', '']) {
			const rows = [row('a', 5), row('a', 6, { id: 'other', status })];
			expect(readingOf(rows).missing(GIVEN_UP)).toEqual([]);
		}
	});

	it('as what is selected and passes the filters', () => {
		const wanted = { events: ['*'], filters: makeFilters({ taskIds: 'tsk_2' }) };
		expect(readingOf([row('a', 5)], { wanted }).missing(GIVEN_UP)).toEqual([]);
		const failed = row('a', 5, { event_type: 'task.failed' });
		expect(readingOf([failed]).missing(GIVEN_UP)).toEqual([]);
	});

	it('since the trigger listens by when it ended, where Anchor does not say when it was scheduled', () => {
		const rows = [4, 5].map((seconds) => row(`e${seconds}`, seconds, { scheduled_at: null }));
		expect(idsOf(readingOf(rows, { sinceMs: at(5) }).missing(GIVEN_UP))).toEqual(['e5']);
	});

	it('for the webhook in whose history it is: what a former one was answered shows no wrong secret', () => {
		const rows = ['wh_1', 'wh_0'].map((webhookId) =>
			row(webhookId, 5, { webhookId, response_status: 401 }),
		);
		const reading = readingOf(rows);
		expect(reading.unauthorizedMs).toEqual([at(5)]);
		expect(reading.missing(GIVEN_UP).map(({ row: { webhookId } }) => webhookId)).toEqual([
			'wh_1',
			'wh_0',
		]);
	});

	it('as ended when it was scheduled, where Anchor does not say when it ended', () => {
		const timeless = { completed_at: null };
		const [one] = readingOf([row('a', 5, timeless)]).missing(GIVEN_UP);
		expect(one).toMatchObject({ endMs: at(5), createdMs: at(5), row: { id: 'row_a' } });
		const nowhere = row('b', 5, { ...timeless, scheduled_at: null });
		const [other] = readingOf([nowhere], { sinceMs: 0 }).missing(GIVEN_UP);
		expect(other).toMatchObject({ endMs: 0, createdMs: 0 });
	});
});

describe('a reading tells of', () => {
	const own = answered('own', 1, 204);
	const bare = { payload: undefined };
	const nothing = {
		givenUp: '',
		answered: '',
		taken: '',
		withoutPayload: '',
		unjudged: '',
		unauthorized: [] as number[],
		ends: [] as Array<[string, number]>,
		untilMs: Infinity,
		isMasked: true,
		othersReceive: false,
	};

	it.each<[string, DeliveryRow[], Partial<ReadingInput>, Partial<typeof nothing>]>([
		['nothing: that answers may be changed', [], {}, {}],
		[
			'what was given up',
			[row('a', 5), row('b', 6, { status: 'dead' })],
			{ doneMs: at(4) },
			{ givenUp: 'a b' },
		],
		['and was noted as done', [row('a', 5), row('b', 6)], { doneMs: at(5) }, { givenUp: 'b' }],
		[
			'and is known here',
			[row('a', 5), row('b', 5, bare)],
			{ isKnown: oneOf('a b') },
			{ ends: ['a', 'b'].map((id) => [id, at(5)]) },
		],
		[
			'and n8n has in hand',
			[row('a', 7), row('b', 6), row('c', 8)],
			{ isInHand: oneOf('a b c'), isKnown: oneOf('a b c') },
			{ untilMs: at(6) },
		],
		[
			'and was refused with 401, done or not',
			[row('a', 5, { response_status: 401 }), row('b', 6)],
			{ doneMs: at(9) },
			{ unauthorized: [at(5)] },
		],
		['a 200', [answered('a', 5, 200)], {}, { answered: 'a' }],
		['a 200 that was noted as done', [answered('a', 5, 200)], { doneMs: at(5) }, {}],
		[
			'a 200 beside an answer of ours',
			[own, answered('a', 5, 200)],
			{},
			{ answered: 'a', isMasked: false },
		],
		[
			'a 200 for what this process answered',
			[own, answered('a', 5, 200)],
			{ isKnown: oneOf('a') },
			{ ends: [['a', at(5)]] },
		],
		[
			'a 200 for what it recovered',
			[own, answered('a', 5, 200)],
			{ isKnown: oneOf('a'), isRecovered: oneOf('a') },
			{ ends: [['a', at(5)]], isMasked: false },
		],
		['a 202', [answered('a', 0, 202)], {}, { taken: 'a', othersReceive: true, isMasked: false }],
		['a 202 from before the start', [answered('a', -1, 202)], {}, { taken: 'a', isMasked: false }],
		['a 204 from before the start', [answered('a', -1, 204)], {}, { isMasked: false }],
		[
			'a 202 from before the start, known here',
			[answered('a', -1, 202)],
			{ isKnown: oneOf('a') },
			{ ends: [['a', at(-1)]], isMasked: false },
		],
		[
			'a 202 from before the start, not selected now or without its payload',
			[
				{ ...answered('a', -2, 202), event_type: 'task.failed' },
				{ ...answered('b', -1, 202), ...bare },
			],
			{},
			{ isMasked: false },
		],
		[
			'what was given up before it was taken',
			[row('a', 5), answered('a', 6, 204)],
			{},
			{ isMasked: false },
		],
	])('%s', (_what, rows, more, expected) => {
		const reading = readingOf(rows, more);
		expect({
			givenUp: idsOf(reading.missing(GIVEN_UP)).join(' '),
			answered: idsOf(reading.missing(ANSWERED)).join(' '),
			taken: idsOf(reading.takenEvents()).join(' '),
			withoutPayload: [...reading.withoutPayload].join(' '),
			unjudged: [...reading.unjudged].join(' '),
			unauthorized: reading.unauthorizedMs,
			ends: [...reading.endsMs],
			untilMs: reading.untilMs,
			isMasked: reading.isMasked,
			othersReceive: reading.othersReceive,
		}).toEqual({ ...nothing, ...expected });
	});
});

it('takes a payload of any depth, and tells how long it is', () => {
	const depth = 20_000;
	const text = `{"result":${'['.repeat(depth)}${']'.repeat(depth)}}`;
	const payload = JSON.parse(text) as Record<string, unknown>;
	expect(() => JSON.stringify(payload)).toThrow(RangeError);
	const [one] = readingOf([row('a', 5, { payload })]).missing(GIVEN_UP);
	expect(one.length).toBe(text.length);
});

it('names the conditions that cannot be judged', () => {
	const conditions = { conditions: [{ leftValue: 'duration_ms', operator: 'number:gt' }] };
	const wanted = { events: ['*'], filters: makeFilters({ conditions }) };
	const reading = readingOf([row('a', 5)], { wanted });
	expect([reading.missing(GIVEN_UP), [...reading.unjudged]]).toEqual([[], ['duration_ms']]);
});

it('names wanted events without a payload, and no others', () => {
	const bare = { payload: undefined };
	const reading = readingOf([
		row('a', 5, bare),
		row('b', 6, { ...bare, event_type: 'task.failed' }),
	]);
	expect([...reading.withoutPayload]).toEqual(['a']);
	expect(reading.missing(GIVEN_UP)).toEqual([]);
	expect(readingOf([{ ...answered('a', 5, 200), ...bare }]).missing(ANSWERED)).toEqual([]);
});

describe('where deliveries are collected', () => {
	const collected = { collectedSinceMs: at(-100) };

	it('a 202 of ours that has not run here is missing as well', () => {
		const rows = [answered('before', -100, 202), answered('a', -50, 202), answered('b', 5, 202)];
		const reading = readingOf([...rows, answered('no', 6, 204)], collected);
		expect(idsOf(reading.missing(ANSWERED))).toEqual(['a', 'b']);
		const known = readingOf(rows, { ...collected, isKnown: oneOf('b') });
		expect(idsOf(known.missing(ANSWERED))).toEqual(['a']);
		expect([...known.endsMs]).toEqual([['b', at(5)]]);
	});

	it('a 204 of ours says that one has not run only where an attempt before had no answer', () => {
		const repeated = { ...answered('repeated', 7, 204), attempt: 2 };
		const rows = [answered('a', 5, 202), answered('a', 6, 204), answered('no', 6, 204), repeated];
		expect(idsOf(readingOf(rows, collected).missing(ANSWERED))).toEqual(['a', 'repeated']);
		expect(readingOf(rows).missing(ANSWERED)).toEqual([]);
	});

	it('a 202 of ours is missing also while another delivery of the event is still tried', () => {
		const rows = [answered('a', 5, 202), row('a', 6, { id: 'other', status: 'pending' })];
		expect(idsOf(readingOf(rows, collected).missing(ANSWERED))).toEqual(['a']);
		expect(readingOf(rows).missing(ANSWERED)).toEqual([]);
	});

	it('a 200 is missing also from before that', () => {
		const early = { ...answered('a', -150, 200), attempt: 2 };
		expect(idsOf(readingOf([early], collected).missing(ANSWERED))).toEqual(['a']);
	});

	it('an event ended when the last of its deliveries did', () => {
		const twice = (id: string) => [answered(id, 9, 202), answered(id, 5, 202)];
		const rows = [...twice('a'), ...twice('b'), row('a', 12), row('b', 12)];
		const reading = readingOf(rows, { ...collected, isKnown: oneOf('b') });
		const [one, ...others] = reading.missing({ givenUp: true, answered: true });
		expect([one.endMs, others, [...reading.endsMs]]).toEqual([at(12), [], [['b', at(12)]]]);
		expect(readingOf(twice('a'), collected).missing(ANSWERED)[0].endMs).toBe(at(9));
	});

	it('nothing is that was noted as done', () => {
		const reading = readingOf([answered('a', -50, 202)], { ...collected, doneMs: at(-50) });
		expect(reading.missing(ANSWERED)).toEqual([]);
	});
});

it.each<[string, DeliveryRow, boolean]>([
	['given up', row('a', 100), true],
	['still tried', row('a', 100, { status: 'pending' }), true],
	['delivered at the second attempt', { ...answered('a', 100, 202), attempt: 2 }, true],
	['delivered at once', answered('a', 100, 202), false],
	['given up in the same ten seconds', row('a', 59), true],
	['given up at the end of that time', row('a', 175), true],
	['given up later', row('a', 185), false],
	['given up before', row('a', 45), false],
])(
	'a delivery that was %s is an outage of the next two minutes, or is not',
	(_what, one, isOutage) => {
		expect(readingOf([one]).hasOutageAfter(at(55), 120_000)).toBe(isOutage);
	},
);

it('a 202 or 204 since the start is of others only where it was taken and this process knows nothing of it', () => {
	expect(readingOf([answered('a', 5, 202)], { isKnown: oneOf('a') }).othersReceive).toBe(false);
	expect(readingOf([answered('a', 5, 204)]).othersReceive).toBe(false);
});

it.each([
	[4, { othersReceive: true, taken: 1 }],
	[5, { othersReceive: false, taken: 0 }],
])(
	'a 202 of second 5 is of others, unless this process may have met and forgotten it: it remembers all since second %d',
	(second, expected) => {
		const rows = [answered('a', 5, 202)];
		const { othersReceive, taken } = readingOf(rows, { forgottenMs: at(second) });
		expect({ othersReceive, taken: taken.length }).toEqual(expected);
	},
);

it('what was taken before the start is of others, whatever this process has forgotten', () => {
	const rows = [answered('a', -5, 202)];
	expect(readingOf(rows, { forgottenMs: at(60) }).taken).toHaveLength(1);
});

it('where deliveries are collected, what may have been forgotten is missing all the same', () => {
	const rows = [answered('a', 5, 202)];
	const reading = readingOf(rows, { forgottenMs: at(60), collectedSinceMs: at(0) });
	expect(reading.missing({ givenUp: false, answered: true })).toHaveLength(1);
});

it('tells the earliest that Anchor still tries', () => {
	const tried = (id: string, seconds: number) => row(id, seconds, { status: 'pending' });
	expect(readingOf([tried('a', 9), tried('b', 7), tried('c', 8)]).pendingMs).toBe(at(7));
	expect(readingOf([]).pendingMs).toBe(Infinity);
	expect([readingOf([]).isEmpty, readingOf([row('a', 5)]).isEmpty]).toEqual([true, false]);
});

it('runs nothing twice after more events than the memory holds, because their rows say what became of them', () => {
	const seen = new EventMemory({ maxIds: 20 });
	const rows = Array.from({ length: 21 }, (_none, index) => {
		seen.commit(`e${index}`, 0);
		return answered(`e${index}`, index / 10, 202);
	});
	const reading = readingOf(rows, { isKnown: (id) => seen.has(id, 0) });
	expect(reading.missing({ givenUp: true, answered: !reading.isMasked })).toEqual([]);
});

describe('of very many', () => {
	it('keeps those that ended first, and says when the first one ended that it left out', () => {
		const rows = Array.from({ length: 15_000 }, (_none, index) => row(`e${index}`, 15_000 - index));
		const reading = readingOf(rows);
		const kept = reading.missing(GIVEN_UP).filter(({ endMs }) => endMs < reading.untilMs);
		expect(kept).toHaveLength(5_000);
		expect(reading.untilMs).toBe(at(5_001));
		reading.isWhole = false;
		expect(reading.untilMs).toBe(-Infinity);
	});

	it('keeps of what was taken before the start the last ones', () => {
		const rows = Array.from({ length: 9_600 }, (_none, index) =>
			answered(`e${index}`, -10_000 - index, 202),
		);
		const taken = readingOf(rows).taken.map((one) => one.external_event_id);
		expect([taken.length, taken[0]]).toEqual([1_200, 'e1199']);
	});

	it('keeps fewer of large ones', () => {
		// Five million characters, the quarter of what is kept.
		const payload = { result: 'x'.repeat(5_000_000 - '{"result":""}'.length) };
		const large = (second: number) => row(`e${second}`, second, { payload });
		const reading = readingOf([8, 7, 6, 5, 4, 3, 2, 1].map(large));
		expect(idsOf(reading.missing(GIVEN_UP))).toEqual(['e1', 'e2', 'e3', 'e4']);
		expect(reading.untilMs).toBe(at(5));
		for (const second of [-1, -2, -3]) reading.add(large(second));
		expect(reading.missing(GIVEN_UP)).toHaveLength(7);
		reading.add(large(-4));
		expect(reading.missing(GIVEN_UP)).toHaveLength(4);
	});

	it('keeps one at least, however large', () => {
		const payload = { result: 'x'.repeat(40_000_000) };
		const reading = readingOf([row('b', 2, { payload })]);
		expect([idsOf(reading.missing(GIVEN_UP)), reading.untilMs]).toEqual([['b'], Infinity]);
		reading.add(row('a', 1, { payload }));
		expect([idsOf(reading.missing(GIVEN_UP)), reading.untilMs]).toEqual([['a'], at(2)]);
	});
});

it('counts places from the older end also across two histories', () => {
	const newestFirst = [row('d', 4), row('c', 3), row('b', 2), row('b2', 2)];
	const oldestFirst = [...newestFirst].reverse();
	const younger = {
		newestFirst: [row('f', 9), row('e', 8)],
		oldestFirst: [row('e', 8), row('f', 9)],
	};
	const order = (rows: Parameters<typeof readingOf>[0]) =>
		[...readingOf(rows).missing(GIVEN_UP)]
			.sort((a, b) => a.place - b.place)
			.map(({ event }) => event.id);
	expect(order([...newestFirst, ...younger.newestFirst]).indexOf('b2')).toBeLessThan(
		order([...newestFirst, ...younger.newestFirst]).indexOf('b'),
	);
	expect(order([...oldestFirst, ...younger.oldestFirst]).slice(0, 2)).toEqual(['b2', 'b']);
	// All of one moment: as they came, a row that moved to the next page where it was first.
	expect(order([row('x', 5), row('y', 5), row('x', 5)])).toEqual(['x', 'y']);
});
