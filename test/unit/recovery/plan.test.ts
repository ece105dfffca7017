import type { DeliveryRow } from '../../../nodes/AnchorBrowser/api/webhooks';
import { planRecovery } from '../../../nodes/AnchorBrowser/recovery/plan';
import type { PlanInput } from '../../../nodes/AnchorBrowser/recovery/plan';
import type { ReadingInput } from '../../../nodes/AnchorBrowser/recovery/reading';
import { answered, at, idsOf, oneOf, readingOf, row } from './rows';

const planOf = (
	rows: readonly DeliveryRow[],
	{ isWhole = true, ...more }: Partial<PlanInput & ReadingInput & { isWhole: boolean }> = {},
): ReturnType<typeof planRecovery> => {
	// Where deliveries are collected, what the history shows is the collector's.
	const reading = readingOf(rows, { ...more, collectedSinceMs: undefined });
	reading.isWhole = isWhole;
	return planRecovery(reading, {
		isStart: false,
		isDurable: true,
		collectedSinceMs: Infinity,
		othersReceive: reading.othersReceive,
		checkedMs: -Infinity,
		secretSinceMs: at(-86_400),
		hasReceived: true,
		mismatchesMs: [],
		...more,
	});
};

/** What a plan runs for sure, and what it asks n8n's store about. */
function runs(plan: ReturnType<typeof planRecovery>): string {
	const sure = plan.portions.flatMap(({ events }) => idsOf(events));
	const asked = plan.questions.flatMap(({ events }) => idsOf(events));
	return [...sure, ...asked.map((id) => `${id}?`)].join(' ');
}

/** Shows that answers reach Anchor unchanged. */
const own = answered('own', 1, 204);
const refused = (id: string, seconds: number, status = 401) =>
	row(id, seconds, { response_status: status });

it.each<[string, DeliveryRow[], Partial<PlanInput & ReadingInput>, string]>([
	['given up: missing', [row('a', 5), row('b', 6, { status: 'dead' })], {}, 'a b'],
	[
		'taken just now or not for us: settled',
		[answered('a', 890, 202), answered('b', 6, 204)],
		{},
		'',
	],
	['a plain 200 beside answers of ours: missing', [own, answered('a', 5, 200)], {}, 'a'],
	['a plain 200 where nothing is ours: doubtful', [answered('a', 5, 200)], {}, 'a?'],
	[
		'a plain 200 for what this process has answered: something changes answers',
		[own, answered('known', 4, 200), answered('a', 5, 200)],
		{ isKnown: oneOf('known') },
		'a?',
	],
	[
		'a plain 200 for what it has recovered: nothing changes answers',
		[own, answered('known', 4, 200), answered('a', 5, 200)],
		{ isKnown: oneOf('known'), isRecovered: oneOf('known') },
		'a',
	],
	['without a store that can tell', [answered('a', 5, 200)], { isDurable: false }, ''],
	['202 before a start: doubtful', [answered('a', -5, 202)], { isStart: true }, 'a?'],
	['202 before a start, at a later look', [answered('a', -5, 202)], {}, ''],
	[
		'202 before a start, twice for one event',
		[answered('a', -5, 202), answered('a', -4, 202)],
		{ isStart: true },
		'a?',
	],
	[
		'202 at the start, at the first look: as by another process',
		[answered('a', 0, 202)],
		{ isStart: true },
		'a?',
	],
	[
		'the same, less than a minute ago',
		[answered('a', 0, 202)],
		{ isStart: true, nowMs: at(30) },
		'',
	],
	[
		'202 before a start of queue mode: doubtful, and asked about once',
		[answered('a', -5, 202)],
		{ isStart: true, othersReceive: true },
		'a?',
	],
	['202 since the start, known here', [answered('a', 5, 202)], { isKnown: oneOf('a') }, ''],
	[
		'202 by another process: doubtful after a minute, and asked about once',
		[5, 6, 6, 840, 841].map((seconds) => answered(`e${seconds}`, seconds, 202)),
		{ checkedMs: at(5) },
		'e6? e840?',
	],
	[
		'the same, before this process began, if nothing was asked about since',
		[answered('a', -6, 202), answered('b', -5, 202)],
		{ othersReceive: true, checkedMs: at(-6) },
		'b?',
	],
	['the same, noted as done', [answered('a', 5, 202)], { doneMs: at(5) }, ''],
	['the same, without a store that can tell', [answered('a', 5, 202)], { isDurable: false }, ''],
	[
		'202 two minutes before the last one before a start, however long ago that is',
		[answered('old', -7_321, 202), answered('a', -7_320, 202), answered('last', -7_200, 202)],
		{ isStart: true },
		'a? last?',
	],
	[
		'the same, in a history with the newest first',
		[answered('last', -7_200, 202), answered('a', -7_320, 202), answered('old', -7_321, 202)],
		{ isStart: true },
		'a? last?',
	],
	[
		'the same, and what n8n has swallowed while it started',
		[answered('a', -7_200, 202), answered('b', -2, 200)],
		{ isStart: true },
		'b a?',
	],
	[
		'the same, where something changes answers',
		[answered('old', -7_400, 200), answered('a', -7_200, 200), answered('b', -2, 200)],
		{ isStart: true },
		'a? b?',
	],
	[
		'the same, five minutes before it began to take deliveries',
		[answered('a', -7_200, 200), answered('b', -300, 200)],
		{ isStart: true },
		'a? b?',
	],
	[
		'the same, with the newest first',
		[answered('b', -300, 200), answered('a', -7_200, 200), answered('old', -7_400, 200)],
		{ isStart: true },
		'a? b?',
	],
	['the same, all of it lately', [answered('a', -2, 200)], { isStart: true }, 'a?'],
	['200 since this process began, at a later look', [answered('a', 0, 200)], {}, 'a?'],
	['200 before this process, at a later look', [answered('a', -5, 200)], {}, ''],
	[
		'202 since collecting began, by a process that has ended',
		[answered('a', -4_000, 202), answered('b', -3_000, 202), answered('last', -1, 202)],
		{ isStart: true, collectedSinceMs: at(-4_000) },
		'b? last?',
	],
	['noted as done', [row('a', -5), answered('b', -4, 202)], { doneMs: at(-4), isStart: true }, ''],
	[
		'noted as begun, or asked about',
		[answered('a', -5, 202), answered('b', -4, 202)],
		{ checkedMs: at(-5), isStart: true },
		'b?',
	],
	[
		'the same, collected',
		[answered('a', -6, 202), answered('b', -5, 202)],
		{ checkedMs: at(-5), collectedSinceMs: at(-6), isStart: true },
		'b?',
	],
	[
		'the same, answered by something else',
		[answered('a', -5, 200), answered('b', -4, 200)],
		{ checkedMs: at(-5), isStart: true },
		'a? b?',
	],
])('%s', (_what, rows, more, expected) => {
	expect(runs(planOf(rows, more))).toBe(expected);
});

