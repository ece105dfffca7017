/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { NEWEST, waitFor } from '../../support/n8n';
import { COLLECTING_SCENARIOS, collecting } from './collectingScenarios';
import { sqliteFile } from './database';
import { RETRY_DELAYS_MS } from './environment';
import { LONG_RUN } from './longRun';
import { publishChange } from './publishChange';
import { QUEUE_SCENARIOS } from './queueScenarios';
import { RECOVERY_SCENARIOS } from './recoveryScenarios';
import {
	ALONE,
	BOTH,
	DOUBLED,
	FULL,
	lifeMs,
	lockDatabase,
	LOCKED_MS,
	ONE_AT_A_TIME,
	PROXIED,
	startAgain,
	windowMs,
	type Scenario,
	type ScenarioContext,
} from './scenario';

const shuffled = () => ({ ...DOUBLED, delayMs: Math.random() * 2_000 });

const KILLS = FULL ? 10 : 2;
const PUBLICATIONS = FULL ? 30 : 5;
const BURST = FULL ? 300 : 60;
const LONG_RUNS = FULL ? 10 : 2;
const INTERCEPTED_MS = FULL ? 60_000 : 5_000;
const MISSED = FULL ? 1_000 : 50;
const REFUSALS = FULL ? 50 : 10;
/** Longer than the 10 s that Anchor waits for an answer. */
const LONG_RUN_SECONDS = 11;

async function killAtRandom({
	environment: { n8n },
	options,
	noteStart,
}: ScenarioContext): Promise<void> {
	for (let kill = 0; kill < KILLS; kill++) {
		await pause(lifeMs(options));
		await n8n.kill();
		await startAgain(n8n);
		noteStart();
	}
}

async function publishEverySecond({ environment, subscription }: ScenarioContext) {
	for (let round = 0; round < PUBLICATIONS; round++) {
		const started = performance.now();
		await publishChange(environment.client, subscription.workflow.id);
		await pause(Math.max(0, 1_000 - (performance.now() - started)));
	}
}

const intercept = (status: number): Scenario => ({
	name: `a proxy answers ${status} by itself`,
	versions: BOTH,
	setting: PROXIED,
	unnoticed: true,
	happen: async ({ environment: { proxy } }: ScenarioContext) => {
		proxy?.answerWith(status);
		await pause(INTERCEPTED_MS);
		proxy?.answerWith(undefined);
	},
});

/** Puts n8n's database back as it was some minutes and some events ago. */
async function restoreDatabase({
	environment,
	options,
	runs,
	noteStart,
	settled,
}: ScenarioContext) {
	const { n8n, simulator } = environment;
	const file = sqliteFile(n8n.userFolder);
	const folder = dirname(file);
	// SQLite keeps what is not yet merged into the file beside it.
	const files = () => readdirSync(folder).filter((name) => name.startsWith(basename(file)));
	const backup = mkdtempSync(join(tmpdir(), 'n8n-backup-'));
	try {
		await n8n.shutDown();
		for (const name of files()) cpSync(join(folder, name), join(backup, name));
		await n8n.restart();
		noteStart();
		await pause(5_000);
		// The copy is older than the minute that the trigger gives a dying n8n.
		simulator.advance(3 * 60_000);
		await pause(5_000);
		await settled();
		// What this start missed has been recovered by then, and the copy knows nothing of it.
		await pause(30_000 + windowMs(options));
		await waitFor(async () => (await runs.unfinished()) === 0, { timeout: 60_000, every: 1_000 });
		simulator.advance(3 * 60_000);
		await n8n.shutDown();
		// The reader remembers them when n8n no longer does.
		await runs.read();
		for (const name of files()) rmSync(join(folder, name));
		cpSync(backup, folder, { recursive: true });
		await n8n.restart();
		noteStart();
	} finally {
		rmSync(backup, { recursive: true });
	}
}

/** SQLite refuses every new execution until so many deliveries have met with that. */
async function refuseExecutions(context: ScenarioContext): Promise<void> {
	const { simulator, database: open } = context.environment;
	const webhookId = context.subscription.webhook.id;
	const database = await open();
	const refused = () =>
		simulator
			.deliveries({ webhookId })
			.flatMap(({ attempts }) => attempts)
			.filter(({ status }) => status === 500).length;
	await database.query(
		`CREATE TRIGGER refusing BEFORE INSERT ON execution_entity
		 BEGIN SELECT RAISE(ABORT, 'refused by the test'); END`,
	);
	try {
		await waitFor(() => refused() >= REFUSALS, { timeout: 120_000, what: 'refused executions' });
	} finally {
		await database.query('DROP TRIGGER refusing');
		await database.close();
	}
}

