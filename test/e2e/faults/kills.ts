/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import type { N8n } from '../../support/n8n';
import type { BatchOptions, EmitOptions } from '../../simulator';
import { allQuiet, takeAccount, type Account } from './ledger';
import { addAct, type Stage } from './stage';

export interface KillPlan {
	events: number;
	kills: number;
	/** How every event is sent; as Anchor does unless told. */
	wish?: EmitOptions;
	order?: BatchOptions['order'];
	/** Parameters of the trigger. */
	parameters?: Record<string, unknown>;
}

export interface KillResult extends Account {
	kills: number;
	/** Events that Anchor holds delivered because n8n itself, while it started, answered any request with a 200. */
	answeredByStart: string[];
	/** Events of `crashed` whose execution succeeded once the user had clicked on retry. */
	retried: number;
}

/** Events on their first attempt at once. */
const LANES = 8;
/** What n8n says, with a 200 and to whatever it is asked, between opening its port and finishing its migrations. */
const STARTING_UP = 'n8n is starting up';
/** n8n lives this long between two kills, at random: from the middle of its first deliveries to well under way. */
const LIFE_MS = { shortest: 1_500, longest: 7_000 };

/**
 * Sends events to an n8n that is killed (SIGKILL) at random times and started again, until Anchor's last attempt is
 * over and n8n has nothing left to do. Each of its lives begins with an equal share of the events, and takes on what the
 * lives before it left to repeat.
 */
export async function killAtRandom(stage: Stage, plan: KillPlan): Promise<KillResult> {
	const { n8n, simulator, client } = stage;
	const act = await addAct(stage, plan.parameters);
	const lives = plan.kills + 1;
	const sent: Array<Promise<unknown>> = [];
	for (let life = 0; life < lives; life++) {
		const share =
			Math.ceil((plan.events * (life + 1)) / lives) - Math.ceil((plan.events * life) / lives);
		const specs = Array.from({ length: share }, () => ({
			type: 'task.completed',
			to: act.webhook.id,
			...plan.wish,
		}));
		sent.push(simulator.emitMany(specs, { order: plan.order, concurrency: LANES }).settled);
		if (life === plan.kills) break;
		await pause(LIFE_MS.shortest + Math.random() * (LIFE_MS.longest - LIFE_MS.shortest));
		await n8n.kill();
		await startAgain(n8n);
	}
	await Promise.all(sent);
	await client.login();
	await allQuiet(client, act.workflow.id);
	const account = await takeAccount(stage, act);
	const retried = await retry(
		stage,
		account.crashed.map(({ executionId }) => executionId),
	);
	await client.deactivate(act.workflow.id);
	const answeredByStart = new Set(
		simulator
			.deliveries({ webhookId: act.webhook.id })
			.filter(({ attempts }) => attempts.at(-1)?.responseBody.startsWith(STARTING_UP))
			.map(({ eventId }) => eventId),
	);
	return {
		...account,
		kills: plan.kills,
		answeredByStart: account.lost.filter((id) => answeredByStart.has(id)),
		retried,
	};
}

/**
 * Starts n8n as a supervisor does, again when it ends in its start, as n8n 2.41 can over a run that was killed before
 * it had begun.
 */
async function startAgain(n8n: N8n, tries = 3): Promise<void> {
	try {
		await n8n.restart();
	} catch (thrown) {
		if (tries === 1) throw thrown;
		await startAgain(n8n, tries - 1);
	}
}

/** What the README tells users to do with a crashed execution whose event has no other: retry it. */
async function retry({ client }: Stage, executionIds: readonly string[]): Promise<number> {
	let succeeded = 0;
	for (const id of executionIds) {
		try {
			const { id: again } = await client.retryExecution(id);
			const { status } = await client.finishedExecution(again);
			if (status === 'success') succeeded += 1;
		} catch {
			// Counted as not retried: n8n says why in its answer, and the figure shows that it happened.
		}
	}
	return succeeded;
}
