/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startSimulator, type Simulator, type Webhook } from '../../simulator';
import {
	ensureN8n,
	N8nClient,
	NEWEST,
	pack,
	PROJECT,
	startN8n,
	waitFor,
	type InstalledN8n,
	type N8n,
	type StartOptions,
	type Workflow,
	type WorkflowNode,
} from '../../support/n8n';
import { TRIGGER, triggerNode } from '../trigger';
import { openDatabase, type Database, type PostgresPlace } from './database';
import { startProxy, type Proxy } from './proxy';
import { POSTGRES, startPostgres, startRedis } from './services';

/** The last node of each workflow: an event that has passed it has run to its end. */
export const WORK = 'Work';

export interface EnvironmentOptions {
	/** A release; the newest unless told. */
	version?: string;
	/** Puts a reverse proxy between Anchor and n8n. */
	proxied?: boolean;
	/** n8n in queue mode: a main process, two webhook processors behind a proxy, two workers, PostgreSQL and Redis. */
	queue?: boolean;
	/** Folders of community packages besides this project's. */
	packages?: readonly string[];
	/** When Anchor tries again, one after the other. */
	retryDelaysMs?: readonly number[];
	/** Settings of n8n over its own. */
	env?: Readonly<Record<string, string>>;
}

/** An n8n and an Anchor that know each other. */
export interface Environment {
	/** All of n8n, or the main process of queue mode. */
	readonly n8n: N8n;
	readonly installed: InstalledN8n;
	/** Queue mode only. */
	readonly processors: readonly N8n[];
	/** Queue mode only. */
	readonly workers: readonly N8n[];
	readonly proxy?: Proxy;
	readonly client: N8nClient;
	readonly simulator: Simulator;
	readonly apiCredential: { id: string; name: string };
	/** Opens n8n's database. */
	database(): Promise<Database>;
	close(): Promise<void>;
}

/** A workflow that runs for every event, and its webhook at Anchor. */
export interface Subscription {
	readonly workflow: Workflow;
	readonly webhook: Webhook;
}

/**
 * As Anchor's six attempts, but fast: all of them are over within a minute of the first, whatever n8n answers or does
 * not answer. What is left then only Anchor's history knows.
 */
export const RETRY_DELAYS_MS = [1_000, 2_000, 4_000, 8_000, 10_000];

/** For each webhook request n8n 2 would make a JavaScript isolate, whether an expression needs it or not. */
const ENGINE = { N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE: 'true' };

/** n8n would delete what is beyond its newest 10,000 executions. */
const KEEPING_ALL = { EXECUTIONS_DATA_PRUNE: 'false' };

/** A worker that was killed is missed after seconds, not after n8n's usual minute and a half. */
const QUICK_TO_NOTICE = {
	QUEUE_WORKER_LOCK_DURATION: '6000',
	QUEUE_WORKER_LOCK_RENEW_TIME: '2000',
	QUEUE_WORKER_STALLED_INTERVAL: '3000',
};

