/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import type { Requirement } from '../../conformance/audit';
import type { WorkflowSetup } from '../../conformance/registrationDriver';
import {
	startSimulator,
	type Emission,
	type Simulator,
	type SimulatorOptions,
	type Webhook,
} from '../../simulator';
import { TRIGGER } from '../faults/environment';
import { TRIGGER_TYPE } from './driver';
import type { RealN8n } from './driver';
import type { RealWorkflow } from './realWorkflow';

interface Scene {
	readonly anchor: Simulator;
	readonly n8n: RealN8n;
	/** A workflow with one trigger, not active. */
	readonly workflow: RealWorkflow;
}

/** A requirement that means something in a real n8n only. */
export interface RealAudit {
	readonly id: string;
	readonly requirement: Requirement;
	run(start: (anchor: Simulator) => Promise<RealN8n>): Promise<void>;
}

function audit(
	id: string,
	requirement: Requirement,
	attempt: (scene: Scene) => Promise<void>,
	{ anchor: wish = {}, ...setup }: WorkflowSetup & { anchor?: SimulatorOptions } = {},
): RealAudit {
	return {
		id,
		requirement,
		run: async (start) => {
			const anchor = await startSimulator({
				rules: 'local',
				timeScale: { retries: 0.001 },
				...wish,
			});
			let n8n: RealN8n | undefined;
			try {
				n8n = await start(anchor);
				await attempt({ anchor, n8n, workflow: await n8n.addWorkflow(setup) });
			} finally {
				anchor.liftOutages();
				await n8n?.close();
				await anchor.close();
			}
		},
	};
}

async function went(work: Promise<unknown>): Promise<void> {
	deepStrictEqual(await work, { ok: true });
}

const copyOf = (webhook: Webhook): Webhook => JSON.parse(JSON.stringify(webhook)) as Webhook;

const identityOf = ({ id, secret }: Webhook) => ({ id, secret });

/** One webhook leads to the trigger, a genuine event runs the workflow once, a forged one does not. */
async function isServed(anchor: Simulator, workflow: RealWorkflow): Promise<Webhook> {
	const leading = anchor.webhooks().filter(({ url }) => url === workflow.addressOf());
	strictEqual(leading.length, 1, 'webhooks that lead to this trigger');
	const [webhook] = leading;
	ok(webhook.enabled, 'it is switched on');
	await arrives(workflow, anchor.emit('task.completed', { to: webhook.id }));
	const forged = anchor.emit('task.completed', { to: webhook.id, sign: 'forged' });
	await forged.settled;
	strictEqual(forged.deliveries[0].attempts[0].status, 401);
	strictEqual(await workflow.runsOf(forged.id), 0, 'executions for a forged event');
	return webhook;
}

/** A webhook that was taken out of service is gone at Anchor within 20 seconds. */
async function areGone(anchor: Simulator): Promise<void> {
	const end = Date.now() + 20_000;
	while (anchor.webhooks().length > 0 && Date.now() < end) await pause(100);
	deepStrictEqual(anchor.webhooks(), []);
}

async function arrives(workflow: RealWorkflow, emission: Emission): Promise<void> {
	const [{ attempts }] = await emission.settled;
	strictEqual(attempts[0].status, 200, `${attempts[0].error} ${attempts[0].responseBody}`);
	strictEqual(await workflow.runsOf(emission.id), 1, 'executions for a genuine event');
}

