/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { sleep } from 'n8n-workflow';
import type { IExecuteFunctions } from 'n8n-workflow';
import { claimEvents } from '../../../nodes/AnchorBrowser/hooks/claimEvents';
import type { Claim, ClaimRequest } from '../../../nodes/AnchorBrowser/hooks/claimEvents';
import { Trigger } from '../../../nodes/AnchorBrowser/runtime/trigger';
import { fakeTimers } from '../../support/timers';
import type { FakeTimers } from '../../support/timers';

type Helpers = Pick<IExecuteFunctions['helpers'], 'checkProcessedAndRecord' | 'removeProcessed'>;

/** One row of n8n's store, which reads, changes and writes it without a lock, as n8n's own helper does. */
class Row implements Helpers {
	entries: string[] = [];
	calls = 0;
	/** Awaited between reading the row and writing it. */
	between: () => Promise<unknown> = async () => await Promise.resolve();
	/** Awaited before an answer, when the row is written. */
	afterwards: () => Promise<unknown> = async () => await Promise.resolve();

	async checkProcessedAndRecord(...asked: [unknown[], string?, { maxEntries?: number }?]) {
		const [items, , { maxEntries = Infinity } = {}] = asked;
		this.calls += 1;
		const before = [...this.entries];
		await this.between();
		const texts = items.map(String);
		const processed = texts.filter((item) => before.includes(item));
		const added = texts.filter((item) => !before.includes(item));
		this.entries = [...before, ...added].slice(-maxEntries);
		await this.afterwards();
		return { new: added, processed };
	}

	async removeProcessed(items: unknown[]) {
		this.entries = this.entries.filter((entry) => !items.map(String).includes(entry));
	}
}

let row: Row;
let timers: FakeTimers;
let nodes = 0;
beforeEach(() => {
	row = new Row();
	timers = fakeTimers();
	nodes += 1;
});
afterEach(() => timers.restore());

/** A process; each has a trigger of its own. */
function processOf(helpers: Helpers = row, mode = 'trigger') {
	const warnings: string[] = [];
	const context = {
		getMode: () => mode,
		getNode: () => ({ id: `node ${nodes}`, name: 'Anchor Browser Trigger' }),
		getWorkflow: () => ({ id: 'workflow' }),
		helpers,
		logger: { warn: (sentence: string) => warnings.push(sentence) },
	} as unknown as IExecuteFunctions;
	const trigger = new Trigger('workflow', 'node');
	const claim = async (request: Partial<ClaimRequest> = {}) =>
		await claimEvents(context, trigger, {
			eventIds: ['a'],
			runName: '1',
			acrossProcesses: false,
			...request,
		});
	return { claim, warnings };
}
const idsIn = (claim: Claim) => (typeof claim === 'string' ? claim : [...claim.ids]);
const failing: Helpers = {
	removeProcessed: async () => {},
	checkProcessedAndRecord: async () => await Promise.reject(new Error('disk full')),
};

it('has what no other run has taken, in two calls whatever the number', async () => {
	const { claim } = processOf();
	await claim({ eventIds: ['b'] });
	const eventIds = Array.from({ length: 500 }, (_none, index) => `e${index}`);
	expect(idsIn(await claim({ eventIds: ['a', 'b', ...eventIds], runName: '2' }))).toEqual([
		'a',
		...eventIds,
	]);
	expect(row.calls).toBe(2);
	// Else a repetition of the second run would take itself for the owner.
	expect(idsIn(await claim({ eventIds: ['a', 'b'], runName: '2' }))).toEqual(['a']);
});

it('asks and records nothing in a manual run and for nothing', async () => {
	expect(idsIn(await processOf(row, 'manual').claim())).toEqual(['a']);
	expect(idsIn(await processOf().claim({ eventIds: [] }))).toEqual([]);
	expect(row.calls).toBe(0);
});

