/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions -- tests run in Node, not in n8n's sandbox, and start processes */
import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { listen } from '../listen';
import { ensureN8n } from './install';
import { nodePackageName } from './nodeRuntime';
import { FALLBACK_NODE, NEWEST, OLDEST } from './releases';

/** A registry on 127.0.0.1 with packages of a few lines under the names that an install asks for. */
class MiniatureRegistry {
	url = '';
	readonly requests: string[] = [];
	/** Called before a tarball is sent. */
	onTarball: (name: string) => Promise<void> | void = () => {};
	private readonly packages = new Map<string, { version: string; tarball: Buffer }>();
	private readonly server: Server;

	constructor(private readonly work: string) {
		this.server = createServer((request, response) => {
			const path = decodeURIComponent(request.url ?? '').slice(1);
			this.requests.push(path);
			const name = path.replace(/\.tgz$/, '');
			const found = this.packages.get(name);
			if (!found) {
				response.writeHead(404).end('{}');
			} else if (path.endsWith('.tgz')) {
				void Promise.resolve(this.onTarball(name)).then(() => response.end(found.tarball));
			} else {
				const { version } = found;
				const dist = { tarball: `${this.url}/${name}.tgz` };
				const manifest = { name, version, dist, bin: undefined };
				response.end(
					JSON.stringify({
						name,
						'dist-tags': { latest: version },
						versions: { [version]: manifest },
					}),
				);
			}
		});
	}

	async listen() {
		this.url = await listen(this.server);
	}

	close() {
		this.server.closeAllConnections();
		this.server.close();
	}

	/** Publishes a package; files that begin with `#!` can be run. */
	publish(name: string, version: string, files: Record<string, string>) {
		const folder = mkdtempSync(join(this.work, 'publish-'));
		for (const [path, text] of Object.entries({
			'package.json': JSON.stringify({ name, version }),
			...files,
		})) {
			const file = join(folder, 'package', path);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, text);
			if (text.startsWith('#!')) chmodSync(file, 0o755);
		}
		const tarball = execFileSync('tar', ['-czf', '-', 'package'], { cwd: folder });
		this.packages.set(name, { version, tarball });
	}
}

const asked = (registry: MiniatureRegistry, path: string) =>
	registry.requests.filter((one) => one === path).length;

describe('installing n8n', () => {
	let work: string;
	let registry: MiniatureRegistry;
	const saved = { ...process.env };

	beforeEach(async () => {
		work = mkdtempSync(join(tmpdir(), 'install-test-'));
		registry = new MiniatureRegistry(work);
		await registry.listen();
		registry.publish(nodePackageName(), FALLBACK_NODE, {
			'bin/node': `#!/bin/sh\nexec '${process.execPath}' "$@"\n`,
			'include/node/node_api.h': '',
		});
		registry.publish('n8n', NEWEST, { 'bin/n8n': '#!/usr/bin/env node\n' });
		registry.publish('sqlite3', '5.1.7', {});
		Object.assign(process.env, {
			XDG_CACHE_HOME: join(work, 'cache'),
			npm_config_registry: registry.url,
			npm_config_cache: join(work, 'npm-cache'),
			npm_config_fetch_retries: '0',
		});
		delete process.env.N8N_BIN;
	});

	afterEach(() => {
		registry.close();
		process.env = { ...saved };
		rmSync(work, { recursive: true, force: true });
	});

	/** Puts the Node in place without npm, where a test is about something else. */
	function withNode() {
		const folder = join(home(), `node-${FALLBACK_NODE}`);
		const bin = join(folder, 'node_modules', nodePackageName(), 'bin');
		mkdirSync(bin, { recursive: true });
		writeFileSync(join(bin, 'node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, {
			mode: 0o755,
		});
		writeFileSync(join(folder, 'READY'), '');
	}

	const home = () => join(work, 'cache', 'n8n-nodes-anchorbrowser-webhooks');

	test('keeps what it installed and asks the registry for nothing the second time', async () => {
		const first = await ensureN8n(NEWEST);
		expect(first.version).toBe(NEWEST);
		expect(existsSync(first.bin)).toBe(true);
		expect(readdirSync(home()).some((name) => /\.(lock|log)$/.test(name))).toBe(false);

		registry.requests.length = 0;
		expect(await ensureN8n(NEWEST)).toEqual(first);
		expect(registry.requests).toEqual([]);
	}, 60_000);

	test('does an interrupted install again', async () => {
		withNode();
		const broken = join(home(), `n8n-${NEWEST}`, 'node_modules', 'n8n', 'bin');
		mkdirSync(broken, { recursive: true });
		writeFileSync(join(broken, 'n8n'), 'half of it');
		const lines: string[] = [];
		const { bin } = await ensureN8n(NEWEST, { log: (line) => lines.push(line) });
		expect(readFileSync(bin, 'utf8')).toContain('env node');
		expect(lines.join('\n')).toContain('did not finish');
	}, 60_000);

	test('installs once when two ask at the same moment', async () => {
		withNode();
		const [one, other] = await Promise.all([ensureN8n(NEWEST), ensureN8n(NEWEST)]);
		expect(one).toEqual(other);
		expect(asked(registry, 'n8n.tgz')).toBe(1);
	}, 60_000);

	test('falls back to an older release, and says why, when the newest does not install', async () => {
		withNode();
		registry.publish('n8n', OLDEST, { 'bin/n8n': '#!/usr/bin/env node\n' });
		const lines: string[] = [];
		const { version } = await ensureN8n('newest', { log: (line) => lines.push(line) });
		expect(version).toBe(OLDEST);
		expect(lines.join('\n')).toContain(`n8n ${NEWEST} cannot be installed here`);
		expect(lines.join('\n')).toContain(`n8n-${NEWEST}.log`);
	}, 60_000);

	test('ends when it is told to, and starts afresh the next time', async () => {
		withNode();
		const abort = new AbortController();
		registry.onTarball = async (name) => {
			if (name === 'n8n') abort.abort(new Error('enough'));
			await new Promise((resolve) => abort.signal.aborted || setTimeout(resolve, 0));
		};
		await expect(ensureN8n(NEWEST, { signal: abort.signal })).rejects.toThrow('enough');
		registry.onTarball = () => {};
		await expect(ensureN8n(NEWEST)).resolves.toMatchObject({ version: NEWEST });
	}, 60_000);

	test('uses an n8n of the machine that fits, and none that is too old', async () => {
		withNode();
		const bin = join(work, 'n8n');
		const write = (version: string) =>
			writeFileSync(bin, `#!/usr/bin/env node\nconsole.log('${version}')\n`);
		process.env.N8N_BIN = bin;
		write(OLDEST);
		await expect(ensureN8n('newest')).resolves.toMatchObject({ bin, version: OLDEST });
		write('1.100.0');
		await expect(ensureN8n('newest')).resolves.toMatchObject({ version: NEWEST });
	}, 60_000);
});
