/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { startSimulator } from '../../simulator';
import type { Simulator, SimulatorOptions, Webhook } from '../../simulator';
import type { Audit, Requirement } from '../audit';
import type {
	AuditedN8n,
	AuditedWorkflow,
	Ending,
	RegistrationCapability,
	RegistrationDriver,
	WorkflowSetup,
} from '../registrationDriver';

export type RegistrationAudit<N8n extends AuditedN8n = AuditedN8n> = Audit<
	RegistrationDriver<N8n>,
	RegistrationCapability
>;

interface Fixture<N8n extends AuditedN8n<Workflow>, Workflow extends AuditedWorkflow> {
	anchor: Simulator;
	n8n: N8n;
	/** Another n8n with the same Anchor project. */
	anotherN8n(): Promise<N8n>;
	/** A workflow of `n8n` with one trigger, not active. */
	workflow: Workflow;
}

interface Wish extends WorkflowSetup {
	needs?: readonly RegistrationCapability[];
	anchor?: SimulatorOptions;
}

/**
 * An audit of one workflow, with a simulator of its own that retries without waiting.
 * @param wish what differs from a workflow of one trigger, and what driver and simulator have to be
 */
export function audit<
	N8n extends AuditedN8n<Workflow>,
	Workflow extends AuditedWorkflow = AuditedWorkflow,
>(
	id: string,
	requirement: Requirement,
	attempt: (fixture: Fixture<N8n, Workflow>) => Promise<void>,
	{ needs = [], anchor: wish = {}, ...setup }: Wish = {},
): RegistrationAudit<N8n> {
	return {
		id,
		requirement,
		needs,
		run: async (driver) => {
			const anchor = await startSimulator({ retryDelaysMs: [1], ...wish });
			const started: N8n[] = [];
			const start = async () => {
				const n8n = await driver.start(anchor);
				started.push(n8n);
				return n8n;
			};
			try {
				const n8n = await start();
				const workflow = await n8n.addWorkflow(setup);
				await attempt({ anchor, n8n, workflow, anotherN8n: start });
			} finally {
				anchor.liftOutages();
				for (const n8n of started) await n8n.close();
				await anchor.close();
			}
		},
	};
}

/** n8n did what it was told. */
export function went(ending: Ending): void {
	deepStrictEqual(ending, { ok: true });
}

/**
 * n8n did not do what it was told.
 * @returns what it says
 */
export function refused(ending: Ending): Extract<Ending, { ok: false }> {
	ok(!ending.ok, 'n8n says that it went wrong');
	return ending;
}

/**
 * Publishes a workflow, which goes well and leaves it served.
 * @returns its webhook as `isServed` gives it
 */
export async function publish(anchor: Simulator, workflow: AuditedWorkflow): Promise<Webhook> {
	went(await workflow.activate());
	return await isServed(anchor, workflow);
}

/**
 * What has to hold after everything: exactly one webhook at Anchor leads to this trigger, it is switched on, what
 * Anchor signs comes through once, and what somebody else signs does not.
 * @returns the webhook as it is now, whatever becomes of it
 */
export async function isServed(
	anchor: Simulator,
	workflow: AuditedWorkflow,
	trigger = 0,
): Promise<Webhook> {
	const leading = anchor.webhooks().filter(({ url }) => url === workflow.addressOf(trigger));
	strictEqual(leading.length, 1, 'webhooks that lead to this trigger');
	const [webhook] = leading;
	ok(webhook.enabled, 'it is switched on');
	await comesThrough(anchor, workflow, webhook);

	const forged = anchor.emit('task.completed', { to: webhook.id, sign: 'forged' });
	await forged.settled;
	strictEqual(forged.deliveries[0].attempts[0].status, 401);
	strictEqual(await workflow.runsOf(forged.id), 0, 'executions for a forged event');
	return copyOf(webhook);
}

/** A genuine event runs the workflow once. */
export async function comesThrough(
	anchor: Simulator,
	workflow: AuditedWorkflow,
	{ id }: Webhook,
	sign?: 'current' | 'previous' | 'both',
): Promise<void> {
	const genuine = anchor.emit('task.completed', { to: id, ...(sign ? { sign } : {}) });
	const [{ attempts }] = await genuine.settled;
	strictEqual(attempts[0].status, 202, `${attempts[0].error} ${attempts[0].responseBody}`);
	strictEqual(await workflow.runsOf(genuine.id), 1, 'executions for a genuine event');
}

/**
 * A starting n8n takes deliveries before it has come to the trigger, which answers 503 until it knows its secret, so that
 * Anchor repeats them.
 */
export async function comesUp(anchor: Simulator): Promise<void> {
	const end = Date.now() + 20_000;
	for (;;) {
		const { settled } = anchor.emit('task.completed', { maxAttempts: 1 });
		const [{ attempts }] = await settled;
		if (attempts[0].status === 202) return;
		strictEqual(attempts[0].status, 503);
		ok(Date.now() < end, 'the trigger knows its secret 20 seconds after a start');
		await pause(200);
	}
}

/** The webhook that was there before, with the secret that it had. */
export function isStill(before: Webhook, { id, secret }: Webhook): void {
	deepStrictEqual({ id, secret }, { id: before.id, secret: before.secret });
}

/** Anchor has so many webhooks, whoever they belong to. */
export function hasWebhooks(anchor: Simulator, count: number): void {
	const all = anchor.webhooks().map(({ url, description }) => `${url} ${description}`);
	strictEqual(all.length, count, `webhooks at Anchor:\n${all.join('\n')}`);
}

/**
 * The webhooks at Anchor come down to a number within 20 seconds: a webhook outlives its deactivation for some seconds,
 * because n8n deactivates in the same words for each publication.
 */
export async function comesDownTo(anchor: Simulator, count: number): Promise<void> {
	const end = Date.now() + 20_000;
	while (anchor.webhooks().length !== count && Date.now() < end) await pause(50);
	hasWebhooks(anchor, count);
}

/** How often Anchor was asked to make or remove a webhook. */
export const madeOrRemoved = (anchor: Simulator): number =>
	['POST /v1/webhooks', 'DELETE *'].flatMap((calls) => anchor.requests({ calls })).length;

/** The same webhook, untouched, its secret included. */
export function isUntouched(anchor: Simulator, before: Webhook): void {
	const after = anchor.webhooks().find(({ id }) => id === before.id);
	deepStrictEqual(after, before);
}

/** As it is now, whatever becomes of it. */
const copyOf = (webhook: Webhook): Webhook => JSON.parse(JSON.stringify(webhook)) as Webhook;

/** Makes a webhook as somebody does by hand: it is nobody else's business. */
export const addForeignWebhook = (
	anchor: Simulator,
	url = `https://example.com/hooks/${anchor.webhooks().length}`,
): Webhook =>
	copyOf(
		anchor.addWebhook({
			url,
			subscribedEvents: ['task.completed'],
			description: 'made by hand',
		}),
	);
