import { isObject } from '../events/json';
import { open } from './seal';
import type { SealContext } from './seal';

/**
 * What n8n keeps of a registration, in static data. A cache: everything in it can be rebuilt from Anchor, the secret
 * by rotating it.
 */
export interface RegistrationState {
	webhookId: string;
	/** The address that Anchor delivers to. */
	url: string;
	/** What Anchor was told to send. */
	events: string[];
	/** Selected events that Anchor refused; asked for again at the next activation. */
	unsupported: string[];
	/** Whose it is (`ownerKeyOf`). Static data travels with a copied workflow, and a copy must not use it. */
	owner: string;
	/** The signing secret, sealed. */
	secret: string;
	/** Since when it signs, in milliseconds of Anchor's clock: of two states the one with the later time is the newer. */
	secretSince: number;
	/** The secret before, which Anchor keeps valid for 24 hours. */
	previous?: PreviousSecret;
	/** A digest of the settings that decide which events are wanted. */
	wants: string;
	/** Since when the trigger listens with these settings, in milliseconds of Anchor's clock. */
	wantsSince: number;
	/** When n8n took the trigger out of service, in milliseconds: its webhook ends some seconds later. */
	endedAt?: number;
	/** Those before, which were gone at Anchor while the trigger was wanted, the last first: what each missed is in its history. */
	former?: FormerWebhook[];
}

export interface FormerWebhook {
	webhookId: string;
	/** When Anchor has dropped all of its history, in milliseconds of Anchor's clock. */
	expiresAt: number;
}

export interface PreviousSecret {
	sealed: string;
	/** In milliseconds of Anchor's clock. */
	expiresAt: number;
}

/** A secret in clear, for checking signatures. */
export interface OpenedSecret {
	value: string;
	age: 'current' | 'previous';
	/** Until when it signs, in milliseconds; left out for the current one. */
	expiresAt?: number;
}

/**
 * Reads a state back from static data, which n8n's public API and imports can fill with anything.
 * @returns undefined for whatever is not wholly a state of this form: nothing is known then
 */
export function parseState(value: unknown): RegistrationState | undefined {
	if (!isObject(value)) return undefined;
	const { webhookId, url, events, unsupported, owner, secret, secretSince } = value;
	const { previous, wants, wantsSince, endedAt, former } = value;
	const isWhole =
		isFilled(webhookId) &&
		isFilled(owner) &&
		[url, secret, wants].every((text) => typeof text === 'string') &&
		[events, unsupported].every(isTextList) &&
		[secretSince, wantsSince].every(Number.isFinite) &&
		(endedAt === undefined || Number.isFinite(endedAt)) &&
		(previous === undefined || isPrevious(previous)) &&
		(former === undefined || (Array.isArray(former) && former.every(isFormer)));
	return isWhole ? (value as unknown as RegistrationState) : undefined;
}

/**
 * The secrets that a delivery may be signed with: the current one, and the previous one with the time when it ends. One
 * that cannot be opened (another API key, a copy in another node) is left out.
 */
export function openSecrets(state: RegistrationState, context: SealContext): OpenedSecret[] {
	const { secret, previous } = state;
	const current = open(secret, context);
	const earlier = previous && open(previous.sealed, context);
	return [
		...(current ? [{ value: current, age: 'current' as const }] : []),
		...(previous && earlier
			? [{ value: earlier, age: 'previous' as const, expiresAt: previous.expiresAt }]
			: []),
	];
}

/** A previous secret, or a former webhook, while Anchor keeps it. */
export function whileItLasts<T extends { expiresAt: number }>(
	kept: T | undefined,
	nowMs: number,
): T | undefined {
	return kept && kept.expiresAt > nowMs ? kept : undefined;
}

/**
 * The webhooks in whose histories missed events are looked for, the former ones first. Anchor may know nothing of a
 * former one any more (404): its API key is of another project now.
 * @param nowMs Anchor's time in milliseconds
 */
export function webhooksWithHistory(state: RegistrationState, nowMs: number): string[] {
	const former = state.former?.filter((one) => whileItLasts(one, nowMs)) ?? [];
	return [...former.map(({ webhookId }) => webhookId), state.webhookId];
}

function isFormer(value: unknown): value is FormerWebhook {
	return isObject(value) && isFilled(value.webhookId) && Number.isFinite(value.expiresAt);
}

function isPrevious(value: unknown): value is PreviousSecret {
	return isObject(value) && typeof value.sealed === 'string' && Number.isFinite(value.expiresAt);
}

function isFilled(value: unknown): value is string {
	return typeof value === 'string' && value !== '';
}

function isTextList(value: unknown): value is string[] {
	return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
