/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
	ensureN8n,
	N8nClient,
	NEWEST,
	pack,
	PROJECT,
	startN8n,
	type N8n,
	type StartOptions,
} from '../../support/n8n';
import type { Simulator } from '../../simulator';
import { startBalancer, type Balancer } from './balancer';
import { ENGINE } from './scale';
import { POSTGRES, startPostgres, startRedis, type Service } from './services';
import { startStageSimulator } from './stage';

/** n8n in queue mode, and an Anchor that knows it. */
export interface Cluster {
	readonly main: N8n;
	readonly processors: readonly N8n[];
	readonly workers: readonly N8n[];
	readonly balancer: Balancer;
	/** The address that Anchor sends to. */
	readonly entrance: string;
	readonly client: N8nClient;
	readonly simulator: Simulator;
	readonly apiCredential: { id: string; name: string };
	close(): Promise<void>;
}

/** A worker that was killed is missed after seconds, not after n8n's usual minute and a half. */
const QUICK_TO_NOTICE = {
	QUEUE_WORKER_LOCK_DURATION: '6000',
	QUEUE_WORKER_LOCK_RENEW_TIME: '2000',
	QUEUE_WORKER_STALLED_INTERVAL: '3000',
};

/**
 * Starts Redis, PostgreSQL, one main process, two webhook processors behind a balancer, two workers, and a simulator.
 * Main takes no production webhooks, as n8n advises for such a setup.
 *
 * @param version a release; the newest unless told
 */
export async function startCluster(version = NEWEST): Promise<Cluster> {
	const closers: Array<() => Promise<void>> = [];
	const close = async () => {
		for (const end of closers.splice(0).reverse()) await end();
	};
	const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
		closers.push(async () => await one.stop());
		return one;
	};
	try {
		const simulator = await startStageSimulator();
		closers.push(async () => await simulator.close());
		const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
		keep<Service>(redis);
		keep<Service>(postgres);
		const processors: N8n[] = [];
		const balancer = await startBalancer(() => processors.map(({ url }) => url));
		closers.push(async () => await balancer.close());

		const installed = await ensureN8n(version);
		const work = mkdtempSync(join(tmpdir(), 'n8n-queue-'));
		closers.push(async () => rmSync(work, { recursive: true, force: true }));
		const options: StartOptions = {
			version: installed,
			packages: [await pack(PROJECT, work)],
			webhookUrl: `${balancer.url}/`,
			timeout: 300_000,
			env: {
				EXECUTIONS_MODE: 'queue',
				N8N_ENCRYPTION_KEY: randomBytes(24).toString('hex'),
				N8N_DISABLE_PRODUCTION_MAIN_PROCESS: 'true',
				OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
				QUEUE_BULL_REDIS_HOST: '127.0.0.1',
				QUEUE_BULL_REDIS_PORT: String(redis.port),
				...QUICK_TO_NOTICE,
				...ENGINE,
				DB_TYPE: 'postgresdb',
				DB_POSTGRESDB_HOST: '127.0.0.1',
				DB_POSTGRESDB_PORT: String(postgres.port),
				DB_POSTGRESDB_DATABASE: POSTGRES.database,
				DB_POSTGRESDB_USER: POSTGRES.user,
				DB_POSTGRESDB_POOL_SIZE: '5',
			},
		};
		// The main process first and alone: it makes the tables.
		const main = keep(await startN8n(options));
		const client = new N8nClient(main);
		await client.setUpOwner();
		processors.push(keep(await startN8n({ ...options, command: 'webhook' })));
		processors.push(keep(await startN8n({ ...options, command: 'webhook' })));
		const workers = [
			keep(await startN8n({ ...options, command: 'worker' })),
			keep(await startN8n({ ...options, command: 'worker' })),
		];
		const apiCredential = await client.createCredential('anchorBrowserApi', {
			apiKey: simulator.apiKey,
			baseUrl: simulator.url,
		});
		return {
			main,
			processors,
			workers,
			balancer,
			entrance: balancer.url,
			client,
			simulator,
			apiCredential,
			close,
		};
	} catch (thrown) {
		await close();
		throw thrown;
	}
}
