/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { DOCUMENTED_EVENTS, NEWEST_EVENTS } from '../../simulator';
import {
	audit,
	comesDownTo,
	hasWebhooks,
	isServed,
	isStill,
	isUntouched,
	madeOrRemoved,
	publish,
	addForeignWebhook,
	went,
	type RegistrationAudit,
} from './checks';

export const publishing: readonly RegistrationAudit[] = [
	audit('01c7', 'MUST have one webhook after publishing', async ({ anchor, workflow }) => {
		const webhook = await publish(anchor, workflow);
		hasWebhooks(anchor, 1);
		deepStrictEqual([...webhook.subscribedEvents].sort(), ['task.completed', 'task.failed']);
		ok((webhook.description ?? '').length <= 256);
	}),
	audit(
		'a9d2',
		'MUST have the same one webhook after publishing ten changed versions',
		async ({ anchor, workflow }) => {
			const other = addForeignWebhook(anchor);
			const first = await publish(anchor, workflow);
			const calls = madeOrRemoved(anchor);
			for (let time = 1; time <= 10; time++) {
				await workflow.edit({ parameters: { options: { toleranceSeconds: 120 + time } } });
				went(await workflow.activate());
			}
			isStill(first, await isServed(anchor, workflow));
			strictEqual(madeOrRemoved(anchor), calls, 'webhooks made or removed by publishing');
			hasWebhooks(anchor, 2);
			isUntouched(anchor, other);
		},
	),
	audit(
		'5e63',
		'MUST have one webhook after going on and off ten times',
		async ({ anchor, workflow }) => {
			const other = addForeignWebhook(anchor);
			for (let time = 0; time < 10; time++) {
				went(await workflow.activate());
				went(await workflow.deactivate());
			}
			await comesDownTo(anchor, 1);
			await publish(anchor, workflow);
			hasWebhooks(anchor, 2);
			isUntouched(anchor, other);
		},
	),
	audit(
		'f418',
		'MUST leave nothing behind when it is deactivated',
		async ({ anchor, workflow }) => {
			went(await workflow.activate());
			went(await workflow.deactivate());
			await comesDownTo(anchor, 0);
		},
	),
	audit(
		'92b0',
		'MUST keep id and secret over a deactivation that only disables',
		async ({ anchor, workflow }) => {
			const before = await publish(anchor, workflow);
			went(await workflow.deactivate());
			await anchor.requested('PATCH *', anchor.requests({ calls: 'PATCH *' }).length + 1);
			hasWebhooks(anchor, 1);
			strictEqual(anchor.webhooks()[0].enabled, false);
			isStill(before, await publish(anchor, workflow));
			hasWebhooks(anchor, 1);
		},
		{ parameters: { options: { onDeactivate: 'disable' } } },
	),
	audit(
		'c3ea',
		'MUST subscribe to every event that Anchor takes when all are selected',
		async ({ anchor, workflow }) => {
			const before = await publish(anchor, workflow);
			deepStrictEqual([...before.subscribedEvents].sort(), [...DOCUMENTED_EVENTS].sort());
			// Once Anchor takes the newest too, the next publication adds it.
			anchor.setKnownEvents('14');
			const after = await publish(anchor, workflow);
			deepStrictEqual([...after.subscribedEvents].sort(), [...NEWEST_EVENTS].sort());
			isStill(before, after);
		},
		{ parameters: { events: ['*'] } },
	),
	audit(
		'7f95',
		'MUST serve two triggers in one workflow, each with its own webhook',
		// Apify's trigger gives both one idempotency key, and so one webhook.
		async ({ anchor, workflow }) => {
			went(await workflow.activate());
			const one = await isServed(anchor, workflow, 0);
			const other = await isServed(anchor, workflow, 1);
			notStrictEqual(one.id, other.id);
			notStrictEqual(one.secret, other.secret);
			hasWebhooks(anchor, 2);
			went(await workflow.activate());
			hasWebhooks(anchor, 2);
			went(await workflow.deactivate());
			await comesDownTo(anchor, 0);
		},
		{ triggers: 2 },
	),
];
