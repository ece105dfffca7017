import { createHmac } from 'node:crypto';
import { liveSecret } from '../../../nodes/AnchorBrowser/delivery/signature';
import type { DeliveryRequest } from '../../../nodes/AnchorBrowser/delivery/signature';

/** Made-up secrets of the form Anchor issues. */
export const CURRENT = 'ab'.repeat(32);
export const PREVIOUS = 'cd'.repeat(32);
export const FOREIGN = 'ef'.repeat(32);

export const ONE_SECRET = liveSecret(CURRENT, 'current');
export const TWO_SECRETS = [...ONE_SECRET, ...liveSecret(PREVIOUS, 'previous')];

export const NOW = 1_795_334_400;
export const TOLERANCE = 120;

/** A signature made here and not by the code under test. */
export function macOf(body: Uint8Array, timestamp: string, secret = CURRENT): string {
	return createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');
}

export interface Delivered {
	body: string | Uint8Array;
	secret: string;
	/** Text of Anchor-Timestamp, and of `t` unless `signature` says otherwise. */
	timestamp: string;
	/** The whole Anchor-Signature header, or what makes it from a genuine signature. */
	signature: string | string[] | undefined | ((hex: string, timestamp: string) => string);
	headers: DeliveryRequest['headers'];
	method: string;
}

/** A request as Anchor sends it, but for what the test changes. */
export function delivery(changes: Partial<Delivered> = {}): DeliveryRequest {
	const { secret = CURRENT, timestamp = String(NOW), headers = {}, method = 'POST' } = changes;
	const body = bytesOf(changes.body ?? eventText());
	const hex = macOf(body, timestamp, secret);
	const signature =
		typeof changes.signature === 'function'
			? changes.signature(hex, timestamp)
			: 'signature' in changes
				? changes.signature
				: `t=${timestamp},v1=${hex}`;
	return {
		method,
		headers: {
			host: 'n8n.example.com',
			'user-agent': 'Anchor-Webhooks/1.0',
			'content-type': 'application/json',
			'anchor-event': 'task.completed',
			'anchor-delivery-id': '0c7a1f1e-0f5c-4a51-9a3c-3d8f1f5a4b11',
			'anchor-timestamp': timestamp,
			'anchor-signature': signature,
			...headers,
		},
		body,
	};
}

/** The text of an event, but for what the test changes. */
export function eventText(changes: Record<string, unknown> = {}): string {
	return JSON.stringify({
		id: 'evt_56a4c6e7f11e4b44eafce28a',
		type: 'task.completed',
		created: '2026-11-22T08:00:00.000Z',
		project_id: '5d2c31f6-ab7e-481a-b6fd-8b4a96a4e197',
		text: '✅ Task `tsk_4f8w9n2b` completed in 4.2s',
		data: { task_id: 'tsk_4f8w9n2b', session_id: 'ses_1', artifacts: [] },
		...changes,
	});
}

export function bytesOf(body: string | Uint8Array): Uint8Array {
	return typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
}
