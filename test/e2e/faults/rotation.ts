/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import { allQuiet, takeAccount, type Account } from './ledger';
import { addAct, TRIGGER, type Stage } from './stage';

export interface RotationResult extends Account {
	rotations: number;
	/** How often each status was answered. */
	answers: Record<string, number>;
}

/** One event every so many milliseconds: n8n answers 404 at once, and must not be asked a thousand times a second. */
const PACE_MS = 200;

/**
 * Publishes a workflow anew every second with *Rotate Secret on Activation*, while events keep coming. n8n answers 404
 * in the moment between two publications: the simulator of this stage has to take that for an answer to try again after.
 */
export async function rotateUnderLoad(
	stage: Stage,
	{ rotations }: { rotations: number },
): Promise<RotationResult> {
	const { simulator, client } = stage;
	const options = { rotateOnActivation: true, onDeactivate: 'disable' };
	const act = await addAct(stage, { options });
	const { id } = act.workflow;

	let rotating = true;
	const sent: Array<Promise<unknown>> = [];
	const stream = async () => {
		while (rotating) {
			sent.push(simulator.emit('task.completed', { to: act.webhook.id }).settled);
			await pause(PACE_MS);
		}
	};
	const streaming = stream();

	const secrets = new Set([act.webhook.secret]);
	for (let round = 0; round < rotations; round++) {
		const started = performance.now();
		const { nodes } = await client.getWorkflow(id);
		// n8n registers a trigger anew only if something of it has changed.
		for (const node of nodes.filter(({ name }) => name === TRIGGER)) {
			node.parameters = {
				...node.parameters,
				options: { ...options, includeDelivery: round % 2 === 0 },
			};
		}
		await client.updateWorkflow(id, { nodes });
		await client.activate(id);
		secrets.add(act.webhook.secret);
		await pause(Math.max(0, 1_000 - (performance.now() - started)));
	}
	rotating = false;
	await streaming;
	await Promise.all(sent);

	await allQuiet(client, id);
	const account = await takeAccount(stage, act);
	const answers: Record<string, number> = {};
	for (const { status } of simulator
		.deliveries({ webhookId: act.webhook.id })
		.flatMap((row) => row.attempts)) {
		answers[String(status)] = (answers[String(status)] ?? 0) + 1;
	}
	await client.deactivate(id);
	return { ...account, rotations: secrets.size - 1, answers };
}
