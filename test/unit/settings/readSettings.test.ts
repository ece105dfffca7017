import type { INodeParameters } from 'n8n-workflow';
import { parameterReader } from '../../../nodes/AnchorBrowser/settings/readParameters';
import {
	readGateSettings,
	readWebhookSettings,
	wantsOf,
	readEndSettings,
	readRegistrationSettings,
	readExecuteSettings,
} from '../../../nodes/AnchorBrowser/settings/readSettings';

/** None of these parameters holds an expression: what one gives stands in its place. */
const reader = (parameters: Record<string, unknown>) =>
	parameterReader({
		getNode: () => ({ parameters: parameters as INodeParameters }),
		getNodeParameter: (path) => {
			throw new Error(`${path} was evaluated`);
		},
	});

describe('settings', () => {
	it('of the gate are read alone, before a delivery has proven to be genuine', () => {
		const read = jest.fn((_path: string, fallback: unknown) => fallback);
		expect(readGateSettings(read)).toEqual({ registration: 'automatic', toleranceSeconds: 120 });
		const paths = read.mock.calls.map(([path]) => path);
		expect(paths.sort()).toEqual(['options.toleranceSeconds', 'registration']);
	});

	it('are the documented defaults when the user changed nothing', () => {
		const parameters = { events: ['task.completed', 'task.failed'] };
		const read = reader(parameters);
		expect(readWebhookSettings(read, 'UTC')).toMatchObject({
			registration: 'automatic',
			events: ['task.completed', 'task.failed'],
			toleranceSeconds: 120,
			deduplicate: 'durable',
			acknowledge: 'accepted',
		});
		expect(readExecuteSettings(read)).toEqual({
			events: ['task.completed', 'task.failed'],
			branchBy: 'none',
			format: 'data',
			escapeFormulas: true,
			resultColumns: [],
			includeDelivery: false,
			deduplicate: 'durable',
		});
		expect(readRegistrationSettings(read, parameters)).toEqual({
			registration: 'automatic',
			events: ['task.completed', 'task.failed'],
			catchUp: true,
			sampleEvent: 'task.completed',
			collectMinutes: 0,
			wants: wantsOf(parameters),
		});
		expect(readEndSettings(read)).toEqual({ registration: 'automatic', onDeactivate: 'delete' });
	});

	it('tell by a digest whether other events are wanted, or remembered in another way', () => {
		const events = ['task.completed', 'task.failed'];
		const same = { events, filters: {}, options: { sampleEvent: 'a', deduplicate: 'durable' } };
		expect(wantsOf(same)).toBe(wantsOf({ events }));
		const others = [
			{ events: ['task.completed'] },
			{ events, filters: { taskIds: 'tsk_1' } },
			{ events, options: { deduplicate: 'memory' } },
		];
		for (const other of others) expect(wantsOf(other)).not.toBe(wantsOf({ events }));
	});

	it.each([
		[false, false],
		['false', false],
		[true, true],
		['true', true],
		[null, true],
	])('take the switches of an expression that gives %j', (value, catchUp) => {
		const read = reader({
			options: { catchUp: value, escapeFormulas: value, includeDelivery: value },
		});
		expect(readRegistrationSettings(read, {}).catchUp).toBe(catchUp);
		expect(readExecuteSettings(read)).toMatchObject({
			escapeFormulas: catchUp,
			includeDelivery: value !== null && catchUp,
		});
	});

	it.each([
		['a text with commas', 'task.completed, task.failed', ['task.completed', 'task.failed']],
		['one name', 'task.healed', ['task.healed']],
		['a list', ['*'], ['*']],
		['nothing', '', []],
		['a list with other things in it', ['task.healed', 4, null, ''], ['task.healed']],
	])('take events from an expression that gives %s', (_what, value, expected) => {
		expect(readWebhookSettings(reader({ events: value }), 'UTC').events).toEqual(expected);
	});

	it.each([
		['the first selected event', { events: ['batch.failed', 'task.failed'] }, 'batch.failed'],
		['task.completed for all events', { events: ['*'] }, 'task.completed'],
		['an event that was not selected', { options: { sampleEvent: 'task.healed' } }, 'task.healed'],
		['none where the user chose None', { options: { sampleEvent: '' } }, undefined],
		['none where Anchor cannot be asked', { registration: 'manual' }, undefined],
	])('ask for a sample while listening: %s', (_which, parameters, sampleEvent) => {
		const read = reader({ events: ['task.failed'], ...parameters });
		expect(readRegistrationSettings(read, {})).toMatchObject({ sampleEvent });
		expect(readWebhookSettings(read, 'UTC').sampleEvent).toBe(sampleEvent);
	});

	it.each([
		[300, 300],
		['300', 300],
		[0, 1],
		[-1, 1],
		[0.5, 1],
		[1e15, 3600],
		['1e15', 3600],
		['soon', 120],
		['', 120],
		[' ', 120],
		[false, 120],
		[true, 120],
		[[], 120],
		[[300], 120],
		[{}, 120],
		[null, 120],
		[undefined, 120],
		[Number.NaN, 120],
		[Number.POSITIVE_INFINITY, 3600],
	])('read a tolerance of %p as %p seconds: no value switches the window off', (value, seconds) => {
		const read = reader({ options: { toleranceSeconds: value } });
		expect(readWebhookSettings(read, 'UTC').toleranceSeconds).toBe(seconds);
	});

	it.each([
		['', []],
		[' , ,', []],
		['total', ['total']],
		[' total, customer.name ,Total Price', ['total', 'customer.name', 'Total Price']],
		['total\ncustomer.name', ['total', 'customer.name']],
		['["a,b"].c,d', ['["a,b"].c', 'd']],
		["['a,b'].c,d", ["['a,b'].c", 'd']],
		["it's, he's", ["it's", "he's"]],
		['a"b,c', ['a"b', 'c']],
		[
			['total', 'a.b, c', '', null, 7, ['d']],
			['total', 'a.b', 'c'],
		],
		[null, []],
		[7, []],
		[{}, []],
	])('read result columns of %j as %j', (resultColumns, paths) => {
		const read = reader({ options: { resultColumns } });
		expect(readExecuteSettings(read).resultColumns).toEqual(paths);
	});

	it('fall back to the default for a choice that does not exist', () => {
		const read = reader({
			registration: 'magic',
			branchBy: 'x',
			format: 'xml',
			options: {
				deduplicate: 'never',
				acknowledge: 'later',
				onDeactivate: 'keep',
				sampleEvent: '',
			},
		});
		expect(readWebhookSettings(read, 'UTC')).toMatchObject({
			registration: 'automatic',
			deduplicate: 'durable',
			acknowledge: 'accepted',
		});
		expect(readExecuteSettings(read)).toMatchObject({ branchBy: 'none', format: 'data' });
		expect(readRegistrationSettings(read, {})).toMatchObject({ sampleEvent: undefined });
		expect(readEndSettings(read)).toMatchObject({ onDeactivate: 'delete' });
	});

	it('delete the webhook where an expression under On Deactivation cannot be resolved', () => {
		const read = reader({ options: { onDeactivate: '={{ $("Gone").first().json.mode }}' } });
		expect(readEndSettings(read)).toEqual({ registration: 'automatic', onDeactivate: 'delete' });
	});

	it.each([
		[{ taskIds: 'tsk_1, tsk_x' }, ['tsk_1', 'tsk_x']],
		[null, undefined],
	])('hold the filters %j', (filters, taskIds) => {
		const { ids } = readWebhookSettings(reader({ filters }), 'UTC').filters;
		const [{ kind, wanted }] = ids;
		expect([kind, wanted && [...wanted]]).toEqual(['task', taskIds]);
	});
});
