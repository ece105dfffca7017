import { readHistory } from '../../../nodes/AnchorBrowser/recovery/history';
import type { HistoryReader, HistoryRequest } from '../../../nodes/AnchorBrowser/recovery/history';
import { AnchorInMemory } from '../registration/anchorInMemory';

const NOW = Date.UTC(2026, 4, 24, 12);
const DAY_MS = 24 * 60 * 60_000;
const request: HistoryRequest = {
	sinceMs: NOW - DAY_MS,
	nowMs: NOW,
	deliveredSince: undefined,
	isKnown: () => false,
};

let anchor: AnchorInMemory;
let reader: HistoryReader;
beforeEach(() => {
	anchor = new AnchorInMemory();
	reader = { webhookId: 'wh_1', totals: new Map() };
});

const rows = (from: number, count: number, status = 'failed') =>
	Array.from({ length: count }, (_, index) => ({
		id: `row_${from + index}`,
		external_event_id: `evt_${from + index}`,
		event_type: 'task.failed',
		status,
		payload: {},
	}));
const page = (events: unknown[], total?: number) =>
	anchor.answer(/events/, {
		status: 200,
		body: { events, pagination: total === undefined ? undefined : { total } },
	});
async function read(more: Partial<HistoryRequest> = {}) {
	const answer = await readHistory(anchor.context(), reader, { ...request, ...more });
	if (!answer.ok) throw new Error(`${answer.status}`);
	return answer.rows;
}
const asked = () =>
	anchor.requests.map(({ query: { status, offset } }) => `${String(status)} ${String(offset)}`);

it('reads what Anchor has given up, page by page, with payload', async () => {
	page(rows(0, 100), 150);
	page(rows(100, 50), 150);
	page(rows(150, 1, 'dead'), 1);
	expect(await read()).toHaveLength(151);
	expect(asked()).toEqual(['failed 0', 'failed 100', 'dead 0']);
	expect(anchor.requests.every(({ query }) => query.include_payload === 'true')).toBe(true);
});

it('reads one page of each kind when there is nothing new', async () => {
	page(rows(0, 100), 150);
	page(rows(100, 50), 150);
	page([], 0);
	await read();
	page(rows(0, 100), 150);
	page([], 0);
	expect(await read()).toEqual([]);
	expect(anchor.requests).toHaveLength(5);
});

it('reads all again when a row has come', async () => {
	page(rows(0, 1), 1);
	page([], 0);
	await read();
	page(rows(0, 2), 2);
	page([], 0);
	expect(await read()).toHaveLength(2);
});

it('reads all again after a reading that Anchor broke off', async () => {
	page(rows(0, 1), 1);
	anchor.answer(/events/, { status: 503, body: {} });
	await expect(read()).rejects.toThrow('503');
	reader.totals.clear();
	page(rows(0, 1), 1);
	page([], 0);
	expect(await read()).toHaveLength(1);
});

it('returns 5,000 rows at most, says that there are more, and goes on once they are known', async () => {
	const known = new Set<string>();
	const isKnown = (id: string) => known.has(id);
	const pages = (count: number) => {
		for (let from = 0; from < count; from++) page(rows(from * 100, 100), 6_000);
	};
	pages(50);
	page([], 0);
	const first = await readHistory(anchor.context(), reader, { ...request, isKnown });
	expect(first).toMatchObject({ isCut: true });
	if (!first.ok) throw new Error('no answer');
	for (const { external_event_id: id } of first.rows) known.add(id);
	expect(known.size).toBe(5_000);

	anchor.recover();
	pages(60);
	page([], 0);
	const second = await readHistory(anchor.context(), reader, { ...request, isKnown });
	expect(second).toMatchObject({ isCut: false });
	expect(second.ok && second.rows.map(({ id }) => id)).toEqual(
		rows(5_000, 1_000).map(({ id }) => id),
	);
});

it('goes on where a page ended that Anchor made shorter than asked', async () => {
	page(rows(0, 50), 80);
	page(rows(50, 30), 80);
	page([], 0);
	expect(await read()).toHaveLength(80);
});

it('ends at an empty page whatever the total says, and without a total at one that is not full', async () => {
	page(rows(0, 10), 500);
	page([], 500);
	page(rows(10, 3, 'dead'));
	expect(await read()).toHaveLength(13);
});

it('returns a row once that moved to the next page meanwhile', async () => {
	page(rows(0, 100), 101);
	page(rows(99, 2), 102);
	page([], 0);
	expect(await read()).toHaveLength(101);
});

it('asks for 7 days at most, and for nothing from before the trigger listened', async () => {
	page([], 0);
	page([], 0);
	page([], 0);
	page([], 0);
	await read({ sinceMs: 0, deliveredSince: undefined });
	await read();
	const since = anchor.requests.map(({ query }) => Date.parse(String(query.since)));
	expect(since[0]).toBeGreaterThanOrEqual(NOW - 7 * DAY_MS);
	expect(since[0]).toBeLessThanOrEqual(NOW - 6 * DAY_MS);
	expect(since[2]).toBe(NOW - DAY_MS);
});

it('looks further back for the last deliveries before a start when there were none lately', async () => {
	page([], 0);
	page([], 0);
	page([], 0);
	page(rows(0, 2, 'succeeded'), 2);
	expect(await read({ deliveredSince: 'start' })).toHaveLength(2);
	const since = anchor.requests.slice(2).map(({ query }) => Date.parse(String(query.since)));
	expect(since).toEqual([NOW - 60 * 60_000, NOW - DAY_MS]);
});

it('takes a webhook whose history Anchor no longer has for one without', async () => {
	anchor.answer(/events/, { status: 404, body: {} });
	anchor.answer(/events/, { status: 404, body: {} });
	expect(await read()).toEqual([]);
});

it('hands a refusal on', async () => {
	anchor.answer(/events/, { status: 503, body: {} });
	await expect(read()).rejects.toThrow('503');
});
