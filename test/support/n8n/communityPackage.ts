/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { execFile } from 'node:child_process';
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	readdirSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { npm } from './npm';

const run = promisify(execFile);

/** This project: the package that is installed unless a test asks for others. */
export const PROJECT = resolve(__dirname, '..', '..', '..');

/**
 * Packs a package as `npm publish` would, so that what is tested is what users get.
 *
 * @param folder with its package.json; ours must have been built
 * @param target folder that the tarball is written to
 * @returns the tarball's path
 */
export async function pack(folder: string, target: string): Promise<string> {
	if (folder === PROJECT && !existsSync(join(PROJECT, 'dist'))) {
		throw new Error('The package is not built yet: run npm run build');
	}
	const before = new Set(readdirSync(target));
	await npm(['pack', '--ignore-scripts', '--silent', '--pack-destination', target], {
		cwd: folder,
		logFile: join(target, 'pack.log'),
	});
	const name = readdirSync(target).find((file) => file.endsWith('.tgz') && !before.has(file));
	if (!name) throw new Error(`npm packed nothing from ${folder}`);
	return join(target, name);
}

/**
 * Installs community packages below an n8n user folder the way n8n itself does it: unpacked into its `node_modules`,
 * with their development, peer and optional dependencies taken out of package.json. n8n scans that folder when it
 * starts.
 *
 * @param userFolder what `N8N_USER_FOLDER` will be
 * @param packages folders (packed first) or tarballs
 */
export async function installCommunityPackages(
	userFolder: string,
	packages: readonly string[],
): Promise<void> {
	const nodes = join(userFolder, '.n8n', 'nodes');
	const dependencies: Record<string, string> = {};
	const work = mkdtempSync(join(tmpdir(), 'n8n-pack-'));
	try {
		for (const source of packages) {
			const tarball = source.endsWith('.tgz') ? resolve(source) : await pack(source, work);
			const unpacked = mkdtempSync(join(work, 'unpacked-'));
			// The name alone, from its own folder: tar takes what stands before a colon (C:\) for another machine.
			await run('tar', ['-xzf', basename(tarball), '-C', unpacked], {
				cwd: resolve(tarball, '..'),
			});
			const content = join(unpacked, 'package');
			const manifest = JSON.parse(readFileSync(join(content, 'package.json'), 'utf8')) as {
				name: string;
				version: string;
				[key: string]: unknown;
			};
			delete manifest.devDependencies;
			delete manifest.peerDependencies;
			delete manifest.optionalDependencies;
			writeFileSync(join(content, 'package.json'), JSON.stringify(manifest, null, '\t'));
			dependencies[manifest.name] = manifest.version;
			const home = join(nodes, 'node_modules', manifest.name);
			rmSync(home, { recursive: true, force: true });
			// Copied, not renamed: the user folder may be on another disk.
			cpSync(content, home, { recursive: true });
		}
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
	mkdirSync(nodes, { recursive: true });
	writeFileSync(
		join(nodes, 'package.json'),
		JSON.stringify({ name: 'installed-nodes', private: true, dependencies }, null, '\t'),
	);
}
