import { makeFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import { HistoryReader } from '../../../nodes/AnchorBrowser/recovery/history';
import type { Reading, ReadingInput } from '../../../nodes/AnchorBrowser/recovery/reading';
import { AnchorInMemory } from '../registration/anchorInMemory';
import { at, readingOf, row, STARTED } from './rows';

const DAY_MS = 24 * 60 * 60_000;

let anchor: AnchorInMemory;
let reader: HistoryReader;
let reading: Reading;
let pauses: number[];
beforeEach(() => {
	pauses = [];
	anchor = new AnchorInMemory();
	reader = new HistoryReader('wh_1');
});

const rows = (from: number, count: number) =>
	Array.from({ length: count }, (_none, index) => row(`e${from + index}`, from + index));
const page = (events: unknown[], total?: number, headers?: Record<string, string>) =>
	anchor.answer(/events/, {
		status: 200,
		headers,
		body: { events, pagination: total === undefined ? undefined : { total } },
	});

/** Reads, and returns how many rows were missed events. */
async function read(more: Partial<ReadingInput> = {}) {
	reading = readingOf([], { nowMs: STARTED, sinceMs: STARTED - DAY_MS, ...more });
	const pause = async (ms: number) => void pauses.push(ms);
	const failure = await reader.read(anchor.context(), reading, pause);
	const { isWhole, beganMs } = reading;
	return { failure, isWhole, beganMs, count: reading.missing({ givenUp: true }).length };
}
const whole = { failure: undefined, isWhole: true, beganMs: STARTED };
const asked = () => anchor.requests.map(({ query }) => query);
const since = () => asked().map((query) => Date.parse(String(query.since)));

it('reads all rows, page by page, with payload', async () => {
	page(rows(0, 100), 150);
	page(rows(100, 50), 150);
	expect(await read()).toEqual({ ...whole, count: 150 });
	expect(asked().map(({ offset }) => offset)).toEqual([0, 100]);
	expect(asked().every((query) => query.include_payload === 'true')).toBe(true);
});

it('says that it began when Anchor answered with the first page', async () => {
	const dates = [at(7), at(9)].map((ms) => ({ date: new Date(ms).toUTCString() }));
	page(rows(0, 1), 2, dates[0]);
	page(rows(1, 1), 2, dates[1]);
	expect(await read()).toEqual({ ...whole, beganMs: at(7), count: 2 });
});

it('goes on where a page ended that Anchor made shorter than asked', async () => {
	page(rows(0, 50), 80);
	page(rows(50, 30), 80);
	expect(await read()).toEqual({ ...whole, count: 80 });
});

it('ends at an empty page whatever the total says, and without a total at one that is not full', async () => {
	page(rows(0, 10), 500);
	page([], 500);
	expect((await read()).count).toBe(10);
	page(rows(0, 100));
	page(rows(100, 3));
	expect((await read()).count).toBe(103);
	expect(anchor.requests).toHaveLength(4);
});

it('takes a row once that moved to the next page meanwhile', async () => {
	page(rows(0, 100), 101);
	page(rows(99, 2), 102);
	page([], 102);
	expect((await read()).count).toBe(101);
});

it('gives up after 200,000 rows, and says so', async () => {
	anchor.answer(
		/events/,
		{ status: 200, body: { events: [row('a', 5)], pagination: { total: 1e9 } } },
		{ times: Infinity },
	);
	expect(await read()).toEqual({ ...whole, isWhole: false, count: 1 });
	expect(anchor.requests).toHaveLength(2_000);
});

describe('begins', () => {
	it.each<[string, Partial<ReadingInput>, number]>([
		['7 days ago at most', { sinceMs: 0 }, STARTED - 7 * DAY_MS],
		['when the trigger began to listen', { sinceMs: STARTED - DAY_MS }, STARTED - DAY_MS],
		['a day (of retries) before what is noted', { sinceMs: 0, doneMs: at(0) }, STARTED - DAY_MS],
	])('%s', async (_what, more, expected) => {
		page([], 0);
		await read(more);
		expect(since()).toEqual([expected]);
	});

	it('a minute before the last reading that was settled', async () => {
		page([], 0);
		await read();
		page([], 0);
		await read();
		reader.settle(reading);
		page([], 0);
		await read();
		expect(since()).toEqual([STARTED - DAY_MS, STARTED - DAY_MS, STARTED - 60_000]);
	});

	it('a minute before the one that was carried out, though another one was made meanwhile', async () => {
		page([], 0);
		await read();
		const carriedOut = reading;
		page([], 0);
		await read({ nowMs: at(7_200) });
		reader.settle(carriedOut);
		page([], 0);
		await read();
		expect(since()[2]).toBe(STARTED - 60_000);
	});

	it("a minute before it by Anchor's clock, when this machine's is ahead", async () => {
		page([], 0, { date: new Date(at(0)).toUTCString() });
		await read({ nowMs: at(3_600) });
		reader.settle(reading);
		page([], 0);
		await read({ nowMs: at(3_600) });
		expect(since()[1]).toBe(at(-60));
	});

	it('with what Anchor still tried then', async () => {
		page([row('a', -3_600, { status: 'pending' })], 1);
		await read();
		reader.settle(reading);
		page([], 0);
		await read();
		expect(since()[1]).toBe(at(-3_600));
	});
});

it('takes a webhook whose history Anchor no longer has for one without', async () => {
	anchor.answer(/events/, { status: 404, body: {} });
	expect(await read()).toEqual({ ...whole, count: 0 });
	reader.settle(reading);
	page([], 0);
	await read();
	expect(since()[1]).toBe(STARTED - DAY_MS);
});

it('hands a refusal on', async () => {
	anchor.answer(/events/, { status: 503, body: {} });
	expect((await read()).failure).toMatchObject({ ok: false, status: 503 });
	expect(anchor.requests).toHaveLength(1);
});

describe('under way', () => {
	const failing = (status: number, headers?: Record<string, string>) =>
		anchor.answer(/events/, { status, headers, body: {} });

	it('asks again for a page that Anchor could not answer, with pauses that grow', async () => {
		page(rows(0, 100), 150);
		failing(503);
		failing(503);
		failing(500);
		page(rows(100, 50), 150);
		expect(await read()).toEqual({ ...whole, count: 150 });
		expect(pauses).toEqual([0, 5_000, 20_000]);
	});

	it('waits as long as Anchor says, a minute at most', async () => {
		page(rows(0, 100), 150);
		failing(429, { 'retry-after': '37' });
		failing(429, { 'retry-after': '3600' });
		page(rows(100, 50), 150);
		expect((await read()).count).toBe(150);
		expect(pauses).toEqual([37_000, 60_000]);
	});

	it.each([
		['a slow pattern', 250, [250, 250, 250]],
		['a clock that is set forward', 3_600_000, [1_000, 1_000, 1_000]],
		['a quick pattern', 50, []],
	])('leaves n8n time between rows that take long to judge: %s', async (_what, ms, expected) => {
		let nowMs = 0;
		const clock = jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
		const conditions = { conditions: [{ leftValue: 'task_id' }] };
		const filters = makeFilters({ conditions }, () => {
			nowMs += ms;
			return true;
		});
		page(rows(0, 3), 3);
		expect((await read({ wanted: { events: ['*'], filters } })).count).toBe(3);
		expect(pauses).toEqual(expected);
		clock.mockRestore();
	});

	it.each([
		[[503, 503, 503, 500], 500],
		[[403], 403],
	])('gives up after %j', async (statuses, status) => {
		page(rows(0, 100), 150);
		for (const one of statuses) failing(one);
		expect((await read()).failure).toMatchObject({ ok: false, status });
		expect(anchor.requests).toHaveLength(1 + statuses.length);
	});
});
