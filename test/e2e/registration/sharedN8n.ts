/* eslint-disable @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { type Simulator } from '../../simulator';
import {
	ensureN8n,
	isAtLeast,
	N8nClient,
	startN8n,
	type InstalledN8n,
	type N8n,
} from '../../support/n8n';
import { openDatabase } from '../faults/database';
import { Mutex } from './mutex';

/** An n8n that several audits use, each with a simulator and a credential of its own. */
export interface SharedN8n {
	readonly n8n: N8n;
	readonly installed: InstalledN8n;
	readonly client: N8nClient;
	/** 2.41 publishes in the background, tries five times, and shows a failure's message; 1.x its description. */
	readonly publishes: boolean;
	/** Where the world finds its webhooks, without a slash at the end. */
	address: string;
	kill(): Promise<void>;
	/** Starts it again, at `address`. */
	restart(): Promise<void>;
	/** For whoever saves something: in n8n 1.x two that save at the same moment end up in one transaction. */
	readonly saving: Mutex;
	/** Runs one statement in its database. */
	query<Row>(sql: string, ...values: unknown[]): Promise<Row[]>;
	stop(): Promise<void>;
}

/** A publication of 2.41 that waits between two tries does not hold up those of other workflows. */
const ENVIRONMENT = { N8N_WORKFLOW_PUBLICATION_CONCURRENCY: '20' };

/** Starts an n8n with an owner. */
export async function startSharedN8n(version: string | InstalledN8n): Promise<SharedN8n> {
	const installed = typeof version === 'string' ? await ensureN8n(version) : version;
	const n8n = await startN8n({ version: installed, env: ENVIRONMENT });
	const client = new N8nClient(n8n);
	try {
		await client.setUpOwner();
	} catch (thrown) {
		await n8n.stop();
		throw thrown;
	}
	const publishes = isAtLeast(n8n.version, '2.0');

	const query = async <Row>(sql: string, ...values: unknown[]) => {
		const database = await openDatabase(installed, n8n.userFolder);
		try {
			return await database.query<Row>(sql, ...values);
		} finally {
			await database.close();
		}
	};
	const shared: SharedN8n = {
		n8n,
		installed,
		client,
		publishes,
		address: n8n.url,
		saving: new Mutex(),
		query,
		kill: async () => {
			await n8n.kill();
			// What was being published is taken up again when its lease of two minutes has ended: let it have ended.
			if (publishes) {
				await query(
					"UPDATE workflow_publication_outbox SET updatedAt = '2020-01-01 00:00:00.000' WHERE status = 'in_progress'",
				);
			}
		},
		restart: async () =>
			await n8n.restart({ ...(shared.address === n8n.url ? {} : { webhookUrl: shared.address }) }),
		stop: async () => await n8n.stop(),
	};
	return shared;
}

/** A credential with the simulator's API key. */
export async function credentialFor({ client, saving }: SharedN8n, { apiKey, url }: Simulator) {
	const data = { apiKey, baseUrl: url };
	return await saving.runExclusive(
		async () => await client.createCredential('anchorBrowserApi', data),
	);
}
