/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import { openDatabase, type Database } from './database';
import { allQuiet, takeAccount, type Account } from './ledger';
import { addAct, type Act, type Stage } from './stage';

/** Events on their first attempt at once. */
const LANES = 4;

/** Sends events, does something to the database in the middle of it, and takes the account. */
async function withTrouble(
	stage: Stage,
	events: number,
	trouble: (database: Database, act: Act) => Promise<void>,
): Promise<Account> {
	const { simulator, client, n8n, installed } = stage;
	const act = await addAct(stage);
	const database = await openDatabase(installed, n8n.userFolder);
	try {
		const specs = Array.from({ length: events }, () => ({
			type: 'task.completed',
			to: act.webhook.id,
		}));
		const batch = simulator.emitMany(specs, { concurrency: LANES });
		await simulator.delivered({ webhookId: act.webhook.id }, Math.ceil(events / 10));
		await trouble(database, act);
		await batch.settled;
	} finally {
		await database.close();
	}
	try {
		await allQuiet(client, act.workflow.id, 30_000);
	} catch {
		// A run whose end n8n could not write is "running" for it until it is started again.
		await n8n.restart();
		await client.login();
		await allQuiet(client, act.workflow.id);
	}
	const account = await takeAccount(stage, act);
	await client.deactivate(act.workflow.id);
	return account;
}

/**
 * Another process holds the database's only place for a writer, longer than Anchor waits for an answer.
 * @param lockedMs for how long
 */
export async function lockDatabase(
	stage: Stage,
	{ events, lockedMs }: { events: number; lockedMs: number },
): Promise<Account> {
	return await withTrouble(stage, events, async (database) => {
		await database.query('BEGIN EXCLUSIVE');
		await pause(lockedMs);
		await database.query('ROLLBACK');
	});
}

/**
 * The database refuses every new execution, until so many deliveries have met with that.
 * @returns the account, and how many attempts n8n answered with 500
 */
export async function refuseExecutions(
	stage: Stage,
	{ events, refusals }: { events: number; refusals: number },
): Promise<Account & { answered500: number }> {
	let webhookId = '';
	const answered500 = () =>
		stage.simulator
			.deliveries({ webhookId })
			.flatMap((row) => row.attempts)
			.filter(({ status }) => status === 500).length;
	const account = await withTrouble(stage, events, async (database, act) => {
		webhookId = act.webhook.id;
		await database.query(
			`CREATE TRIGGER refusing BEFORE INSERT ON execution_entity
			 BEGIN SELECT RAISE(ABORT, 'refused by the test'); END`,
		);
		try {
			while (answered500() < refusals) await pause(100);
		} finally {
			await database.query('DROP TRIGGER refusing');
		}
	});
	return { ...account, answered500: answered500() };
}
