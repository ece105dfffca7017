/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { match } from 'node:assert/strict';
import { audit, hasWebhooks, publish, refused, type RegistrationAudit } from './checks';

/**
 * Words that a user can act on, for each way in which Anchor says no. Many of n8n's own triggers return false instead,
 * and n8n shows them as active.
 */
const REFUSALS: ReadonlyArray<[id: string, status: number, says: RegExp]> = [
	['c911', 400, /address|events/i],
	['3f5a', 401, /API key/i],
	['87d0', 402, /credits/i],
	['ea4c', 403, /key|rights|limit/i],
	['d168', 404, /Base URL/i],
	['52fb', 409, /webhooks/i],
	['96a7', 422, /address|events/i],
	['1e02', 429, /7 seconds/i],
	['b3c8', 500, /again/i],
];

export const refusals: readonly RegistrationAudit[] = REFUSALS.map(([id, status, says]) =>
	audit(
		id,
		`MUST say what to do when Anchor answers ${status} to a publication`,
		async ({ anchor, workflow }) => {
			const outage = anchor.outage({
				mode: status,
				calls: 'POST /v1/webhooks',
				retryAfterSeconds: 7,
			});
			const { message, description } = refused(await workflow.activate());
			// n8n 1.x shows the description alone, its log the message alone: each must do by itself.
			match(description, says);
			match(message, /Anchor Browser|API key/);
			outage.lift();
			hasWebhooks(anchor, 0);
			await publish(anchor, workflow);
			hasWebhooks(anchor, 1);
		},
	),
);
