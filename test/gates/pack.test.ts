/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { n8n } from '../../package.json';
import { PROJECT } from '../support/n8n';
import { packed, type Packed } from './packed';

/** How large the download may be, in bytes. */
const LIMIT = 80_000;

let download: Packed;

beforeAll(async () => {
	download = await packed();
});
afterAll(() => download.remove());

describe('the package that users download', () => {
	it('holds compiled code, icons, codex, README and licence, and nothing else', () => {
		const stray = download.files.filter(
			(file) =>
				!/^(package\.json|README\.md|LICENSE)$/.test(file) &&
				!/^dist\/(nodes\/.+\.js|nodes\/.+\.node\.json|credentials\/[^/]+\.credentials\.js)$/.test(
					file,
				) &&
				!/^dist\/icons\/[^/]+\.svg$/.test(file),
		);
		expect(stray).toEqual([]);
	});

	it('holds no file whose source is gone', () => {
		const orphans = download.files
			.filter((file) => file.startsWith('dist/'))
			.map((file) => file.replace(/^dist\//, '').replace(/\.js$/, '.ts'))
			.filter((source) => !existsSync(join(PROJECT, source)));
		expect(orphans).toEqual([]);
	});

	it('holds all that n8n is told to load, with the codex of each node', () => {
		expect(download.files).toEqual(
			expect.arrayContaining([
				...n8n.nodes,
				...n8n.credentials,
				...n8n.nodes.map((node) => node.replace(/\.js$/, '.json')),
			]),
		);
	});

	it(`is smaller than ${LIMIT} bytes`, () => {
		expect(download.bytes).toBeLessThan(LIMIT);
	});
});
