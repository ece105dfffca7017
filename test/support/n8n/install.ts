/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions -- tests run in Node, not in n8n's sandbox, and start processes */
import { execFileSync } from 'node:child_process';
import {
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
	readSync,
	realpathSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';

import { cacheFolder } from './cache';
import { withLock } from './lock';
import { nodePackageName, ownNode, packagedNode, type NodeRuntime } from './nodeRuntime';
import { npm } from './npm';
import { FALLBACK_NODE, isAtLeast, OLDEST, RELEASES, runsOn, type Release } from './releases';

export interface InstalledN8n {
	/** n8n's own start script, to be run by `nodeBin`. */
	bin: string;
	nodeBin: string;
	/** Such as `2.41.1`. */
	version: string;
	/** The folder it is installed in; undefined for one that was on the machine already. */
	home?: string;
}

interface InstallOptions {
	/** Takes one line for people, now and then while it works. */
	log?: (line: string) => void;
	/** Ends an install that is under way; the next one starts it afresh. */
	signal?: AbortSignal;
}

/** Written last: a folder without it was interrupted and is made anew. */
const READY = 'READY';

/**
 * Puts something into a folder of the cache, once for all times and all processes.
 *
 * @param name of the folder in the cache
 * @param fill works in a fresh folder, whose path it is given
 * @returns the folder
 */
export async function installOnce(
	name: string,
	fill: (folder: string, logFile: string) => Promise<void>,
	{ log, signal }: InstallOptions,
): Promise<string> {
	const folder = join(cacheFolder(), name);
	const ready = join(folder, READY);
	if (existsSync(ready)) return folder;
	await withLock(
		`${folder}.lock`,
		async () => {
			if (existsSync(ready)) return;
			if (existsSync(folder)) {
				log?.(`An earlier install of ${name} did not finish: starting it again`);
				// Renamed before it is deleted: deleting 100,000 files can be interrupted too.
				const aside = `${folder}.${process.pid}.old`;
				renameSync(folder, aside);
				rmSync(aside, { recursive: true, force: true });
			}
			mkdirSync(folder, { recursive: true });
			const logFile = `${folder}.log`;
			rmSync(logFile, { force: true });
			await fill(folder, logFile);
			writeFileSync(ready, '');
			rmSync(logFile, { force: true });
		},
		{ signal, waiting: () => log?.(`Another process is installing ${name}: waiting for it`) },
	);
	return folder;
}

/** A Node that every release of the table runs on: this process's own, or one from npm. */
async function ensureNode(options: InstallOptions): Promise<NodeRuntime> {
	const own = ownNode();
	if (own) return own;
	const { log, signal } = options;
	const spec = `${nodePackageName()}@${FALLBACK_NODE}`;
	const folder = await installOnce(
		`node-${FALLBACK_NODE}`,
		async (target, logFile) => {
			log?.(
				`n8n gets a Node of its own, as this one is ${process.version}: fetching ${spec} from npm`,
			);
			writeFileSync(join(target, 'package.json'), JSON.stringify({ private: true }));
			await npm(['install', spec, '--ignore-scripts', '--no-fund', '--no-audit'], {
				cwd: target,
				logFile,
				signal,
				progress: (seconds) => log?.(`Fetching Node ${FALLBACK_NODE}: ${seconds} s`),
			});
		},
		options,
	);
	const runtime = packagedNode(folder, FALLBACK_NODE);
	if (!runtime)
		throw new Error(`There is no Node for this machine in ${folder}: delete it and try again`);
	return runtime;
}

/** Installs one release into the cache, unless it is there. */
async function ensureRelease(release: Release, options: InstallOptions): Promise<InstalledN8n> {
	const { log, signal } = options;
	const { version, overrides, build } = release;
	const node = await ensureNode(options);
	const home = await installOnce(
		`n8n-${version}`,
		async (folder, logFile) => {
			log?.(`Installing n8n ${version} (about 3 GB; 5 to 10 minutes, once)`);
			// In a folder of its own, because overrides are refused in a community package's own package.json.
			writeFileSync(
				join(folder, 'package.json'),
				JSON.stringify({ private: true, dependencies: { n8n: version }, overrides }, null, '\t'),
			);
			const common = {
				cwd: folder,
				nodeBin: node.bin,
				env: { npm_config_nodedir: node.headers },
				logFile,
				signal,
			};
			// Without scripts: some of the packages that n8n brings along build or fetch what no webhook needs.
			await npm(
				['install', '--ignore-scripts', '--omit=dev', '--no-fund', '--no-audit', '--loglevel=warn'],
				{ ...common, progress: (seconds) => log?.(`Fetching n8n ${version}: ${seconds} s`) },
			);
			await npm(['rebuild', ...build, '--ignore-scripts=false'], {
				...common,
				progress: (seconds) => log?.(`Building ${build.join(' and ')}: ${seconds} s`),
			});
		},
		options,
	);
	const bin = join(home, 'node_modules', 'n8n', 'bin', 'n8n');
	if (!existsSync(bin)) throw new Error(`There is no n8n in ${home}: delete it and try again`);
	return { bin, nodeBin: node.bin, version, home };
}

/** Whether a file is a script for Node; a shim of a version manager, for example, is not. */
function isNodeScript(file: string): boolean {
	const start = Buffer.alloc(64);
	const handle = openSync(file, 'r');
	try {
		readSync(handle, start, 0, start.length, 0);
	} finally {
		closeSync(handle);
	}
	return /^#!.*\bnode\b/.test(start.toString('latin1').split('\n')[0]);
}

/**
 * An n8n that is on the machine already: the one that `N8N_BIN` names, or else `n8n` on PATH, if it is new enough and
 * runs on the Node of this process.
 */
function machineN8n(): InstalledN8n | undefined {
	const named = process.env.N8N_BIN;
	const candidates = named
		? [named]
		: (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'n8n'));
	for (const candidate of candidates) {
		if (!existsSync(candidate)) continue;
		const bin = realpathSync(candidate);
		if (!isNodeScript(bin)) continue;
		try {
			const output = execFileSync(process.execPath, [bin, '--version'], {
				encoding: 'utf8',
				timeout: 30_000,
				stdio: ['ignore', 'pipe', 'ignore'],
			});
			const version = /\d+\.\d+\.\d+/.exec(output)?.[0];
			if (version && isAtLeast(version, OLDEST) && runsOn(version, process.version)) {
				return { bin, nodeBin: process.execPath, version };
			}
		} catch {
			// One that cannot even say its version cannot be used either.
		}
	}
	return undefined;
}

