/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import type { IExecuteFunctions } from 'n8n-workflow';
import { claimEvent, findUnclaimed } from '../../../nodes/AnchorBrowser/trigger/claimEvent';

type Helpers = Pick<IExecuteFunctions['helpers'], 'checkProcessedAndRecord' | 'removeProcessed'>;

/** One row of n8n's store, which reads, changes and writes it without a lock, as n8n's own helper does. */
class Row implements Helpers {
	entries: string[] = [];
	calls = 0;

	async checkProcessedAndRecord(...asked: [unknown[], string?, { maxEntries?: number }?]) {
		const [items, , { maxEntries = Infinity } = {}] = asked;
		this.calls += 1;
		const before = [...this.entries];
		await Promise.resolve();
		const texts = items.map(String);
		const processed = texts.filter((item) => before.includes(item));
		const added = texts.filter((item) => !before.includes(item));
		this.entries = [...before, ...added].slice(-maxEntries);
		return { new: added, processed };
	}

	async removeProcessed(items: unknown[]) {
		this.entries = this.entries.filter((entry) => !items.map(String).includes(entry));
	}
}

const EVENT = { eventId: 'evt_1', acrossProcesses: false };

let nodes = 0;

function contextOf(
	helpers: Helpers,
	{ executionId = '1', mode = 'webhook', nodeId = 'node' } = {},
) {
	const warnings: string[] = [];
	const context = {
		getMode: () => mode,
		getExecutionId: () => executionId,
		getNode: () => ({ id: nodeId, name: 'Anchor Browser Trigger' }),
		getWorkflow: () => ({ id: 'workflow' }),
		helpers,
		logger: { warn: (sentence: string) => warnings.push(sentence) },
	} as unknown as IExecuteFunctions;
	return { context, warnings };
}

const claimed = async (helpers: Helpers, options: Parameters<typeof contextOf>[1] = {}) =>
	await claimEvent(contextOf(helpers, options).context, EVENT);

const BROKEN: Helpers = {
	removeProcessed: async () => {},
	checkProcessedAndRecord: async () => {
		throw new Error('disk full');
	},
};

