import type { RemoteWebhook, WebhookChanges } from '../api/webhooks';
import { timeOf } from '../events/json';
import { formatMark, isMarkOf, isMarkOfInstance, isMarkOfNode, parseMark, renewNote } from './mark';
import type { Mark, MarkOwner, Mode } from './mark';

/** What n8n has kept of its registration. */
export interface StoredRegistration {
	webhookId: string;
	/** Of the stored signing secret (`fingerprintOf`); undefined when there is none that can be opened. */
	fingerprint: string | undefined;
	/** Events that Anchor refused the last time. */
	unsupported: readonly string[];
}

/** The webhook as it should be. */
export interface WantedRegistration {
	owner: MarkOwner;
	url: string;
	/** Anchor's names, without repetition. */
	events: readonly string[];
	secretIs: SecretTrust;
	/** Whether events that Anchor refused the last time are asked for again. */
	retryUnsupported: boolean;
	/** Whether another process, or an earlier life of n8n, may be about to end the webhook: the mark then tells it not to. */
	isTakenUp: boolean;
	/** See `NoteChanges`. */
	collectedMs?: number | false;
}

/**
 * What is known of the stored secret beside itself. `doubtful`: Anchor has not answered a rotation, which may have been
 * carried out. `wrong`: deliveries that n8n refused have shown that Anchor signs with another one.
 */
export type SecretTrust = 'trusted' | 'doubtful' | 'wrong';

/** Why a secret is rotated: it is not known here, doubtful or wrong, or the mark names another one as the last. */
export type RotationReason = 'unknown' | 'outdated' | 'doubtful' | 'wrong';

export interface PlanInput {
	/** What Anchor lists, and the webhook of the stored id where the list lacks it (a disabled one). */
	remote: readonly RemoteWebhook[];
	stored: StoredRegistration | undefined;
	wanted: WantedRegistration;
	/** Anchor's time in milliseconds. */
	nowMs: number;
}

/** One of the webhooks that fill Anchor's limit, for the message to the user. */
export interface TakenSlot {
	id: string;
	/** Without the path, which in n8n is as good as a password. */
	host: string;
	madeBy: 'this n8n' | 'another n8n' | 'someone else';
	/** For which workflow, when n8n made it. */
	workflowName?: string;
	mode?: Mode;
}

/** What to do about the webhook itself. */
export type Step =
	| { action: 'keep'; webhook: RemoteWebhook }
	| { action: 'change'; webhook: RemoteWebhook; changes: WebhookChanges }
	| {
			action: 'rotate';
			webhook: RemoteWebhook;
			reason: RotationReason;
			changes: WebhookChanges | undefined;
	  }
	| { action: 'create' };

export interface Plan {
	step: Step;
	/** Leftovers of our own, to be removed. */
	sweep: RemoteWebhook[];
	/** Others' webhooks that point at our address; never touched, but worth a line in the log. */
	strangers: RemoteWebhook[];
}

/** Anchor's limit for a project. */
export const MAX_WEBHOOKS = 5;

/** How long somebody can listen for a test event in the editor: n8n ends it after 2 to 10 minutes. */
export const LISTENING_MS = 15 * 60_000;

/**
 * Decides how to bring the webhook at Anchor in line with what is wanted. Pure.
 *
 * | at Anchor                                | stored here          | step                                  |
 * |------------------------------------------|----------------------|---------------------------------------|
 * | ours, same address, events and enabled   | id and secret        | keep                                  |
 * | ours, anything differs                   | id and secret        | change: one PATCH                     |
 * | ours                                     | no secret, or a      | rotate in place, PATCH what differs   |
 * |                                          | wrong one            |                                       |
 * | nothing of ours                          | anything             | create                                |
 *
 * Ours is the webhook of the stored id, unless it carries the mark of another n8n, workflow, node or mode; else one with
 * our own mark, first the one at our address, then the oldest. A webhook without our mark at our address is a stranger:
 * it is named and never touched.
 *
 * A stored secret is also taken for wrong when the mark at Anchor names another one: n8n's database was restored, or
 * another process has rotated since.
 *
 * Leftovers are webhooks with our own mark beside the one that is kept: in production every other production one (an
 * old address, a double); in either mode the test ones that nobody can be listening to any more. A test never sweeps
 * production.
 */
