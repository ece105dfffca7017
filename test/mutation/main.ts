/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- a program of its own, run by npm run mutate */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT } from '../support/n8n';
import DECIDING from './deciding.json';
import { tell, type MutationReport } from './report';
import { EXPLAINED } from './survivors';

const NODES = join('nodes', 'AnchorBrowser');
const UNIT = join('test', 'unit');
const FOUND = join('coverage', 'mutation');

/** The files that decide, as `<folder>/<file>.ts`. */
function deciding(): string[] {
	return Object.entries(DECIDING).flatMap(([folder, files]) =>
		files.includes('*')
			? readdirSync(join(NODES, folder)).map((file) => `${folder}/${file}`)
			: files.map((file) => `${folder}/${file}.ts`),
	);
}

/**
 * Runs Stryker on one file. Only the file's own test may notice a mutant, so that a behaviour is tested where it can fail;
 * a file without one is tested by its whole folder.
 */
async function mutate(file: string): Promise<void> {
	const { Stryker } = await import('@stryker-mutator/core');
	const [folder, name] = file.replace(/\.ts$/, '').split('/');
	const own = existsSync(join(UNIT, folder, `${name}.test.ts`));
	await new Stryker({
		plugins: ['@stryker-mutator/jest-runner'],
		mutate: [`${NODES}/${file}`],
		ignorePatterns: ['dist', 'docs', 'coverage'],
		// Compiled once, with all mutants in it: several times as fast as a compiler in each run of a test.
		buildCommand: 'tsc -p test/mutation/tsconfig.json',
		testRunner: 'jest',
		jest: {
			config: { transform: {}, testMatch: [`**/${UNIT}/${folder}/${own ? name : '*'}.test.js`] },
			enableFindRelatedTests: false,
		},
		coverageAnalysis: 'perTest',
		// jest grows with each run in one process.
		maxTestRunnerReuse: 50,
		reporters: ['json'],
		jsonReporter: { fileName: join(FOUND, `${file}.json`) },
		cleanTempDir: 'always',
		allowConsoleColors: false,
	}).runMutationTest();
}

async function main(asked: string[]): Promise<void> {
	process.chdir(PROJECT);
	for (const file of asked) await mutate(file);
	const files: MutationReport['files'] = {};
	const all = deciding();
	const tried = all.filter((file) => existsSync(join(FOUND, `${file}.json`)));
	for (const file of tried) {
		const found = readFileSync(join(FOUND, `${file}.json`), 'utf8');
		Object.assign(files, (JSON.parse(found) as MutationReport).files);
	}
	const { text, unexplained } = tell({ files }, EXPLAINED);
	const isWhole = tried.length === all.length;
	if (isWhole) writeFileSync(join('docs', 'mutation.md'), text);
	else process.stdout.write(text);
	process.stdout.write(
		`${unexplained} living mutants have no reason. docs/mutation.md is ${isWhole ? 'written' : 'left alone until every file was tried'}.\n`,
	);
	process.exitCode = unexplained > 0 ? 1 : 0;
}

const asked = process.argv.slice(2);
void main(asked.length > 0 ? asked : deciding());
