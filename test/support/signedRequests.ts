/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NEWEST_EVENTS as EVENT_NAMES } from '../simulator/events';
import { signatureOf } from '../simulator/sign';
import type { Sent } from './send';

/** The events that Anchor names. */
export { EVENT_NAMES };

/** Secrets that look like Anchor's and belong to nobody. */
export const SECRET = 'ab'.repeat(32);
export const PREVIOUS_SECRET = 'cd'.repeat(32);
export const STRANGERS_SECRET = 'ef'.repeat(32);

export interface Envelope {
	id: string;
	type: string;
	created: string;
	project_id: string;
	text: string;
	data: Record<string, unknown>;
	[key: string]: unknown;
}

/** An event of this type as in Anchor's documentation, with an id that no other event has. */
export function eventOf(type: string, over: Partial<Envelope> = {}): Envelope {
	const known = EVENT_NAMES.includes(type);
	const file = join(__dirname, '..', 'fixtures', 'events', `${known ? type : 'task.healed'}.json`);
	const example = JSON.parse(readFileSync(file, 'utf8')) as Envelope;
	return { ...example, type, id: `evt_${randomUUID().replaceAll('-', '')}`, ...over };
}

export const bytesOf = (value: unknown): Uint8Array =>
	Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

/** How a request differs from what Anchor would send. */
export interface SigningWish {
	/** Whose secrets sign, one `v1` for each; `SECRET` when left out. */
	secrets?: readonly string[];
	/** The text of both timestamps. */
	timestamp?: string;
	headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
	method?: string;
}

/**
 * A delivery as Anchor sends it: signed over the very bytes of the body.
 * @param body an envelope, the body's text, or its bytes
 * @param nowSeconds the signed timestamp unless the wish names one
 */
export function signed(
	body: unknown,
	nowSeconds: number,
	{ secrets = [SECRET], timestamp = String(nowSeconds), headers = {}, method }: SigningWish = {},
): Sent {
	const bytes = body instanceof Uint8Array ? body : bytesOf(body);
	const signatures = secrets.map((secret) => `v1=${signatureOf(secret, timestamp, bytes)}`);
	const all: Record<string, string | readonly string[] | undefined> = {
		'content-type': 'application/json',
		'user-agent': 'Anchor-Webhooks/1.0',
		'anchor-delivery-id': randomUUID(),
		'anchor-timestamp': timestamp,
		'anchor-signature': [`t=${timestamp}`, ...signatures].join(','),
		...headers,
	};
	return {
		...(method === undefined ? {} : { method }),
		headers: Object.fromEntries(
			Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
		),
		body: bytes,
	};
}

/** The same, signed just now. */
export const signedNow = (body: unknown, wish?: SigningWish): Sent =>
	signed(body, Math.floor(Date.now() / 1000), wish);

/** The same request with other bytes, its headers untouched. */
export const withBody = (request: Sent, body: unknown): Sent => ({
	...request,
	body: body instanceof Uint8Array ? body : bytesOf(body),
});
