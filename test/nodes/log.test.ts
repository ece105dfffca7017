import { logLines, warnings } from '../support/core';
import { Host } from '../support/host';
import { manualTrigger } from '../support/manualTrigger';
import { eventOf, STRANGERS_SECRET } from '../support/signedRequests';

let host: Host;
const nowMs = 1_795_334_400_000;

beforeAll(async () => {
	host = await Host.start();
	jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
});
afterAll(async () => {
	jest.restoreAllMocks();
	await host.close();
});
beforeEach(() => {
	logLines.length = 0;
});

const forged = { secrets: [STRANGERS_SECRET] };

describe('the log', () => {
	it('has a line a minute for each reason and each node', async () => {
		const one = await manualTrigger(host);
		const other = await manualTrigger(host);
		const now = Math.floor(nowMs / 1000);
		for (const { deliver } of [one, other, one, other]) {
			await deliver(eventOf('task.completed'), forged);
			await deliver(eventOf('task.completed'), { timestamp: String(now - 500) });
			await deliver(eventOf('task.completed'), { headers: { 'anchor-signature': 'x' } });
			await deliver(eventOf('task.completed'), { headers: { 'anchor-signature': undefined } });
			await deliver('{}');
		}
		const reasons = warnings().map(({ meta: { nodeId, reason } }) => `${nodeId} ${reason}`);
		expect(new Set(reasons).size).toBe(10);
		expect(reasons).toHaveLength(10);
		expect(warnings()[0].meta).toMatchObject({
			workflowId: one.row.id,
			nodeId: one.row.nodes[0].id,
		});
	});

	it.each([
		[-500, /500 seconds behind/],
		[500, /500 seconds ahead/],
	])('says by how much a clock is off: %i s', async (seconds, words) => {
		const { deliver } = await manualTrigger(host);
		const timestamp = String(Math.floor(nowMs / 1000) + seconds);
		await deliver(eventOf('task.completed'), { timestamp });
		expect(warnings()).toHaveLength(1);
		expect(warnings()[0].message).toMatch(words);
		expect(warnings()[0].message).toMatch(/clock/);
	});

	it('says once a minute which conditions cannot be judged, and nothing of the event', async () => {
		const row = { leftValue: 'error', operator: 'string:notContains', rightValue: 'x' };
		const { deliver, runs } = await manualTrigger(host, {
			filters: { conditions: { conditions: [row] } },
		});
		for (let count = 0; count < 20; count++) {
			await deliver(eventOf('task.failed', { data: { error: { message: 'private' } } }));
		}
		expect(await runs()).toEqual([]);
		expect(warnings()).toHaveLength(1);
		expect(warnings()[0].message).toMatch(
			/condition under Only When could not be judged .*\(error\)/,
		);
		expect(JSON.stringify(logLines)).not.toMatch(/private/);
	});

	it('says nothing about what went as the user wants it', async () => {
		const { deliver } = await manualTrigger(host, { events: ['task.completed'] });
		const event = eventOf('task.completed');
		await deliver(event);
		await deliver(event);
		await deliver(eventOf('task.failed'));
		expect(warnings()).toEqual([]);
	});
});
