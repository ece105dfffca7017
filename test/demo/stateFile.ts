/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- the demo runs in Node, not in n8n's sandbox */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cacheFolder } from '../support/n8n';

/** Where a running demo can be reached. */
export interface RunningDemo {
	/** The demo's process. */
	pid: number;
	/** The simulator, whose control calls need no key. */
	simulator: string;
	/** The workflow's executions in n8n's editor. */
	executions: string;
}

const file = () => join(cacheFolder(), 'demo.json');

export function announce(demo: RunningDemo): void {
	writeFileSync(file(), JSON.stringify(demo));
}

/** Takes the note back, unless another demo has left its own since. */
export function withdraw(): void {
	if (runningDemo()?.pid === process.pid) rmSync(file(), { force: true });
}

/** The demo that was started last, whether it still runs or not; undefined if there is no readable note of one. */
export function runningDemo(): RunningDemo | undefined {
	try {
		const demo = JSON.parse(readFileSync(file(), 'utf8')) as RunningDemo;
		return typeof demo.simulator === 'string' ? demo : undefined;
	} catch {
		return undefined;
	}
}