export const realAudits: readonly RealAudit[] = [
	audit(
		'70b1',
		'MUST change nothing at Anchor when the same version is published again',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			await went(workflow.activate());
			const before = copyOf(await isServed(anchor, workflow));
			const changes = () => anchor.requests().filter(({ method }) => method !== 'GET').length;
			const changesBefore = changes();
			for (let time = 0; time < 10; time++) await n8n.shared.client.activate(workflow.id);
			strictEqual(changes(), changesBefore);
			deepStrictEqual(anchor.webhooks(), [before]);
			await isServed(anchor, workflow);
		},
	),
	audit('1c9a', 'MUST have one webhook after two activations at the same moment', async (scene) => {
		const { anchor, n8n, workflow } = scene;
		const twice = [1, 2].map(async () => {
			await n8n.shared.client.activate(workflow.id, { wait: false });
		});
		ok((await Promise.allSettled(twice)).some(({ status }) => status === 'fulfilled'));
		await workflow.settled();
		strictEqual(anchor.webhooks().length, 1);
		await isServed(anchor, workflow);
		await went(workflow.deactivate());
		await areGone(anchor);
	}),
	audit(
		'e5d8',
		'MUST keep every secret out of exports, API answers, executions, database and log',
		async ({ anchor, n8n, workflow }) => {
			const { client, n8n: host, query } = n8n.shared;
			for (let time = 0; time < 3; time++) {
				await went(workflow.activate());
				await isServed(anchor, workflow);
			}
			anchor.outage({ mode: 500, times: 1, message: `who is ${anchor.apiKey}` });
			await workflow.activate();

			const key = await publicApiKey(n8n);
			const ask = async (path: string) => {
				const answer = await fetch(`${host.url}/api/v1${path}`, {
					headers: { 'x-n8n-api-key': key },
				});
				strictEqual(answer.status, 200, path);
				return await answer.text();
			};
			const executions = await client.executions({ workflowId: workflow.id });
			ok(executions.length >= 3);
			const places = {
				'the CLI’s export': await host.cli('export:workflow', `--id=${workflow.id}`),
				'the editor’s download': JSON.stringify(await client.export(workflow.id)),
				'the workflow in the editor’s API': JSON.stringify(await client.getWorkflow(workflow.id)),
				'the workflow in the public API': await ask(`/workflows/${workflow.id}`),
				'executions in the public API': await ask(
					`/executions?includeData=true&workflowId=${workflow.id}`,
				),
				'executions in the editor’s API': JSON.stringify(
					await Promise.all(executions.map(async ({ id }) => await client.getExecution(id))),
				),
				'the database': JSON.stringify([
					await query('SELECT * FROM workflow_entity WHERE id = ?', workflow.id),
					await query('SELECT * FROM execution_data'),
					await query('SELECT * FROM settings'),
				]),
				'the log': n8n.log(),
			};
			ok(places['the CLI’s export'].includes(workflow.id), 'the CLI exported it');
			const secrets = anchor
				.webhooks({ deleted: true })
				.flatMap(({ secret, previousSecrets }) => [
					secret,
					...previousSecrets.map(({ value }) => value),
				]);
			ok(secrets.length > 0);
			for (const [place, text] of Object.entries(places)) {
				strictEqual(text.includes(anchor.apiKey), false, `the API key in ${place}`);
				for (const secret of secrets) {
					strictEqual(text.includes(secret), false, `a signing secret in ${place}`);
				}
			}
		},
	),
	audit('b06f', 'MUST leave the original alone when a copy keeps its address', async (scene) => {
		const { anchor, workflow } = scene;
		await went(workflow.activate());
		const before = copyOf(await isServed(anchor, workflow));
		const copy = await workflow.duplicate({ keepIds: true });
		const ending = await copy.activate();
		strictEqual(ending.ok, false, 'n8n refuses a second workflow at one address');
		deepStrictEqual(anchor.webhooks(), [before]);
		await copy.deactivate();
		deepStrictEqual(anchor.webhooks(), [before]);
		await isServed(anchor, workflow);
	}),
	audit(
		'4d27',
		'MUST remove the webhook when the workflow is archived and deleted',
		async (scene) => {
			const { anchor, n8n } = scene;
			const workflow = await n8n.addWorkflow();
			await went(workflow.activate());
			await isServed(anchor, workflow);
			const { client, savers } = n8n.shared;
			await savers.next(async () => await client.deleteWorkflow(workflow.id));
			n8n.forget(workflow);
			await areGone(anchor);
		},
	),
	audit(
		'93fa',
		'MUST name N8N_WEBHOOK_URL and WEBHOOK_URL when n8n gives out an address that Anchor refuses',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			// Never asked: the address is judged before.
			await n8n.setCredential({ apiKey: anchor.apiKey, baseUrl: 'https://anchor.example' });
			const ending = await workflow.activate();
			ok(!ending.ok);
			match(ending.message, /N8N_WEBHOOK_URL \(n8n 1: WEBHOOK_URL\)/);
			await n8n.setApiKey(anchor.apiKey);
			await went(workflow.activate());
			await isServed(anchor, workflow);
		},
	),
	audit(
		'd2c4',
		'MUST NOT call Anchor in manual registration, and verify with both secrets',
		async (scene) => {
			const { anchor, n8n } = scene;
			const { client, savers } = n8n.shared;
			const type = 'anchorBrowserSigningSecretApi';
			const secrets = { signingSecret: '3e'.repeat(32), previousSigningSecret: '' };
			const credential = await savers.next(
				async () => await client.createCredential(type, secrets),
			);
			const workflow = await n8n.addFile({
				name: 'Kept by hand',
				nodes: [
					{
						name: TRIGGER,
						type: TRIGGER_TYPE,
						typeVersion: 2,
						parameters: { registration: 'manual', events: ['task.completed'] },
						credentials: { [type]: credential },
					},
				],
				connections: {},
			});
			const webhook = anchor.addWebhook({
				url: workflow.addressOf(),
				subscribedEvents: ['task.completed'],
				secret: secrets.signingSecret,
			});
			await went(workflow.activate());
			await isServed(anchor, workflow);

			// A flood of forged requests makes the node look for a new secret once a second; one was forged just now.
			await pause(1_000);
			const { secret } = anchor.rotateSecret(webhook.id);
			const both = { signingSecret: secret, previousSigningSecret: secrets.signingSecret };
			await savers.next(async () => await client.updateCredential(credential, type, both));
			for (const sign of ['current', 'previous', 'both'] as const) {
				await arrives(workflow, anchor.emit('task.completed', { to: webhook.id, sign }));
			}
			await went(workflow.activate());
			await isServed(anchor, workflow);
			await went(workflow.deactivate());
			deepStrictEqual(anchor.requests(), []);
			deepStrictEqual(anchor.webhooks(), [webhook]);
		},
	),
	audit(
		'58e2',
		'MUST put right at a start of n8n what was edited at Anchor',
		async ({ anchor, n8n, workflow }) => {
			await went(workflow.activate());
			const before = copyOf(await isServed(anchor, workflow));
			anchor.changeWebhook(before.id, { enabled: false, subscribedEvents: ['batch.completed'] });
			await n8n.restart();
			const after = await isServed(anchor, workflow);
			deepStrictEqual(identityOf(after), identityOf(before));
			deepStrictEqual([...after.subscribedEvents].sort(), [...before.subscribedEvents].sort());
			strictEqual(anchor.webhooks().length, 1);
		},
	),
	audit(
		'07d9',
		'MUST say in the editor why listening could not begin',
		async ({ anchor, workflow }) => {
			for (let number = 1; number <= 5; number++) {
				anchor.addWebhook({
					url: `https://example.com/hooks/${number}`,
					subscribedEvents: ['task.completed'],
				});
			}
			const ending = await workflow.listen();
			ok(!ending.ok);
			match(ending.message, /5 webhooks/);
			strictEqual(await workflow.isListening(), false);
			strictEqual(anchor.webhooks().length, 5);
			anchor.removeWebhook(anchor.webhooks()[0].id);
			await went(workflow.activate());
			await isServed(anchor, workflow);
		},
	),
];

/** A key of n8n's public API, made as its settings page makes one. */
async function publicApiKey({ shared: { client, savers } }: RealN8n): Promise<string> {
	const wanted = {
		label: 'Audit',
		expiresAt: null,
		scopes: ['workflow:read', 'workflow:list', 'execution:read', 'execution:list'],
	};
	const { rawApiKey } = await savers.next(
		async () => await client.rest<{ rawApiKey: string }>('POST', '/api-keys', wanted),
	);
	return rawApiKey;
}
