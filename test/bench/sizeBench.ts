/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions -- measurements run in Node, not in n8n's sandbox, and start processes */
import { execFileSync } from 'node:child_process';
import { withAim } from './aims';
import { built, PROJECT } from './built';
import { table } from './table';

interface Packed {
	size: number;
	unpackedSize: number;
	entryCount: number;
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;

/**
 * How large the package is that users download.
 * @returns Markdown
 */
export function sizeBench(): string {
	built('delivery/receive');
	const script = process.env.npm_execpath;
	const [command, head] = script ? [process.execPath, [script]] : ['npm', []];
	const output = execFileSync(
		command,
		[...head, 'pack', '--json', '--dry-run', '--ignore-scripts'],
		{ cwd: PROJECT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
	);
	const [{ size, unpackedSize, entryCount }] = JSON.parse(output) as Packed[];
	return [
		'### The packed package',
		'',
		table(
			['Download', 'Unpacked', 'Files'],
			[
				[
					withAim('the packed package', size, { atMost: 62_000 }, kilobytes),
					kilobytes(unpackedSize),
					String(entryCount),
				],
			],
		),
	].join('\n');
}
