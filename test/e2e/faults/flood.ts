/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import type { EmitOptions } from '../../simulator';
import { waitFor } from '../../support/n8n';
import type { Database } from './database';
import { subscribe, type Environment } from './environment';

interface FloodResult {
	requests: number;
	/** How many were answered 400 or 401: which of the two is a matter of the conformance tests. */
	refused: number;
	/** Executions that came of it. */
	executions: number;
	/** Tables with another number of rows than before. */
	changedTables: string[];
	/** Whether anybody wrote anything into the database meanwhile. */
	written: boolean;
	perSecond: number;
}

/** What somebody who knows the address, but not the secret, can send. */
const FORGERIES: readonly EmitOptions[] = [
	{ sign: 'forged' },
	{ sign: 'none' },
	{ tamper: true },
	{ timestampOffsetSeconds: -3_600 },
	{ headers: { 'Anchor-Signature': 't=1,v1=00' } },
];

async function rowCounts(database: Database): Promise<Map<string, number>> {
	const tables = await database.query<{ name: string }>(
		"SELECT name FROM sqlite_master WHERE type = 'table'",
	);
	const counts = new Map<string, number>();
	for (const { name } of tables) {
		const [{ n }] = await database.query<{ n: number }>(`SELECT count(*) AS n FROM "${name}"`);
		counts.set(name, n);
	}
	return counts;
}

/** A number that changes whenever another connection commits a change (SQLite's PRAGMA data_version). */
async function versionOf(database: Database): Promise<number> {
	const [{ data_version: version }] = await database.query<{ data_version: number }>(
		'PRAGMA data_version',
	);
	return version;
}

/** Waits until n8n has written nothing for a while: what it does after a start or a publication is over then. */
async function settle(database: Database): Promise<number> {
	let version = await versionOf(database);
	for (let quiet = 0; quiet < 8; quiet++) {
		await pause(500);
		const now = await versionOf(database);
		if (now !== version) quiet = -1;
		version = now;
	}
	return version;
}

/** Sends forged requests, as many as n8n takes, and looks for traces in its database. */
export async function floodWithForgeries(
	environment: Environment,
	requests: number,
): Promise<FloodResult> {
	const { simulator, client } = environment;
	const { workflow, webhook } = await subscribe(environment);
	const database = await environment.database();
	try {
		// n8n notes in its statistics when a workflow is reached for the first time, whoever it is by.
		await simulator.emit('task.completed', { to: webhook.id }).settled;
		await waitFor(
			async () =>
				(await client.executions({ workflowId: workflow.id, status: ['success'] })).length === 1,
			{ what: 'the one genuine run to end' },
		);
		const versionBefore = await settle(database);
		const before = await rowCounts(database);
		const started = performance.now();
		const batch = simulator.emitMany(
			Array.from({ length: requests }, (_nothing, index) => ({
				type: 'task.completed',
				to: webhook.id,
				maxAttempts: 1,
				...FORGERIES[index % FORGERIES.length],
			})),
			{ concurrency: 20 },
		);
		await batch.settled;
		const seconds = (performance.now() - started) / 1000;
		const written = (await versionOf(database)) !== versionBefore;
		const after = await rowCounts(database);

		const [, ...forged] = simulator.deliveries({ webhookId: webhook.id });
		const refused = forged.filter(({ attempts: [{ status }] }) => status === 400 || status === 401);
		const executions = await client.executions({ workflowId: workflow.id });
		await client.deactivate(workflow.id);
		return {
			requests,
			refused: refused.length,
			executions: executions.length - 1,
			changedTables: [...after.keys()].filter((name) => after.get(name) !== before.get(name)),
			written,
			perSecond: requests / seconds,
		};
	} finally {
		await database.close();
	}
}
