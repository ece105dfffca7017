/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions -- the demo runs in Node, not in n8n's sandbox, and asks ps */
import { spawnSync } from 'node:child_process';

/** The parent of a process; undefined where ps is missing (Windows) or does not know. */
function parentOf(pid: number): number | undefined {
	const { stdout } = spawnSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' });
	const parent = Number(stdout?.trim());
	return parent > 1 ? parent : undefined;
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (thrown) {
		return (thrown as NodeJS.ErrnoException).code === 'EPERM';
	}
}

/**
 * Watches for the end: Ctrl-C, a signal, or the death of those that started us. The latter because `npm start` is three
 * processes deep: a signal to npm ends npm and its shell, and never reaches this process.
 *
 * @param end called once, with a word for the reason
 */
export function onEnd(end: (reason: string) => void): void {
	let over = false;
	const once = (reason: string) => {
		if (over) return;
		over = true;
		clearInterval(watch);
		end(reason);
	};
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		// Kept for good: a second Ctrl-C must not cut the tidying up short.
		process.on(signal, () => once(signal));
	}
	const ancestors = [process.ppid];
	// tsx, the shell and npm; without npm, what is above tsx is somebody's own shell and may go.
	while (process.env.npm_lifecycle_event && ancestors.length < 3) {
		const next = parentOf(ancestors[ancestors.length - 1]);
		if (next === undefined) break;
		ancestors.push(next);
	}
	const watch = setInterval(() => {
		if (!ancestors.every(isAlive)) once('the end of npm');
	}, 500);
	watch.unref();
}