it.each<[string, () => Promise<void>]>([
	['fails', async () => await Promise.reject(new Error('disk full'))],
	['never answers', async () => await new Promise(() => {})],
])('stops a repeated event also when tidying up after it %s', async (_what, removeProcessed) => {
	await processOf().claim();
	const helpers = {
		checkProcessedAndRecord: async (items: unknown[]) => await row.checkProcessedAndRecord(items),
		removeProcessed,
	};
	const { claim, warnings } = processOf(helpers as Helpers);
	const answer = claim({ runName: '2' });
	await timers.advance(60_000);
	expect([idsIn(await answer), warnings]).toEqual([[], []]);
});

describe('across processes', () => {
	it('stops all but one of two copies that two of them take up at the same moment', async () => {
		let arrived = 0;
		let meet!: () => void;
		const both = new Promise<void>((resolve) => (meet = resolve));
		row.between = async () => void (++arrived === 2 && meet(), await both);
		const copies = ['1', '2'].map(
			async (runName) => await processOf().claim({ runName, acrossProcesses: true }),
		);
		const claims = (await Promise.all(copies)).map(idsIn);
		expect(claims.filter((ids) => ids.includes('a'))).toHaveLength(1);
	});

	it('takes an event again whose record another one overwrote with another event', async () => {
		const answer = processOf().claim({ acrossProcesses: true });
		while (row.entries.length === 0) await new Promise(setImmediate);
		row.entries = ['b', 'b taken by 2'];
		expect(idsIn(await answer)).toEqual(['a']);
		expect(row.entries).toEqual(['b', 'b taken by 2', 'a', 'a taken by 1']);
	});

	it('leaves no event unrecorded, however many two of them take at once', async () => {
		row.between = async () => await sleep(20);
		const claimInTurn = async (worker: number) => {
			const { claim } = processOf();
			const runs = Array.from({ length: 100 }, (_none, index) => `${worker} ${index}`);
			const lane = async () => {
				for (let id = runs.shift(); id !== undefined; id = runs.shift()) {
					expect(
						idsIn(await claim({ eventIds: [id], runName: id, acrossProcesses: true })),
					).toEqual([id]);
				}
			};
			await Promise.all(Array.from({ length: 10 }, lane));
		};
		await Promise.all([claimInTurn(1), claimInTurn(2)]);
		expect(row.entries).toHaveLength(400);
	}, 30_000);

	it('records an event again that another one, held up in between, wrote over', async () => {
		let goOn!: () => void;
		row.between = async () => await new Promise<void>((resolve) => (goOn = resolve));
		const heldUp = processOf().claim({ eventIds: ['b'], runName: '2', acrossProcesses: true });
		while (row.calls === 0) await new Promise(setImmediate);
		row.between = async () => await Promise.resolve();
		expect(idsIn(await processOf().claim({ acrossProcesses: true }))).toEqual(['a']);
		goOn();
		expect([idsIn(await heldUp), row.entries]).toEqual([['b'], ['b', 'b taken by 2']]);
		await timers.advance(5_000);
		while (row.calls < 6) await sleep(10);
		expect(row.entries).toEqual(['b', 'b taken by 2', 'a', 'a taken by 1']);
	});

	it('records it until a look finds it there: the store fails, and others write over it again', async () => {
		await processOf().claim({ acrossProcesses: true });
		const looks: string[][] = [];
		const lookAgain = async (found: string[]) => {
			row.entries = found;
			const { calls } = row;
			await timers.advance(5_000);
			while (row.calls === calls) await sleep(10);
			looks.push(row.entries);
		};
		await lookAgain([]);
		row.between = async () => await Promise.reject(new Error('disk full'));
		await lookAgain(['b']);
		row.between = async () => await Promise.resolve();
		await lookAgain(['c']);
		await lookAgain(row.entries);
		const mine = ['a', 'a taken by 1'];
		expect(looks).toEqual([mine, ['b'], ['c', ...mine], ['c', ...mine]]);
		const { calls } = row;
		await timers.advance(5_000);
		await sleep(200);
		expect(row.calls).toBe(calls);
	});

	it('keeps what it has claimed when the store fails at the second look', async () => {
		row.afterwards = async () =>
			(row.between = async () => await Promise.reject(new Error('disk full')));
		const { claim, warnings } = processOf();
		expect(idsIn(await claim({ acrossProcesses: true, areDoubtful: true }))).toEqual(['a']);
		expect(warnings).toHaveLength(1);
	});
});

