/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox, and start processes */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { packages } from '../../package-lock.json';
import { PROJECT } from '../support/n8n';
import { fromNpm } from './packed';

describe('the lock file', () => {
	// npm 11 leaves out optional peers that npm 10 wants locked: a lock file of npm 11 is refused by Node 20's and 22's npm.
	it.each(['10.9.9', '11.21.2'])('installs as committed with npm %s', async (version) => {
		const home = await fromNpm(`npm-${version}`, `npm@${version}`);
		const work = mkdtempSync(join(tmpdir(), 'lock-'));
		try {
			const files = ['package.json', 'package-lock.json', '.npmrc'];
			for (const file of files) copyFileSync(join(PROJECT, file), join(work, file));
			// A dry run compares package.json and lock file as an install does, and downloads no package.
			const cli = join(home, 'node_modules', 'npm', 'bin', 'npm-cli.js');
			await promisify(execFile)(process.execPath, [cli, 'ci', '--dry-run', '--loglevel=error'], {
				cwd: work,
				maxBuffer: 64 * 1024 * 1024,
			});
		} finally {
			rmSync(work, { recursive: true, force: true });
		}
	});

	it('names no address, so that it installs from any registry', () => {
		expect(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved"/);
	});

	it('has a version for each package', () => {
		const bare = Object.entries(packages).filter(([, entry]) => !('version' in entry));
		expect(bare.map(([path]) => path)).toEqual([]);
	});
});