/** Starts a simulator and an n8n, and gives n8n the simulator's API key. */
export async function startEnvironment(options: EnvironmentOptions = {}): Promise<Environment> {
	const closers: Array<() => Promise<void> | void> = [];
	const close = async () => {
		for (const end of closers.splice(0).reverse()) await end();
	};
	const start = async (wish: StartOptions): Promise<N8n> => {
		const n8n = await startN8n(wish);
		closers.push(async () => await n8n.stop());
		return n8n;
	};
	try {
		const simulator = await startSimulator({
			maxWebhooks: 50,
			retryDelaysMs: options.retryDelaysMs ?? RETRY_DELAYS_MS,
		});
		closers.push(async () => await simulator.close());
		const installed = await ensureN8n(options.version ?? NEWEST);

		const served: N8n[] = [];
		const proxy =
			options.proxied || options.queue
				? await startProxy(() => served.map(({ url }) => url))
				: undefined;
		if (proxy) closers.push(async () => await proxy.close());
		const wish: StartOptions = {
			version: installed,
			packages: [PROJECT, ...(options.packages ?? [])],
			env: { ...ENGINE, ...KEEPING_ALL, ...options.env },
			...(proxy && { webhookUrl: `${proxy.url}/` }),
		};

		const processors: N8n[] = [];
		const workers: N8n[] = [];
		let n8n: N8n;
		let postgres: PostgresPlace | undefined;
		if (options.queue) {
			const [redis, server] = await Promise.all([startRedis(), startPostgres()]);
			closers.push(redis.stop, server.stop);
			postgres = { host: '127.0.0.1', port: server.port, ...POSTGRES };
			const work = mkdtempSync(join(tmpdir(), 'n8n-queue-'));
			closers.push(() => rmSync(work, { recursive: true, force: true }));
			const packages: string[] = [];
			for (const one of wish.packages ?? []) packages.push(await pack(one, work));
			const shared: StartOptions = {
				...wish,
				packages,
				timeout: 300_000,
				env: { ...wish.env, ...queueSettings(redis.port, postgres) },
			};
			// The main process first and alone: it makes the tables.
			n8n = await start(shared);
			for (const list of [processors, workers]) {
				const command = list === workers ? 'worker' : 'webhook';
				list.push(await start({ ...shared, command }), await start({ ...shared, command }));
			}
			served.push(...processors);
		} else {
			n8n = await start(wish);
			served.push(n8n);
		}

		const client = new N8nClient(n8n);
		await client.setUpOwner();
		const apiCredential = await client.createCredential('anchorBrowserApi', {
			apiKey: simulator.apiKey,
			baseUrl: simulator.url,
		});
		const database = async () => await openDatabase(installed, postgres ?? n8n.userFolder);
		return {
			n8n,
			installed,
			processors,
			workers,
			proxy,
			client,
			simulator,
			apiCredential,
			database,
			close,
		};
	} catch (thrown) {
		await close();
		throw thrown;
	}
}

/** Main takes no production webhooks, as n8n advises for a setup with webhook processors. */
function queueSettings(redisPort: number, postgres: PostgresPlace): Record<string, string> {
	return {
		EXECUTIONS_MODE: 'queue',
		N8N_ENCRYPTION_KEY: randomBytes(24).toString('hex'),
		N8N_DISABLE_PRODUCTION_MAIN_PROCESS: 'true',
		OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
		QUEUE_BULL_REDIS_HOST: '127.0.0.1',
		QUEUE_BULL_REDIS_PORT: String(redisPort),
		...QUICK_TO_NOTICE,
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_HOST: postgres.host,
		DB_POSTGRESDB_PORT: String(postgres.port),
		DB_POSTGRESDB_DATABASE: postgres.database,
		DB_POSTGRESDB_USER: postgres.user,
		DB_POSTGRESDB_POOL_SIZE: '5',
	};
}

/**
 * Makes and activates a workflow of the trigger and one node after it.
 *
 * @param options of the trigger
 * @param runSeconds how long each run takes; a run that is not told does nothing
 */
export async function subscribe(
	{ client, simulator, apiCredential, proxy }: Environment,
	options: Record<string, unknown> = {},
	runSeconds?: number,
): Promise<Subscription> {
	const work: Partial<WorkflowNode> =
		runSeconds === undefined
			? { type: 'n8n-nodes-base.noOp', typeVersion: 1 }
			: {
					type: 'n8n-nodes-base.wait',
					typeVersion: 1.1,
					parameters: { resume: 'timeInterval', amount: runSeconds, unit: 'seconds' },
				};
	const created = await client.createWorkflow({
		name: `Faults ${simulator.webhooks({ deleted: true }).length + 1}`,
		nodes: [
			triggerNode({ events: ['*'], options }, { anchorBrowserApi: apiCredential }),
			{ name: WORK, type: '', typeVersion: 1, ...work },
		],
		connections: { [TRIGGER]: { main: [[{ node: WORK, type: 'main', index: 0 }]] } },
	});
	await client.activate(created.id);
	const workflow = await client.getWorkflow(created.id);
	const atMain = client.webhookUrl(workflow, TRIGGER);
	const { pathname } = new URL(atMain);
	const webhook = simulator.webhooks().find(({ url }) => new URL(url).pathname === pathname);
	if (webhook === undefined) throw new Error('The trigger did not register its webhook');
	const address = new URL(pathname, proxy?.url ?? atMain).href;
	await waitFor(async () => await client.isRegistered(address), { what: 'the webhook to be live' });
	return { workflow, webhook };
}
