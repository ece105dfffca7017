/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { deepStrictEqual, notStrictEqual } from 'node:assert/strict';
import {
	audit,
	comesDownTo,
	hasWebhooks,
	isStill,
	publish,
	went,
	type RegistrationAudit,
} from './checks';

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
