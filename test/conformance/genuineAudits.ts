/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { Requirement } from './audit';
import {
	audit,
	hasRun,
	hasRunWith,
	isAccepted,
	isUnauthorized,
	onlyItem,
	type DeliveryAudit,
} from './deliveryChecks';
import type { DeliveryCapability } from './deliveryDriver';
import { oddData } from '../fixtures/odd';
import {
	bytesOf,
	eventOf,
	EVENT_NAMES,
	PREVIOUS_SECRET,
	SECRET,
	signed,
	withBody,
	type Envelope,
} from '../support/signedRequests';

/** Events that are taken as they are; the body is their JSON unless it is written otherwise. */
const TAKEN: ReadonlyArray<
	[
		id: string,
		requirement: Requirement,
		event: Envelope,
		write?: (event: Envelope) => string | Uint8Array,
		needs?: readonly DeliveryCapability[],
	]
> = [
	...EVENT_NAMES.map((type, index): [string, Requirement, Envelope] => [
		(0xe001 + index).toString(16),
		`MUST run the workflow once, with its data, for ${type}`,
		eventOf(type),
	]),
	[
		'7c1f',
		'SHOULD pass on an event of a type that Anchor adds later',
		eventOf('volume.mounted', { data: { volume_id: 'vol_1' } }),
	],
	[
		'19d2',
		'SHOULD pass on keys that Anchor adds later',
		eventOf('task.completed', { data: { task_id: 'tsk_1', brand_new: { deep: [1, null, 'x'] } } }),
	],
	[
		'b0a4',
		'SHOULD deliver data that does not look as documented',
		eventOf('task.failed', { data: { error: 'in words', artifacts: 7 } }),
	],
	[
		'a7c9',
		'MUST verify the bytes as sent: line breaks, tabs and blanks of every kind',
		eventOf('task.completed'),
		(event) => `\r\n\t ${JSON.stringify(event, null, '\t').replaceAll('\n', '\r\n')}  \r\n`,
	],
	[
		'33f8',
		'MUST verify the bytes as sent: \\u escapes',
		eventOf('task.completed', { text: 'Grüße ✅' }),
		(event) =>
			JSON.stringify(event).replace(
				/[\u0080-\uffff]/g,
				(unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
			),
	],
	[
		'6b55',
		'MUST verify the bytes as sent: emoji and scripts of all kinds',
		eventOf('task.completed', { text: '🧵 北京 Ωμέγα é é \u2028' }),
	],
	// The triggers for Lemon Squeezy, Polar, Stripe, Zendesk and Trello verify a text or parsed JSON.
	[
		'f2c7',
		'MUST verify the bytes as sent: bytes that are not UTF-8',
		eventOf('task.completed', { text: 'broken: \ufffd' }),
		(event) => {
			const [before, after] = JSON.stringify(event).split('\ufffd').map(bytesOf);
			return Buffer.concat([before, Buffer.from([0xff]), after]);
		},
	],
	[
		'91ad',
		'MUST verify the bytes as sent: a byte order mark',
		eventOf('task.completed'),
		(event) => `\ufeff${JSON.stringify(event)}`,
		['anyBody'],
	],
	[
		'4d06',
		'MUST verify the bytes as sent: half a megabyte of them',
		eventOf('task.completed', { data: { result: 'ü'.repeat(256 * 1024) } }),
	],
];

const taken = TAKEN.map(([id, requirement, event, write = JSON.stringify, needs]) =>
	audit(
		id,
		requirement,
		async (trigger, send) => {
			isAccepted(await send(write(event)));
			await hasRunWith(trigger, event);
		},
		{ needs },
	),
);

/** Events that are genuine although they look unusual. */
const unusual: DeliveryAudit[] = [
	audit(
		'52ee',
		'SHOULD take an envelope that has only id, type and data',
		async (trigger, send) => {
			const body = { id: eventOf('task.healed').id, type: 'task.healed', data: {} };
			isAccepted(await send(body));
			const { _event: about } = await onlyItem(trigger);
			strictEqual((about as { id: string }).id, body.id);
		},
	),
	audit(
		'd41b',
		'MUST NOT let a key named __proto__ reach any object but its own',
		async (trigger, send) => {
			const { id } = eventOf('task.completed');
			const body = `{"id":"${id}","type":"task.completed","data":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}`;
			isAccepted(await send(body));
			await hasRun(trigger, 1);
			strictEqual(({} as { polluted?: boolean }).polluted, undefined);
		},
	),
	audit(
		'2c9d',
		'MUST deliver what a valid event may hold: texts of any length, numbers at each edge with their digits, keys of every sort',
		async (trigger, send) => {
			const { written, held } = oddData();
			const event = eventOf('task.completed');
			const around = JSON.stringify({ ...event, data: 0 });
			const body = around.replace(/"data":0/, () => `"data":{"result":${written}}`);
			isAccepted(await send(body));
			const { result } = await onlyItem(trigger);
			// Key by key, because an object that was put together anew may have them in another order.
			const sorted = (value: object) => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
			strictEqual(JSON.stringify(sorted(result as object)), JSON.stringify(sorted(held)));
		},
	),
	audit(
		'8e30',
		'MUST judge age by the signed timestamp, not by when the event happened',
		// Lemon Squeezy's trigger refuses a retry because its event is old.
		async (trigger, send) => {
			const lastWeek = new Date((trigger.nowSeconds() - 7 * 24 * 3600) * 1000).toISOString();
			const event = eventOf('task.completed', { created: lastWeek });
			isAccepted(await send(event));
			await hasRun(trigger, 1);
		},
	),
];

/** Bodies that were signed before they were compressed, and after. */
const compressed: DeliveryAudit[] = [
	audit(
		'c8b3',
		'MUST verify the body as it was before it was compressed',
		async (trigger) => {
			const event = eventOf('task.completed');
			const request = signed(event, trigger.nowSeconds(), {
				headers: { 'content-encoding': 'gzip' },
			});
			isAccepted(await trigger.deliver(withBody(request, gzipSync(request.body))));
			await hasRunWith(trigger, event);
		},
		{ needs: ['compression'] },
	),
	audit(
		'27e1',
		'MUST refuse a body that was signed after it was compressed',
		async (trigger, send) => {
			const body = gzipSync(JSON.stringify(eventOf('task.completed')));
			const headers = { 'content-encoding': 'gzip' };
			isUnauthorized(await send(body, { headers }));
			await hasRun(trigger, 0);
		},
		{ needs: ['compression'] },
	),
];

/** Which of the live secrets signs must not matter. */
const secrets: DeliveryAudit[] = [
	...(
		[
			['0f9a', 'MUST accept the current secret while a previous one is live', SECRET, 'current'],
			[
				'e6d8',
				'MUST accept the previous secret while it is live, and say so in the item',
				PREVIOUS_SECRET,
				'previous',
			],
		] as const
	).map(([id, requirement, secret, signedWith]) =>
		audit(
			id,
			requirement,
			async (trigger, send) => {
				isAccepted(await send(eventOf('task.completed'), { secrets: [secret] }));
				const { _delivery: delivery } = await onlyItem(trigger);
				strictEqual((delivery as { signedWith: string }).signedWith, signedWith);
			},
			{
				secrets: { current: SECRET, previous: PREVIOUS_SECRET },
				options: { includeDelivery: true },
			},
		),
	),
	audit(
		'5a72',
		'MUST accept a delivery signed with a secret it does not know and one that it does',
		async (trigger, send) => {
			for (const pair of [
				[PREVIOUS_SECRET, SECRET],
				[SECRET, PREVIOUS_SECRET],
			]) {
				isAccepted(await send(eventOf('task.completed'), { secrets: pair }));
			}
			await hasRun(trigger, 2);
		},
	),
	audit(
		'b91c',
		'MUST accept a secret that was pasted with white space around it',
		async (trigger, send) => {
			isAccepted(await send(eventOf('task.completed')));
			await hasRun(trigger, 1);
		},
		{ secrets: { current: ` ${SECRET}\n` } },
	),
];

/** What the item says about the delivery, when asked for. */
const details: DeliveryAudit[] = [
	audit(
		'3e8f',
		'MUST tell in the item which delivery it was, and neither signature nor secret',
		async (trigger) => {
			const now = trigger.nowSeconds();
			const request = signed(eventOf('task.completed'), now);
			isAccepted(await trigger.deliver(request));
			const item = await onlyItem(trigger);
			const delivery = item._delivery as Record<string, unknown>;
			deepStrictEqual(Object.keys(delivery).sort(), [
				'deliveryId',
				'receivedAt',
				'signedWith',
				'timestamp',
				'webhookId',
			]);
			strictEqual(delivery.deliveryId, request.headers['anchor-delivery-id']);
			strictEqual(delivery.timestamp, now);
			const text = JSON.stringify(item);
			ok(!text.includes(SECRET), 'no secret');
			ok(!text.includes(String(request.headers['anchor-signature']).slice(-64)), 'no signature');
		},
		{ options: { includeDelivery: true } },
	),
	audit(
		'd70c',
		'MUST leave the delivery out of the item unless asked for',
		async (trigger, send) => {
			isAccepted(await send(eventOf('task.completed')));
			strictEqual((await onlyItem(trigger))._delivery, undefined);
		},
	),
];

/** Deliveries that are Anchor's own. */
export const genuineAudits: readonly DeliveryAudit[] = [
	...taken,
	...unusual,
	...compressed,
	...secrets,
	...details,
];
