import { createHmac, randomBytes } from 'node:crypto';
import type { SigningMode, Webhook } from './types';

/** How an emission may ask to be signed: as the service would, or wrongly. */
export type SigningChoice = SigningMode | 'forged' | 'none';

/** A signing secret as Anchor issues them: 64 hex digits (API example of create and rotate-secret). */
export function newSecret(): string {
	return randomBytes(32).toString('hex');
}

/**
 * The signature of one body: HMAC-SHA256 over `v0:<timestamp>:<raw body>`, keyed with the secret's text, in lower-case
 * hex (Anchor's page on signature verification).
 * @param timestamp Unix seconds, as sent in Anchor-Timestamp
 */
export function signatureOf(secret: string, timestamp: string, body: Uint8Array): string {
	return createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');
}

/** The Anchor-Signature header: `t=<seconds>` and one `v1=` for each secret. */
export function signatureHeader(
	secrets: readonly string[],
	timestamp: string,
	body: Uint8Array,
): string {
	const parts = secrets.map((secret) => `v1=${signatureOf(secret, timestamp, body)}`);
	return [`t=${timestamp}`, ...parts].join(',');
}

/**
 * The secrets that sign a delivery under the service's signing mode. A previous secret signs only while it is valid.
 * @param now the service's time in milliseconds
 */
export function secretsByMode(webhook: Webhook, mode: SigningMode, now: number): string[] {
	const previous = webhook.previousSecrets.find((secret) => secret.endsAt > now)?.value;
	if (previous === undefined || mode === 'current') return [webhook.secret];
	return mode === 'previous' ? [previous] : [webhook.secret, previous];
}

/**
 * The secrets that an emission asks for by name. Unlike the service's mode, a test may ask for a previous secret that
 * has ended. `forged` is a secret that nobody was given; `none` signs with nothing.
 * @throws when the webhook was never rotated and a previous secret is asked for
 */
export function secretsByChoice(webhook: Webhook, choice: SigningChoice): string[] {
	if (choice === 'none') return [];
	if (choice === 'forged') return [newSecret()];
	if (choice === 'current') return [webhook.secret];
	const previous = webhook.previousSecrets[0]?.value;
	if (previous === undefined) {
		throw new Error(`Webhook ${webhook.id} was never rotated, so it has no previous secret`);
	}
	return choice === 'previous' ? [previous] : [webhook.secret, previous];
}
