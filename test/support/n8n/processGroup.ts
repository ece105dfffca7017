/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions -- tests run in Node, not in n8n's sandbox, and start processes */
import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

const WINDOWS = process.platform === 'win32';

/** Groups that are not known to have ended; whatever is in here when this process ends goes with it. */
const alive = new Set<ChildProcess>();
let watchingExit = false;

/**
 * Starts a program at the head of a process group of its own, so that it and all that it starts can be ended together.
 * A group that still runs when this process ends in an orderly way is killed then.
 */
export function spawnGroup(
	command: string,
	args: readonly string[],
	options: SpawnOptions,
): ChildProcess {
	if (!watchingExit) {
		watchingExit = true;
		process.once('exit', () => {
			for (const child of alive) signalGroup(child, 'SIGKILL');
		});
	}
	// On Windows a detached child would open a console of its own; taskkill finds its children without a group.
	const child = spawn(command, [...args], { ...options, detached: !WINDOWS, windowsHide: true });
	alive.add(child);
	child.once('error', () => alive.delete(child));
	return child;
}

/** Sends a signal to every process of the group. Answers whether there was anything left to send it to. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): boolean {
	if (child.pid === undefined) return false;
	if (WINDOWS) {
		return spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']).status === 0;
	}
	try {
		process.kill(-child.pid, signal);
		return true;
	} catch {
		return false;
	}
}

/** Resolves when the head of the group has ended. */
async function ended(child: ChildProcess): Promise<void> {
	if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
	await once(child, 'exit');
}

/**
 * Ends a group: asks first, then kills what is left, and waits until the head of it is gone.
 *
 * @param graceMs how long to wait for an orderly end; 0 kills at once
 */
export async function endGroup(child: ChildProcess, graceMs: number): Promise<void> {
	const gone = ended(child);
	if (graceMs > 0 && signalGroup(child, 'SIGTERM')) {
		let timer: NodeJS.Timeout | undefined;
		const patience = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, graceMs);
		});
		await Promise.race([gone, patience]);
		clearTimeout(timer);
	}
	// Also after an orderly end: a child that outlived its parent belongs to the group as well.
	signalGroup(child, 'SIGKILL');
	await gone;
	alive.delete(child);
}
