import type { RemoteWebhook, WebhookChanges } from '../api/webhooks';
import { timeOf } from '../events/json';
import { formatMark, isMarkOf, isMarkOfNode, parseMark, renewNote } from './mark';
import type { Mark, MarkNote, MarkOwner, NoteChanges } from './mark';

/** What n8n has kept of its registration. */
export interface StoredRegistration {
	webhookId: string;
	/** Of the stored signing secret (`fingerprintOf`); undefined when there is none that can be opened. */
	fingerprint: string | undefined;
	/** Wanted events that Anchor refused the last time. */
	unsupported: readonly string[];
}

/** The webhook as it should be. */
export interface WantedRegistration
	extends Pick<NoteChanges, 'isTakenUp' | 'collectedMs' | 'latestMs'> {
	owner: MarkOwner;
	url: string;
	/** Anchor's names, without repetition. */
	events: readonly string[];
	secretIs: SecretTrust;
	/** What the mark of the trigger's webhook said last: goes on where it has none, made anew or edited by somebody. */
	note?: MarkNote;
	/**
	 * `publish`: a user wants the trigger, and anything that would keep events away is told. `start`: n8n starts, and no
	 * refusal of Anchor's ends a registration that works. `look`: the regular look after a trigger in service, which asks
	 * for no event again that Anchor refused the last time.
	 */
	occasion: 'publish' | 'start' | 'look';
}

/**
 * What is known of the stored secret beside itself. `doubtful`: Anchor has not answered a rotation, which may have been
 * carried out. `wrong`: deliveries that n8n refused have shown that Anchor signs with another one.
 */
export type SecretTrust = 'trusted' | 'doubtful' | 'wrong';

/** Why a secret is rotated: it is not known here, doubtful or wrong, or the mark names another one as the last. */
export type RotationReason = 'unknown' | 'outdated' | Exclude<SecretTrust, 'trusted'>;

export interface PlanInput {
	/** What Anchor lists, and the webhook of the stored id where the list lacks it (a disabled one). */
	remote: readonly RemoteWebhook[];
	stored: StoredRegistration | undefined;
	wanted: WantedRegistration;
	/** Anchor's time in milliseconds. */
	nowMs: number;
}

/** What to do about the webhook itself: what differs is changed with one PATCH, then its secret is rotated. */
export interface Step {
	webhook: RemoteWebhook;
	/** Empty when nothing differs. */
	changes: WebhookChanges;
	/** Why the secret is rotated; undefined when it is not. */
	rotation: RotationReason | undefined;
}

export interface Plan {
	/** Undefined when Anchor has no webhook of ours, so that one is created. */
	step: Step | undefined;
	/** Leftovers of our own, to be removed. */
	sweep: RemoteWebhook[];
	/** Others' webhooks that point at our address; never touched, but worth a line in the log. */
	strangers: RemoteWebhook[];
}

/** How long somebody can listen for a test event in the editor: n8n ends it after 2 to 10 minutes. */
export const LISTENING_MS = 15 * 60_000;

/**
 * Decides how to bring the webhook at Anchor in line with what is wanted. Pure.
 *
 * | at Anchor                                | stored here               | step                                  |
 * |------------------------------------------|---------------------------|---------------------------------------|
 * | ours, same address, events and enabled   | id and secret             | no changes, no rotation               |
 * | ours, anything differs                   | id and secret             | changes: one PATCH                    |
 * | ours                                     | no secret, or a wrong one | rotation in place, PATCH what differs |
 * | nothing of ours                          | anything                  | undefined: one is created             |
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
	const { owner, url } = wanted;
	const ours = findOurs(remote, stored?.webhookId, wanted);
	const others = remote.filter((webhook) => webhook !== ours);
	return {
		step: ours && stepFor(ours, { stored, wanted, nowMs }),
		sweep: others.filter((webhook) => isLeftover(webhook, owner, nowMs)),
		strangers: others.filter(
			(webhook) => isSameAddress(webhook.url, url) && !isMarkOfNode(markOf(webhook), owner),
		),
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
	const candidates = remote.filter(
		(webhook) =>
			webhook.id === webhookId ||
			(!isReplaced && (owner.mode === 'production' || isSameAddress(webhook.url, url))),
	);
	const served = findOurs(candidates, webhookId, { owner, url });
	const doubles = markedFor(candidates, owner).filter((webhook) => webhook !== served);
	const takenUp = [...(served ? [served] : []), ...doubles].find(
		(webhook) =>
			owner.mode === 'production' &&
			(markOf(webhook)?.activatedMs ?? -Infinity) > askedMs - SAME_SECOND_MS,
	);
	return { served, doubles, takenUp };
}

/** Those of the webhooks that carry the mark of this very owner. */
export function markedFor(remote: readonly RemoteWebhook[], owner: MarkOwner): RemoteWebhook[] {
	return remote.filter((webhook) => isMarkOf(markOf(webhook), owner));
}