describe('a store that does not answer', () => {
	it('is tried three times, then the log says so', async () => {
		const { claim, warnings } = processOf(failing);
		expect(await claim()).toBe('silent');
		expect(warnings).toEqual([expect.stringContaining('may run twice')]);
		const collision = jest
			.fn()
			.mockRejectedValueOnce(new Error('UNIQUE'))
			.mockRejectedValueOnce(new Error('UNIQUE'))
			.mockResolvedValue({ new: [], processed: [] });
		expect(
			idsIn(await processOf({ ...failing, checkProcessedAndRecord: collision }).claim()),
		).toEqual(['a']);
	});

	it('is waited for a minute, which n8n itself gives SQLite, and nobody waits behind it any more', async () => {
		row.between = async () => await new Promise(() => {});
		const { claim } = processOf();
		const [first, second] = [claim(), claim({ eventIds: ['b'] })];
		await timers.advance(59_999);
		expect(timers.pending).toEqual([1]);
		await timers.advance(1);
		expect(await first).toBe('silent');
		row.between = async () => {};
		await timers.advance(60_000);
		expect(await second).toBe('silent');
		expect(idsIn(await claim({ eventIds: ['c'] }))).toEqual(['c']);
	});

	it('claims nothing for a doubtful event that no run carries: an answer that comes late still counts', async () => {
		let answerNow!: (value?: unknown) => void;
		row.afterwards = async () => await new Promise((resolve) => (answerNow = resolve));
		const { claim, warnings } = processOf();
		const answer = claim({ areDoubtful: true });
		await timers.advance(120_000);
		expect(row.entries).toContain('a');
		answerNow();
		expect(idsIn(await answer)).toEqual(['a']);
		expect(warnings).toEqual([]);
	});

	it('fails late: nothing was claimed', async () => {
		let fail!: (reason: Error) => void;
		row.between = async () => await new Promise((_resolve, reject) => (fail = reject));
		const answer = processOf().claim({ areDoubtful: true });
		await timers.advance(60_000);
		row.between = async () => await Promise.reject(new Error('disk full'));
		fail(new Error('disk full'));
		expect([await answer, row.entries]).toEqual(['silent', []]);
	});
});

describe('witnesses', () => {
	const question = { areDoubtful: true, witnesses: ['v', 'w'] };

	it('of which the store knows one let it tell', async () => {
		await processOf().claim({ eventIds: ['v'] });
		expect(idsIn(await processOf().claim({ ...question, runName: '2' }))).toEqual(['a']);
	});

	it('of which it knows none show that it was put back: nothing is claimed', async () => {
		// However often it is asked, such as for the next 500.
		for (let look = 0; look < 2; look++) {
			expect(await processOf().claim(question)).toBe('forgotten');
			expect(row.entries).toEqual([]);
		}
	});

	it('cannot be asked about where it does not answer', async () => {
		expect(await processOf(failing).claim(question)).toBe('silent');
	});
});

describe('claims that wait for their turn', () => {
	const many = Array.from({ length: 20 }, (_none, index) => `m${index}`);

	it('go into the store together', async () => {
		const { claim } = processOf();
		const claims = await Promise.all(
			many.map(async (id) => await claim({ eventIds: [id], runName: id })),
		);
		expect(claims.map(idsIn)).toEqual(many.map((id) => [id]));
		expect(row.calls).toBeLessThanOrEqual(2);
	});

	it('are answered each for itself where two runs carry copies of one event', async () => {
		const { claim } = processOf();
		const copies = ['1', '2', '3'].map(async (runName) => await claim({ runName }));
		expect((await Promise.all(copies)).map(idsIn)).toEqual([['a'], [], []]);
	});

	it('are not more than the store can take at once', async () => {
		const { claim } = processOf();
		const runs = ['1', '2', '3', '4'].map(async (runName) => {
			const eventIds = Array.from({ length: 400 }, (_none, index) => `${runName} ${index}`);
			return await claim({ eventIds, runName });
		});
		expect((await Promise.all(runs)).map((one) => idsIn(one).length)).toEqual([400, 400, 400, 400]);
		expect(row.calls).toBe(4);
	});
});