export function plan({ remote, stored, wanted, nowMs }: PlanInput): Plan {
	const candidates = remote.map(withMark);
	const found = findOurs(candidates, stored?.webhookId, wanted);
	const sweep = candidates.filter(
		({ webhook, mark }) =>
			webhook !== found?.webhook && isLeftover({ webhook, mark }, wanted.owner, nowMs),
	);
	const strangers = candidates.filter(
		({ webhook, mark }) =>
			webhook !== found?.webhook &&
			isSameAddress(webhook.url, wanted.url) &&
			!isMarkOfNode(mark, wanted.owner),
	);
	return {
		step: found === undefined ? { action: 'create' } : stepFor(found, { stored, wanted, nowMs }),
		sweep: sweep.map(({ webhook }) => webhook),
		strangers: strangers.map(({ webhook }) => webhook),
	};
}

/** Which webhooks a deactivation, or the end of listening, concerns. */
export interface Ending {
	/** The webhook that served; undefined when Anchor has none of ours. */
	served: RemoteWebhook | undefined;
	/** Others of ours beside it. */
	doubles: RemoteWebhook[];
	/** One of them that another process has taken up since the end was asked for: then none of them ends. */
	takenUp: RemoteWebhook | undefined;
}

/** Which registration is to end. */
export interface EndingInput extends Pick<WantedRegistration, 'owner' | 'url'> {
	/** Anchor's id, as stored; undefined when nothing is stored. */
	webhookId: string | undefined;
	/** Whether the trigger is in service again with another webhook, so that this one alone ends. */
	isReplaced: boolean;
}

/**
 * Times of Anchor's have whole seconds, rounded down: one that is later in truth may be a second earlier by them. Of two
 * in the same second the one who takes a webhook up is right.
 */
const SAME_SECOND_MS = 1_000;

/**
 * Decides which webhooks end with a registration. Pure. A test ends only at its very address: another one of this node
 * may serve somebody else who listens.
 * @param remote what Anchor lists, and the webhook of the stored id where the list lacks it
 * @param askedMs when the end was asked for, in milliseconds of Anchor's clock
 */
export function planEnding(
	remote: readonly RemoteWebhook[],
	{ owner, url, webhookId, isReplaced }: EndingInput,
	askedMs: number,
): Ending {
	const candidates = remote
		.map(withMark)
		.filter(({ webhook }) => !isReplaced || webhook.id === webhookId);
	const served = findOurs(candidates, webhookId, { owner, url })?.webhook;
	const doubles = candidates
		.filter(({ webhook, mark }) => webhook !== served && isMarkOf(mark, owner))
		.map(({ webhook }) => webhook);
	if (owner.mode === 'production') {
		const takenUp = [...(served ? [served] : []), ...doubles].find(
			({ description }) =>
				(parseMark(description)?.activatedMs ?? -Infinity) > askedMs - SAME_SECOND_MS,
		);
		return { served, doubles, takenUp };
	}
	const here = (webhook: RemoteWebhook) =>
		webhook.id === webhookId || isSameAddress(webhook.url, url);
	return {
		served: served && here(served) ? served : undefined,
		doubles: doubles.filter(here),
		takenUp: undefined,
	};
}

/** Whether two addresses lead to the same place, however they are spelled (upper case in the host, a default port). */
export function isSameAddress(one: string, other: string): boolean {
	return spelled(one) === spelled(other);
}

/** For the message at the limit: each webhook with its host, and which n8n made it for which workflow. */
export function describeSlots(remote: readonly RemoteWebhook[], owner: MarkOwner): TakenSlot[] {
	return remote.map(({ id, url, description }) => {
		const mark = parseMark(description);
		const slot = { id, host: hostOf(url) };
		if (mark === undefined) return { ...slot, madeBy: 'someone else' };
		return {
			...slot,
			madeBy: isMarkOfInstance(mark, owner) ? 'this n8n' : 'another n8n',
			workflowName: mark.workflowName,
			mode: mark.mode,
		};
	});
}

/**
 * Orders webhooks by age, the oldest first; of the same moment, or without one, by id. The same in every process that
 * looks at the same list.
 */
export function byAge(one: RemoteWebhook, other: RemoteWebhook): number {
	const difference = (timeOf(one.created_at) ?? 0) - (timeOf(other.created_at) ?? 0);
	if (difference !== 0) return difference;
	return one.id < other.id ? -1 : Number(one.id > other.id);
}

interface Candidate {
	webhook: RemoteWebhook;
	mark: Mark | undefined;
}

function withMark(webhook: RemoteWebhook): Candidate {
	return { webhook, mark: parseMark(webhook.description) };
}