/** Whether two addresses lead to the same place, however they are spelled (upper case in the host, a default port). */
export function isSameAddress(one: string, other: string): boolean {
	return spelled(one) === spelled(other);
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

function markOf({ description }: RemoteWebhook): Mark | undefined {
	return parseMark(description);
}

function findOurs(
	remote: readonly RemoteWebhook[],
	storedId: string | undefined,
	{ owner, url }: Pick<WantedRegistration, 'owner' | 'url'>,
): RemoteWebhook | undefined {
	const own = markedFor(remote, owner).sort(byAge);
	const stored = remote.find(({ id }) => id === storedId);
	if (stored && (markOf(stored) === undefined || own.includes(stored))) return stored;
	return own.find((webhook) => isSameAddress(webhook.url, url)) ?? own[0];
}

function isLeftover(webhook: RemoteWebhook, owner: MarkOwner, nowMs: number): boolean {
	const mark = markOf(webhook);
	if (!isMarkOfNode(mark, owner)) return false;
	if (mark?.mode === 'production') return owner.mode === 'production';
	// A test that takes up an older webhook changes it, so the later of the two times tells when listening began.
	const times = [webhook.created_at, webhook.updated_at]
		.map(timeOf)
		.filter((at) => at !== undefined);
	return times.length > 0 && nowMs - Math.max(...times) > LISTENING_MS;
}

function stepFor(
	webhook: RemoteWebhook,
	{ stored, wanted, nowMs }: Pick<PlanInput, 'stored' | 'wanted' | 'nowMs'>,
): Step {
	const { owner, secretIs } = wanted;
	const known = stored?.webhookId === webhook.id ? stored : undefined;
	const rotation = rotationReason(known?.fingerprint, markOf(webhook), secretIs);
	const changes = changesOf(webhook, known, { ...wanted, nowMs });
	if (rotation !== undefined) {
		// The mark follows the new secret. A test that takes up an older webhook must look new at Anchor, otherwise another
		// test sweeps it as a leftover: there the mark is written now, and without a fingerprint.
		delete changes.description;
		if (owner.mode === 'test') changes.description = formatMark(owner, {});
	}
	return { webhook, changes, rotation };
}

function rotationReason(
	fingerprint: string | undefined,
	mark: Mark | undefined,
	secretIs: SecretTrust,
): RotationReason | undefined {
	if (fingerprint === undefined) return 'unknown';
	if (secretIs === 'wrong') return secretIs;
	if (mark?.fingerprint !== undefined && mark.fingerprint !== fingerprint) return 'outdated';
	return secretIs === 'trusted' ? undefined : secretIs;
}

function changesOf(
	webhook: RemoteWebhook,
	known: StoredRegistration | undefined,
	wanted: WantedRegistration & { nowMs: number },
): WebhookChanges {
	const { owner, url, events, occasion } = wanted;
	const unsupported = known?.unsupported ?? [];
	const subscribed = events.filter((event) => !unsupported.includes(event));
	const isRetried = occasion !== 'look' && subscribed.length < events.length;
	const isSubscribed = isSameSet(webhook.subscribed_events, subscribed) && !isRetried;
	const note = renewNote(markOf(webhook) ?? wanted.note, {
		...wanted,
		fingerprint: known?.fingerprint,
	});
	const description = formatMark(owner, note);
	return {
		...(isSameAddress(webhook.url, url) ? {} : { url }),
		...(webhook.description?.trim() === description ? {} : { description }),
		...(isSubscribed ? {} : { subscribed_events: isRetried ? [...events] : subscribed }),
		...(webhook.enabled ? {} : { enabled: true }),
	};
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
