/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import type { IExecuteFunctions } from 'n8n-workflow';
import { claimEvent, findUnclaimed } from '../../../nodes/AnchorBrowser/runtime/claimEvent';

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

function contextOf(helpers: Helpers, { executionId = '1', nodeId = 'node' } = {}) {
	const warnings: string[] = [];
	const context = {
		getMode: () => 'webhook',
		getExecutionId: () => executionId,
		getNode: () => ({ id: nodeId, name: 'Anchor Browser Trigger' }),
		getWorkflow: () => ({ id: 'workflow' }),
		helpers,
		logger: { warn: (sentence: string) => warnings.push(sentence) },
	} as unknown as IExecuteFunctions;
	return { context, warnings };
}

/** `test/nodes/durable.test.ts` has what shows in n8n; here is what two processes do to one row at the same moment. */
describe('claimEvent', () => {
	it.each<[string, () => Promise<void>]>([
		['fails', async () => await Promise.reject(new Error('disk full'))],
		['never answers', async () => await new Promise(() => {})],
	])('stops a repeated event also when tidying up after it %s', async (_what, removeProcessed) => {
		const row = new Row();
		await claimEvent(contextOf(row).context, EVENT);
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

	it('stops all but one of two copies that two processes take up at the same moment', async () => {
		// Each process has a module of its own, and both read n8n's row before either writes it.
		const row = new Row();
		const processes: Array<typeof import('../../../nodes/AnchorBrowser/runtime/claimEvent')> = [];
		for (let process = 0; process < 2; process++) {
			jest.isolateModules(() => {
				processes.push(jest.requireActual('../../../nodes/AnchorBrowser/runtime/claimEvent'));
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

	it('says of missed events that they run unchecked, when the store does not work', async () => {
		const broken: Helpers = {
			removeProcessed: async () => {},
			checkProcessedAndRecord: async () => await Promise.reject(new Error('disk full')),
		};
		const { context, warnings } = contextOf(broken, { nodeId: `node ${nodes++}` });
		expect(await findUnclaimed(context, ['evt_1'])).toBeUndefined();
		expect(warnings).toEqual([expect.stringContaining('missed events are run without that check')]);
	});
});
