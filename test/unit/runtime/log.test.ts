import type { Logger } from 'n8n-workflow';
import { log, warnOncePerHour, warnOncePerMinute } from '../../../nodes/AnchorBrowser/runtime/log';

const START = Date.UTC(2026, 0, 1);

let nowMs: number;
beforeEach(() => {
	nowMs = START;
	jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
});
afterEach(() => jest.restoreAllMocks());

function collect(nodeId: string) {
	const lines: Array<{ sentence: string; meta: Record<string, unknown> }> = [];
	const warn = (sentence: string, meta: Record<string, unknown>) => lines.push({ sentence, meta });
	const context = {
		getNode: () => ({ id: nodeId, name: 'Tasks' }),
		getWorkflow: () => ({ id: 'wf' }),
		logger: { warn } as unknown as Logger,
	};
	return { lines, context };
}

it('names the node, and the workflow for those who search', () => {
	const { lines, context } = collect('a');
	log(context, 'warn', 'Refused.', { reason: 'stale' });
	expect(lines).toEqual([
		{ sentence: 'Tasks: Refused.', meta: { workflowId: 'wf', nodeId: 'a', reason: 'stale' } },
	]);
});

describe('warnOncePerMinute', () => {
	it('writes one line a minute for a reason and says how many came in between', () => {
		const { lines, context } = collect('b');
		for (; nowMs <= START + 60_000; nowMs += 1_000) warnOncePerMinute(context, 'stale', 'Refused.');
		expect(lines.map(({ sentence, meta }) => [sentence, meta.unreported])).toEqual([
			['Tasks: Refused.', 0],
			['Tasks: Refused. (59 more like this since the last line)', 59],
		]);
	});

	it('has a like for an hour', () => {
		const { lines, context } = collect('g');
		for (; nowMs <= START + 3_600_000; nowMs += 900_000) warnOncePerHour(context, 'key', 'Help.');
		expect(lines.map(({ meta }) => meta.unreported)).toEqual([0, 3]);
	});

	it('counts each node and reason on its own', () => {
		const [one, two] = [collect('c'), collect('d')];
		warnOncePerMinute(one.context, 'stale', 'One.');
		warnOncePerMinute(two.context, 'stale', 'Two.');
		warnOncePerMinute(one.context, 'mismatch', 'Three.');
		const sentences = [...one.lines, ...two.lines].map(({ sentence }) => sentence);
		expect(sentences).toEqual(['Tasks: One.', 'Tasks: Three.', 'Tasks: Two.']);
	});

	it.each([-24 * 60 * 60, -61, 61])('writes again when the clock was set by %d s', (seconds) => {
		const { lines, context } = collect(`e ${seconds}`);
		for (nowMs of [START, START + 1_000, START + seconds * 1_000]) {
			warnOncePerMinute(context, 'stale', 'Refused.');
		}
		expect(lines.map(({ meta }) => meta.unreported)).toEqual([0, 1]);
	});

	it('goes on writing when more reasons come than it remembers', () => {
		const { lines, context } = collect('f');
		for (let key = 0; key < 12_000; key++) warnOncePerMinute(context, `flood ${key}`, 'x');
		expect(lines).toHaveLength(12_000);
	});
});
