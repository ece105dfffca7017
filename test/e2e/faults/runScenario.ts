/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import type { Delivery } from '../../simulator';
import { waitFor } from '../../support/n8n';
import { takeAccount, type Account } from './account';
import { subscribe, type Environment, type Subscription } from './environment';
import { RunReader } from './runs';
import { FULL, type Scenario } from './scenarios';

/** What a scenario has in hand while it happens. */
export interface ScenarioContext {
	readonly environment: Environment;
	readonly subscription: Subscription;
	/** Options of the trigger. */
	readonly options: Readonly<Record<string, unknown>>;
	readonly runs: RunReader;
	/** Notes that n8n is up again: from now on it has its time to recover what it missed. */
	noteStart(): void;
	/** Sends so many events at once, besides the stream. */
	send(count: number): void;
	/** Ends the stream, and resolves when Anchor has made its last attempt for every event. */
	settled(): Promise<void>;
}

export interface Result extends Account {
	/** How often n8n was started. */
	starts: number;
	/** From n8n being up to the end of the last recovered run, in seconds; undefined if nothing was recovered. */
	secondsToRecover?: number;
}

/** What was missed has run so many seconds after n8n is up again. */
const WITHIN_SECONDS = 90;
/** The same where nobody told n8n: its own period is 15 minutes. */
const WITHIN_SECONDS_UNNOTICED = 16 * 60;

/** How long n8n has for it in this scenario. */
export const withinSeconds = ({ seconds, unnoticed }: Scenario): number =>
	seconds ?? (unnoticed ? WITHIN_SECONDS_UNNOTICED : WITHIN_SECONDS);

/** Whether a run of this size waits for what the scenario lets n8n miss. */
export const awaitsRecovery = ({ unnoticed }: Scenario): boolean => FULL || !unnoticed;

const PACE_MS = 200;

/** Runs one scenario: a stream of events, what happens to n8n meanwhile, the time to recover, and the account. */
export async function runScenario(environment: Environment, scenario: Scenario): Promise<Result> {
	const { client, simulator } = environment;
	const { options = {}, everyMs = PACE_MS } = scenario;
	const subscription = await subscribe(environment, options, scenario.runSeconds);
	const { workflow, webhook } = subscription;
	const runs = new RunReader(environment.database, workflow.id);
	const rows = () => simulator.deliveries({ webhookId: webhook.id });

	const sent: Array<Promise<readonly Delivery[]>> = [];
	const send = (count: number) => {
		for (let event = 0; event < count; event++) {
			const how = { ...scenario.how?.(), to: webhook.id };
			sent.push(simulator.emit('task.completed', how).settled);
		}
	};
	let streaming = everyMs > 0;
	const stream = (async () => {
		for (; streaming; await pause(everyMs)) send(1);
	})();
	const settled = async () => {
		streaming = false;
		await stream;
		await Promise.all(sent);
	};

	let upAt = Date.now();
	let starts = 0;
	const noteStart = () => {
		upAt = Date.now();
		starts += 1;
	};
	try {
		if (streaming) {
			const delivered = () => rows().filter(({ status }) => status === 'succeeded').length;
			await waitFor(() => delivered() >= 10, { timeout: 60_000, what: 'the first deliveries' });
		}
		await scenario.happen({
			environment,
			subscription,
			options,
			runs,
			noteStart,
			send,
			settled,
		});
		if (starts === 0) upAt = Date.now();
		// n8n has to go on as before, too.
		if (streaming) await pause(2_000);
		await settled();
	} finally {
		streaming = false;
	}

	const account = async () => takeAccount(rows(), await runs.read(), await runs.readClaims());
	if (awaitsRecovery(scenario)) {
		const deadline = upAt + withinSeconds(scenario) * 1_000;
		// The full run also waits for what a later look would do too much.
		while (Date.now() < deadline && (FULL || (await account()).lost.length > 0)) await pause(2_000);
	}
	try {
		await waitFor(async () => (await runs.unfinished()) === 0, { timeout: 60_000, every: 2_000 });
	} catch {
		// What n8n never ends is counted as it stands.
	}
	const result = await account();
	await client.login();
	await client.deactivate(workflow.id);
	const { lastRecoveredAt } = result;
	return {
		...result,
		starts,
		secondsToRecover: lastRecoveredAt && Math.max(0, (lastRecoveredAt - upAt) / 1_000),
	};
}