describe('claimEvent', () => {
	it('lets the first execution of an event run and stops every other', async () => {
		const row = new Row();
		expect(await claimed(row, { executionId: '1' })).toBe(true);
		expect(await claimed(row, { executionId: '2' })).toBe(false);
		expect(await claimed(row, { executionId: '3' })).toBe(false);
	});

	it('lets the same execution run again: n8n gave it to another worker', async () => {
		const row = new Row();
		await claimed(row, { executionId: '1' });
		expect(await claimed(row, { executionId: '1' })).toBe(true);
	});

	it('stops a repeated event also when its own execution is given to another worker', async () => {
		const row = new Row();
		await claimed(row, { executionId: '1' });
		await claimed(row, { executionId: '2' });
		expect(await claimed(row, { executionId: '2' })).toBe(false);
	});

	it.each<[string, () => Promise<void>]>([
		['fails', async () => await Promise.reject(new Error('disk full'))],
		['never answers', async () => await new Promise(() => {})],
	])('stops a repeated event also when tidying up after it %s', async (_what, removeProcessed) => {
		const row = new Row();
		await claimed(row, { executionId: '1' });
		const { context, warnings } = contextOf(
			{
				checkProcessedAndRecord: async (items) => await row.checkProcessedAndRecord(items),
				removeProcessed,
			},
			{ executionId: '2', nodeId: `node ${nodes++}` },
		);
		const patience: AbortController[] = [];
		jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
			patience.push(new AbortController());
			return patience[patience.length - 1].signal;
		});
		const answer = claimEvent(context, EVENT);
		while (patience.length < 2) await new Promise((resolve) => setImmediate(resolve));
		patience[1].abort();
		expect(await answer).toBe(false);
		expect(warnings).toEqual([]);
		jest.restoreAllMocks();
	});

	it.each(['retry', 'manual'])('neither asks nor records in mode %s', async (mode) => {
		const row = new Row();
		await claimed(row, { executionId: '1' });
		const { calls } = row;
		expect(await claimed(row, { executionId: '2', mode })).toBe(true);
		expect(row.calls).toBe(calls);
	});

	it('keeps calls for one node apart in time, because the store has no lock', async () => {
		const row = new Row();
		const answers = await Promise.all(
			['1', '2', '3', '4'].map(async (executionId) => await claimed(row, { executionId })),
		);
		expect(answers.filter(Boolean)).toHaveLength(1);
	});

	it('tries again when another process inserted the first row at the same moment', async () => {
		const row = new Row();
		let collisions = 1;
		const helpers: Helpers = {
			removeProcessed: async (items) => await row.removeProcessed(items),
			checkProcessedAndRecord: async (items) => {
				if (collisions-- > 0) throw new Error('UNIQUE constraint');
				return await row.checkProcessedAndRecord(items);
			},
		};
		const { context, warnings } = contextOf(helpers, { nodeId: `node ${nodes++}` });
		expect(await claimEvent(context, EVENT)).toBe(true);
		expect(row.entries).toContain('evt_1');
		expect(warnings).toEqual([]);
	});

	it('lets the event run, and says so in the log, when the store does not work', async () => {
		const { context, warnings } = contextOf(BROKEN, { nodeId: `node ${nodes++}` });
		expect(await claimEvent(context, EVENT)).toBe(true);
		expect(warnings).toEqual([
			expect.stringContaining('an event that was delivered twice may run twice'),
		]);
	});

	it('says of missed events that they run unchecked, when the store does not work', async () => {
		const { context, warnings } = contextOf(BROKEN, { nodeId: `node ${nodes++}` });
		expect(await findUnclaimed(context, ['evt_1'])).toBeUndefined();
		expect(warnings).toEqual([expect.stringContaining('missed events are run without that check')]);
	});

	it('lets the event run when the store never answers', async () => {
		jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
			const controller = new AbortController();
			queueMicrotask(() => controller.abort());
			return controller.signal;
		});
		const helpers: Helpers = {
			removeProcessed: async () => {},
			checkProcessedAndRecord: async () => await new Promise(() => {}),
		};
		const { context, warnings } = contextOf(helpers, { nodeId: `node ${nodes++}` });
		expect(await claimEvent(context, EVENT)).toBe(true);
		expect(warnings).toHaveLength(1);
		jest.restoreAllMocks();
	});

	it('stops all but one of two copies that two processes take up at the same moment', async () => {
		// Each process has a module of its own, and both read n8n's row before either writes it.
		const row = new Row();
		const processes: Array<typeof import('../../../nodes/AnchorBrowser/trigger/claimEvent')> = [];
		for (let process = 0; process < 2; process++) {
			jest.isolateModules(() => {
				processes.push(jest.requireActual('../../../nodes/AnchorBrowser/trigger/claimEvent'));
			});
		}
		const overwriting: Helpers = {
			removeProcessed: async (items) => await row.removeProcessed(items),
			checkProcessedAndRecord: async (items) => {
				const before = [...row.entries];
				await new Promise((resolve) => setTimeout(resolve, 10));
				const texts = items.map(String);
				const processed = texts.filter((item) => before.includes(item));
				const added = texts.filter((item) => !before.includes(item));
				row.entries = [...before, ...added];
				return { new: added, processed };
			},
		};
		const answers = await Promise.all(
			processes.map(
				async (process, index) =>
					await process.claimEvent(contextOf(overwriting, { executionId: String(index) }).context, {
						...EVENT,
						acrossProcesses: true,
					}),
			),
		);
		expect(answers.filter(Boolean)).toHaveLength(1);
	});

	it('takes an event again whose record another process overwrote with another event', async () => {
		const row = new Row();
		const { context } = contextOf(row, { executionId: '1', nodeId: `node ${nodes++}` });
		const answer = claimEvent(context, { ...EVENT, acrossProcesses: true });
		while (row.calls === 0) await new Promise((resolve) => setImmediate(resolve));
		await new Promise((resolve) => setImmediate(resolve));
		row.entries = ['evt_2', 'evt_2 taken by 2'];
		expect(await answer).toBe(true);
		expect(row.entries).toEqual(expect.arrayContaining(['evt_1', 'evt_1 taken by 1', 'evt_2']));
	});
});

describe('findUnclaimed', () => {
	it('claims nothing and pushes nothing out of the store, however many events it is asked for', async () => {
		const row = new Row();
		row.entries = Array.from({ length: 3_000 }, (_none, index) => `evt_${index}`);
		const stored = [...row.entries];
		const asked = Array.from({ length: 5_000 }, (_none, index) => `evt_${index + 500}`);
		const unclaimed = await findUnclaimed(contextOf(row).context, asked);
		expect(unclaimed).toEqual(new Set(asked.slice(2_500)));
		expect(row.entries).toEqual(stored);
	});
});
