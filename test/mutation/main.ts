/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions -- a program of its own, run by npm run mutate */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { PROJECT } from '../support/n8n';
import { tell, type MutationReport } from './report';
import { EXPLAINED } from './survivors';

/** Runs Stryker with our settings and the given arguments, and writes what it found into docs/. */
function mutate(args: string[]): void {
	const stryker = join(
		dirname(require.resolve('@stryker-mutator/core/package.json')),
		'bin/stryker.js',
	);
	const config = join('test', 'mutation', 'stryker.config.mjs');
	const { status } = spawnSync(process.execPath, [stryker, 'run', config, ...args], {
		cwd: PROJECT,
		stdio: 'inherit',
	});
	if (status !== 0) {
		process.exitCode = status ?? 1;
		return;
	}
	const report = readFileSync(join(PROJECT, 'coverage', 'mutation.json'), 'utf8');
	const { text, unexplained } = tell(JSON.parse(report) as MutationReport, EXPLAINED);
	writeFileSync(join(PROJECT, 'docs', 'mutation.md'), text);
	process.stdout.write(
		`docs/mutation.md is written; ${unexplained} living mutants have no reason.\n`,
	);
	process.exitCode = unexplained > 0 ? 1 : 0;
}

mutate(process.argv.slice(2));
