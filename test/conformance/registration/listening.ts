/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import {
	audit,
	comesDownTo,
	comesThrough,
	hasWebhooks,
	isServed,
	isUntouched,
	madeOrRemoved,
	publish,
	refused,
	went,
	type RegistrationAudit,
} from './checks';

/** A sample that comes by itself would end listening before the audit has looked. */
const NO_SAMPLE = { parameters: { options: { sampleEvent: '' } } };

export const listening: readonly RegistrationAudit[] = [
	audit(
		'a31e',
		'MUST listen with a webhook of its own and leave production alone',
		async ({ anchor, workflow }) => {
			const production = await publish(anchor, workflow);
			went(await workflow.listen());
			hasWebhooks(anchor, 2);
			isUntouched(anchor, production);
			await isServed(anchor, workflow);

			const test = anchor.webhooks().find(({ url }) => url === workflow.testAddress())!;
			const forged = anchor.emit('task.completed', { to: test.id, sign: 'forged' });
			await forged.settled;
			strictEqual(forged.deliveries[0].attempts[0].status, 401);
			strictEqual(await workflow.isListening(), true, 'a refused request does not end listening');
			await comesThrough(anchor, workflow, test);
			await anchor.requested('DELETE *');
			strictEqual(await workflow.isListening(), false);
			hasWebhooks(anchor, 1);
			isUntouched(anchor, production);
			await isServed(anchor, workflow);
		},
		NO_SAMPLE,
	),
	audit(
		'bc60',
		'MUST leave nothing behind when listening is cancelled',
		async ({ anchor, workflow }) => {
			went(await workflow.listen());
			hasWebhooks(anchor, 1);
			await workflow.stopListening();
			hasWebhooks(anchor, 0);
		},
		NO_SAMPLE,
	),
	audit(
		'd86b',
		'MUST leave production alone when somebody listens with no event selected',
		async ({ anchor, workflow }) => {
			const production = await publish(anchor, workflow);
			const calls = madeOrRemoved(anchor);
			refused(await workflow.listen({ events: [] }));
			await workflow.outlivesItsEnd();
			strictEqual(madeOrRemoved(anchor), calls);
			isUntouched(anchor, production);
			await isServed(anchor, workflow);
		},
	),
	audit(
		'2e59',
		'MUST leave production alone when listening ends while it still begins',
		async ({ anchor, workflow }) => {
			const production = await publish(anchor, workflow);
			const hold = anchor.hold('POST /v1/webhooks', 'before');
			const listening = workflow.listen();
			await hold.arrived;
			const ended = workflow.stopListening();
			hold.release();
			await Promise.all([listening, ended]);
			await comesDownTo(anchor, 1);
			await workflow.outlivesItsEnd();
			isUntouched(anchor, production);
			await isServed(anchor, workflow);
		},
		{ needs: ['endsListeningEarly'], ...NO_SAMPLE },
	),
	audit(
		'74e7',
		'MUST serve a publication while the editor listens',
		async ({ anchor, workflow }) => {
			went(await workflow.listen());
			await publish(anchor, workflow);
			hasWebhooks(anchor, 2);
			const test = anchor.webhooks().find(({ url }) => url === workflow.testAddress())!;
			await comesThrough(anchor, workflow, test);
			await anchor.requested('DELETE *');
			await isServed(anchor, workflow);
			hasWebhooks(anchor, 1);
		},
		NO_SAMPLE,
	),
	audit(
		'0f1d',
		'MUST ask Anchor for the sample event while the editor listens, and never in production',
		async ({ anchor, workflow }) => {
			went(await workflow.activate());
			deepStrictEqual(anchor.requests({ calls: '/v1/webhooks/:id/test' }), []);
			went(await workflow.listen());
			const [sample] = await anchor.delivered({ type: 'task.failed' });
			strictEqual(sample.status, 'succeeded');
			strictEqual(await workflow.runsOf(sample.eventId), 1);
			await isServed(anchor, workflow);
			strictEqual(anchor.requests({ calls: '/v1/webhooks/:id/test' }).length, 1);
		},
		{ parameters: { options: { sampleEvent: 'task.failed' } } },
	),
];
