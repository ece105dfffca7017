import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { outputNames } from '../../nodes/AnchorBrowser/output/branch';
import type { BranchBy } from '../../nodes/AnchorBrowser/output/branch';
import { Host } from '../support/host';
import { manualTrigger } from '../support/manualTrigger';
import { eventOf } from '../support/signedRequests';
import type { Envelope } from '../support/signedRequests';

let host: Host;

beforeAll(async () => {
	// Frozen, so that a node that changed what n8n handed it would fail.
	host = await Host.start({ freezeItems: true });
});
afterAll(async () => await host.close());

/** The name of the output that an event leaves by, and its item. */
async function leaves(event: Envelope, parameters: INodeParameters) {
	const { deliver, runs } = await manualTrigger(host, parameters);
	await deliver(event);
	const [{ outputs, status }] = await runs();
	expect(status).toBe('success');
	const taken = outputs.flatMap((items, index) => items.map((item) => ({ index, item })));
	expect(taken).toHaveLength(1);
	const events = (parameters.events as string[] | undefined) ?? ['*'];
	const names = outputNames((parameters.branchBy as BranchBy) ?? 'none', events);
	return { output: names[taken[0].index], item: taken[0].item };
}

describe('the item', () => {
	const event = eventOf('task.failed', {
		data: {
			task_id: '=1+1',
			error: { type: 'timeout', message: '+49 123' },
			artifacts: [{ name: 'a.png' }],
			result: { total: 7, customer: { no: '04001' } },
		},
	});

	const facts = {
		deliveryId: expect.any(String) as string,
		timestamp: expect.any(Number) as number,
		receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
		signedWith: 'current',
		webhookId: null,
	};
	const includeDelivery = true;

	it.each<[string, INodeParameters, object]>([
		['is the envelope as delivered', { format: 'envelope' }, event],
		[
			'is one flat row, safe for spreadsheets',
			{ format: 'row' },
			{
				event_id: event.id,
				event_type: 'task.failed',
				task_id: "'=1+1",
				error_type: 'timeout',
				error_message: "'+49 123",
				artifacts_count: 1,
			},
		],
		[
			'keeps formulas when the user wants them',
			{ format: 'row', options: { escapeFormulas: false } },
			{ task_id: '=1+1', error_message: '+49 123' },
		],
		[
			'has columns of a row for fields of a result, when asked',
			{ format: 'row', options: { resultColumns: 'total, customer.no, absent' } },
			{
				result: '{"total":7,"customer":{"no":"04001"}}',
				result_total: 7,
				result_customer_no: "'04001",
				result_absent: null,
				more: null,
			},
		],
		...['data', 'envelope'].map((format): [string, INodeParameters, object] => [
			`carries the delivery with ${format}, when asked`,
			{ format, options: { includeDelivery } },
			{ _delivery: facts },
		]),
		[
			'carries the delivery in columns of a row, when asked',
			{ format: 'row', options: { includeDelivery } },
			{
				delivery_id: facts.deliveryId,
				delivery_timestamp: facts.timestamp,
				delivery_received_at: facts.receivedAt,
				delivery_signed_with: 'current',
				delivery_webhook_id: null,
			},
		],
	])('%s', async (_what, parameters, holds) => {
		const { item } = await leaves(event, parameters);
		expect(item).toMatchObject(holds);
		const nested = Object.values(item).some((value) => typeof value === 'object' && value !== null);
		expect(nested).toBe(parameters.format !== 'row');
	});
});

describe('the output', () => {
	it.each([
		['event', 'session.failed', 'Session Failed'],
		['event', 'brand.new', 'Other Events'],
		['entity', 'intervention.requested', 'Intervention'],
		['entity', 'brand.new', 'Other'],
		['outcome', 'task.healed', 'Needs Attention'],
		['outcome', 'brand.new', 'Other'],
		['failureType', 'identity.authentication_failed', 'Invalid Credentials'],
		['failureType', 'task.completed', 'Not a Failure'],
	])('by %s for %s is %s', async (branchBy, type, output) => {
		expect((await leaves(eventOf(type), { branchBy, events: ['*'] })).output).toBe(output);
	});

	it('is the first for what the user pinned or edited, which passes unchanged', async () => {
		const { row } = await manualTrigger(host, { branchBy: 'outcome' });
		const pinned: INodeExecutionData[][] = [[{ json: { anything: 1 } }, { json: { event: 2 } }]];
		const { outputs } = await host.execute(row, pinned, { mode: 'manual' });
		expect(outputs[0]).toEqual([{ anything: 1 }, { event: 2 }]);
		expect(outputs.slice(1).flat()).toEqual([]);
	});

	it('knows where each item came from', async () => {
		const { deliver, runs } = await manualTrigger(host);
		await deliver(eventOf('task.completed'));
		expect((await runs())[0].items[0].pairedItem).toEqual({ item: 0 });
	});
});

describe('custom execution data', () => {
	it('tells which event a run carries, in n8n’s words for it', async () => {
		const { deliver, runs } = await manualTrigger(host);
		const event = eventOf('task.failed', {
			data: { task_id: 'tsk_1', error: { type: 'timeout' } },
		});
		await deliver(event);
		const [{ result }] = await runs();
		expect(result?.data.resultData.metadata).toEqual({
			event_type: 'task.failed',
			task_id: 'tsk_1',
			event_id: event.id,
			failure_type: 'timeout',
		});
	});

	it('is left alone by a run that outputs no event', async () => {
		const { row } = await manualTrigger(host);
		const { result } = await host.execute(row, [[{ json: { pinned: 1 } }]], { mode: 'manual' });
		expect(result?.data.resultData.metadata).toBeUndefined();
	});
});
