import type { IWebhookFunctions } from 'n8n-workflow';
import { connectionOf } from '../api/client';
import { getWebhook } from '../api/webhooks';
import { liveSecret } from '../delivery/signature';
import type { LiveSecret } from '../delivery/signature';
import type { Doubt } from '../delivery/verdict';
import { fingerprintOf, ownerKeyOf, parseMark } from '../registration/mark';
import type { RegistrationState } from '../registration/state';
import {
	isInService,
	isSecretChanging,
	keyOf,
	newestOf,
	openRegistration,
	recall,
	remember,
} from './registrations';
import type { TriggerIdentity } from './registrations';
import type { Registration } from '../settings/readSettings';
import { readState } from './staticData';

/** Whose secrets are wanted. */
export interface SecretSearch extends TriggerIdentity {
	registration: Registration;
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
 * previous one. Neither the database nor an expression is asked for what this process knows already. Never throws: what
 * cannot be found or opened is no secret, and without one nothing is trusted.
 */
export async function findSecrets(
	context: IWebhookFunctions,
	search: SecretSearch,
): Promise<FoundSecrets> {
	if (search.registration === 'manual') return await pastedSecrets(context, search);
	return await registeredSecrets(context, search);
}

/**
 * Looks once more, for a delivery that matches none of the secrets found: somebody may have pasted a new one, or Anchor
 * can tell whether the one at hand is up to date. A flood of forged requests costs no more than one reading a second, and
 * ten questions a minute.
 * @param found what `findSecrets` has found
 * @returns undefined when nothing more is known. Never throws.
 */
export async function findSecretsAnew(
	context: IWebhookFunctions,
	search: SecretSearch,
	found: FoundSecrets,
): Promise<FoundSecrets | undefined> {
	if (search.registration === 'manual') return await pastedAnew(context, search);
	if (found.doubt !== 'secret_outdated') return undefined;
	const [current] = found.secrets;
	const isConfirmed =
		current.age === 'current' &&
		mayAskAnchor(search) &&
		(await isNamedByAnchor(context, found, fingerprintOf(current.key.export().toString())));
	return isConfirmed ? { ...found, doubt: undefined } : undefined;
}

/** Something that was looked up, or is being looked up. */
interface LookUp {
	/** When it began, in milliseconds. */
	atMs: number;
	secrets: Promise<LiveSecret[]>;
}

/** How long a pasted secret that was taken out of the credential can still count. */
const PASTED_COUNT_MS = 30_000;
/** How long a look for something new is good for everybody. */
const NEW_LOOK_MS = 1_000;

/** The last reading of a credential: each one costs n8n a query, a decryption and a JavaScript isolate. */
const readings = new Map<string, LookUp>();
/** The last look for something new in a credential, or for an API key that opens what is stored. */
const newLooks = new Map<string, LookUp>();

/** A clock that was set back must not make anything count for longer. */
const isYounger = (look: LookUp | undefined, ms: number, nowMs: number): look is LookUp =>
	look !== undefined && Math.abs(nowMs - look.atMs) < ms;

async function pastedSecrets(
	context: IWebhookFunctions,
	search: SecretSearch,
): Promise<FoundSecrets> {
	const key = pastedKeyOf(context, search);
	const last = readings.get(key);
	const reading = isYounger(last, PASTED_COUNT_MS, search.nowMs)
		? last
		: readPasted(context, search, key);
	return { secrets: await reading.secrets, webhookId: null };
}

async function pastedAnew(
	context: IWebhookFunctions,
	search: SecretSearch,
): Promise<FoundSecrets | undefined> {
	const key = pastedKeyOf(context, search);
	if (isYounger(newLooks.get(key), NEW_LOOK_MS, search.nowMs)) return undefined;
	const reading = readPasted(context, search, key);
	note(newLooks, key, reading);
	return { secrets: await reading.secrets, webhookId: null };
}

/** Another credential that the user has chosen is another key. */
function pastedKeyOf(context: IWebhookFunctions, search: SecretSearch): string {
	const { credentials } = context.getNode();
	return `${keyOf(search)} ${credentials?.anchorBrowserSigningSecretApi?.id}`;
}

/** Notes a look, and drops those that nobody will ask for any more. */
function note(looks: Map<string, LookUp>, key: string, look: LookUp): void {
	for (const [old, other] of looks) {
		if (!isYounger(other, PASTED_COUNT_MS, look.atMs)) looks.delete(old);
	}
	looks.set(key, look);
}

function readPasted(context: IWebhookFunctions, { nowMs }: SecretSearch, key: string): LookUp {
	const reading = {
		atMs: nowMs,
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
	note(readings, key, reading);
	return reading;
}

async function registeredSecrets(
	context: IWebhookFunctions,
	search: SecretSearch,
): Promise<FoundSecrets> {
	const isChanging = isSecretChanging(search);
	const newest = newestOf(search, readState(context, search.nodeId));
	if (newest === undefined) {
		return { secrets: [], webhookId: null, doubt: isChanging ? 'secret_changing' : undefined };
	}
	const known = recall(search);
	const secrets =
		known !== undefined && known.secrets.length > 0 && isSameSecret(known.state, newest)
			? known.secrets
			: await openStored(context, search, newest);
	// The process that keeps the webhook knows its secret first. Any other one has what n8n has stored so far.
	const isKept = isInService(search) && newest === known?.state;
	let doubt: Doubt | undefined = isKept ? undefined : 'secret_outdated';
	if (secrets.length === 0) doubt = isOwn(context, search, newest) ? 'secret_sealed' : undefined;
	return { secrets, webhookId: newest.webhookId, doubt: isChanging ? 'secret_changing' : doubt };
}

const isSameSecret = (one: RegistrationState, other: RegistrationState) =>
	one.secret === other.secret && one.previous?.sealed === other.previous?.sealed;

/** Static data travels with a copied workflow, whose secrets are not for this node. */
function isOwn(
	context: IWebhookFunctions,
	{ workflowId, nodeId, mode }: SecretSearch,
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
	const { workflowId, nodeId, nowMs } = search;
	const key = `${keyOf(search)} ${state.secret}`;
	const last = newLooks.get(key);
	if (isYounger(last, NEW_LOOK_MS, nowMs)) return await last.secrets;
	const opening = connectionOf(context).then(
		({ apiKey }) => openRegistration(state, { apiKey, workflowId, nodeId }),
		() => [],
	);
	note(newLooks, key, { atMs: nowMs, secrets: opening });
	const secrets = await opening;
	if (secrets.length > 0) remember(search, state, secrets);
	return secrets;
}

/** How often Anchor may be asked for one trigger: so many times at once, and one time more whenever this has passed. */
const MOST_QUESTIONS = 10;
const QUESTION_EVERY_MS = 6_000;

const questions = new Map<string, { left: number; atMs: number }>();

function mayAskAnchor(search: SecretSearch): boolean {
	const { nowMs } = search;
	const { left, atMs } = questions.get(keyOf(search)) ?? { left: MOST_QUESTIONS, atMs: nowMs };
	const now = Math.min(MOST_QUESTIONS, left + Math.abs(nowMs - atMs) / QUESTION_EVERY_MS);
	if (now < 1) return false;
	questions.set(keyOf(search), { left: now - 1, atMs: nowMs });
	return true;
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
