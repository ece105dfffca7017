/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import {
	audit,
	comesDownTo,
	comesThrough,
	comesUp,
	hasWebhooks,
	isServed,
	isStill,
	isUntouched,
	publish,
	refused,
	went,
	type RegistrationAudit,
} from './checks';

export const changes: readonly RegistrationAudit[] = [
	audit(
		'b84e',
		'MUST keep id and secret when the node is renamed',
		async ({ anchor, workflow }) => {
			const before = await publish(anchor, workflow);
			await workflow.edit({ nodeName: 'Something else entirely' });
			isStill(before, await publish(anchor, workflow));
			hasWebhooks(anchor, 1);
		},
	),
	audit(
		'260f',
		'MUST keep id and secret when the workflow is renamed',
		async ({ anchor, workflow }) => {
			const before = await publish(anchor, workflow);
			const name = 'Überweisungen prüfen 🧾 '.repeat(20);
			await workflow.edit({ name });
			const after = await publish(anchor, workflow);
			isStill(before, after);
			ok((after.description ?? '').startsWith('Überweisungen'));
			ok((after.description ?? '').length <= 256);
			hasWebhooks(anchor, 1);
		},
	),
	audit('d5c9', 'MUST carry changed events over in place', async ({ anchor, workflow }) => {
		const before = await publish(anchor, workflow);
		await workflow.edit({ parameters: { events: ['task.completed', 'batch.failed'] } });
		const after = await publish(anchor, workflow);
		deepStrictEqual([...after.subscribedEvents].sort(), ['batch.failed', 'task.completed']);
		isStill(before, after);
		hasWebhooks(anchor, 1);
	}),
	audit(
		'3d71',
		'MUST move the webhook when n8n gets another address',
		async ({ anchor, n8n, workflow }) => {
			const before = await publish(anchor, workflow);
			await n8n.moveTo!('another address');
			await n8n.restart!();
			went(await workflow.activate());
			notStrictEqual(workflow.addressOf(), before.url);
			isStill(before, await isServed(anchor, workflow));
			hasWebhooks(anchor, 1);
		},
		{ needs: ['restart', 'address'] },
	),
	audit(
		'8ac4',
		'MUST find its webhook again when the static data is lost',
		async ({ anchor, n8n, workflow }) => {
			const before = await publish(anchor, workflow);
			await workflow.writeStaticData!('{}');
			await n8n.restart!();
			const after = await publish(anchor, workflow);
			strictEqual(after.id, before.id);
			notStrictEqual(after.secret, before.secret, 'a secret that nobody knows is replaced');
			hasWebhooks(anchor, 1);
		},
		{ needs: ['restart', 'staticData'] },
	),
	audit(
		'e10b',
		'MUST go on with another API key of the same project',
		async ({ anchor, n8n, workflow }) => {
			const before = await publish(anchor, workflow);
			const key = `sk-${'7b'.repeat(16)}`;
			anchor.addApiKey(key);
			anchor.revokeApiKey(anchor.apiKey);
			await n8n.setApiKey(key);
			await n8n.restart!();
			const after = await publish(anchor, workflow);
			strictEqual(after.id, before.id);
			hasWebhooks(anchor, 1);
		},
		{ needs: ['restart'] },
	),
	audit(
		'4fb2',
		'MUST register afresh with an API key of another project',
		async ({ anchor, n8n, workflow }) => {
			const before = await publish(anchor, workflow);
			const key = `sk-${'8c'.repeat(16)}`;
			const project = '99999999-9999-4999-8999-999999999999';
			anchor.addApiKey(key, project);
			await n8n.setApiKey(key);
			went(await workflow.activate());
			const mine = anchor.webhooks().filter(({ projectId }) => projectId === project);
			strictEqual(mine.length, 1);
			notStrictEqual(mine[0].id, before.id);
			await comesThrough(anchor, workflow, mine[0]);
		},
	),
	audit(
		'0a3f',
		'MUST refuse no delivery that arrives while a secret that n8n lost is rotated',
		async ({ anchor, n8n, workflow }) => {
			went(await workflow.activate());
			const [webhook] = anchor.webhooks();
			await workflow.writeStaticData!('{}');
			const hold = anchor.hold('POST /v1/webhooks/:id/rotate-secret', 'after');
			const restarted = n8n.restart!();
			await hold.arrived;
			// Anchor has the new secret and n8n does not have it yet.
			const during = anchor.emit('task.completed', { to: webhook.id });
			await during.attempted;
			hold.release();
			await restarted;
			const [{ status, attempts }] = await during.settled;
			strictEqual(status, 'succeeded', JSON.stringify(attempts.map((one) => one.status)));
			strictEqual(await workflow.runsOf(during.id), 1);
			strictEqual((await isServed(anchor, workflow)).id, webhook.id);
			hasWebhooks(anchor, 1);
		},
		{ needs: ['restart', 'staticData', 'answersWhileStarting'], anchor: { retryDelaysMs: [200] } },
	),
	audit(
		'e3a7',
		'MUST notice at a start that the database was restored from before a rotation',
		async ({ anchor, n8n, workflow }) => {
			const before = await publish(anchor, workflow);
			const backup = JSON.stringify(await workflow.readStaticData!());
			await workflow.writeStaticData!('{}');
			await n8n.restart!();
			await comesUp(anchor);
			notStrictEqual((await isServed(anchor, workflow)).secret, before.secret);
			await workflow.writeStaticData!(backup);
			await n8n.restart!();
			await comesUp(anchor);
			strictEqual((await isServed(anchor, workflow)).id, before.id);
			hasWebhooks(anchor, 1);
		},
		{ needs: ['restart', 'staticData'] },
	),
	audit(
		'5c0e',
		'MUST NOT report success for other events while Anchor is down, and have them afterwards',
		async ({ anchor, workflow }) => {
			const before = await publish(anchor, workflow);
			const outage = anchor.outage({ mode: 503 });
			await workflow.edit({ parameters: { events: ['task.completed', 'batch.failed'] } });
			refused(await workflow.activate());
			isUntouched(anchor, before);
			outage.lift();
			const after = await publish(anchor, workflow);
			deepStrictEqual([...after.subscribedEvents].sort(), ['batch.failed', 'task.completed']);
			isStill(before, after);
			hasWebhooks(anchor, 1);
		},
	),
	audit(
		'b7f2',
		'MUST name the nearest event when one is published that nobody knows',
		async ({ anchor, workflow }) => {
			const { message } = refused(await workflow.activate());
			match(message, /"task\.compleeted".*"task\.completed"/);
			hasWebhooks(anchor, 0);
		},
		{ parameters: { events: ['task.compleeted'] } },
	),
];

