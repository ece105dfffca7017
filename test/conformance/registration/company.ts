/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { match, notStrictEqual, ok } from 'node:assert/strict';
import {
	audit,
	comesDownTo,
	hasWebhooks,
	isServed,
	isUntouched,
	publish,
	refused,
	addForeignWebhook,
	went,
	type RegistrationAudit,
} from './checks';

export const company: readonly RegistrationAudit[] = [
	audit(
		'9c56',
		'MUST serve a duplicated workflow beside the original',
		async ({ anchor, workflow }) => {
			const original = await publish(anchor, workflow);
			const copy = await workflow.duplicate();
			const copied = await publish(anchor, copy);
			notStrictEqual(copied.id, original.id);
			isUntouched(anchor, original);
			hasWebhooks(anchor, 2);
			went(await copy.deactivate());
			await comesDownTo(anchor, 1);
			isUntouched(anchor, original);
			await isServed(anchor, workflow);
		},
	),
	audit(
		'07eb',
		'MUST leave the original alone when a copy was never active',
		async ({ anchor, workflow }) => {
			const original = await publish(anchor, workflow);
			const copy = await workflow.duplicate();
			await copy.deactivate();
			isUntouched(anchor, original);
			await isServed(anchor, workflow);
			hasWebhooks(anchor, 1);
		},
	),
	audit(
		'e492',
		'MUST serve a workflow that was imported into another n8n beside the original',
		async ({ anchor, workflow, anotherN8n }) => {
			const original = await publish(anchor, workflow);
			const elsewhere = await anotherN8n();
			const imported = await elsewhere.importWorkflow(await workflow.exported());
			notStrictEqual((await publish(anchor, imported)).id, original.id);
			isUntouched(anchor, original);
			hasWebhooks(anchor, 2);
			went(await imported.deactivate());
			await comesDownTo(anchor, 1);
			isUntouched(anchor, original);
			await isServed(anchor, workflow);
		},
	),
	audit(
		'91d4',
		'MUST leave a webhook alone that somebody else made for its address',
		async ({ anchor, workflow }) => {
			const stranger = addForeignWebhook(anchor, workflow.addressOf());
			went(await workflow.activate());
			isUntouched(anchor, stranger);
			hasWebhooks(anchor, 2);
			went(await workflow.deactivate());
			await comesDownTo(anchor, 1);
			isUntouched(anchor, stranger);
		},
	),
	audit(
		'd07c',
		'MUST name the webhooks that fill the project, and touch none of them',
		async ({ anchor, n8n, workflow }) => {
			const others = [1, 2, 3, 4].map(() => addForeignWebhook(anchor));
			const ours = await n8n.addWorkflow({ name: 'The fifth' });
			const fifth = await publish(anchor, ours);

			const { message, description } = refused(await workflow.activate());
			match(message, /5|five/i);
			for (const { id } of [...others, fifth]) ok(description.includes(id), `names ${id}`);
			ok(description.includes('The fifth'), 'says for which workflow n8n made it');
			for (const webhook of [...others, fifth]) isUntouched(anchor, webhook);
			hasWebhooks(anchor, 5);

			anchor.removeWebhook(others[0].id);
			await publish(anchor, workflow);
			hasWebhooks(anchor, 5);
		},
	),
	audit(
		'48f9',
		'MUST have one webhook after two processes activated at the same moment',
		async ({ anchor, n8n, workflow }) => {
			const endings = await workflow.activateTwice!();
			ok(endings.some(({ ok: fine }) => fine));
			hasWebhooks(anchor, 1);
			await isServed(anchor, workflow);
			// Each process, and whichever comes after them, verifies with what the database holds.
			await n8n.restart!();
			await isServed(anchor, workflow);
			hasWebhooks(anchor, 1);
		},
		{ needs: ['restart', 'processes'] },
	),
];
