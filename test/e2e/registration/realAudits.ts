/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import {
	addForeignWebhook,
	audit,
	comesDownTo,
	comesThrough,
	hasWebhooks,
	isServed,
	isStill,
	publish,
	refused,
	went,
	type RegistrationAudit,
} from '../../conformance/registration/checks';
import { triggerNode } from '../trigger';
import type { RealN8n } from './driver';
import type { RealWorkflow } from './realWorkflow';

const auditReal = audit<RealN8n, RealWorkflow>;

/** Requirements that mean something in a real n8n only. */
export const realAudits: readonly RegistrationAudit<RealN8n>[] = [
	auditReal(
		'70b1',
		'MUST change nothing at Anchor when the same version is published again',
		async ({ anchor, n8n, workflow }) => {
			const before = await publish(anchor, workflow);
			const changes = () => anchor.requests().filter(({ method }) => method !== 'GET').length;
			const changesBefore = changes();
			for (let time = 0; time < 10; time++) await n8n.shared.client.activate(workflow.id);
			strictEqual(changes(), changesBefore);
			deepStrictEqual(anchor.webhooks(), [before]);
			await isServed(anchor, workflow);
		},
	),
	auditReal(
		'1c9a',
		'MUST have one webhook after two activations at the same moment',
		async ({ anchor, n8n, workflow }) => {
			const twice = [1, 2].map(async () => {
				await n8n.shared.client.activate(workflow.id, { wait: false });
			});
			ok((await Promise.allSettled(twice)).some(({ status }) => status === 'fulfilled'));
			await workflow.settled();
			hasWebhooks(anchor, 1);
			await isServed(anchor, workflow);
			went(await workflow.deactivate());
			await comesDownTo(anchor, 0);
		},
	),
	auditReal(
		'e5d8',
		'MUST keep every secret out of exports, API answers, executions, database and log',
		async ({ anchor, n8n, workflow }) => {
			const { client, n8n: host, query } = n8n.shared;
			for (let time = 0; time < 3; time++) await publish(anchor, workflow);
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
	auditReal(
		'b06f',
		'MUST leave the original alone when a copy keeps its address',
		async ({ anchor, workflow }) => {
			const before = await publish(anchor, workflow);
			const copy = await workflow.duplicate({ keepIds: true });
			// n8n refuses a second workflow at one address.
			refused(await copy.activate());
			deepStrictEqual(anchor.webhooks(), [before]);
			await copy.deactivate();
			deepStrictEqual(anchor.webhooks(), [before]);
			await isServed(anchor, workflow);
		},
	),
	auditReal(
		'4d27',
		'MUST remove the webhook when the workflow is archived and deleted',
		async ({ anchor, n8n }) => {
			const workflow = await n8n.addWorkflow();
			await publish(anchor, workflow);
			const { client, saving } = n8n.shared;
			await saving.runExclusive(async () => await client.deleteWorkflow(workflow.id));
			n8n.forget(workflow);
			await comesDownTo(anchor, 0);
		},
	),
	auditReal(
		'93fa',
		'MUST name N8N_WEBHOOK_URL and WEBHOOK_URL when n8n gives out an address that Anchor refuses',
		async ({ anchor, n8n, workflow }) => {
			// Never asked: the address is judged before.
			await n8n.setCredential({ apiKey: anchor.apiKey, baseUrl: 'https://anchor.example' });
			const { message } = refused(await workflow.activate());
			match(message, /N8N_WEBHOOK_URL \(before n8n 2\.29: WEBHOOK_URL\)/);
			await n8n.setApiKey(anchor.apiKey);
			await publish(anchor, workflow);
		},
	),
	auditReal(
		'd2c4',
		'MUST NOT call Anchor in manual registration, and verify with both secrets',
		async ({ anchor, n8n }) => {
			const { client, saving } = n8n.shared;
			const type = 'anchorBrowserSigningSecretApi';
			const secrets = { signingSecret: '3e'.repeat(32), previousSigningSecret: '' };
			const credential = await saving.runExclusive(
				async () => await client.createCredential(type, secrets),
			);
			const workflow = await n8n.addFile({
				name: 'Kept by hand',
				nodes: [
					triggerNode(
						{ registration: 'manual', events: ['task.completed'] },
						{ [type]: credential },
					),
				],
				connections: {},
			});
			const webhook = anchor.addWebhook({
				url: workflow.addressOf(),
				subscribedEvents: ['task.completed'],
				secret: secrets.signingSecret,
			});
			await publish(anchor, workflow);

			// A flood of forged requests makes the node look for a new secret once a second; one was forged just now.
			await pause(1_000);
			const { secret } = anchor.rotateSecret(webhook.id);
			const both = { signingSecret: secret, previousSigningSecret: secrets.signingSecret };
			await saving.runExclusive(async () => await client.updateCredential(credential, type, both));
			for (const sign of ['current', 'previous', 'both'] as const) {
				await comesThrough(anchor, workflow, webhook, sign);
			}
			await publish(anchor, workflow);
			went(await workflow.deactivate());
			deepStrictEqual(anchor.requests(), []);
			deepStrictEqual(anchor.webhooks(), [webhook]);
		},
	),
	auditReal(
		'58e2',
		'MUST put right at a start of n8n what was edited at Anchor',
		async ({ anchor, n8n, workflow }) => {
			const before = await publish(anchor, workflow);
			anchor.changeWebhook(before.id, { enabled: false, subscribedEvents: ['batch.completed'] });
			await n8n.restart();
			const after = await isServed(anchor, workflow);
			isStill(before, after);
			deepStrictEqual([...after.subscribedEvents].sort(), [...before.subscribedEvents].sort());
			hasWebhooks(anchor, 1);
		},
		{ needs: ['restart'] },
	),
	auditReal(
		'07d9',
		'MUST say in the editor why listening could not begin',
		async ({ anchor, workflow }) => {
			for (let made = 0; made < 5; made++) addForeignWebhook(anchor);
			const { message } = refused(await workflow.listen());
			match(message, /5 webhooks/);
			strictEqual(await workflow.isListening(), false);
			hasWebhooks(anchor, 5);
			anchor.removeWebhook(anchor.webhooks()[0].id);
			await publish(anchor, workflow);
		},
	),
];

/** A key of n8n's public API, made as its settings page makes one. */
async function publicApiKey({ shared: { client, saving } }: RealN8n): Promise<string> {
	const wanted = {
		label: 'Audit',
		expiresAt: null,
		scopes: ['workflow:read', 'workflow:list', 'execution:read', 'execution:list'],
	};
	const { rawApiKey } = await saving.runExclusive(
		async () => await client.rest<{ rawApiKey: string }>('POST', '/api-keys', wanted),
	);
	return rawApiKey;
}
