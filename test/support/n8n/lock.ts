/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** The holder shows every few seconds that it lives; after this long without a sign the lock is up for grabs. */
const STALE_MS = 60_000;
const SIGN_OF_LIFE_MS = 5_000;

const codeOf = (thrown: unknown): string | undefined => (thrown as NodeJS.ErrnoException).code;

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (thrown) {
		return codeOf(thrown) === 'EPERM';
	}
}

/** A lock without a living holder. One that vanishes while it is looked at counts as free, not as stale. */
function isStale(file: string): boolean {
	try {
		if (Date.now() - statSync(file).mtimeMs > STALE_MS) return true;
		const [pid, host] = readFileSync(file, 'utf8').split(' ');
		return host === hostname() && !isRunning(Number(pid));
	} catch {
		return false;
	}
}

/** Creates a file with this process's name in it, unless it is there already. */
function createOnce(file: string): boolean {
	try {
		writeFileSync(file, `${process.pid} ${hostname()}`, { flag: 'wx' });
		return true;
	} catch (thrown) {
		if (codeOf(thrown) !== 'EEXIST') throw thrown;
		return false;
	}
}

/**
 * Takes a stale lock away. Under a second lock, and with a second look: otherwise the slower of two processes that both
 * found it stale would take away the fresh lock of the faster one.
 */
function clearIfStale(file: string): void {
	if (!isStale(file)) return;
	const clearing = `${file}.clearing`;
	if (createOnce(clearing)) {
		if (isStale(file)) rmSync(file, { force: true });
		rmSync(clearing, { force: true });
	} else if (isStale(clearing)) {
		rmSync(clearing, { force: true });
	}
}

/**
 * Does something that no two processes of this machine may do at the same time.
 *
 * @param file the lock; its folder must exist. A lock whose holder has died is taken over
 * @param waiting called once if somebody else holds the lock, before waiting for it
 * @param signal ends the waiting with its reason
 */
export async function withLock<T>(
	file: string,
	work: () => Promise<T>,
	{ waiting, signal }: { waiting?: () => void; signal?: AbortSignal } = {},
): Promise<T> {
	let told = false;
	while (!createOnce(file)) {
		signal?.throwIfAborted();
		clearIfStale(file);
		if (createOnce(file)) break;
		if (!told) waiting?.();
		told = true;
		await pause(500);
	}

	const beat = setInterval(() => {
		const now = new Date();
		try {
			utimesSync(file, now, now);
		} catch (thrown) {
			if (codeOf(thrown) !== 'ENOENT') throw thrown;
		}
	}, SIGN_OF_LIFE_MS);
	beat.unref();
	const release = () => {
		clearInterval(beat);
		rmSync(file, { force: true });
	};
	process.once('exit', release);
	try {
		return await work();
	} finally {
		process.off('exit', release);
		release();
	}
}
