/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import type { EmitOptions } from '../../simulator';
import { NEWEST, OLDEST, waitFor, type N8n } from '../../support/n8n';
import type { Environment, EnvironmentOptions, Subscription } from './environment';
import type { RunReader } from './runs';

/** `FAULTS=full` takes the numbers of the table of figures, hours of them; without it they are small. */
export const FULL = process.env.FAULTS === 'full';

/** The releases of a scenario that concerns both lines of n8n. */
export const BOTH: readonly string[] = [NEWEST, OLDEST];

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
	/**
	 * Sends so many events, some at a time and each but once, and resolves when all of them have ended: what n8n or the
	 * proxy does not take then, only Anchor's history knows.
	 */
	sendOnce(count: number): Promise<void>;
	/** Adds a sentence to the figures. */
	note(sentence: string): void;
	/** Ends the stream, and resolves when Anchor has made its last attempt for every event. */
	settled(): Promise<void>;
}

/** One thing that happens to n8n while events arrive. The measurement is the same for all of them. */
export interface Scenario {
	name: string;
	/** The n8n releases that it runs on. */
	versions: readonly string[];
	/** Where it runs; scenarios of one setting share an n8n. */
	setting: Setting;
	/** How every event is sent; as Anchor does unless told. */
	how?: () => EmitOptions;
	/** Milliseconds between two events of the stream; 200 unless told, 0 for no stream. */
	everyMs?: number;
	/** Options of the trigger. */
	options?: Record<string, unknown>;
	/** How long each run takes. */
	runSeconds?: number;
	/** How long n8n may take to recover what it missed, where the usual 90 seconds cannot be enough. */
	seconds?: number;
	/**
	 * Nobody tells n8n that it missed events: only its own look, each 15 minutes, can find them. The short run publishes a
	 * change, as a user can, to have a look sooner.
	 */
	unnoticed?: true;
	/** What n8n refused after Anchor had hung up keeps its place for minutes, publication or not: only the full run waits. */
	heldForMinutes?: true;
	/** Anchor gets each answer in time, so that it sends nothing twice. */
	answersInTime?: true;
	/** No run has more than one event, however long events have to wait. */
	oneEventARun?: true;
	/** What happens here must not harm events either that are collected: `collectingScenarios.ts` has the same row for them. */
	alsoCollecting?: true;
	/** What a kill broke off is retried while this happens, so that no event stays in a broken run. */
	retried?: true;
	/** The share of events that n8n's store, which has no lock, may let run twice; none unless told. */
	doubledShare?: number;
	happen(context: ScenarioContext): Promise<void>;
}

type Setting = Omit<EnvironmentOptions, 'version'> & { name: string };

export const ALONE: Setting = { name: 'nothing before it' };
export const PROXIED: Setting = { name: 'a proxy before it', proxied: true };
export const ONE_AT_A_TIME: Setting = {
	name: 'one run at a time',
	env: { N8N_CONCURRENCY_PRODUCTION_LIMIT: '1' },
};
export const TWO_AT_A_TIME: Setting = {
	name: 'two runs at a time',
	proxied: true,
	env: { N8N_CONCURRENCY_PRODUCTION_LIMIT: '2' },
};
export const QUEUE: Setting = { name: 'queue mode', queue: true };

/** Each event to two receivers, or to one receiver twice. */
export const DOUBLED = { repeat: 2, concurrently: true } as const;

/** How long events wait for their run, in milliseconds; 0 where each has a run of its own. */
export const windowMs = ({ collectMinutes = 0 }: ScenarioContext['options'] = {}): number =>
	Number(collectMinutes) * 60_000;

/**
 * From the middle of its first deliveries to well under way; where events are collected, to behind the first look of this
 * life, which runs what the one before it has left.
 */
export const lifeMs = (options?: ScenarioContext['options']): number =>
	1_500 + Math.random() * (windowMs(options) > 0 ? 18_500 : 5_500);

/** Starts what was killed, as a supervisor does it: n8n 2.41 can end in its start over a run that was killed before it had begun. */
export async function startAgain(n8n: N8n, tries = 3): Promise<void> {
	try {
		await n8n.restart();
	} catch (thrown) {
		if (tries === 1) throw thrown;
		await startAgain(n8n, tries - 1);
	}
}

/** Kills processes of n8n in turns, each some seconds after the one before is up again. */
export async function killInTurns(processes: readonly N8n[], kills: number): Promise<void> {
	for (let kill = 0; kill < kills; kill++) {
		const n8n = processes[kill % processes.length];
		await pause(lifeMs());
		await n8n.kill();
		await pause(3_000);
		await startAgain(n8n);
	}
}

/**
 * Kills n8n in the middle of recovering, so often that each of its lives has an equal share of the events.
 *
 * @param missed how many events it has to recover
 */
export async function killWhileItRecovers(
	{ environment: { n8n }, runs, noteStart }: ScenarioContext,
	{ missed, kills }: { missed: number; kills: number },
): Promise<void> {
	for (let kill = 1; kill <= kills; kill++) {
		const share = (missed * kill) / (kills + 1);
		try {
			await waitFor(async () => (await runs.recovered()) >= share, {
				timeout: 120_000 + missed * 250,
				every: 500,
			});
		} catch {
			// It has stopped before: what is missing shows in the account.
		}
		await n8n.kill();
		// What a broken run had claimed, n8n's store forgets while the rest runs.
		await runs.readClaims();
		await startAgain(n8n);
		noteStart();
	}
}

/** Resolves when the trigger has started its first run since. */
export async function nextStartedRun({
	environment,
	subscription,
	options,
}: ScenarioContext): Promise<void> {
	const database = await environment.database();
	try {
		const count = async () =>
			(
				await database.query<{ n: number }>(
					`SELECT count(*) AS n FROM execution_entity WHERE "workflowId" = ? AND "mode" = 'trigger'`,
					subscription.workflow.id,
				)
			)[0].n;
		const before = await count();
		await waitFor(async () => (await count()) > before, {
			timeout: 60_000 + 2 * windowMs(options),
			every: 10,
			what: 'the trigger to start a run',
		});
	} finally {
		await database.close();
	}
}

/** Longer than Anchor waits for an answer. */
export const LOCKED_MS = 15_000;

/** Another process holds SQLite's only place for a writer; n8n is started again if that leaves runs without an end. */
export async function lockDatabase({
	environment,
	runs,
	noteStart,
	settled,
}: ScenarioContext): Promise<void> {
	const database = await environment.database();
	try {
		await database.query('BEGIN EXCLUSIVE');
		await pause(LOCKED_MS);
		await database.query('ROLLBACK');
	} finally {
		await database.close();
	}
	await settled();
	try {
		await waitFor(async () => (await runs.unfinished()) === 0, { timeout: 30_000, every: 1_000 });
	} catch {
		// A run whose end n8n could not write is "running" for it until it is started again.
		await environment.n8n.restart();
		noteStart();
	}
}
