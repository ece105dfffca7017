import type { DeliveryRow } from '../../../nodes/AnchorBrowser/api/webhooks';
import { planRecovery } from '../../../nodes/AnchorBrowser/recovery/plan';
import type { PlanInput, RecoveryPlan } from '../../../nodes/AnchorBrowser/recovery/plan';
import type { ReadingInput } from '../../../nodes/AnchorBrowser/recovery/reading';
import { at, idsOf, manyRows, oneOf, readingOf, row, rowsOf } from './rows';

type Known = Partial<PlanInput & ReadingInput>;

function planOf(
	rows: string | readonly DeliveryRow[],
	more: Known = {},
	isWhole = true,
): RecoveryPlan {
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
}

/** What a plan runs for sure, and what it asks n8n's store about. */
function runs({ portions, questions }: RecoveryPlan): string {
	const sure = portions.map(({ events }) => idsOf(events));
	const asked = questions.map(({ events }) => idsOf(events).replace(/\S+/g, '$&?'));
	return [...sure, ...asked].join(' ');
}
const sizesOf = (parts: ReadonlyArray<{ events: unknown[] }>) =>
	parts.map(({ events }) => events.length);

const isStart = true;
it.each<[string, string, Known, string]>([
	['given up: missing', 'a 404@5, b dead@6', {}, 'a b'],
	['taken just now or not for us: settled', 'a 202@890, b 204@6', {}, ''],
	['a plain 200 beside answers of ours: missing', 'own 204@1, a 200@5', {}, 'a'],
	['a plain 200 where nothing is ours: doubtful', 'a 200@5', {}, 'a?'],
	['without a store that can tell', 'a 200@5', { isDurable: false }, ''],
	['202 before a start: doubtful', 'a 202@-5', { isStart }, 'a?'],
	['202 before a start, at a later look', 'a 202@-5', {}, ''],
	['202 before a start, twice for one event', 'a 202@-5, a 202@-4', { isStart }, 'a?'],
	['202 at the start, at the first look: as by another process', 'a 202@0', { isStart }, 'a?'],
	['the same, less than a minute ago', 'a 202@0', { isStart, nowMs: at(30) }, ''],
	[
		'202 before a start of queue mode: doubtful, and asked about once',
		'a 202@-5',
		{ isStart, othersReceive: true },
		'a?',
	],
	['202 since the start, known here', 'a 202@5', { isKnown: oneOf('a') }, ''],
	[
		'202 by another process: doubtful after a minute, and asked about once',
		'e5 202@5, e6 202@6, e6 202@6, e840 202@840, e841 202@841',
		{ checkedMs: at(5) },
		'e6? e840?',
	],
	[
		'the same, before this process began, if nothing was asked about since',
		'a 202@-6, b 202@-5',
		{ othersReceive: true, checkedMs: at(-6) },
		'b?',
	],
	['the same, noted as done', 'a 202@5', { doneMs: at(5) }, ''],
	['the same, without a store that can tell', 'a 202@5', { isDurable: false }, ''],
	[
		'202 two minutes before the last one before a start, however long ago that is',
		'old 202@-7321, a 202@-7320, last 202@-7200',
		{ isStart },
		'a? last?',
	],
	[
		'the same, in a history with the newest first',
		'last 202@-7200, a 202@-7320, old 202@-7321',
		{ isStart },
		'a? last?',
	],
	['the same, and what a starting n8n has swallowed', 'a 202@-7200, b 200@-2', { isStart }, 'b a?'],
	['the same, with changed answers', 'old 200@-7400, a 200@-7200, b 200@-2', { isStart }, 'a? b?'],
	[
		'the same, five minutes before it took deliveries',
		'a 200@-7200, b 200@-300',
		{ isStart },
		'a? b?',
	],
	['the same, the newest first', 'b 200@-300, a 200@-7200, old 200@-7400', { isStart }, 'a? b?'],
	['the same, all of it lately', 'a 200@-2', { isStart }, 'a?'],
	['200 since this process began, at a later look', 'a 200@0', {}, 'a?'],
	['200 before this process, at a later look', 'a 200@-5', {}, ''],
	[
		'202 since collecting began, by a process that has ended',
		'a 202@-4000, b 202@-3000, last 202@-1',
		{ isStart, collectedSinceMs: at(-4_000) },
		'b? last?',
	],
	['noted as done', 'a 404@-5, b 202@-4', { doneMs: at(-4), isStart }, ''],
	['noted as begun, or asked about', 'a 202@-5, b 202@-4', { checkedMs: at(-5), isStart }, 'b?'],
	[
		'the same, collected',
		'a 202@-6, b 202@-5',
		{ checkedMs: at(-5), collectedSinceMs: at(-6), isStart },
		'b?',
	],
	['the same, answered by others', 'a 200@-5, b 200@-4', { checkedMs: at(-5), isStart }, 'a? b?'],
])('%s', (_what, rows, more, expected) => {
	expect(runs(planOf(rows, more))).toBe(expected);
});

describe('order', () => {
	it.each([
		['a 404@5, b 404@6, c 404@6, d 404@7', 'a b c d'],
		['a 200@5, b 200@6, c 200@6', 'a? b? c?'],
	])('of %s is by age, and of one moment by the history from its older end', (text, expected) => {
		const rows = rowsOf(text);
		expect(runs(planOf(rows))).toBe(expected);
		expect(runs(planOf([...rows].reverse()))).toBe(expected);
		rows[0].completed_at = new Date(at(9)).toISOString();
		expect(runs(planOf(rows))).toBe(expected);
	});

	it('is by when Anchor ended with them where there is more than a portion', () => {
		const late = row('late', 1, { completed_at: new Date(at(5_000)).toISOString() });
		const { portions } = planOf([late, ...manyRows(40, (index) => `e${index} 404@${10 + index}`)]);
		expect(sizesOf(portions)).toEqual([25, 16]);
		expect(portions.map(({ doneMs }) => doneMs)).toEqual([at(34), at(5_000)]);
		expect(portions[1].events[0].event.id).toBe('late');
	});
});

