import type { ITriggerFunctions } from 'n8n-workflow';
import { liveSecret } from '../delivery/signature';
import type { LiveSecret } from '../delivery/signature';
import type { Mode } from '../registration/mark';
import type { SealContext } from '../registration/seal';
import { openSecrets } from '../registration/state';
import type { RegistrationState } from '../registration/state';

/** Which trigger, and whether its production or its test webhook. */
export interface TriggerIdentity {
	workflowId: string;
	nodeId: string;
	mode: Mode;
}

/** A registration as this process knows it, its secrets opened. */
export interface KnownRegistration {
	state: RegistrationState;
	secrets: readonly LiveSecret[];
}

/**
 * What this process knows of registrations. It opens a sealed secret once, not once for each delivery, and it knows a
 * secret from the moment Anchor gave it, before n8n has saved the static data. A process that knows nothing reads
 * everything from static data.
 */
const registrations = new Map<string, KnownRegistration>();

/** The triggers whose secret is being rotated right now: a signature that does not match yet may in a moment. */
const changing = new Set<string>();

/**
 * One text for one node: everything about it, its test and its production webhook alike, is kept and runs one after the
 * other under it.
 */
export const nodeKeyOf = (context: Pick<ITriggerFunctions, 'getWorkflow' | 'getNode'>): string =>
	`${context.getWorkflow().id ?? ''} ${context.getNode().id}`;

/** One text for one trigger, to keep things by. */
export const keyOf = ({ workflowId, nodeId, mode }: TriggerIdentity): string =>
	`${mode} ${workflowId} ${nodeId}`;

/** The secrets of a registration, ready for checking; without what cannot be opened (see `openSecrets`). */
export function openRegistration(state: RegistrationState, context: SealContext): LiveSecret[] {
	return openSecrets(state, context).flatMap(({ value, age, expiresAt }) =>
		liveSecret(value, age, expiresAt),
	);
}

/**
 * Remembers a registration in this process.
 * @param secrets opened, see `openRegistration`
 */
export function remember(
	identity: TriggerIdentity,
	state: RegistrationState,
	secrets: readonly LiveSecret[],
): void {
	registrations.set(keyOf(identity), { state, secrets });
}

/** The registration as this process knows it; undefined after a restart, or in another process. */
export function recall(identity: TriggerIdentity): KnownRegistration | undefined {
	return registrations.get(keyOf(identity));
}

/** Forgets a registration, when it is gone at Anchor or another process looks after it. */
export function forget(identity: TriggerIdentity): void {
	registrations.delete(keyOf(identity));
	changing.delete(keyOf(identity));
}

/**
 * The one rule of precedence between what this process knows and what n8n has stored: the later secret counts, by
 * Anchor's clock, because n8n may have stored an older one since (a restored database, a run that ended late). Of two
 * that are equally old, the one of the process that keeps the webhook. With the same secret, or a state of another owner
 * (a copied workflow), what this process knows.
 * @param stored from static data
 */
export function newestOf(
	identity: TriggerIdentity,
	stored: RegistrationState | undefined,
): RegistrationState | undefined {
	const known = recall(identity)?.state;
	if (known === undefined || stored === undefined) return known ?? stored;
	if (stored.owner !== known.owner || stored.secret === known.secret) return known;
	const isLater =
		stored.secretSince > known.secretSince ||
		(stored.secretSince === known.secretSince && !isInService(identity));
	return isLater ? stored : known;
}

/** The triggers that n8n has activated and not taken out of service since. */
const inService = new Set<string>();

/** Notes that n8n has activated a trigger, or that it could not, or has taken it out of service. */
export function setInService(identity: TriggerIdentity, isInService: boolean): void {
	if (isInService) inService.add(keyOf(identity));
	else inService.delete(keyOf(identity));
}

/** Whether n8n takes deliveries for a trigger. */
export function isInService(identity: TriggerIdentity): boolean {
	return inService.has(keyOf(identity));
}

/** Notes that a rotation is under way, or that it came to nothing. */
export function setSecretChanging(identity: TriggerIdentity, isChanging: boolean): void {
	if (isChanging) changing.add(keyOf(identity));
	else changing.delete(keyOf(identity));
}

/** Whether a rotation is under way. */
export function isSecretChanging(identity: TriggerIdentity): boolean {
	return changing.has(keyOf(identity));
}
