/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox, and start processes */
import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { PROJECT, withoutNpm } from '../support/n8n';
import { fromNpm, packed, type Packed } from './packed';

/** n8n's own judge of a published package. It brings a TypeScript that our lint cannot use, hence a folder of its own. */
const SCANNER = '@n8n/scan-community-package';
const VERSION = '0.32.0';

interface Judgement {
	passed: boolean;
	details?: string;
}

let scanner: string;
let download: Packed;

beforeAll(async () => {
	const home = await fromNpm(`scan-${VERSION}`, `${SCANNER}@${VERSION}`);
	scanner = join(home, 'node_modules', SCANNER, 'scanner', 'scanner.mjs');
	download = await packed();
}, 300_000);
afterAll(() => download?.remove());

async function judge(folder: string, what: 'source' | 'published'): Promise<Judgement> {
	const { stdout } = await promisify(execFile)(
		process.execPath,
		[join(__dirname, 'scan.mjs'), scanner, folder, what],
		// Jest's NODE_ENV makes n8n's rules take every file for one of their own test files.
		{ env: withoutNpm(process.env), maxBuffer: 64 * 1024 * 1024 },
	);
	return JSON.parse(stdout) as Judgement;
}

describe("n8n's scanner", () => {
	it('passes the sources, with no exception by comment', async () => {
		expect(await judge(PROJECT, 'source')).toEqual({ passed: true });
	});

	it('passes the published files, and refuses them once they do what n8n forbids', async () => {
		expect(await judge(download.folder, 'published')).toEqual({ passed: true });

		const file = 'dist/nodes/AnchorBrowser/AnchorBrowserTrigger.node.js';
		appendFileSync(join(download.folder, file), "\neval('1');\n");
		const { passed, details } = await judge(download.folder, 'published');
		expect(passed).toBe(false);
		expect(details).toContain('no-dangerous-functions');
	});
});
