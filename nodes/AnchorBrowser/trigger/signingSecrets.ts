import type { IWebhookFunctions } from 'n8n-workflow';
import { connectionOf } from '../api/client';
import type { LiveSecret } from '../delivery/signature';
import { openSecrets } from '../registration/state';
import type { RegistrationState } from '../registration/state';
import { isSecretChanging, newestOf, recall, remember } from './registrations';
import type { TriggerIdentity } from './registrations';
import type { Registration } from './settings';
import { readState } from './staticData';

/** What a delivery may be signed with now. */
export interface FoundSecrets {
	secrets: readonly LiveSecret[];
	/** Anchor's id of the webhook; null when the user keeps it. */
	webhookId: string | null;
	secretChanging: boolean;
}

const NONE: FoundSecrets = { secrets: [], webhookId: null, secretChanging: false };

/**
 * Finds the secrets of a trigger: in manual registration the credential's two, otherwise the registration's current one
 * and, until it ends, the previous one. Never throws: what cannot be found or opened is no secret, and without one
 * nothing is trusted.
 * @param nowMs the time in milliseconds
 */
export async function findSecrets(
	context: IWebhookFunctions,
	request: TriggerIdentity & { registration: Registration; nowMs: number },
): Promise<FoundSecrets> {
	if (request.registration === 'manual') return await pastedSecrets(context);

	const secretChanging = isSecretChanging(request);
	const newest = newestOf(request, readState(context, request.nodeId));
	if (newest === undefined) return { ...NONE, secretChanging };

	const known = recall(request);
	const secrets =
		known !== undefined && isSameSecret(known.state, newest)
			? known.secrets
			: await openStored(context, request, newest);
	return {
		secrets: secrets.filter(({ age }) => age === 'current' || isStillValid(newest, request.nowMs)),
		webhookId: newest.webhookId,
		secretChanging,
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
	if (secrets.length > 0) remember(request, state, secrets);
	return secrets;
}