/**
 * Finds or installs an n8n.
 *
 * With a version: an n8n on the machine if it is exactly that one, else the one in the cache, installed first if need
 * be. With `newest`: an n8n on the machine if it fits (`N8N_BIN`, then PATH), else the newest release that installs.
 * The machine's own comes first although it may be older, because installing another takes minutes and 3 GB.
 *
 * @throws Error when none installs, with the last reason and the place of npm's output
 */
export async function ensureN8n(
	version: 'newest' | (string & {}),
	options: InstallOptions = {},
): Promise<InstalledN8n> {
	const found = machineN8n();
	if (found && (version === 'newest' || version === found.version)) {
		options.log?.(`Using n8n ${found.version} of this machine: ${found.bin}`);
		return found;
	}
	const wanted =
		version === 'newest' ? RELEASES : RELEASES.filter((release) => release.version === version);
	if (wanted.length === 0) {
		throw new Error(
			`n8n ${version} is not one of ${RELEASES.map((one) => one.version).join(', ')}`,
		);
	}
	let reason: unknown;
	for (const release of wanted) {
		try {
			return await ensureRelease(release, options);
		} catch (thrown) {
			options.signal?.throwIfAborted();
			reason = thrown;
			options.log?.(
				`n8n ${release.version} cannot be installed here. ${(thrown as Error).message}`,
			);
		}
	}
	throw reason;
}
