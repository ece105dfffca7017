/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox, and start processes */
import { execFile, execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { freePort, waitFor } from '../../support/n8n';
import { endGroup, spawnGroup } from '../../support/n8n/processGroup';

const run = promisify(execFile);

interface Service {
	readonly port: number;
	stop(): Promise<void>;
}

function onPath(program: string): string | undefined {
	return (process.env.PATH ?? '')
		.split(delimiter)
		.map((folder) => join(folder, program))
		.find((file) => existsSync(file));
}

/** Where PostgreSQL's programs are: Debian keeps those of the server off PATH, in a folder for each version. */
function postgresFolder(): string | undefined {
	const debian = '/usr/lib/postgresql';
	const versions = existsSync(debian) ? readdirSync(debian) : [];
	const folders = versions
		.sort((one, other) => Number(other) - Number(one))
		.map((version) => join(debian, version, 'bin'));
	return folders.find((folder) => existsSync(join(folder, 'initdb')));
}

const postgresProgram = (name: string): string | undefined => {
	const folder = postgresFolder();
	return folder === undefined ? onPath(name) : join(folder, name);
};

/** Debian's names of what queue mode needs and this machine does not have. */
export function missingServices(): string[] {
	return [
		...(onPath('redis-server') === undefined ? ['redis-server'] : []),
		...(postgresProgram('initdb') === undefined ? ['postgresql'] : []),
	];
}

/**
 * Installs what is missing, as `.ci/run` installs other programs.
 *
 * @throws Error on a machine without Debian's apt-get, and for anybody but root
 */
export function installServices(): void {
	const missing = missingServices();
	if (missing.length === 0) return;
	const options = {
		env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
		stdio: ['ignore', 'ignore', 'inherit'],
	} satisfies ExecFileSyncOptions;
	execFileSync('apt-get', ['update', '-qq'], options);
	const quietly = ['install', '-y', '-qq', '--no-install-recommends'];
	execFileSync('apt-get', [...quietly, ...missing], options);
}

/** Whether a line sent to a port is answered. */
async function replies(port: number, line: string, expected: string): Promise<boolean> {
	return await new Promise((resolve) => {
		const socket = connect({ port, host: '127.0.0.1' });
		let heard = '';
		const end = (answer: boolean) => {
			socket.destroy();
			resolve(answer);
		};
		socket.setTimeout(1_000, () => end(false));
		socket.once('error', () => end(false));
		socket.once('connect', () => socket.write(line));
		socket.on('data', (chunk) => {
			heard += chunk.toString('latin1');
			if (heard.includes(expected)) end(true);
		});
		socket.once('close', () => end(false));
	});
}

/** A service, once it is ready; one that does not get there is ended. */
async function onceReady(service: Service, ready: () => Promise<unknown>): Promise<Service> {
	try {
		await ready();
	} catch (thrown) {
		await service.stop();
		throw thrown;
	}
	return service;
}

/** Starts a Redis of our own that keeps nothing on disk. */
export async function startRedis(): Promise<Service> {
	const port = await freePort();
	const folder = mkdtempSync(join(tmpdir(), 'redis-'));
	const child = spawnGroup(
		'redis-server',
		[
			...['--port', String(port), '--bind', '127.0.0.1'],
			...['--save', '', '--appendonly', 'no', '--dir', folder],
		],
		{ stdio: 'ignore' },
	);
	const stop = async () => {
		await endGroup(child, 0);
		rmSync(folder, { recursive: true, force: true });
	};
	const isReady = async () => await replies(port, 'PING\r\n', '+PONG');
	return await onceReady({ port, stop }, () => waitFor(isReady, { what: 'Redis to answer' }));
}

/** PostgreSQL refuses root: where we are root, it runs as the user that Debian's package made for it. */
function unprivileged(): { uid?: number; gid?: number } {
	if (process.getuid?.() !== 0) return {};
	const id = (which: string) =>
		Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }).trim());
	return { uid: id('-u'), gid: id('-g') };
}

/** The name of the user, with all rights, and of the database. */
export const POSTGRES = { user: 'n8n', database: 'postgres' };

/** Starts a PostgreSQL of our own, empty, without a password and for this machine only. */
export async function startPostgres(): Promise<Service> {
	const program = (name: string) => postgresProgram(name) ?? name;
	const port = await freePort();
	const user = unprivileged();
	const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
	if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
	const data = join(folder, 'data');
	const options = { ...user, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' } };
	const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
	try {
		await run(
			program('initdb'),
			['-D', data, '-U', POSTGRES.user, '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
			options,
		);
	} catch (thrown) {
		remove();
		throw thrown;
	}
	// Its sockets lie in its own folder: the usual place belongs to the machine's own PostgreSQL. Five n8n processes
	// of up to ten connections each, and some to spare.
	const child = spawnGroup(
		program('postgres'),
		['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-c', 'max_connections=150'],
		{ ...options, stdio: 'ignore' },
	);
	const stop = async () => {
		await endGroup(child, 0);
		remove();
	};
	const isReady = async () => {
		if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}`);
		const asked = run(program('pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], options);
		return await asked.then(
			() => true,
			() => false,
		);
	};
	return await onceReady({ port, stop }, () =>
		waitFor(isReady, { what: 'PostgreSQL to take connections', every: 200 }),
	);
}
