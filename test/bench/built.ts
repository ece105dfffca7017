/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- measurements run in Node, not in n8n's sandbox */
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** This project. */
export const PROJECT = resolve(__dirname, '..', '..');

/** The compiled package. `BENCH_DIST` names another build, to compare a change with what was before it. */
export const DIST = resolve(process.env.BENCH_DIST || join(PROJECT, 'dist'));

/**
 * Loads a module of the compiled package: what is measured is what users run, not what a test runner makes of the
 * sources.
 *
 * @param module below nodes/AnchorBrowser, such as `delivery/receive`
 */
export function built<T>(module: string): T {
	const file = join(DIST, 'nodes', 'AnchorBrowser', `${module}.js`);
	if (!existsSync(file)) throw new Error('The package is not built yet: run npm run build');
	return createRequire(__filename)(file) as T;
}
