/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- measurements run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import type { Database } from '../e2e/faults/database';
import { subscribe, type Environment } from '../e2e/faults/environment';
import { RunReader, timeOf } from '../e2e/faults/runs';
import { usageOf, type Usage } from '../e2e/faults/usage';
import { waitFor, type N8n } from '../support/n8n';
import { withAim } from './aims';
import { makeDeliveries } from './deliveries';
import { Entrants } from './entrants';
import { BODY_BYTES, race, tableOf } from './heats';
import { withNullTrigger } from './nullTrigger/package';
import { median, spread } from './statistics';
import { table } from './table';

const ROUNDS = Number(process.env.BENCH_ROUNDS) || 5;
const DELIVERIES = Number(process.env.BENCH_DELIVERIES) || 400;
const WAITING = Number(process.env.BENCH_WAITING) || 5_000;
const LANES = 8;
/** The most that one run carries. */
const RUN_OF = 500;
const WATCHED_SECONDS = 20;
/** A day: no window ends while something is measured. */
const NEVER_ENDING = { collectMinutes: 1_440 };

const inTenths = (value: number) => value.toFixed(1);

/** What n8n takes of the machine over some seconds in which nothing comes. */
async function watchIdle(n8n: N8n): Promise<{ mebibytes: number; cpuShare: number }> {
	const look = (): Usage => {
		const usage = usageOf(n8n);
		if (usage === undefined) throw new Error('This system does not tell what a process takes');
		return usage;
	};
	const before = look().cpuSeconds;
	await pause(WATCHED_SECONDS * 1_000);
	const { cpuSeconds, mebibytes } = look();
	return { mebibytes, cpuShare: (cpuSeconds - before) / WATCHED_SECONDS };
}

/** Sends events as Anchor does, so that its history has them. */
async function send({ simulator }: Environment, webhookId: string, count: number): Promise<void> {
	const [{ body }] = makeDeliveries(1, BODY_BYTES, 0);
	const { data } = JSON.parse(body.toString()) as { data: Record<string, unknown> };
	const specs = Array.from({ length: count }, () => ({
		type: 'task.completed',
		to: webhookId,
		data: () => data,
		maxAttempts: 1,
	}));
	await simulator.emitMany(specs, { concurrency: LANES }).settled;
}

/** @returns rows for the table: n8n's memory and CPU before events come, and while they wait */
async function measureWaiting(environment: Environment): Promise<string[][]> {
	const { client, n8n } = environment;
	const { workflow, webhook } = await subscribe(environment, NEVER_ENDING);
	const before = await watchIdle(n8n);
	await send(environment, webhook.id, WAITING);
	const after = await watchIdle(n8n);
	await client.deactivate(workflow.id);
	const runs = new RunReader(environment.database, workflow.id);
	const ended = async () => (await runs.read()).flatMap(({ endedIds }) => endedIds).length;
	await waitFor(async () => (await ended()) >= WAITING, {
		timeout: 120_000,
		every: 1_000,
		what: 'what waited to run',
	});
	const count = WAITING.toLocaleString('en');
	const inPercent = (share: number) => `${inTenths(100 * share)} %`;
	return [
		[
			`n8n's memory while ${count} events wait (idle before)`,
			`${after.mebibytes.toFixed(0)} (${before.mebibytes.toFixed(0)}) MiB`,
		],
		[
			`CPU of one core meanwhile (idle before)`,
			`${inPercent(after.cpuShare)} (${inPercent(before.cpuShare)})`,
		],
	];
}

/** How long each run of 500 took, in seconds, from the start that n8n notes to the end. */
async function timeRuns(environment: Environment, database: Database): Promise<number[]> {
	const { workflow, webhook } = await subscribe(environment, { collectMinutes: 1 });
	const runs = new RunReader(environment.database, workflow.id);
	for (let round = 1; round <= ROUNDS; round++) {
		await send(environment, webhook.id, RUN_OF);
		const ended = async () => (await runs.read()).flatMap(({ endedIds }) => endedIds).length;
		await waitFor(async () => (await ended()) >= round * RUN_OF, {
			timeout: 120_000,
			every: 1_000,
			what: 'the run of a window',
		});
	}
	if ((await runs.read()).length !== ROUNDS) throw new Error('A window had more than one run');
	const rows = await database.query<{ startedAt: string; stoppedAt: string }>(
		'SELECT "startedAt", "stoppedAt" FROM execution_entity WHERE "workflowId" = ?',
		workflow.id,
	);
	return rows.map(({ startedAt, stoppedAt }) => (timeOf(stoppedAt) - timeOf(startedAt)) / 1_000);
}

/**
 * What it costs to collect events: how many n8n accepts a second beside a trigger that starts a run for each, how long a
 * full run takes, and what n8n takes of the machine while events wait.
 * @returns Markdown
 */
export async function collectingBench(): Promise<string> {
	return await withNullTrigger({}, async (environment, database) => {
		// First of all, in a fresh n8n: what it takes later on is what it has not given back.
		const waiting = await measureWaiting(environment);
		const entrants = new Entrants(environment, database);
		const nothing = await entrants.nothing('null trigger');
		const collecting = await entrants.automatic('automatic, collecting', NEVER_ENDING);
		const heats = await race(
			database,
			[nothing, { ...collecting, aims: [{ against: nothing, atLeast: 4 }] }],
			{ rounds: ROUNDS, deliveries: DELIVERIES, lanes: LANES },
		);
		const seconds = await timeRuns(environment, database);
		const limit = withAim(`a run of ${RUN_OF}, seconds`, median(seconds), { atMost: 3 });
		return [
			`### Collected events, n8n ${environment.n8n.version} (SQLite, N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE=true; ${ROUNDS} rounds of ${DELIVERIES}, ${LANES} at a time, ${BODY_BYTES / 1_000} KB each)`,
			'',
			'While events are collected no run is made: what is compared is what was accepted with the runs of the null trigger.',
			'',
			tableOf(heats, { what: 'collecting', yardsticks: [nothing] }),
			'',
			table(
				['What', 'Measured'],
				[
					[
						`a run of ${RUN_OF} events, seconds (${ROUNDS} runs)`,
						`${limit}, ${spread(seconds, (value) => value.toFixed(2))}`,
					],
					...waiting,
				],
			),
		].join('\n');
	});
}
