/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { anchor, emitted, FIRST_LOOK_MS, host, setUp, timers } from '../support/recovering';
import { automaticTrigger } from '../support/automaticTrigger';
import { manualTrigger } from '../support/manualTrigger';
import { eventOf } from '../support/signedRequests';
import type { WorkflowRow } from '../support/workflowRow';

beforeEach(async () => await setUp());

/** How long a webhook outlives its deactivation, with room to spare. */
const REMOVED_MS = 15_000;
const DAY_MS = 24 * 60 * 60_000;

const left = () => host.loaded.countTriggers();

/** A workflow of its own for each turn. */
async function each(count: number, turn: (row: WorkflowRow) => Promise<void>): Promise<void> {
	for (let number = 0; number < count; number++) await turn(automaticTrigger(host, anchor));
}

describe('of a trigger that n8n has closed, a process keeps', () => {
	it('nothing', async () => {
		await each(20, async (row) => {
			await host.activate(row);
			if (host.executions.length < 5) await emitted(1);
			await host.deactivate(row);
			await timers.advance(REMOVED_MS);
		});
		expect(anchor.webhooks()).toEqual([]);
		await host.runs();
		expect(left()).toBe(0);
	});

	it('nothing, when somebody has listened in the editor', async () => {
		await each(10, async (row) => {
			const path = await host.listen(row);
			await host.stopListening(path);
		});
		const row = automaticTrigger(host, anchor, { options: { sampleEvent: 'task.completed' } });
		await host.listen(row);
		await anchor.delivered();
		while (host.executions.length === 0) await new Promise(setImmediate);
		await host.runs();
		await timers.advance(0);
		expect(left()).toBe(0);
	});

	it('nothing, when it could not be activated', async () => {
		anchor.outage({ mode: 503, calls: 'POST /v1/webhooks' });
		const row = automaticTrigger(host, anchor);
		await expect(host.activate(row)).rejects.toThrow();
		await host.deactivate(row);
		await timers.advance(REMOVED_MS);
		expect(left()).toBe(0);
	});

	it('for a day what has run, when the user keeps the webhook, which may send it again', async () => {
		const { row, deliver } = await manualTrigger(host, { options: { deduplicate: 'memory' } });
		const event = eventOf('task.completed');
		expect((await deliver(event)).status).toBe(202);
		await host.stopListening(await host.listen(row));
		await host.republish({
			...row,
			nodes: row.nodes.map((node) => ({ ...node, name: 'Renamed' })),
		});
		expect((await deliver(event)).status).toBe(204);
		await host.deactivate(row);
		expect(left()).toBe(1);
		const now = Date.now;
		jest.spyOn(Date, 'now').mockImplementation(() => now() + DAY_MS + 60_000);
		await manualTrigger(host);
		expect(left()).toBe(1);
	});

	it('nothing, when it was tried in the editor alone', async () => {
		await host.execute(automaticTrigger(host, anchor), [[{ json: {} }]], { mode: 'manual' });
		expect(left()).toBe(0);
	});

	it('what it needs for coming back, with Disable', async () => {
		const row = automaticTrigger(host, anchor, { options: { onDeactivate: 'disable' } });
		await host.activate(row);
		const [{ secret }] = anchor.webhooks();
		await host.deactivate(row);
		await timers.advance(REMOVED_MS);
		expect([left(), anchor.webhooks()[0].enabled]).toEqual([1, false]);
		row.staticData = '{}';
		await host.activate(row);
		expect(anchor.webhooks()).toMatchObject([{ enabled: true, secret }]);
	});
});

it('of triggers whose end it is not told of, a webhook processor forgets all but those of the last day', async () => {
	await setUp({ maxWebhooks: 20, now: () => Date.now() });
	const main = host.loaded;
	const rows: WorkflowRow[] = [];
	await each(10, async (row) => void rows.push(row));
	for (const row of rows) await host.activate(row);
	host.loaded = await host.anotherProcess();
	await timers.advance(FIRST_LOOK_MS);
	await anchor.emit('task.completed').settled;
	expect([left(), main.countTriggers()]).toEqual([10, 10]);
	const now = Date.now;
	jest.spyOn(Date, 'now').mockImplementation(() => now() + DAY_MS + 2 * 60 * 60_000);
	const late = automaticTrigger(host, anchor);
	await host.activate(late, 'activate', main);
	await anchor.emit('task.failed', { to: anchor.webhooks()[10].id }).settled;
	expect([left(), main.countTriggers()]).toEqual([1, 11]);
});
