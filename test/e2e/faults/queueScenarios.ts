/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import { NEWEST, waitFor } from '../../support/n8n';
import {
	BOTH,
	DOUBLED,
	FULL,
	killInTurns,
	killWhileItRecovers,
	QUEUE,
	startAgain,
	type Scenario,
} from './scenario';

const KILLS = FULL ? 6 : 2;
const REFUSED = FULL ? 1_000 : 60;
/** More than n8n's store of processed events remembers of one trigger. */
const FURTHER = FULL ? 2_200 : 60;

/** What happens to the processes of queue mode: main, two webhook processors behind a proxy, two workers. */
export const QUEUE_SCENARIOS: readonly Scenario[] = [
	{
		name: 'every event twice at the same moment, once to each webhook processor',
		versions: [NEWEST],
		setting: QUEUE,
		alsoCollecting: true,
		how: () => DOUBLED,
		everyMs: 400,
		// A worker that takes longer than the trigger's second look for one write can still miss its competitor.
		doubledShare: 0.01,
		happen: async () => await pause(FULL ? 120_000 : 15_000),
	},
	{
		name: `webhook processors killed in turns, ${KILLS} kills`,
		versions: BOTH,
		setting: QUEUE,
		alsoCollecting: true,
		// The trigger looks after Anchor's history in the main process, which does not hear of it.
		unnoticed: true,
		happen: async ({ environment: { processors } }) => await killInTurns(processors, KILLS),
	},
	{
		name: `workers killed in turns, ${KILLS} kills, runs of 3 s`,
		versions: BOTH,
		setting: QUEUE,
		runSeconds: 3,
		// What was taken is asked about a minute later, at the second look after the publication.
		unnoticed: true,
		seconds: FULL ? 16 * 60 : 150,
		happen: async ({ environment: { workers }, runs }) => {
			await waitFor(async () => (await runs.unfinished()) >= 4, { what: 'four runs at once' });
			await killInTurns(workers, KILLS);
		},
	},
	{
		name: `${REFUSED} events refused by the proxy, main killed while it recovers them, ${FURTHER} further events, main restarted`,
		versions: BOTH,
		setting: QUEUE,
		everyMs: 1_000,
		seconds: 120 + REFUSED * 0.2,
		// Where so many are taken before main looks again, n8n's store has forgotten the last portion of 25.
		doubledShare: FULL ? 25 / (REFUSED + FURTHER) : 0,
		happen: async (context) => {
			const { environment, sendOnce, noteStart } = context;
			const { n8n, proxy } = environment;
			proxy?.answerWith(403);
			await sendOnce(REFUSED);
			proxy?.answerWith(undefined);
			await startAgain(n8n);
			noteStart();
			await killWhileItRecovers(context, { missed: REFUSED, kills: 1 });
			await sendOnce(FURTHER);
			await startAgain(n8n);
			noteStart();
		},
	},
];
