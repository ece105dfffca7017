/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { execFile, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';

import { installCommunityPackages, PROJECT } from './communityPackage';
import { ensureN8n, type InstalledN8n } from './install';
import { tail } from './npm';
import { freePort } from './ports';
import { endGroup, signalGroup, spawnGroup } from './processGroup';
import { NEWEST, settingsOf } from './releases';
import { waitFor } from './waitFor';

export interface StartOptions {
	/** A release of releases.ts, `newest`, or what `ensureN8n` answered. The newest release unless told. */
	version?: string | InstalledN8n;
	/** What is started: all of n8n, or one process of queue mode. `start` unless told. */
	command?: 'start' | 'webhook' | 'worker';
	/** n8n's folder. Without it: a temporary one, removed by `stop()`. */
	userFolder?: string;
	/** Settings of n8n, over the quiet and closed ones that are set here; an empty text switches one off. */
	env?: Readonly<Record<string, string>>;
	/**
	 * Community packages: folders (packed as for publishing) or tarballs. This project's, as built, unless told. Nothing
	 * is installed into a user folder when the list is empty.
	 */
	packages?: readonly string[];
	/** The address that the outside world sees, for `WEBHOOK_URL`. */
	webhookUrl?: string;
	/** A PEM file of a certificate authority that this n8n shall trust besides the usual ones. */
	trustedCa?: string;
	/** The first port to try; the system chooses unless told. */
	preferredPort?: number;
	/** How long it may take until it is ready, in milliseconds; 180,000 unless told. */
	timeout?: number;
	/** Takes lines for people: the progress of an install. */
	log?: (line: string) => void;
	/** Ends the start; what was started by then is ended too. */
	signal?: AbortSignal;
}

/** What a restart may change. */
type Changes = Pick<StartOptions, 'env' | 'webhookUrl' | 'timeout' | 'version'>;

export interface N8n {
	/** Such as `http://127.0.0.1:5678`, without a slash at the end. */
	readonly url: string;
	readonly ports: { readonly http: number; readonly broker: number };
	readonly version: string;
	readonly userFolder: string;
	/** The whole environment of the process. */
	readonly env: Readonly<Record<string, string>>;
	/** Undefined while it does not run. */
	readonly pid: number | undefined;
	/** All that it wrote since it was first started, without colours. */
	log(): string;
	/** Resolves with the first line that matches, also one written before; rejects after 30 s unless told. */
	waitForLog(pattern: RegExp, timeout?: number): Promise<string>;
	/** Ends it as a machine that shuts down would (SIGTERM); folder and ports are kept for `restart()`. */
	shutDown(): Promise<void>;
	/** SIGKILL, for it and all that it started; folder and ports are kept for `restart()`. */
	kill(): Promise<void>;
	/** Starts it again on the same folder and ports; shuts it down first if it runs. Resolves when it is ready. */
	restart(changes?: Changes): Promise<void>;
	/** Runs a command of n8n's CLI on the same folder and settings, and answers what it wrote. */
	cli(...args: string[]): Promise<string>;
	/** Ends everything and removes the folder if it was a temporary one. May be called twice. */
	stop(): Promise<void>;
}

/** What of the environment around us an n8n may see: where things are, never settings of another n8n or of npm. */
const PASSED_ON = [
	'HOME',
	'USER',
	'LANG',
	'LC_ALL',
	'TZ',
	'TMPDIR',
	'TEMP',
	'TMP',
	'SYSTEMROOT',
	'COMSPEC',
	'PATHEXT',
	'APPDATA',
	'LOCALAPPDATA',
	'USERPROFILE',
];

/** Nothing leaves the machine, nobody else gets in, and a browser may log in on plain http. */
const QUIET_AND_CLOSED: Readonly<Record<string, string>> = {
	NODE_ENV: 'production',
	N8N_LISTEN_ADDRESS: '127.0.0.1',
	N8N_WORKER_SERVER_ADDRESS: '127.0.0.1',
	N8N_HOST: '127.0.0.1',
	N8N_PROTOCOL: 'http',
	N8N_SECURE_COOKIE: 'false',
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
	N8N_DYNAMIC_BANNERS_ENABLED: 'false',
	N8N_TEMPLATES_ENABLED: 'false',
	N8N_PERSONALIZATION_ENABLED: 'false',
	N8N_HIRING_BANNER_ENABLED: 'false',
	N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
	N8N_VERIFIED_PACKAGES_ENABLED: 'false',
	N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: 'true',
	N8N_LOG_LEVEL: 'info',
	NO_COLOR: '1',
};

const GUARD = join(__dirname, 'orphanGuard.cjs');

function environmentOf(parts: {
	installed: InstalledN8n;
	userFolder: string;
	ports: N8n['ports'];
	options: StartOptions;
}): Record<string, string> {
	const { installed, userFolder, ports, options } = parts;
	const around = Object.fromEntries(
		Object.entries(process.env).flatMap(([name, value]) =>
			PASSED_ON.includes(name.toUpperCase()) && value !== undefined ? [[name, value]] : [],
		),
	);
	const modules = resolve(dirname(installed.bin), '..', 'dist', 'modules');
	return {
		...around,
		PATH: `${dirname(installed.nodeBin)}${delimiter}${process.env.PATH ?? ''}`,
		...QUIET_AND_CLOSED,
		...settingsOf(installed.version, (name) => existsSync(join(modules, name))),
		N8N_USER_FOLDER: userFolder,
		N8N_PORT: String(ports.http),
		N8N_RUNNERS_BROKER_PORT: String(ports.broker),
		...(options.command === 'worker'
			? { QUEUE_HEALTH_CHECK_ACTIVE: 'true', QUEUE_HEALTH_CHECK_PORT: String(ports.http) }
			: {}),
		...(options.webhookUrl === undefined ? {} : { WEBHOOK_URL: options.webhookUrl }),
		...(options.trustedCa === undefined ? {} : { NODE_EXTRA_CA_CERTS: options.trustedCa }),
		...options.env,
	};
}

/** Whether an address answers with a success. */
async function answers(url: string): Promise<boolean> {
	try {
		const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
		await response.arrayBuffer();
		return response.ok;
	} catch {
		return false;
	}
}

class N8nProcess implements N8n {
	version = '';
	env: Record<string, string> = {};
	ports = { http: 0, broker: 0 };
	private installed!: InstalledN8n;
	private child?: ChildProcess;
	private lines: string[] = [];

	constructor(
		private options: StartOptions,
		readonly userFolder: string,
		private readonly temporary: boolean,
	) {
		process.once('exit', this.abandon);
	}

	get url() {
		return `http://127.0.0.1:${this.ports.http}`;
	}

	get pid() {
		return this.child?.pid;
	}

	log() {
		return this.lines.join('\n');
	}

	async waitForLog(pattern: RegExp, timeout = 30_000) {
		return await waitFor(() => this.lines.find((line) => pattern.test(line)), {
			timeout,
			what: `a line of n8n's log that matches ${pattern}`,
		});
	}

	/** The first start: finds n8n, installs the packages, and tries other ports when somebody was faster. */
	async prepare() {
		const { version = NEWEST, log, signal, preferredPort } = this.options;
		await this.choose(version);
		const { packages = [PROJECT] } = this.options;
		if (packages.length > 0) await installCommunityPackages(this.userFolder, packages);
		for (let attempt = 1; ; attempt++) {
			this.ports = { http: await freePort(preferredPort), broker: await freePort() };
			try {
				await this.begin();
				return;
			} catch (thrown) {
				signal?.throwIfAborted();
				if (attempt === 3 || !/port \d+ is already in use|EADDRINUSE/i.test(this.log()))
					throw thrown;
				log?.('Somebody else took the port: trying another one');
				this.lines = [];
			}
		}
	}

	private async choose(version: string | InstalledN8n) {
		const { log, signal } = this.options;
		this.installed =
			typeof version === 'string' ? await ensureN8n(version, { log, signal }) : version;
		this.version = this.installed.version;
	}

	private async begin() {
		const { command = 'start', timeout = 180_000, signal } = this.options;
		signal?.throwIfAborted();
		this.env = environmentOf({
			installed: this.installed,
			userFolder: this.userFolder,
			ports: this.ports,
			options: this.options,
		});
		const before = this.lines.length;
		const child = spawnGroup(
			this.installed.nodeBin,
			['--require', GUARD, this.installed.bin, command],
			{ cwd: this.userFolder, env: this.env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
		);
		this.child = child;
		this.collect(child);
		let failure: Error | undefined;
		child.once('error', (error) => (failure = error));
		child.once('exit', (code, by) => {
			failure ??= new Error(`n8n ${command} ended with ${by ?? code}`);
		});
		try {
			await waitFor(
				async () => {
					if (failure) throw failure;
					return await this.isReady(before);
				},
				{ timeout, every: 200, what: `n8n ${command} to be ready`, signal },
			);
		} catch (thrown) {
			await this.end(0);
			signal?.throwIfAborted();
			const said = tail(this.lines.slice(before).join('\n'), 25);
			throw new Error(`${(thrown as Error).message}. The last lines of its log:\n${said}`);
		}
	}

	private async isReady(before: number): Promise<boolean> {
		const { command = 'start' } = this.options;
		const wrote = (pattern: RegExp) => this.lines.slice(before).some((line) => pattern.test(line));
		if (command === 'worker') {
			return wrote(/worker is now ready/i) && (await answers(`${this.url}/healthz`));
		}
		if (command === 'webhook') {
			return wrote(/Webhook listener waiting/) && (await answers(`${this.url}/healthz`));
		}
		return (
			wrote(/Editor is now accessible/) &&
			(await answers(`${this.url}/healthz`)) &&
			(await answers(`${this.url}/rest/settings`))
		);
	}

	private collect(child: ChildProcess) {
		for (const stream of [child.stdout, child.stderr]) {
			let rest = '';
			stream?.setEncoding('utf8');
			stream?.on('data', (chunk: string) => {
				const parts = (rest + chunk).split('\n');
				rest = parts.pop() ?? '';
				for (const part of parts) this.lines.push(stripVTControlCharacters(part).trimEnd());
			});
			stream?.on('end', () => {
				if (rest) this.lines.push(stripVTControlCharacters(rest));
			});
		}
	}

	private async end(graceMs: number) {
		const { child } = this;
		if (!child) return;
		await endGroup(child, graceMs);
		this.child = undefined;
	}

	async shutDown() {
		await this.end(30_000);
	}

	async kill() {
		await this.end(0);
	}

	async restart(changes: Changes = {}) {
		await this.shutDown();
		this.options = {
			...this.options,
			...changes,
			env: { ...this.options.env, ...changes.env },
		};
		if (changes.version !== undefined) await this.choose(changes.version);
		// After a kill n8n finds this file and waits ten seconds, which only guards a supervisor against a crash loop.
		rmSync(join(this.userFolder, '.n8n', 'crash.journal'), { force: true });
		await this.begin();
	}

	async cli(...args: string[]) {
		const { stdout, stderr } = await promisify(execFile)(
			this.installed.nodeBin,
			[this.installed.bin, ...args],
			{
				cwd: this.userFolder,
				env: { ...this.env, N8N_RUNNERS_BROKER_PORT: String(await freePort()) },
			},
		);
		return stripVTControlCharacters(stdout + stderr);
	}

	async stop() {
		await this.end(this.temporary ? 0 : 30_000);
		this.removeFolder();
		process.off('exit', this.abandon);
	}

	private removeFolder() {
		if (this.temporary) rmSync(this.userFolder, { recursive: true, force: true, maxRetries: 5 });
	}

	/** This process ends without a `stop()`, as after a test that was broken off. */
	private readonly abandon = () => {
		if (this.child) signalGroup(this.child, 'SIGKILL');
		this.removeFolder();
	};
}

/**
 * Starts a real n8n on 127.0.0.1, on ports that are free, with nothing but the given settings, and with community
 * packages installed as n8n itself installs them.
 *
 * Queue mode: start one `start`, then `webhook` and `worker` processes, with the same `env` (EXECUTIONS_MODE, the
 * database, Redis and N8N_ENCRYPTION_KEY).
 *
 * @returns once it is ready: its health check and its REST API answer, and its log says that the editor is accessible
 * @throws Error with the last lines of its log when it does not get there; nothing is left running then
 */
export async function startN8n(options: StartOptions = {}): Promise<N8n> {
	const temporary = options.userFolder === undefined;
	const userFolder = options.userFolder ?? mkdtempSync(join(tmpdir(), 'n8n-'));
	mkdirSync(userFolder, { recursive: true });
	const n8n = new N8nProcess(options, userFolder, temporary);
	try {
		await n8n.prepare();
		return n8n;
	} catch (thrown) {
		await n8n.stop();
		throw thrown;
	}
}