describe('order', () => {
	it('is by age, and of one moment by the history from its older end', () => {
		const rows = [row('a', 5), row('b', 6), row('c', 6), row('d', 7)];
		expect(runs(planOf(rows))).toBe('a b c d');
		expect(runs(planOf([...rows].reverse()))).toBe('a b c d');
	});

	it('is by age in doubt as well', () => {
		const rows = [answered('a', 5, 200), answered('b', 6, 200), answered('c', 6, 200)];
		const late = { ...rows[0], completed_at: new Date(at(9)).toISOString() };
		expect(runs(planOf([late, ...rows.slice(1)]))).toBe('a? b? c?');
		expect(runs(planOf([...rows].reverse()))).toBe('a? b? c?');
	});

	it('is by when Anchor ended with them where there is more than a portion', () => {
		const late = row('late', 1, { completed_at: new Date(at(5_000)).toISOString() });
		const many = Array.from({ length: 40 }, (_none, index) => row(`e${index}`, 10 + index));
		const { portions } = planOf([late, ...many]);
		expect(portions.map(({ events }) => events.length)).toEqual([25, 16]);
		expect(portions.map(({ doneMs }) => doneMs)).toEqual([at(34), at(5_000)]);
		expect(idsOf(portions[1].events)[0]).toBe('late');
	});
});

describe('what is in doubt', () => {
	const lastMinute = (count: number) =>
		Array.from({ length: count }, (_none, index) => answered(`e${index}`, -60 + index / 100, 202));

	it('is asked about in runs of 500, as far back as the store surely remembers', () => {
		const { questions } = planOf(lastMinute(1_200), { isStart: true });
		expect(questions.map(({ events }) => events.length)).toEqual([500, 500]);
		expect(questions.map(({ events }) => events[0].event.id)).toEqual(['e200', 'e700']);
		expect(questions[0].witnesses).toEqual(
			Array.from({ length: 10 }, (_none, index) => `e${190 + index}`),
		);
	});

	it.each([
		['two minutes before', -2_120, 'a? last?'],
		['longer before', -2_140, 'last?'],
		['after', -1_990, 'last?'],
	])(
		'is what was taken %s deliveries that n8n did not take at once',
		(_when, seconds, expected) => {
			for (const outage of [row('x', -2_000), { ...answered('x', -2_000, 204), attempt: 2 }]) {
				const rows = [own, answered('a', seconds, 202), outage, answered('last', -60, 202)];
				expect(runs(planOf(rows, { isStart: true, isKnown: oneOf('x') }))).toBe(expected);
			}
		},
	);

	it('has for witnesses the ten last ones before it', () => {
		const before = Array.from({ length: 30 }, (_none, index) =>
			answered(`w${index}`, index - 900, 202),
		);
		const [{ witnesses }] = planOf([...before, ...lastMinute(2)], { isStart: true }).questions;
		expect(witnesses).toEqual(before.slice(-10).map((one) => one.external_event_id));
	});

	it('has none that is younger, and is among the last that the store surely remembers', () => {
		const few = (name: string, seconds: number, count: number) =>
			Array.from({ length: count }, (_none, index) => answered(`${name}${index}`, seconds, 202));
		const outage = row('x', -3_900, { response_status: 204 });
		const before = [...few('w', -5_000, 1), ...few('a', -4_000, 1), outage];
		const known = { isStart: true, isKnown: oneOf('x') };
		const [{ events, witnesses }] = planOf(
			[...before, ...few('young', -2_000, 998), ...few('last', -1, 1)],
			known,
		).questions;
		expect([idsOf(events), witnesses]).toEqual([['a0', 'last0'], ['w0']]);
		const more = [...before, ...few('young', -2_000, 999), ...few('last', -1, 1)];
		expect(runs(planOf(more, known))).toBe('last0?');
	});
});

