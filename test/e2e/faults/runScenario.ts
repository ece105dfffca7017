/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import type { Delivery } from '../../simulator';
import { waitFor } from '../../support/n8n';
import { takeAccount, type Account } from './account';
import { subscribe, type Environment } from './environment';
import { publishChange } from './publishChange';
import { RunReader } from './runs';
import { FULL, windowMs, type Scenario } from './scenario';

export interface Result extends Account {
	/** How often n8n was started, or the workflow published for an earlier look. */
	starts: number;
	/** Sentences beside the figures. */
	notes: string[];
	/** From n8n being up to the end of the last recovered run, in seconds; undefined if nothing was recovered. */
	secondsToRecover?: number;
}

/** What was missed has run so many seconds after n8n is up again. */
const WITHIN_SECONDS = 90;
/** The same where nobody told n8n: its own period is 15 minutes. */
const WITHIN_SECONDS_UNNOTICED = 16 * 60;

/** How long n8n has for it in this scenario: what a look finds, after the last of Anchor's attempts, waits for a window. */
export const withinSeconds = ({ seconds, unnoticed, options }: Scenario): number =>
	(seconds ?? (unnoticed && FULL ? WITHIN_SECONDS_UNNOTICED : WITHIN_SECONDS)) +
	(1.5 * windowMs(options)) / 1_000;

/** Whether a run of this size waits for what the scenario lets n8n miss. */
export const awaitsRecovery = ({ heldForMinutes }: Scenario): boolean => FULL || !heldForMinutes;

/** The full run also waits for what a later look would do too much: one comes a minute after a start, one 15 minutes later. */
const watchedForMs = ({ unnoticed }: Scenario): number =>
	!FULL ? 0 : unnoticed ? Infinity : WITHIN_SECONDS * 1_000;

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
	const sendOnce = async (count: number) => {
		const specs = Array.from({ length: count }, () => ({
			type: 'task.completed',
			to: webhook.id,
			maxAttempts: 1,
		}));
		await simulator.emitMany(specs, { concurrency: 20 }).settled;
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

	const notes: string[] = [];
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
			sendOnce,
			note: (sentence) => notes.push(sentence),
			settled,
		});
		if (scenario.unnoticed && !FULL) {
			await publishChange(client, workflow.id);
			noteStart();
		}
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
		let allRunAt = Infinity;
		while (Date.now() < deadline && Date.now() < allRunAt + watchedForMs(scenario)) {
			await pause(2_000);
			const isAll = (await account()).lost.length === 0;
			allRunAt = isAll ? Math.min(allRunAt, Date.now()) : Infinity;
		}
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
		notes,
		secondsToRecover: lastRecoveredAt && Math.max(0, (lastRecoveredAt - upAt) / 1_000),
	};
}
