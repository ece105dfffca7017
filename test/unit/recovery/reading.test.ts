import { makeFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import { EventMemory } from '../../../nodes/AnchorBrowser/delivery/dedupe';
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

	it('as ended when it was scheduled, where Anchor does not say when it ended', () => {
		const timeless = { completed_at: null };
		const [one] = readingOf([row('a', 5, timeless)]).missing(GIVEN_UP);
		expect(one).toMatchObject({ endMs: at(5), createdMs: at(5), deliveryId: 'row_a', status: 404 });
		const nowhere = row('b', 5, { ...timeless, scheduled_at: null });
		const [other] = readingOf([nowhere], { sinceMs: 0 }).missing(GIVEN_UP);
		expect(other).toMatchObject({ endMs: 0, createdMs: 0 });
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
		const rows = [answered('before', -101, 202), answered('a', -50, 202), answered('b', 5, 202)];
		const reading = readingOf([...rows, answered('no', 6, 204)], collected);
		expect(idsOf(reading.missing(ANSWERED))).toEqual(['a', 'b']);
		const known = readingOf(rows, { ...collected, isKnown: oneOf('b') });
		expect(idsOf(known.missing(ANSWERED))).toEqual(['a']);
		expect([...known.endsMs]).toEqual([['b', at(5)]]);
	});

	it('nothing is that was noted as done', () => {
		const reading = readingOf([answered('a', -50, 202)], { ...collected, doneMs: at(-50) });
		expect(reading.missing(ANSWERED)).toEqual([]);
	});
});

it('tells whether others receive by a 202 of which this process knows nothing', () => {
	expect(readingOf([answered('a', 5, 202)]).othersReceive).toBe(true);
	expect(readingOf([answered('a', -5, 202)]).othersReceive).toBe(false);
	expect(readingOf([answered('a', 5, 202)], { isKnown: oneOf('a') }).othersReceive).toBe(false);
	expect(readingOf([answered('a', 5, 204)]).othersReceive).toBe(false);
});

it('tells the earliest that Anchor still tries', () => {
	const tried = (id: string, seconds: number) => row(id, seconds, { status: 'pending' });
	expect(readingOf([tried('a', 9), tried('b', 7), tried('c', 8)]).pendingMs).toBe(at(7));
	expect(readingOf([]).pendingMs).toBeUndefined();
	expect([readingOf([]).isEmpty, readingOf([row('a', 5)]).isEmpty]).toEqual([true, false]);
});

it('runs nothing twice after more events than the memory holds, because their rows say what became of them', () => {
	const seen = new EventMemory({ maxIds: 20_000 });
	const rows = Array.from({ length: 21_000 }, (_none, index) => {
		seen.commit(`e${index}`, 0);
		return answered(`e${index}`, index / 10, 202);
	});
	const reading = readingOf(rows, { isKnown: (id) => seen.has(id, 0) });
	expect(reading.missing({ givenUp: true, answered: !reading.isMasked })).toEqual([]);
});

describe('of very many', () => {
	it('keeps those that ended first, and says when the first one ended that it left out', () => {
		const rows = Array.from({ length: 25_000 }, (_none, index) => row(`e${index}`, 25_000 - index));
		const reading = readingOf(rows);
		const kept = reading.missing(GIVEN_UP).filter(({ endMs }) => endMs < (reading.droppedMs ?? 0));
		expect(kept).toHaveLength(5_000);
		expect(reading.droppedMs).toBe(at(5_001));
	});

	it('keeps of what was taken before the start the last ones', () => {
		const rows = Array.from({ length: 10_000 }, (_none, index) =>
			answered(`e${index}`, index - 20_000, 202),
		);
		const taken = readingOf(rows).taken.map((one) => one.external_event_id);
		expect([taken.length, taken[0]]).toEqual([5_000, 'e5000']);
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
});
