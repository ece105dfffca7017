/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions -- measurements run in Node, not in n8n's sandbox, and start processes */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { withAim } from './aims';
import { DIST, PROJECT } from './built';
import { quantile, spread } from './statistics';
import { duration, table } from './table';

const STARTS = 15;
const CASES = [
	{ name: 'zod and n8n-workflow loaded before, as in n8n', start: 'warm', aim: 15_000_000 },
	{ name: 'nothing loaded before', start: 'cold', aim: undefined },
];

interface Probe {
	nanoseconds: number;
	bytes: number;
}

/** What n8n requires of the package: the nodes and credentials that its package.json names. */
function loadedFiles(): string[] {
	const { n8n } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
		n8n: { nodes: string[]; credentials: string[] };
	};
	return [...n8n.nodes, ...n8n.credentials].map((file) => join(DIST, file.replace(/^dist\//, '')));
}

/**
 * What it takes to load the package in a fresh process.
 * @returns Markdown
 */
export function loadBench(): string {
	const files = loadedFiles();
	const probe = (start: string) =>
		JSON.parse(
			execFileSync(
				process.execPath,
				['--expose-gc', join(__dirname, 'loadProbe.cjs'), start, ...files],
				{ cwd: PROJECT, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
			),
		) as Probe;

	const probes = CASES.map((): Probe[] => []);
	for (let round = 0; round < STARTS; round++) {
		CASES.forEach(({ start }, index) => probes[index].push(probe(start)));
	}
	const rows = CASES.map(({ name, aim }, index) => {
		const times = probes[index].map(({ nanoseconds }) => nanoseconds);
		const sizes = probes[index].map(({ bytes }) => bytes);
		return [
			name,
			aim === undefined
				? duration(quantile(times, 0.5))
				: withAim('loading', quantile(times, 0.5), { atMost: aim }, duration),
			spread(times, duration),
			duration(quantile(times, 0.9)),
			`${(quantile(sizes, 0.5) / 1024).toFixed(0)} KiB`,
		];
	});
	return [
		`### Loading the package (${STARTS} fresh processes each)`,
		'',
		table(['Start', 'Median', 'Middle half', '90th percentile', 'Heap'], rows),
	].join('\n');
}
