import type { IWebhookFunctions } from 'n8n-workflow';
import { connectionOf } from '../api/client';
import { getWebhook } from '../api/webhooks';
import { liveSecret } from '../delivery/signature';
import type { LiveSecret } from '../delivery/signature';
import type { Doubt } from '../delivery/verdict';
import { fingerprintOf, ownerKeyOf, parseMark } from '../registration/mark';
import type { Mode } from '../registration/mark';
import type { RegistrationState } from '../registration/state';
import type { Registration as RegistrationKind } from '../settings/readSettings';
import { openRegistration } from './registration';
import type { LookUp } from './registration';
import { readState } from './staticData';
import type { Trigger } from './trigger';

/** Whose secrets are wanted. */
export interface SecretSearch {
	trigger: Trigger;
	mode: Mode;
	kind: RegistrationKind;
	/** The id of the credential with a pasted secret, where the user has chosen one. */
	credentialId: string | null | undefined;
	/** The time in milliseconds. */
	nowMs: number;
}

/** What a delivery is checked against. */
export interface FoundSecrets {
	secrets: readonly LiveSecret[];
	/** Anchor's id of the webhook; null when the user keeps it. */
	webhookId: string | null;
	/** Why these may not be the secrets that Anchor signs with. */
	doubt?: Doubt;
}

/**
 * Finds the secrets of a trigger: in manual registration the credential's two, otherwise the registration's current and
 * previous one. What n8n keeps of a registration is opened once, and a pasted secret is read for each delivery, in a flood
 * every five seconds. Never throws: what cannot be found or opened is no secret, and without one nothing is trusted.
 */
export async function findSecrets(
	context: IWebhookFunctions,
	search: SecretSearch,
): Promise<FoundSecrets> {
	if (search.kind === 'manual') return await pastedSecrets(context, search);
	return await registeredSecrets(context, search);
}

/**
 * Looks once more, for a delivery that matches none of the secrets found: somebody may have pasted a new one, or Anchor
 * can tell whether the one at hand is up to date. A flood of forged requests costs no more than one reading a second and
 * ten questions a minute, beside those that were saved up.
 * @param found what `findSecrets` has found
 * @returns undefined when nothing more is known. Never throws.
 */
export async function findSecretsAnew(
	context: IWebhookFunctions,
	search: SecretSearch,
	found: FoundSecrets,
): Promise<FoundSecrets | undefined> {
	if (search.kind === 'manual') return await pastedAnew(context, search);
	if (found.doubt !== 'secret_outdated') return undefined;
	const [current] = found.secrets;
	const isConfirmed =
		current.age === 'current' &&
		registrationOf(search).questions.take(search.nowMs) &&
		(await isNamedByAnchor(context, found, fingerprintOf(current.key.export().toString())));
	return isConfirmed ? { ...found, doubt: undefined } : undefined;
}

const registrationOf = ({ trigger, mode }: SecretSearch) => trigger.registrationOf(mode);

/** How long a look is good for everybody where each delivery would cost one. */
const LOOK_MS = 1_000;

/** Whether a look is young enough and was for the same. A clock that was set back must not make anything count for longer. */
const isGood = (look: LookUp | undefined, of: LookUp['of'], nowMs: number): look is LookUp =>
	look !== undefined && look.of === of && Math.abs(nowMs - look.atMs) < LOOK_MS;

async function pastedSecrets(
	context: IWebhookFunctions,
	search: SecretSearch,
): Promise<FoundSecrets> {
	const { reading, readings } = registrationOf(search);
	const isAtHand = reading !== undefined && reading.of === search.credentialId;
	const last = isAtHand && !readings.take(search.nowMs) ? reading : readPasted(context, search);
	return { secrets: await last.secrets, webhookId: null };
}

async function pastedAnew(
	context: IWebhookFunctions,
	search: SecretSearch,
): Promise<FoundSecrets | undefined> {
	const { reading } = registrationOf(search);
	if (isGood(reading, search.credentialId, search.nowMs)) return undefined;
	return { secrets: await readPasted(context, search).secrets, webhookId: null };
}

/** Reads the credential, and keeps the reading for the deliveries that follow. */
function readPasted(context: IWebhookFunctions, search: SecretSearch): LookUp {
	const reading = {
		of: search.credentialId,
		atMs: search.nowMs,
		secrets: context
			.getCredentials<{ [name: string]: unknown }>('anchorBrowserSigningSecretApi')
			.then(
				({ signingSecret, previousSigningSecret }) => [
					...liveSecret(signingSecret, 'current'),
					...liveSecret(previousSigningSecret, 'previous'),
				],
				() => [],
			),
	};
	registrationOf(search).reading = reading;
	return reading;
}

async function registeredSecrets(
	context: IWebhookFunctions,
	search: SecretSearch,
): Promise<FoundSecrets> {
	const registration = registrationOf(search);
	const { isChanging, state: known } = registration;
	const newest = registration.newest(readState(context, search.trigger.nodeId));
	if (newest === undefined) {
		return { secrets: [], webhookId: null, doubt: isChanging ? 'secret_changing' : undefined };
	}
	const secrets =
		known !== undefined && registration.secrets.length > 0 && isSameSecret(known, newest)
			? registration.secrets
			: await openStored(context, search, newest);
	// The process that keeps the webhook knows its secret first. Any other one has what n8n has stored so far.
	const isKept = registration.isInService && newest === known;
	let doubt: Doubt | undefined = isKept ? undefined : 'secret_outdated';
	if (secrets.length === 0) doubt = isOwn(context, search, newest) ? 'secret_sealed' : undefined;
	return { secrets, webhookId: newest.webhookId, doubt: isChanging ? 'secret_changing' : doubt };
}

const isSameSecret = (one: RegistrationState, other: RegistrationState) =>
	one.secret === other.secret && one.previous?.sealed === other.previous?.sealed;

/** Static data travels with a copied workflow, whose secrets are not for this node. */
function isOwn(
	context: IWebhookFunctions,
	{ trigger: { workflowId, nodeId }, mode }: SecretSearch,
	{ owner }: RegistrationState,
): boolean {
	const instanceId = context.getInstanceId();
	return owner === ownerKeyOf({ workflowName: '', instanceId, workflowId, nodeId, mode });
}

/** Opens what is stored; what cannot be opened is tried again once a second, should the API key be put right. */
async function openStored(
	context: IWebhookFunctions,
	search: SecretSearch,
	state: RegistrationState,
): Promise<readonly LiveSecret[]> {
	const { nowMs } = search;
	const { workflowId, nodeId } = search.trigger;
	const registration = registrationOf(search);
	const last = registration.opening;
	if (isGood(last, state.secret, nowMs)) return await last.secrets;
	const opening = connectionOf(context).then(
		({ apiKey }) => openRegistration(state, { apiKey, workflowId, nodeId }),
		() => [],
	);
	registration.opening = { of: state.secret, atMs: nowMs, secrets: opening };
	const secrets = await opening;
	if (secrets.length > 0) registration.remember(state, secrets);
	return secrets;
}

/** Whether the mark of the webhook at Anchor names this secret as the one that n8n got last. */
async function isNamedByAnchor(
	context: IWebhookFunctions,
	{ webhookId }: FoundSecrets,
	fingerprint: string,
): Promise<boolean> {
	if (webhookId === null) return false;
	try {
		const webhook = await getWebhook(context, webhookId);
		return webhook.ok && parseMark(webhook.body.description)?.fingerprint === fingerprint;
	} catch {
		// The credential is gone: nothing can be known.
		return false;
	}
}
