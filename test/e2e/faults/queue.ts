/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import { waitFor, type N8n } from '../../support/n8n';
import type { EmitOptions } from '../../simulator';
import type { Cluster } from './cluster';
import { allQuiet, patiently, takeAccount, type Account } from './ledger';
import { addAct, workOf, type Act } from './stage';

/** Events on their first attempt at once. */
const LANES = 8;

interface Plan {
	events: number;
	wish?: EmitOptions;
	/** Lets every run take so long, in seconds. */
	runSeconds?: number;
	/** What happens while the events are on their way. */
	meanwhile?: (act: Act) => Promise<void>;
}

async function play(cluster: Cluster, plan: Plan): Promise<Account> {
	const { simulator, client } = cluster;
	const act = await addAct(cluster, {}, workOf(plan.runSeconds));
	const batch = simulator.emitMany(
		Array.from({ length: plan.events }, () => ({
			type: 'task.completed',
			to: act.webhook.id,
			...plan.wish,
		})),
		{ concurrency: LANES },
	);
	await plan.meanwhile?.(act);
	await batch.settled;
	await allQuiet(client, act.workflow.id);
	const account = await takeAccount(cluster, act);
	await client.deactivate(act.workflow.id);
	return account;
}

/** Every event comes twice at the same moment, one copy to each processor. */
export async function sendDoubles(cluster: Cluster, events: number): Promise<Account> {
	return await play(cluster, { events, wish: { repeat: 2, concurrently: true } });
}

/** A webhook processor dies (SIGKILL) while events arrive, and comes back. */
export async function killProcessor(cluster: Cluster, events: number): Promise<Account> {
	return await play(cluster, {
		events,
		meanwhile: async ({ webhook }) => {
			await cluster.simulator.delivered({ webhookId: webhook.id }, Math.ceil(events / 4));
			await dieAndReturn(cluster.processors[0]);
		},
	});
}

export interface WorkerResult extends Account {
	/** Runs that the worker had in hand when it died. */
	inHand: number;
}

/** The executions that a worker says it has begun and ended. */
function jobsOf(log: string): { started: Set<string>; finished: Set<string> } {
	const idsAfter = (word: string) =>
		new Set(
			[...log.matchAll(new RegExp(`Worker ${word} execution (\\d+)`, 'g'))].map(([, id]) => id),
		);
	return { started: idsAfter('started'), finished: idsAfter('finished') };
}

/** A worker dies (SIGKILL) with runs in hand, and comes back. */
export async function killWorker(cluster: Cluster, events: number): Promise<WorkerResult> {
	let inHand = 0;
	const account = await play(cluster, {
		events,
		runSeconds: 3,
		meanwhile: async ({ workflow }) => {
			const filter = { workflowId: workflow.id, status: ['running'] };
			await waitFor(
				async () =>
					(await patiently(async () => await cluster.client.executions(filter))).length >= 4,
				{ what: 'four runs at once', every: 50 },
			);
			const [worker] = cluster.workers;
			const { started, finished } = jobsOf(worker.log());
			inHand = [...started].filter((id) => !finished.has(id)).length;
			await worker.kill();
			await pause(500);
			await worker.restart();
		},
	});
	// What n8n shows as failed, though without its event, is not lost unseen.
	return { ...account, lost: account.lost.slice(account.blankRuns), inHand };
}

async function dieAndReturn(n8n: N8n): Promise<void> {
	await n8n.kill();
	await pause(3_000);
	await n8n.restart();
}
