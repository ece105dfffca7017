import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { EVENT_TYPES } from '../../nodes/AnchorBrowser/events/catalogue';
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
		},
	});

	it('is the envelope as delivered', async () => {
		expect((await leaves(event, { format: 'envelope' })).item).toEqual(event);
	});

	it('is one flat row, safe for spreadsheets', async () => {
		const { item } = await leaves(event, { format: 'row' });
		expect(item).toMatchObject({
			event_id: event.id,
			event_type: 'task.failed',
			task_id: "'=1+1",
			error_type: 'timeout',
			error_message: "'+49 123",
			artifacts_count: 1,
		});
		expect(Object.values(item).some((value) => typeof value === 'object' && value !== null)).toBe(
			false,
		);
	});

	it('keeps formulas when the user wants them', async () => {
		const { item } = await leaves(event, { format: 'row', options: { escapeFormulas: false } });
		expect(item).toMatchObject({ task_id: '=1+1', error_message: '+49 123' });
	});

	const facts = {
		deliveryId: expect.any(String) as string,
		timestamp: expect.any(Number) as number,
		receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
		signedWith: 'current',
		webhookId: null,
	};

	it.each(['data', 'envelope'])('carries the delivery with %s, when asked', async (format) => {
		const options = { includeDelivery: true };
		const { item } = await leaves(eventOf('task.completed'), { format, options });
		expect(item._delivery).toEqual(facts);
	});

	it('carries the delivery in columns of a row, when asked', async () => {
		const options = { includeDelivery: true };
		const { item } = await leaves(eventOf('task.completed'), { format: 'row', options });
		expect(item).toMatchObject({
			delivery_id: facts.deliveryId,
			delivery_timestamp: facts.timestamp,
			delivery_received_at: facts.receivedAt,
			delivery_signed_with: 'current',
			delivery_webhook_id: null,
		});
	});

	it('has columns of a row for fields of a result, when asked', async () => {
		const event = eventOf('task.completed', {
			data: { result: { total: 7, customer: { no: '04001' } } },
		});
		const options = { resultColumns: 'total, customer.no, absent' };
		const { item } = await leaves(event, { format: 'row', options });
		expect(item).toMatchObject({
			result: '{"total":7,"customer":{"no":"04001"}}',
			result_total: 7,
			result_customer_no: "'04001",
			result_absent: null,
			more: null,
		});
	});
});

describe('the output', () => {
	it.each(EVENT_TYPES)('for %s is its own when branching by event', async (type) => {
		const { output } = await leaves(eventOf(type), { branchBy: 'event', events: [...EVENT_TYPES] });
		expect(output.toLowerCase().replaceAll(' ', '.')).toBe(type.replaceAll('_', '.'));
	});

	it('for an event that is not selected by name is the last', async () => {
		const { output } = await leaves(eventOf('brand.new'), { branchBy: 'event', events: ['*'] });
		expect(output).toBe('Other Events');
	});

	it.each([
		['task.completed', 'Task', 'Succeeded'],
		['task.cancelled', 'Task', 'Other'],
		['task.healed', 'Task', 'Needs Attention'],
		['session.failed', 'Session', 'Failed'],
		['session.ready', 'Session', 'Succeeded'],
		['intervention.requested', 'Intervention', 'Needs Attention'],
		['intervention.resolved', 'Intervention', 'Succeeded'],
		['batch.failed', 'Batch', 'Failed'],
		['identity.authenticated', 'Identity', 'Succeeded'],
		['brand.new', 'Other', 'Other'],
	])('for %s is %s by entity and %s by outcome', async (type, entity, outcome) => {
		expect((await leaves(eventOf(type), { branchBy: 'entity' })).output).toBe(entity);
		expect((await leaves(eventOf(type), { branchBy: 'outcome' })).output).toBe(outcome);
	});

	it.each([
		['task.failed', { error: { type: 'timeout' } }, 'timeout'],
		['task.failed', { error: { type: 'meteorite' } }, 'otherfailure'],
		['task.failed', {}, 'otherfailure'],
		[
			'identity.authentication_failed',
			{ failure_type: 'invalid_credentials' },
			'invalidcredentials',
		],
		['task.completed', {}, 'notafailure'],
	])('for %s with %j is %s by failure type', async (type, data, expected) => {
		const { output } = await leaves(eventOf(type, { data }), { branchBy: 'failureType' });
		expect(output.toLowerCase().replace(/[ _]/g, '')).toBe(expected);
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
