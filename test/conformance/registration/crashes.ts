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

export const crashes: readonly RegistrationAudit[] = [
	audit(
		'34d5',
		'MUST have the same one webhook after n8n was restarted',
		async ({ anchor, n8n, workflow }) => {
			const before = await publish(anchor, workflow);
			for (let time = 0; time < 3; time++) await n8n.restart!();
			strictEqual((await isServed(anchor, workflow)).id, before.id);
			hasWebhooks(anchor, 1);
		},
		{ needs: ['restart'] },
	),
	...(
		[
			['f8e3', 'before Anchor made the webhook', 'before'],
			['15a0', 'after Anchor made the webhook', 'after'],
		] as const
	).map(([id, when, stage]) =>
		audit(
			id,
			`MUST have one webhook after n8n was killed during activation, ${when}`,
			async ({ anchor, n8n, workflow }) => {
				const hold = anchor.hold('POST /v1/webhooks', stage);
				const activating = workflow.activate().catch(() => {});
				await hold.arrived;
				await n8n.crash!();
				hold.release();
				await n8n.restart!();
				await publish(anchor, workflow);
				hasWebhooks(anchor, 1);
				void activating;
			},
			{ needs: ['restart', 'crash'] },
		),
	),
	audit(
		'c2b9',
		'MUST be in order after n8n was killed while the secret was rotated',
		async ({ anchor, n8n, workflow }) => {
			const { id } = await publish(anchor, workflow);
			await workflow.writeStaticData!('{}');
			const hold = anchor.hold('POST /v1/webhooks/:id/rotate-secret', 'after');
			const restarting = n8n.restart!();
			await hold.arrived;
			await n8n.crash!();
			hold.release();
			await n8n.restart!();
			strictEqual((await isServed(anchor, workflow)).id, id);
			hasWebhooks(anchor, 1);
			void restarting;
		},
		{ needs: ['restart', 'crash', 'staticData', 'answersWhileStarting'] },
	),
	audit(
		'6f4d',
		'MUST be in order after n8n was killed during deactivation',
		async ({ anchor, n8n, workflow }) => {
			went(await workflow.activate());
			const hold = anchor.hold('DELETE *', 'after');
			const ending = workflow.deactivate().catch(() => {});
			await hold.arrived;
			await n8n.crash!();
			hold.release();
			await n8n.restart!();
			await publish(anchor, workflow);
			hasWebhooks(anchor, 1);
			void ending;
		},
		{ needs: ['restart', 'crash'] },
	),
];

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