describe('what is in doubt', () => {
	const lastMinute = (count: number) =>
		manyRows(count, (index) => `e${index} 202@${-60 + index / 100}`);

	it.each([
		['before a start', { isStart }, Array.from({ length: 10 }, (_, index) => `e${190 + index}`)],
		['by other processes, without witnesses', { othersReceive: true, startedMs: at(-90) }, []],
	])(
		'of what was taken %s is asked about in runs of 500, as far back as the store surely remembers',
		(_when, more, witnesses) => {
			const { questions } = planOf(lastMinute(1_200).reverse(), more);
			expect(sizesOf(questions)).toEqual([500, 500]);
			expect(questions.map(({ events }) => events[0].event.id)).toEqual(['e200', 'e700']);
			expect(questions.map((question) => question.witnesses)).toEqual([witnesses, witnesses]);
		},
	);

	it.each([
		['two minutes before', -2_120, 'a? last?'],
		['longer before', -2_140, 'last?'],
		['after', -1_990, 'last?'],
	])(
		'is what was taken %s deliveries that n8n did not take at once',
		(_when, seconds, expected) => {
			for (const outage of ['x 404@-2000', 'x 204@-2000 2nd']) {
				const rows = `own 204@1, a 202@${seconds}, ${outage}, last 202@-60`;
				expect(runs(planOf(rows, { isStart, isKnown: oneOf('x') }))).toBe(expected);
			}
		},
	);

	it('has witnesses that are not younger, among the last that the store surely remembers', () => {
		const known = { isStart, isKnown: oneOf('x') };
		const old = rowsOf('w 202@-5000, a 202@-4000, x failed@-3900');
		const young = (count: number) => manyRows(count, (index) => `young${index} 202@-2000`);
		const last = rowsOf('last 202@-1');
		const [{ events, witnesses }] = planOf([...old, ...young(998), ...last], known).questions;
		expect([idsOf(events), witnesses]).toEqual(['a last', ['w']]);
		expect(runs(planOf([...old, ...young(999), ...last], known))).toBe('last?');
	});

	it.each<[string, Known, boolean, number | undefined]>([
		['a minute ago', { checkedMs: at(0) }, true, at(840)],
		['its start, if that is later', { nowMs: at(20) }, true, at(0) - 1],
		['what is noted, if that is later', { checkedMs: at(880) }, true, at(880)],
		['nothing that can be said, where not all was read', {}, false, undefined],
	])('has been asked about up to %s', (_when, more, isWhole, expected) => {
		expect(planOf('', more, isWhole).checkedMs).toBe(expected);
	});
});

describe('what can be noted as done', () => {
	it('is all that Anchor had ended with five minutes ago', () => {
		expect(planOf('own 204@1').doneMs).toBe(at(600));
	});

	it('is no more than what ended before something that another look comes back to', () => {
		const held = { isKnown: oneOf('held'), isInHand: oneOf('held') };
		const plan = planOf('a 404@5, held 404@7, b 404@9', held);
		expect(plan).toMatchObject({ doneMs: undefined, portions: [{ doneMs: at(7) - 1 }] });
	});

	it('is nothing where not all was read', () => {
		const plan = planOf('a 404@5', {}, false);
		expect(plan).toMatchObject({ doneMs: undefined, portions: [{ doneMs: -Infinity }] });
	});

	it('is what 1,000 events have come to, before it is asked about what other processes took meanwhile', () => {
		const sizes = (count: number, more: Known) => {
			const { portions, goesOn } = planOf(
				manyRows(count, (index) => `e${index} 404@${index}`),
				more,
			);
			return [sizesOf(portions).reduce((sum, size) => sum + size), goesOn];
		};
		expect(sizes(1_010, { othersReceive: true })).toEqual([1_000, true]);
		expect(sizes(1_010, { othersReceive: false })).toEqual([1_010, false]);
		expect(sizes(1_000, { othersReceive: true })).toEqual([1_000, false]);
	});
});

it.each<[string, string, Known, RecoveryPlan['wrongSecret']]>([
	['is proven wrong by a 401 that this process gave', '401', { mismatchesMs: [at(6)] }, 'proven'],
	['also where others matched nothing since', '401', { mismatchesMs: [at(6), at(800)] }, 'proven'],
	['is not by one that it did not give', '401', { mismatchesMs: [at(800)] }, undefined],
	['nor by one two minutes away', '401', { mismatchesMs: [at(125)] }, undefined],
	['nor by a 400, which headers or the time have got', '400', { mismatchesMs: [at(5)] }, undefined],
	[
		'nor by a 401 from before it',
		'401',
		{ mismatchesMs: [at(5)], secretSinceMs: at(5) },
		undefined,
	],
	['is reported wrong where this one receives nothing', '401', { hasReceived: false }, 'reported'],
	['is not where nothing was refused', '204', { hasReceived: false }, undefined],
	['is reported wrong where others receive, too', '401@5, b 202', {}, 'reported'],
	['also where they have done so before', '401', { othersReceive: true }, 'reported'],
	['is not where only this process does', '401@5, b 202', { isKnown: oneOf('b') }, undefined],
])('a secret %s', (_what, answers, more, expected) => {
	expect(planOf(`own 204@1, a ${answers}@5`, more).wrongSecret).toBe(expected);
});