function findOurs(
	candidates: readonly Candidate[],
	storedId: string | undefined,
	{ owner, url }: Pick<WantedRegistration, 'owner' | 'url'>,
): Candidate | undefined {
	const stored = candidates.find(({ webhook }) => webhook.id === storedId);
	if (stored && (stored.mark === undefined || isMarkOf(stored.mark, owner))) return stored;
	const own = candidates
		.filter(({ mark }) => isMarkOf(mark, owner))
		.sort((one, other) => byAge(one.webhook, other.webhook));
	return own.find(({ webhook }) => isSameAddress(webhook.url, url)) ?? own[0];
}

function isLeftover({ webhook, mark }: Candidate, owner: MarkOwner, nowMs: number): boolean {
	if (!isMarkOfNode(mark, owner)) return false;
	if (mark?.mode === 'production') return owner.mode === 'production';
	// A test that takes up an older webhook changes it, so the later of the two times tells when listening began.
	const times = [webhook.created_at, webhook.updated_at]
		.map(timeOf)
		.filter((at) => at !== undefined);
	return times.length > 0 && nowMs - Math.max(...times) > LISTENING_MS;
}

function stepFor(
	{ webhook, mark }: Candidate,
	{ stored, wanted, nowMs }: Pick<PlanInput, 'stored' | 'wanted' | 'nowMs'>,
): Step {
	const known = stored?.webhookId === webhook.id ? stored : undefined;
	const changes = changesOf({ webhook, mark }, known, { ...wanted, nowMs });
	const reason = rotationReason(known?.fingerprint, mark, wanted.secretIs);
	if (reason !== undefined) {
		return { action: 'rotate', webhook, reason, changes: beforeRotation(changes, wanted.owner) };
	}
	return changes === undefined
		? { action: 'keep', webhook }
		: { action: 'change', webhook, changes };
}

function rotationReason(
	fingerprint: string | undefined,
	mark: Mark | undefined,
	secretIs: SecretTrust,
): RotationReason | undefined {
	if (fingerprint === undefined) return 'unknown';
	if (secretIs === 'wrong') return 'wrong';
	if (mark?.fingerprint !== undefined && mark.fingerprint !== fingerprint) return 'outdated';
	return secretIs === 'doubtful' ? 'doubtful' : undefined;
}

/**
 * The mark follows the new secret, so it is left out here. A test that takes up an older webhook must look new at Anchor,
 * otherwise another test sweeps it as a leftover: there the mark is written now, and without a fingerprint.
 */
function beforeRotation(
	changes: WebhookChanges | undefined,
	owner: MarkOwner,
): WebhookChanges | undefined {
	if (owner.mode === 'test') return { ...changes, description: formatMark(owner, {}) };
	const now = { ...changes };
	delete now.description;
	return Object.keys(now).length === 0 ? undefined : now;
}

function changesOf(
	{ webhook, mark }: Candidate,
	known: StoredRegistration | undefined,
	{
		owner,
		url,
		events,
		retryUnsupported,
		isTakenUp,
		collectedMs,
		nowMs,
	}: WantedRegistration & { nowMs: number },
): WebhookChanges | undefined {
	const unsupported = known?.unsupported.filter((event) => events.includes(event)) ?? [];
	const subscribed = events.filter((event) => !unsupported.includes(event));
	const isRetried = retryUnsupported && unsupported.length > 0;
	const isSubscribed = isSameSet(webhook.subscribed_events, subscribed) && !isRetried;
	const { fingerprint } = { ...known };
	const note = renewNote(mark, { fingerprint, isTakenUp, collectedMs, nowMs });
	const description = formatMark(owner, note);
	const changes: WebhookChanges = {
		...(isSameAddress(webhook.url, url) ? {} : { url }),
		...(webhook.description?.trim() === description ? {} : { description }),
		...(isSubscribed ? {} : { subscribed_events: isRetried ? [...events] : subscribed }),
		...(webhook.enabled ? {} : { enabled: true }),
	};
	return Object.keys(changes).length === 0 ? undefined : changes;
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
	const [left, right] = [new Set(one), new Set(other)];
	return left.size === right.size && [...left].every((entry) => right.has(entry));
}

function spelled(address: string): string {
	try {
		return new URL(address).href;
	} catch {
		return address;
	}
}

function hostOf(address: string): string {
	try {
		return new URL(address).host;
	} catch {
		return address.slice(0, 60);
	}
}
