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