const EACH_EVENT_A_RUN: readonly Scenario[] = [
	{
		name: 'a graceful restart',
		versions: BOTH,
		setting: ALONE,
		alsoCollecting: true,
		happen: async ({ environment: { n8n }, noteStart }) => {
			await n8n.restart();
			noteStart();
		},
	},
	{
		name: `${KILLS} kills`,
		versions: BOTH,
		setting: ALONE,
		alsoCollecting: true,
		happen: killAtRandom,
	},
	{
		name: `${KILLS} kills, every event twice and out of order`,
		versions: BOTH,
		setting: ALONE,
		alsoCollecting: true,
		everyMs: 400,
		how: shuffled,
		happen: killAtRandom,
	},
	{
		name: 'a changed version published every second',
		versions: BOTH,
		setting: ALONE,
		alsoCollecting: true,
		happen: publishEverySecond,
	},
	{
		name: "off for longer than Anchor's last attempt",
		versions: BOTH,
		setting: ALONE,
		happen: async ({ environment: { n8n }, noteStart, settled }) => {
			await n8n.shutDown();
			await pause(5_000);
			await settled();
			await n8n.restart();
			noteStart();
		},
	},
	{
		name: `${MISSED} events missed, and others that arrive while they are recovered`,
		versions: BOTH,
		setting: ALONE,
		seconds: 300,
		happen: async ({ environment: { n8n }, noteStart, send }) => {
			await n8n.shutDown();
			send(MISSED);
			// Until Anchor has given them up.
			await pause(RETRY_DELAYS_MS.reduce((sum, delay) => sum + delay, 5_000));
			await n8n.restart();
			noteStart();
			await pause(FULL ? 120_000 : 15_000);
		},
	},
	{
		name: 'the database restored from an earlier copy',
		versions: BOTH,
		setting: ALONE,
		alsoCollecting: true,
		// Anchor's clock is set on, so that minutes pass between two events.
		options: { toleranceSeconds: 600 },
		happen: restoreDatabase,
	},
	{
		name: "the secret rotated in Anchor's dashboard",
		versions: BOTH,
		setting: ALONE,
		unnoticed: true,
		happen: async ({ environment: { simulator }, subscription: { webhook } }) => {
			simulator.rotateSecret(webhook.id);
			await pause(3_000);
		},
	},
	intercept(404),
	{ ...intercept(200), alsoCollecting: true },
	{
		name: `${BURST} events at once`,
		versions: BOTH,
		setting: ALONE,
		everyMs: 0,
		happen: async ({ send, settled }) => {
			send(BURST);
			await settled();
		},
	},
	{
		name: `the database locked for ${LOCKED_MS / 1000} s`,
		versions: [NEWEST],
		setting: ALONE,
		unnoticed: true,
		heldForMinutes: true,
		happen: lockDatabase,
	},
	{
		name: 'the database refuses to write',
		versions: [NEWEST],
		setting: ALONE,
		happen: refuseExecutions,
	},
	...(['accepted', 'immediately'] as const).map(
		(acknowledge): Scenario => ({
			name: `runs of ${LONG_RUN_SECONDS} s one at a time, acknowledged ${acknowledge}`,
			versions: [NEWEST],
			setting: ONE_AT_A_TIME,
			everyMs: 0,
			runSeconds: LONG_RUN_SECONDS,
			options: { acknowledge },
			...(acknowledge === 'immediately' && { answersInTime: true as const }),
			happen: async ({ send, settled }) => {
				send(LONG_RUNS);
				await settled();
			},
		}),
	),
	LONG_RUN,
	...RECOVERY_SCENARIOS,
	...QUEUE_SCENARIOS,
];

export const SCENARIOS: readonly Scenario[] = [
	...EACH_EVENT_A_RUN,
	...EACH_EVENT_A_RUN.filter(({ alsoCollecting }) => alsoCollecting).map(collecting),
	...COLLECTING_SCENARIOS,
];
