/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { strictEqual } from 'node:assert/strict';
import {
	audit,
	comesDownTo,
	hasWebhooks,
	isServed,
	publish,
	went,
	type RegistrationAudit,
} from './checks';

export const lostAnswers: readonly RegistrationAudit[] = [
	audit(
		'dd34',
		'MUST have one webhook after Anchor made it and its answer was lost',
		async ({ anchor, workflow }) => {
			anchor.outage({ mode: 'close', calls: 'POST /v1/webhooks', when: 'after', times: 1 });
			await workflow.activate();
			await publish(anchor, workflow);
			hasWebhooks(anchor, 1);
		},
	),
	audit(
		'81fc',
		'MUST be in order after Anchor rotated the secret and its answer was lost',
		async ({ anchor, n8n, workflow }) => {
			const { id } = await publish(anchor, workflow);
			await workflow.writeStaticData!('{}');
			const calls = '/v1/webhooks/:id/rotate-secret';
			anchor.outage({ mode: 'close', calls, when: 'after', times: 1 });
			await n8n.restart!();
			strictEqual((await isServed(anchor, workflow)).id, id);
			hasWebhooks(anchor, 1);
		},
		{ needs: ['restart', 'staticData'] },
	),
	audit(
		'a6b7',
		'MUST be in order after Anchor deleted the webhook and its answer was lost',
		async ({ anchor, workflow }) => {
			went(await workflow.activate());
			anchor.outage({ mode: 'close', calls: 'DELETE *', when: 'after', times: 1 });
			await workflow.deactivate();
			await comesDownTo(anchor, 0);
			await publish(anchor, workflow);
			hasWebhooks(anchor, 1);
		},
	),
];
