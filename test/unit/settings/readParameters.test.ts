import type { INodeParameters } from 'n8n-workflow';
import { parameterReader } from '../../../nodes/AnchorBrowser/settings/readParameters';

/** A reader of these parameters, and what it asked n8n for; each expression gives what `results` holds at its path. */
function readerOf(parameters: INodeParameters, results: Record<string, unknown> = {}) {
	const getNode = jest.fn(() => ({ parameters }));
	const getNodeParameter = jest.fn((path: string) => results[path]);
	return { read: parameterReader({ getNode, getNodeParameter }), getNode, getNodeParameter };
}

describe('parameterReader', () => {
	it('takes the node once, and asks n8n for nothing that holds no expression', () => {
		const filters = { taskIds: 'a=b', conditions: { conditions: [{ rightValue: '1 = 1' }] } };
		const { read, getNode, getNodeParameter } = readerOf({
			events: ['task.failed'],
			filters,
			options: { toleranceSeconds: 30, catchUp: false },
		});
		expect(read('events', [])).toEqual(['task.failed']);
		expect(read('filters', {})).toEqual(filters);
		expect(read('options.toleranceSeconds', 120)).toBe(30);
		expect(read('options.catchUp', true)).toBe(false);
		expect(getNode).toHaveBeenCalledTimes(1);
		expect(getNodeParameter).not.toHaveBeenCalled();
	});

	it.each(['format', 'options.toleranceSeconds', 'nothing.of.this', 'events.task', 'toString'])(
		'gives the fallback where there is no %s',
		(path) => {
			const { read } = readerOf({ events: ['task.failed'], options: { catchUp: true } });
			expect(read(path, 'fallback')).toBe('fallback');
		},
	);

	it('gives null where null stands, as n8n does', () => {
		expect(readerOf({ format: null as never }).read('format', 'data')).toBeNull();
	});

	it('asks n8n once for what holds an expression, at any depth', () => {
		const { read, getNodeParameter } = readerOf(
			{ filters: { conditions: { anyOf: [{ leftValue: '={{ 1 }}' }] } }, options: {} },
			{ filters: { conditions: { anyOf: [{ leftValue: '1' }] } } },
		);
		for (let time = 0; time < 2; time++) {
			expect(read('filters', {})).toEqual({ conditions: { anyOf: [{ leftValue: '1' }] } });
		}
		expect(getNodeParameter.mock.calls).toEqual([['filters', 0]]);
	});

	it('evaluates no other option than the one that is read', () => {
		const { read, getNodeParameter } = readerOf(
			{ options: { toleranceSeconds: '={{ 30 }}', acknowledge: '={{ "immediately" }}' } },
			{ 'options.toleranceSeconds': 30 },
		);
		expect(read('options.toleranceSeconds', 120)).toBe(30);
		expect(getNodeParameter.mock.calls).toEqual([['options.toleranceSeconds', 0]]);
	});

	it('gives what an expression gives, nothing too, and never looks for another one in it', () => {
		const { read, getNodeParameter } = readerOf(
			{ events: '={{ 1 }}', options: { acknowledge: '={{ 2 }}' } },
			{ events: ['={{ 3 }}'], 'options.acknowledge': undefined },
		);
		expect(read('events', [])).toEqual(['={{ 3 }}']);
		expect(read('options.acknowledge', 'accepted')).toBeUndefined();
		expect(getNodeParameter).toHaveBeenCalledTimes(2);
	});

	it('gives the fallback below what is no collection', () => {
		expect(readerOf({ options: '={{ 1 }}' }).read('options.deduplicate', 'x')).toBe('x');
	});

	it('throws what n8n throws for an expression that cannot be resolved', () => {
		const getNodeParameter = () => {
			throw new Error('no such node');
		};
		const getNode = () => ({ parameters: { events: '={{ $("x") }}' } });
		const read = parameterReader({ getNode, getNodeParameter });
		expect(() => read('events', [])).toThrow('no such node');
	});
});
