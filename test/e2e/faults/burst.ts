import { waitFor } from '../../support/n8n';
import { allQuiet, patiently, takeAccount, type Account } from './ledger';
import { addAct, workOf, type Stage } from './stage';

export interface BurstPlan {
	events: number;
	/** Parameters of the trigger. */
	parameters?: Record<string, unknown>;
	/** Lets every run take so long, in seconds. */
	runSeconds?: number;
}

export interface BurstResult extends Account {
	/** Attempts that Anchor gave up because no answer came in time. */
	timeouts: number;
	/** From the first request to the last answer, in seconds. */
	seconds: number;
}

/** Sends many events at the same moment, with Anchor's ten seconds for each answer. */
export async function sendBurst(stage: Stage, plan: BurstPlan): Promise<BurstResult> {
	const { simulator, client } = stage;
	const act = await addAct(stage, plan.parameters, workOf(plan.runSeconds));
	const started = performance.now();
	const batch = simulator.emitMany(
		Array.from({ length: plan.events }, () => ({ type: 'task.completed', to: act.webhook.id })),
	);
	await batch.settled;
	const seconds = (performance.now() - started) / 1000;
	// Acknowledged immediately, an event is delivered before n8n has stored its run.
	const filter = { workflowId: act.workflow.id };
	await waitFor(
		async () =>
			(await patiently(async () => await client.executions(filter))).length >= plan.events,
		{ what: 'an execution of each event', every: 500 },
	);
	await allQuiet(client, act.workflow.id);
	const account = await takeAccount(stage, act);
	const attempts = simulator
		.deliveries({ webhookId: act.webhook.id })
		.flatMap((row) => row.attempts);
	await client.deactivate(act.workflow.id);
	return {
		...account,
		timeouts: attempts.filter(({ error }) => error?.startsWith('no answer within')).length,
		seconds,
	};
}
