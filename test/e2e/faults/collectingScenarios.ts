/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import { RestError, waitFor } from '../../support/n8n';
import {
	ALONE,
	BOTH,
	FULL,
	nextStartedRun,
	QUEUE,
	startAgain,
	windowMs,
	type Scenario,
	type ScenarioContext,
} from './scenario';

/** More than three runs hold, and in the full run more than n8n's store of processed events remembers. */
const MANY = FULL ? 5_000 : 1_200;
/** Of the runs that carry them. */
const RUNS_BEFORE_THE_KILL = FULL ? 4 : 1;

/** The same row with a trigger that collects the events of a minute. */
export const collecting = (scenario: Scenario): Scenario => ({
	...scenario,
	name: `collected: ${scenario.name}`,
	options: { ...scenario.options, collectMinutes: 1 },
});

/** Kills n8n at the worst moments: while it starts the run of a window, and before and after Anchor takes note of a run. */
async function killAroundARun(context: ScenarioContext): Promise<void> {
	const { n8n, simulator } = context.environment;
	const killAndStart = async () => {
		await n8n.kill();
		simulator.liftOutages();
		await startAgain(n8n);
		context.noteStart();
	};
	await nextStartedRun(context);
	await killAndStart();
	for (const moment of ['before', 'after'] as const) {
		await nextStartedRun(context);
		await simulator.hold('PATCH *', moment).arrived;
		await killAndStart();
	}
	await retryBroken(context);
}

/**
 * Retries what kills have broken off, as a user does: n8n shows such a run as crashed, with all of its events. One that it
 * shows as failed has lost them with its worker. The next run may have carried some of them: they are not in the retry.
 * n8n 1 stores a run and its data in two steps: one that a kill caught in between had not begun, and cannot be retried.
 */
async function retryBroken({
	environment: { client },
	subscription: { workflow },
	runs,
	note,
}: ScenarioContext): Promise<void> {
	await waitFor(async () => (await runs.unfinished()) === 0, { timeout: 60_000, every: 500 });
	await client.login();
	const brokenOff = async (status: string) =>
		await client.executions({ workflowId: workflow.id, status: [status] });
	const crashed = await brokenOff('crashed');
	let retried = 0;
	for (const { id } of crashed) {
		try {
			await client.retryExecution(id);
			retried += 1;
		} catch (cause) {
			if (!(cause instanceof RestError && /of null \(reading 'data'\)/.test(cause.message)))
				throw cause;
		}
	}
	const failed = (await brokenOff('error')).length + crashed.length - retried;
	note(`Broken off by a kill: ${retried} runs, retried, and ${failed} without data`);
}

async function killWhileManyRun(context: ScenarioContext): Promise<void> {
	const {
		environment: { n8n },
		runs,
	} = context;
	const started = performance.now();
	await context.sendOnce(MANY);
	const seconds = ((performance.now() - started) / 1_000).toFixed(0);
	context.note(`${MANY} collected events in a window: n8n had taken them after ${seconds} s`);
	await waitFor(async () => (await runs.recovered()) >= RUNS_BEFORE_THE_KILL, {
		timeout: 60_000 + windowMs(context.options),
		every: 20,
		what: 'the first runs of the window',
	});
	await n8n.kill();
	// What the broken run had claimed, n8n's store has forgotten once the rest has run.
	await runs.readClaims();
	await startAgain(n8n);
	context.noteStart();
	await retryBroken(context);
}

/** A deactivation that another activation follows at once, and one that nothing follows. */
async function deactivateTwice(context: ScenarioContext): Promise<void> {
	const { environment, subscription, send, settled, noteStart } = context;
	const { client } = environment;
	const { workflow, webhook } = subscription;
	// What Anchor sends to a trigger that is out of service is not missed.
	await settled();
	await client.deactivate(workflow.id);
	await client.activate(workflow.id);
	await waitFor(async () => await client.isRegistered(webhook.url), { what: 'the webhook' });
	noteStart();
	send(20);
	await settled();
	await client.deactivate(workflow.id);
}

/** The run of a window is broken off with both workers, whichever of them has it. */
async function killWorkersWithARun(context: ScenarioContext): Promise<void> {
	const {
		environment: { workers },
		runs,
		options,
	} = context;
	await waitFor(async () => (await runs.unfinished()) > 0, {
		timeout: 60_000 + 2 * windowMs(options),
		what: 'the run of a window',
	});
	await Promise.all(workers.map(async (worker) => await worker.kill()));
	for (const worker of workers) await startAgain(worker);
	await context.settled();
	await retryBroken(context);
}

const SCENARIOS: readonly Scenario[] = [
	{
		name: 'n8n killed while it starts a run, and before and after Anchor takes note of one',
		versions: BOTH,
		setting: ALONE,
		retried: true,
		happen: killAroundARun,
	},
	{
		name: 'deactivated and activated again in the window, then deactivated',
		versions: BOTH,
		setting: ALONE,
		happen: deactivateTwice,
	},
	{
		name: "Anchor's API down for two windows",
		versions: BOTH,
		setting: ALONE,
		happen: async ({ environment: { simulator }, options }: ScenarioContext) => {
			const outage = simulator.outage({ mode: 503 });
			await pause(2 * windowMs(options) + 10_000);
			outage.lift();
		},
	},
	{
		name: `${MANY} events in a window, n8n killed in the middle of running them`,
		versions: BOTH,
		setting: ALONE,
		everyMs: 0,
		retried: true,
		happen: killWhileManyRun,
	},
	{
		name: 'both workers killed with the run of a window, runs of 5 s',
		versions: BOTH,
		setting: QUEUE,
		runSeconds: 5,
		retried: true,
		happen: killWorkersWithARun,
	},
];

/** What can happen to collected events alone; every other row that concerns them too says so itself. */
export const COLLECTING_SCENARIOS: readonly Scenario[] = SCENARIOS.map(collecting);
