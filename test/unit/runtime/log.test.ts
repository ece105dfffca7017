import type { Logger } from 'n8n-workflow';
import { warnOncePerMinute } from '../../../nodes/AnchorBrowser/runtime/log';

const START = Date.UTC(2026, 0, 1);

function collect() {
	const lines: Array<{ sentence: string; meta: Record<string, unknown> }> = [];
	const logger = {
		warn: (sentence: string, meta: Record<string, unknown>) => lines.push({ sentence, meta }),
	} as unknown as Logger;
	return { lines, logger };
}

describe('warnOncePerMinute', () => {
	it('writes one line a minute for a key and says how many came in between', () => {
		const { lines, logger } = collect();
		for (let second = 0; second <= 60; second++) {
			warnOncePerMinute(
				logger,
				'node stale',
				'Refused.',
				{ reason: 'stale' },
				START + second * 1000,
			);
		}
		expect(lines).toEqual([
			{ sentence: 'Refused.', meta: { reason: 'stale', unreported: 0 } },
			{
				sentence: 'Refused. (59 more like this since the last line)',
				meta: { reason: 'stale', unreported: 59 },
			},
		]);
	});

	it('counts each node and reason on its own', () => {
		const { lines, logger } = collect();
		warnOncePerMinute(logger, 'one stale', 'One.', {}, START);
		warnOncePerMinute(logger, 'two stale', 'Two.', {}, START);
		warnOncePerMinute(logger, 'one mismatch', 'Three.', {}, START);
		expect(lines.map(({ sentence }) => sentence)).toEqual(['One.', 'Two.', 'Three.']);
	});

	it.each([-24 * 60 * 60, -61, 61])('writes again when the clock was set by %d s', (seconds) => {
		const { lines, logger } = collect();
		for (const nowMs of [START, START + 1_000, START + seconds * 1_000]) {
			warnOncePerMinute(logger, `clock ${seconds}`, 'Refused.', {}, nowMs);
		}
		expect(lines.map(({ meta }) => meta.unreported)).toEqual([0, 1]);
	});

	it('goes on writing when more keys come than it remembers', () => {
		const { lines, logger } = collect();
		for (let key = 0; key < 12_000; key++)
			warnOncePerMinute(logger, `flood ${key}`, 'x', {}, START);
		expect(lines).toHaveLength(12_000);
	});
});