export const byHand: readonly RegistrationAudit[] = [
	audit(
		'6c08',
		'MUST register afresh when the webhook was deleted at Anchor',
		async ({ anchor, workflow }) => {
			const { id } = await publish(anchor, workflow);
			anchor.removeWebhook(id);
			notStrictEqual((await publish(anchor, workflow)).id, id);
			hasWebhooks(anchor, 1);
		},
	),
	audit(
		'bb5d',
		'MUST switch on again what was disabled at Anchor',
		async ({ anchor, workflow }) => {
			const before = await publish(anchor, workflow);
			anchor.changeWebhook(before.id, { enabled: false });
			isStill(before, await publish(anchor, workflow));
			hasWebhooks(anchor, 1);
		},
	),
	audit('19e6', 'MUST repair in place what was edited at Anchor', async ({ anchor, workflow }) => {
		const before = await publish(anchor, workflow);
		anchor.changeWebhook(before.id, {
			url: 'https://example.com/elsewhere',
			description: 'mine now',
			subscribedEvents: ['batch.completed'],
		});
		const after = await publish(anchor, workflow);
		isStill(before, after);
		deepStrictEqual(
			[after.description, [...after.subscribedEvents].sort()],
			[before.description, [...before.subscribedEvents].sort()],
		);
		hasWebhooks(anchor, 1);
	}),
	audit(
		'537a',
		'MUST take a webhook that is gone at Anchor for deactivated',
		async ({ anchor, workflow }) => {
			anchor.removeWebhook((await publish(anchor, workflow)).id);
			went(await workflow.deactivate());
			await comesDownTo(anchor, 0);
			await publish(anchor, workflow);
		},
	),
];
