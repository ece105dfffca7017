/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions -- tests run in Node, not in n8n's sandbox, and start processes */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { withLock } from './lock';

let folder: string;
let file: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'lock-test-'));
	file = join(folder, 'thing.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('one after the other, and the second is told that it waits', async () => {
	const steps: string[] = [];
	let letGo!: () => void;
	const held = new Promise<void>((resolve) => (letGo = resolve));
	const first = withLock(file, async () => {
		await held;
		steps.push('first');
	});
	const second = withLock(file, async () => void steps.push('second'), { waiting: () => letGo() });
	await Promise.all([first, second]);
	expect(steps).toEqual(['first', 'second']);
	expect(existsSync(file)).toBe(false);
});

test('lets go when the work throws', async () => {
	const work = withLock(file, async () => await Promise.reject(new Error('no')));
	await expect(work).rejects.toThrow('no');
	expect(existsSync(file)).toBe(false);
});

test('takes over from a process that has died', async () => {
	const dead = 'process.stdout.write(`${process.pid} ${require("os").hostname()}`)';
	writeFileSync(file, execFileSync(process.execPath, ['-e', dead]));
	await expect(withLock(file, async () => await Promise.resolve('done'))).resolves.toBe('done');
});

test('takes over from a holder on another machine that has given no sign of life for a minute', async () => {
	writeFileSync(file, '1 elsewhere');
	const long = new Date(Date.now() - 61_000);
	utimesSync(file, long, long);
	await expect(withLock(file, async () => await Promise.resolve('done'))).resolves.toBe('done');
});

test('stops waiting when it is told to', async () => {
	writeFileSync(file, '1 elsewhere');
	const abort = new AbortController();
	const waiting = withLock(file, async () => await Promise.resolve(), {
		waiting: () => abort.abort(new Error('enough')),
		signal: abort.signal,
	});
	await expect(waiting).rejects.toThrow('enough');
	expect(existsSync(file)).toBe(true);
});
