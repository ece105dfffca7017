/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { strictEqual } from 'node:assert/strict';
import { audit, publish, went, type RegistrationAudit } from './checks';

export const secrets: readonly RegistrationAudit[] = [
	audit('5ad1', 'MUST NOT export a secret', async ({ anchor, workflow }) => {
		went(await workflow.activate());
		const webhook = await publish(anchor, workflow);
		const json = await workflow.exported();
		for (const secret of [webhook.secret, ...webhook.previousSecrets.map(({ value }) => value)]) {
			strictEqual(json.includes(secret), false, 'a signing secret');
		}
		strictEqual(json.includes(anchor.apiKey), false, 'the API key');
	}),
	audit(
		'2b83',
		'MUST NOT log a secret',
		async ({ anchor, n8n, workflow }) => {
			anchor.outage({
				mode: 500,
				times: 1,
				message: `${'so long a text '.repeat(19)}${anchor.apiKey}`,
			});
			await workflow.activate();
			went(await workflow.activate());
			const webhook = await publish(anchor, workflow);
			const log = n8n.log!();
			for (const secret of [webhook.secret, anchor.apiKey]) {
				strictEqual(log.includes(secret), false);
			}
		},
		{ needs: ['log'] },
	),
];
