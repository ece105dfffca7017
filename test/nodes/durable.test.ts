import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { logLines, sentences } from '../support/core';
import type { Run } from '../support/execution';
import { Host } from '../support/host';
import { manualTrigger } from '../support/manualTrigger';
import type { ManualTrigger } from '../support/manualTrigger';
import { eventOf } from '../support/signedRequests';

let host: Host;

beforeEach(async () => {
	host = await Host.start();
	host.processedData.reset();
	logLines.length = 0;
});
afterEach(async () => await host.close());

const taken = ({ outputs }: Run) => outputs.flat().length;

/** What `webhook()` handed over for the last delivery that it accepted. */
function handedOver(): INodeExecutionData[][] {
	const withRun = host.calls.filter(({ result }) => result?.workflowData !== undefined);
	return JSON.parse(JSON.stringify(withRun.at(-1)?.result?.workflowData)) as INodeExecutionData[][];
}

async function delivered(parameters?: INodeParameters): Promise<ManualTrigger> {
	const trigger = await manualTrigger(host, parameters);
	await trigger.deliver(eventOf('task.completed'));
	await trigger.runs();
	return trigger;
}

describe('durable de-duplication', () => {
	it('knows an event again after a restart and under another name: the run ends at the trigger, without items', async () => {
		const { row, deliver, runs } = await manualTrigger(host);
		const event = eventOf('task.completed');
		await deliver(event);
		await runs();
		row.nodes[0].name = 'Renamed';
		await host.republish(row);
		await host.restart();
		expect(await deliver(event)).toMatchObject({ status: 202, body: { received: true } });
		const all = await runs();
		expect(all.map(({ status }) => status)).toEqual(['success', 'success']);
		expect(all.map(taken)).toEqual([1, 0]);
	});

	it('lets a retry by the user run again', async () => {
		const { row } = await delivered();
		const run = await host.execute(row, handedOver(), { mode: 'retry' });
		expect(taken(run)).toBe(1);
	});

	it('lets the same execution run again when n8n takes it up a second time', async () => {
		const { row, runs } = await delivered();
		const [{ id }] = await runs();
		expect(taken(await host.execute(row, handedOver(), { executionId: id }))).toBe(1);
		expect(taken(await host.execute(row, handedOver(), { executionId: id }))).toBe(1);
		expect(taken(await host.execute(row, handedOver(), { executionId: 'another' }))).toBe(0);
	});

	it.each(['memory', 'off'])('is not asked with de-duplication %s', async (deduplicate) => {
		await delivered({ options: { deduplicate } });
		expect(host.processedData.calls).toBe(0);
	});

	it('takes every event of a burst once, one call after the other', async () => {
		const { deliver, runs } = await manualTrigger(host);
		const events = Array.from({ length: 30 }, () => eventOf('task.completed'));
		await Promise.all(events.map(async (event) => await deliver(event)));
		const all = await runs();
		expect(all.map(taken)).toEqual(events.map(() => 1));
		expect(host.processedData.mostAtOnce).toBe(1);

		await host.restart();
		await Promise.all(events.map(async (event) => await deliver(event)));
		expect((await runs()).slice(30).map(taken)).toEqual(events.map(() => 0));
	});

	it('keeps the row of a node bounded, the oldest entries given up first', async () => {
		const { deliver, runs } = await manualTrigger(host);
		const first = eventOf('task.completed');
		await deliver(first);
		await runs();
		const [stored] = host.processedData.rows.values();
		stored.data.push(...Array.from({ length: 4_000 }, (_none, number) => `older ${number}`));
		const second = eventOf('task.completed');
		await deliver(second);
		await runs();
		const [bounded] = host.processedData.rows.values();
		expect(bounded.data).toHaveLength(4_000);

		await host.restart();
		await deliver(second);
		await deliver(first);
		expect((await runs()).map(taken)).toEqual([1, 1, 0, 1]);
	});

	it('takes an event once when copies run in two workers at the same moment', async () => {
		const { row } = await delivered();
		const workers = [await host.anotherProcess(), await host.anotherProcess()];
		const runs = workers.map(async (process, index) => {
			const [[item]] = handedOver();
			const { event } = item.json as { event: { id: string } };
			event.id = 'evt_that_both_received';
			return await host.execute(row, [[item]], { process, executionId: `worker-${index}` });
		});
		const [one, other] = (await Promise.all(runs)).map(taken);
		expect(one + other).toBe(1);
	});

	it('runs an event when the store fails for good, and says so in the log', async () => {
		host.processedData.faults.push('fail', 'fail', 'fail');
		const { runs } = await delivered();
		expect((await runs()).map(taken)).toEqual([1]);
		expect(sentences('warn')).toEqual([
			expect.stringMatching(/store of processed events does not answer/),
		]);
	});
});