describe('what other processes took', () => {
	it('is asked about in the same way, without witnesses', () => {
		const taken = Array.from({ length: 1_200 }, (_none, index) =>
			answered(`e${index}`, index / 100, 202),
		);
		const { questions } = planOf(taken.reverse());
		expect(questions.map(({ events }) => events.length)).toEqual([500, 500]);
		expect(questions.map(({ events }) => events[0].event.id)).toEqual(['e200', 'e700']);
		expect(questions.map(({ witnesses }) => witnesses)).toEqual([[], []]);
	});

	it.each([
		['a minute ago', { checkedMs: at(0) }, at(840)],
		['its start, if that is later', { nowMs: at(20) }, at(0) - 1],
		['what is noted, if that is later', { checkedMs: at(880) }, at(880)],
		['nothing that can be said, where not all was read', { isWhole: false }, undefined],
	])('has been asked about up to %s', (_when, more, expected) => {
		expect(planOf([], more).checkedMs).toBe(expected);
	});
});

describe('what can be noted as done', () => {
	it('is all that Anchor had ended with five minutes ago', () => {
		expect(planOf([own]).doneMs).toBe(at(600));
	});

	it('ends before what n8n has in hand, which another look comes back to', () => {
		const plan = planOf([row('a', 5), row('held', 7), row('b', 9)], {
			isKnown: oneOf('held'),
			isInHand: oneOf('held'),
		});
		expect(plan.doneMs).toBeUndefined();
		expect(plan.portions).toMatchObject([{ doneMs: at(7) - 1 }]);
	});

	it('ends before what was left out because there is so much', () => {
		const rows = Array.from({ length: 10_000 }, (_none, index) => row(`e${index}`, index));
		const plan = planOf(rows);
		expect(plan.doneMs).toBeUndefined();
		expect(plan.portions.flatMap(({ events }) => events)).toHaveLength(5_000);
		expect(plan.portions[plan.portions.length - 1].doneMs).toBe(at(4_999));
	});

	it('is what 1,000 events have come to, before it is asked about what other processes took meanwhile', () => {
		const rows = Array.from({ length: 1_010 }, (_none, index) => row(`e${index}`, index));
		const sizes = (more: Partial<PlanInput>) => {
			const { portions, goesOn } = planOf(rows, more);
			return [portions.flatMap(({ events }) => events).length, goesOn];
		};
		expect(sizes({ othersReceive: true })).toEqual([1_000, true]);
		expect(sizes({ othersReceive: false })).toEqual([1_010, false]);
		expect(planOf(rows.slice(10), { othersReceive: true }).goesOn).toBe(false);
	});

	it('is nothing where not all was read', () => {
		const plan = planOf([row('a', 5)], { isWhole: false });
		expect(plan.doneMs).toBeUndefined();
		expect(plan.portions).toMatchObject([{ doneMs: -Infinity }]);
	});
});

describe('a secret', () => {
	it.each<[string, DeliveryRow, Partial<PlanInput & ReadingInput>, unknown]>([
		[
			'is proven wrong by a 401 that this process gave',
			refused('a', 5),
			{ mismatchesMs: [at(6)] },
			'proven',
		],
		[
			'also where others matched nothing since',
			refused('a', 5),
			{ mismatchesMs: [at(6), at(800)] },
			'proven',
		],
		['is not by one that it did not give', refused('a', 5), { mismatchesMs: [at(800)] }, undefined],
		[
			'nor by a 400, which headers or the time have got',
			refused('a', 5, 400),
			{ mismatchesMs: [at(5)] },
			undefined,
		],
		[
			'nor by a 401 from before it was made',
			refused('a', 5),
			{ mismatchesMs: [at(5)], secretSinceMs: at(5) },
			undefined,
		],
		[
			'is reported wrong where this process receives nothing',
			refused('a', 5),
			{ hasReceived: false },
			'reported',
		],
	])('%s', (_what, refusal, more, expected) => {
		expect(planOf([own, refusal], more).wrongSecret).toBe(expected);
	});

	it('is not wrong when nothing was refused, nor by a 401 two minutes away', () => {
		expect(planOf([own], { hasReceived: false }).wrongSecret).toBeUndefined();
		const refusal = refused('a', 5);
		expect(planOf([own, refusal], { mismatchesMs: [at(125)] }).wrongSecret).toBeUndefined();
	});

	it('is reported wrong where others receive, too', () => {
		const rows = [refused('a', 5), answered('b', 6, 202)];
		expect(planOf(rows).wrongSecret).toBe('reported');
		expect(planOf(rows, { isKnown: oneOf('b') }).wrongSecret).toBeUndefined();
	});
});
