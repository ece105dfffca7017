/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

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
	/** Crashed executions that succeeded once the user had clicked on retry. */
	retried: number;
}

/** Events on their first attempt at once. */
const LANES = 8;
/** n8n lives this long between two kills, at random: from the middle of its first deliveries to well under way. */
const LIFE_MS = { shortest: 1_500, longest: 7_000 };

/**
 * Sends events to an n8n that is killed (SIGKILL) at random times and started again, until Anchor's last attempt is
 * over and n8n has nothing left to do.
 */
export async function killAtRandom(stage: Stage, plan: KillPlan): Promise<KillResult> {
	const { n8n, simulator, client } = stage;
	const act = await addAct(stage, plan.parameters);
	const specs = Array.from({ length: plan.events }, () => ({
		type: 'task.completed',
		to: act.webhook.id,
		...plan.wish,
	}));
	const batch = simulator.emitMany(specs, { order: plan.order, concurrency: LANES });
	let settled = false;
	const done = batch.settled.then(() => (settled = true));

	let kills = 0;
	while (kills < plan.kills && !settled) {
		await pause(LIFE_MS.shortest + Math.random() * (LIFE_MS.longest - LIFE_MS.shortest));
		await n8n.kill();
		kills += 1;
		await n8n.restart();
	}
	await done;
	await client.login();
	await allQuiet(client, act.workflow.id);
	const account = await takeAccount(stage, act);
	const retried = await retryCrashed(stage, act.workflow.id);
	await client.deactivate(act.workflow.id);
	return { ...account, kills, retried };
}

/** What the README tells users to do with executions that crashed: retry each. */
async function retryCrashed({ client }: Stage, workflowId: string): Promise<number> {
	let succeeded = 0;
	for (const { id } of await client.executions({ workflowId, status: ['crashed'] })) {
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
