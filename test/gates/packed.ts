/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-dangerous-functions -- tests run in Node, not in n8n's sandbox, and start processes */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { installOnce, npm, pack, PROJECT } from '../support/n8n';

/** The package as users download it. */
export interface Packed {
	/** What was unpacked, without npm's folder `package` around it. */
	readonly folder: string;
	/** Paths of its files, relative to the folder. */
	readonly files: readonly string[];
	/** Size of the download, in bytes. */
	readonly bytes: number;
	remove(): void;
}

/**
 * Packs this package as `npm publish` does, and unpacks it.
 * @throws Error when it has not been built
 */
export async function packed(): Promise<Packed> {
	// ESLint compares real paths; the temporary folder may be a link.
	const work = realpathSync(mkdtempSync(join(tmpdir(), 'packed-')));
	const tarball = await pack(PROJECT, work);
	const folder = join(work, 'unpacked');
	mkdirSync(folder);
	const tar = (...args: string[]) => execFileSync('tar', args, { cwd: work, encoding: 'utf8' });
	const files = tar('-tzf', basename(tarball)).trim().split('\n');
	tar('-xzf', basename(tarball), '-C', folder, '--strip-components=1');
	return {
		folder,
		files: files.map((file) => file.replace(/^package\//, '')).sort(),
		bytes: statSync(tarball).size,
		remove: () => rmSync(work, { recursive: true, force: true }),
	};
}

/**
 * Installs a package of npm's registry into a folder of its own, which the cache keeps.
 * @param name of the folder
 * @param spec such as `npm@10.9.9`
 * @returns the folder
 */
export async function fromNpm(name: string, spec: string): Promise<string> {
	const install = async (cwd: string, logFile: string) => {
		writeFileSync(join(cwd, 'package.json'), JSON.stringify({ private: true }));
		await npm(['install', spec, '--ignore-scripts', '--no-fund', '--no-audit'], { cwd, logFile });
	};
	return await installOnce(name, install, {});
}
