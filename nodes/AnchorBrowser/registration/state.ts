import { isObject } from '../events/json';
import { open } from './secret';
import type { SealContext } from './secret';

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
	/** What Anchor refused; asked for again on the next activation. */
	leftOut: string[];
	/** Whose it is (`ownerKeyOf`). Static data travels with a copied workflow, and a copy must not use it. */
	owner: string;
	/** The signing secret, sealed; '' when it is not known. */
	secret: string;
	/** The secret before, which Anchor keeps valid for 24 hours. */
	previous?: PreviousSecret;
	/** Whether a rotation was asked for whose outcome is unknown: the next activation rotates again. */
	rotationUnsettled?: boolean;
	/** Whether deactivation left it switched off at Anchor. */
	disabled?: boolean;
	/** When the webhook was created or adopted, in milliseconds. */
	registeredAt: number;
	/** When an activation last looked after it, in milliseconds. */
	lastSeenAt: number;
}

export interface PreviousSecret {
	sealed: string;
	/** In milliseconds. */
	expiresAt: number;
}

/** A secret in clear, for checking signatures. */
export interface OpenedSecret {
	value: string;
	age: 'current' | 'previous';
}

/**
 * Reads a state back from static data, which n8n's public API and imports can fill with anything.
 * @returns undefined when it is none
 */
export function parseState(value: unknown): RegistrationState | undefined {
	if (!isObject(value)) return undefined;
	const { webhookId, url, owner, secret, previous, rotationUnsettled, disabled } = value;
	if (typeof webhookId !== 'string' || webhookId === '' || typeof owner !== 'string') {
		return undefined;
	}
	const earlier = previousOf(previous);
	return {
		webhookId,
		url: textOf(url),
		events: textsOf(value.events),
		leftOut: textsOf(value.leftOut),
		owner,
		secret: textOf(secret),
		...(earlier ? { previous: earlier } : {}),
		...(rotationUnsettled === true ? { rotationUnsettled } : {}),
		...(disabled === true ? { disabled } : {}),
		registeredAt: timeOf(value.registeredAt),
		lastSeenAt: timeOf(value.lastSeenAt),
	};
}

/**
 * The secrets that a delivery may be signed with now: the current one, and the previous one until it ends. One that
 * cannot be opened (another API key, a copy in another node) is left out.
 * @param nowMs the time in milliseconds
 */
export function openSecrets(
	state: RegistrationState,
	context: SealContext,
	nowMs: number,
): OpenedSecret[] {
	const current = open(state.secret, context);
	const previous = livePrevious(state, nowMs);
	const earlier = previous && open(previous.sealed, context);
	return [
		...(current ? [{ value: current, age: 'current' as const }] : []),
		...(earlier ? [{ value: earlier, age: 'previous' as const }] : []),
	];
}

/** The previous secret while Anchor keeps it valid. */
export function livePrevious(
	{ previous }: RegistrationState,
	nowMs: number,
): PreviousSecret | undefined {
	return previous && previous.expiresAt > nowMs ? previous : undefined;
}

function previousOf(value: unknown): PreviousSecret | undefined {
	if (!isObject(value)) return undefined;
	const { sealed, expiresAt } = value;
	return typeof sealed === 'string' && typeof expiresAt === 'number'
		? { sealed, expiresAt }
		: undefined;
}

function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): string[] {
	return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

function timeOf(value: unknown): number {
	return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
