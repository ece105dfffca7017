/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { match, ok, strictEqual } from 'node:assert/strict';
import {
	audit,
	comesDownTo,
	hasWebhooks,
	isServed,
	isUntouched,
	publish,
	refused,
	went,
	type RegistrationAudit,
} from './checks';

/** Crowdin's, Formbricks' and Lemon Squeezy's triggers take a webhook that cannot be read for absent. */
const OUTAGES: ReadonlyArray<[ids: [string, string, string], mode: number | 'close']> = [
	[['40c1', '9e2d', 'c7f0'], 503],
	[['b1a6', '2df4', '68e9'], 'close'],
];

export const outages: readonly RegistrationAudit[] = OUTAGES.flatMap(
	([[start, first, end], mode]) => {
		const how = mode === 'close' ? 'cannot be reached' : `answers ${mode}`;
		return [
			audit(
				start,
				`MUST keep a good registration when n8n starts while Anchor ${how}`,
				async ({ anchor, n8n, workflow }) => {
					const before = await publish(anchor, workflow);
					const outage = anchor.outage({ mode });
					await n8n.restart!();
					isUntouched(anchor, before);
					await isServed(anchor, workflow);
					outage.lift();
					await n8n.restart!();
					strictEqual((await isServed(anchor, workflow)).id, before.id);
					hasWebhooks(anchor, 1);
				},
				{ needs: ['restart'] },
			),
			audit(
				first,
				`MUST fail a first publication while Anchor ${how}, and leave nothing behind`,
				async ({ anchor, workflow }) => {
					const outage = anchor.outage({ mode });
					const { message, description } = refused(await workflow.activate());
					match(`${message} ${description}`, /Anchor Browser/);
					ok(!message.includes(anchor.apiKey) && !description.includes(anchor.apiKey));
					hasWebhooks(anchor, 0);
					outage.lift();
					await publish(anchor, workflow);
					hasWebhooks(anchor, 1);
				},
			),
			audit(
				end,
				`MUST clean up at the next publication after a deactivation while Anchor ${how}`,
				async ({ anchor, workflow }) => {
					await publish(anchor, workflow);
					const outage = anchor.outage({ mode });
					await workflow.deactivate();
					outage.lift();
					hasWebhooks(anchor, 1);
					await publish(anchor, workflow);
					hasWebhooks(anchor, 1);
					went(await workflow.deactivate());
					await comesDownTo(anchor, 0);
				},
			),
		];
	},
);

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
