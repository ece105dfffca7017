/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import { NEWEST } from '../../support/n8n';
import {
	ALONE,
	BOTH,
	FULL,
	killWhileItRecovers,
	lockDatabase,
	LOCKED_MS,
	nextStartedRun,
	startAgain,
	TWO_AT_A_TIME,
	type Scenario,
	type ScenarioContext,
} from './scenario';

const MISSED_WITH_KILLS = FULL ? [1_000, 5_000, 10_000] : [150];
const KILLS = 2;
const WAITING = FULL ? 60 : 20;
const RUN_SECONDS = FULL ? 30 : 4;

const missedWithKills = (missed: number): Scenario => ({
	name: `${missed} events missed, n8n killed ${KILLS} times while it recovers them`,
	versions: BOTH,
	setting: ALONE,
	everyMs: 1_000,
	seconds: 120 + missed * 0.15,
	happen: async (context) => {
		const { environment, sendOnce, noteStart } = context;
		await environment.n8n.shutDown();
		await sendOnce(missed);
		await startAgain(environment.n8n);
		noteStart();
		await killWhileItRecovers(context, { missed, kills: KILLS });
	},
});

/** Each event waits for all before it: long enough for anybody to lose patience. n8n gets half as long again as it needs. */
const withTwoRunsAtATime = {
	versions: BOTH,
	setting: TWO_AT_A_TIME,
	everyMs: 0,
	runSeconds: RUN_SECONDS,
	seconds: 90 + (1.5 * WAITING * RUN_SECONDS) / 2,
	oneEventARun: true,
} as const;

/** n8n is killed with events under way, and misses others. */
async function missSome({ environment: { n8n }, noteStart }: ScenarioContext): Promise<void> {
	await pause(3_000);
	await n8n.kill();
	await pause(4_000);
	await startAgain(n8n);
	noteStart();
}

/** What breaks while the trigger recovers what was missed. */
export const RECOVERY_SCENARIOS: readonly Scenario[] = [
	...MISSED_WITH_KILLS.map(missedWithKills),
	{
		...withTwoRunsAtATime,
		name: `${WAITING} events missed, then runs of ${RUN_SECONDS} s, two at a time`,
		happen: async ({ environment: { n8n }, noteStart, sendOnce }) => {
			await n8n.shutDown();
			await sendOnce(WAITING);
			await startAgain(n8n);
			noteStart();
		},
	},
	{
		...withTwoRunsAtATime,
		name: `${WAITING} events refused by a proxy, then runs of ${RUN_SECONDS} s, two at a time`,
		unnoticed: true,
		happen: async ({ environment: { proxy }, sendOnce }) => {
			proxy?.answerWith(403);
			await sendOnce(WAITING);
			proxy?.answerWith(undefined);
		},
	},
	{
		name: `the database locked for ${LOCKED_MS / 1000} s when the trigger begins to recover`,
		versions: [NEWEST],
		setting: ALONE,
		seconds: 8 * 60,
		heldForMinutes: true,
		happen: async (context) => {
			await missSome(context);
			await nextStartedRun(context);
			await lockDatabase(context);
		},
	},
	{
		name: "n8n's store takes claims, and cannot take them back, while the trigger recovers",
		versions: BOTH,
		setting: ALONE,
		happen: async (context) => {
			const database = await context.environment.database();
			// As a database that is locked in just that moment.
			await database.query(
				`CREATE TRIGGER refusing BEFORE UPDATE ON processed_data WHEN length(NEW.value) < length(OLD.value)
				 BEGIN SELECT RAISE(ABORT, 'refused by the test'); END`,
			);
			try {
				await missSome(context);
				await nextStartedRun(context);
				await pause(10_000);
			} finally {
				await database.query('DROP TRIGGER refusing');
				await database.close();
			}
		},
	},
];
