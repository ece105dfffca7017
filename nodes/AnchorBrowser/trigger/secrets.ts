import type { IWebhookFunctions } from 'n8n-workflow';
import { connectionOf } from '../api/client';
import type { LiveSecret } from '../delivery/signature';
import type { Mode } from '../registration/mark';
import { openSecrets } from '../registration/state';
import type { RegistrationState } from '../registration/state';
import { readState } from './staticData';
import type { Registration } from './settings';

/** A registration as this process knows it, its secrets opened. */
interface Held {
	state: RegistrationState;
	secrets: readonly LiveSecret[];
}

/**
 * What this process knows of registrations: it opens a sealed secret once, not once for each delivery, and it knows a
 * secret from the moment Anchor gave it, before n8n has saved the static data. A cache and no more: a process that
 * knows nothing reads everything from static data.
 */
const held = new Map<string, Held>();

/** The triggers whose secret is being rotated right now: a signature that does not match yet may in a moment. */
const changing = new Set<string>();

const keyOf = ({ workflowId, nodeId, mode }: TriggerIdentity) => `${mode} ${workflowId} ${nodeId}`;

/** Which trigger, and whether its production or its test webhook. */
export interface TriggerIdentity {
	workflowId: string;
	nodeId: string;
	mode: Mode;
}

/**
 * Remembers a registration in this process, once Anchor has it.
 * @param secrets opened, see `openSecrets`
 */
export function hold(
	identity: TriggerIdentity,
	state: RegistrationState,
	secrets: readonly LiveSecret[],
): void {
	held.set(keyOf(identity), { state, secrets });
	changing.delete(keyOf(identity));
}

/** The registration as this process knows it; undefined after a restart, or in another process. */
export function heldState(identity: TriggerIdentity): RegistrationState | undefined {
	return held.get(keyOf(identity))?.state;
}

/** Forgets a registration, when it is gone at Anchor. */
export function letGo(identity: TriggerIdentity): void {
	held.delete(keyOf(identity));
	changing.delete(keyOf(identity));
}

/** Notes that a rotation is under way, or that it came to nothing. */
export function setSecretChanging(identity: TriggerIdentity, isChanging: boolean): void {
	if (isChanging) changing.add(keyOf(identity));
	else changing.delete(keyOf(identity));
}

/** What a delivery may be signed with now. */
export interface FoundSecrets {
	secrets: readonly LiveSecret[];
	/** Anchor's id of the webhook; null when the user keeps it. */
	webhookId: string | null;
	secretChanging: boolean;
}

const NONE: FoundSecrets = { secrets: [], webhookId: null, secretChanging: false };

/**
 * Finds the secrets of a trigger: in manual registration the credential's two, else the stored registration's current
 * one and, until it ends, the previous one. Never throws: what cannot be found or opened is no secret, and without one
 * nothing is trusted.
 * @param nowMs the time in milliseconds
 */
export async function findSecrets(
	context: IWebhookFunctions,
	request: TriggerIdentity & { registration: Registration; nowMs: number },
): Promise<FoundSecrets> {
	if (request.registration === 'manual') return await pastedSecrets(context);

	const known = held.get(keyOf(request));
	const stored = readState(context, request.nodeId);
	const newest = newestOf(known?.state, stored);
	if (newest === undefined) return { ...NONE, secretChanging: changing.has(keyOf(request)) };

	const secrets =
		known !== undefined && isSameSecret(known.state, newest)
			? known.secrets
			: await openStored(context, request, newest);
	return {
		secrets: secrets.filter(({ age }) => age === 'current' || isStillValid(newest, request.nowMs)),
		webhookId: newest.webhookId,
		// A rotation whose answer never came may have taken place: what does not match now will after the next one.
		secretChanging: changing.has(keyOf(request)) || newest.rotationUnsettled === true,
	};
}

async function pastedSecrets(context: IWebhookFunctions): Promise<FoundSecrets> {
	let pasted;
	try {
		pasted = await context.getCredentials<{ [name: string]: unknown }>(
			'anchorBrowserSigningSecretApi',
		);
	} catch {
		return NONE;
	}
	const { signingSecret, previousSigningSecret } = pasted;
	return {
		...NONE,
		secrets: [
			{ value: String(signingSecret ?? ''), age: 'current' },
			{ value: String(previousSigningSecret ?? ''), age: 'previous' },
		],
	};
}

/** Another process may have activated the trigger since; of two of the same moment, ours may not be saved yet. */
function newestOf(
	known: RegistrationState | undefined,
	stored: RegistrationState | undefined,
): RegistrationState | undefined {
	if (known === undefined || stored === undefined) return known ?? stored;
	return stored.lastSeenAt > known.lastSeenAt ? stored : known;
}

const isSameSecret = (one: RegistrationState, other: RegistrationState) =>
	one.secret === other.secret && one.previous?.sealed === other.previous?.sealed;

const isStillValid = ({ previous }: RegistrationState, nowMs: number) =>
	previous !== undefined && previous.expiresAt > nowMs;

async function openStored(
	context: IWebhookFunctions,
	request: TriggerIdentity & { nowMs: number },
	state: RegistrationState,
): Promise<readonly LiveSecret[]> {
	let apiKey: string;
	try {
		({ apiKey } = await connectionOf(context));
	} catch {
		return [];
	}
	const { workflowId, nodeId, nowMs } = request;
	const secrets = openSecrets(state, { apiKey, workflowId, nodeId }, nowMs);
	if (secrets.length > 0) held.set(keyOf(request), { state, secrets });
	return secrets;
}
