import type { RemoteWebhook, WebhookChanges } from '../api/webhooks';
import { formatMark, isMarkOf, isMarkOfInstance, isMarkOfNode, parseMark } from './mark';
import type { Mark, MarkOwner, Mode } from './mark';

/** What n8n has kept of its registration. */
export interface StoredRegistration {
	webhookId: string;
	/** Whether the sealed secret is there and can be opened. */
	hasUsableSecret: boolean;
	/** Events that Anchor refused the last time. */
	leftOut: readonly string[];
}

/** The webhook as it should be. */
export interface WantedRegistration {
	owner: MarkOwner;
	url: string;
	/** Anchor's names, without repetition. */
	events: readonly string[];
	/** Whether the user asks for a new secret. */
	rotate: boolean;
}

export interface PlanInput {
	/** What Anchor lists, and the webhook of the stored id where the list lacks it (a disabled one). */
	remote: readonly RemoteWebhook[];
	stored: StoredRegistration | undefined;
	wanted: WantedRegistration;
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
	| {
			action: 'keep';
			id: string;
			/** All wanted events, when some of them were refused earlier and are worth another try; else undefined. */
			tryEvents: string[] | undefined;
	  }
	| { action: 'update'; id: string; changes: WebhookChanges }
	| { action: 'rotate'; id: string; changes: WebhookChanges | undefined }
	| { action: 'create' }
	| { action: 'full'; taken: TakenSlot[] };

export type Plan = Step & {
	/** Ids of leftovers of our own, to be removed. */
	sweep: string[];
	/** Ids of others' webhooks that point at our address; never touched, but worth a line in the log. */
	strangers: string[];
};

/** Anchor's limit for a project. */
export const MAX_WEBHOOKS = 5;

/** How long somebody can listen for a test event in the editor: n8n ends it after 2 to 10 minutes. */
export const LISTENING_MS = 15 * 60_000;

/**
 * Decides how to bring the webhook at Anchor in line with what is wanted. Pure.
 *
 * | at Anchor                                     | stored here          | plan                                        |
 * |-----------------------------------------------|----------------------|---------------------------------------------|
 * | our id, same address, events and enabled      | id and secret        | keep                                        |
 * | our id, anything differs                      | id and secret        | update: one PATCH                           |
 * | our id, and a new secret is asked for         | id and secret        | rotate in place, PATCH what differs         |
 * | our address or our mark, secret unknown       | no usable secret     | rotate in place, PATCH what differs         |
 * | nothing of ours                               | anything             | create                                      |
 * | five webhooks, none ours                      | anything             | full: name the five, and which n8n made     |
 *
 * Ours is, in this order: the stored id, our own mark, our very address. None of them is ours when it carries the mark
 * of another n8n, workflow, node or mode: a copy or an import keeps ids and addresses, and must neither take over nor
 * remove the original's webhook.
 *
 * Leftovers are webhooks with our own mark beside the one that is kept: in production every other production one (an
 * old address, a double); in either mode the test ones that nobody can be listening to any more. A test never sweeps
 * production.
 */
export function plan({ remote, stored, wanted, nowMs }: PlanInput): Plan {
	const candidates = remote.map((webhook) => ({ webhook, mark: parseMark(webhook.description) }));
	const found = findOurs(candidates, stored, wanted);
	const leftovers = candidates.filter(
		({ webhook, mark }) =>
			webhook !== found && mark !== undefined && isLeftover(webhook, mark, wanted.owner, nowMs),
	);
	const sweep = leftovers.map(({ webhook }) => webhook.id);
	const strangers = remote
		.filter((webhook) => webhook !== found && isSameAddress(webhook.url, wanted.url))
		.map(({ id }) => id)
		.filter((id) => !sweep.includes(id));
	const step =
		found === undefined
			? missingStep(candidates, sweep, wanted.owner)
			: foundStep(found, stored, wanted);
	return { ...step, sweep, strangers };
}

/** Whether two addresses lead to the same place, however they are spelled (upper case in the host, a default port). */
export function isSameAddress(one: string, other: string): boolean {
	return one === other || spelled(one) === spelled(other);
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
	const difference = (time(one.created_at) ?? 0) - (time(other.created_at) ?? 0);
	if (difference !== 0) return difference;
	return one.id < other.id ? -1 : Number(one.id > other.id);
}

interface Candidate {
	webhook: RemoteWebhook;
	mark: Mark | undefined;
}

function findOurs(
	candidates: readonly Candidate[],
	stored: StoredRegistration | undefined,
	{ owner, url }: WantedRegistration,
): RemoteWebhook | undefined {
	const own = candidates.filter(({ mark }) => mark !== undefined && isMarkOf(mark, owner));
	const unmarked = candidates.filter(({ mark }) => mark === undefined);

	const byId = [...own, ...unmarked].find(({ webhook }) => webhook.id === stored?.webhookId);
	if (byId) return byId.webhook;

	const here = ({ webhook }: Candidate) => isSameAddress(webhook.url, url);
	const sorted = own.sort((one, other) => byAge(one.webhook, other.webhook));
	return (sorted.find(here) ?? sorted[0] ?? unmarked.find(here))?.webhook;
}

function isLeftover(webhook: RemoteWebhook, mark: Mark, owner: MarkOwner, nowMs: number): boolean {
	if (!isMarkOfNode(mark, owner)) return false;
	if (mark.mode === 'production') return owner.mode === 'production';
	// Taking one up again for a new test changes it, so the later of the two times tells when listening began.
	const times = [webhook.created_at, webhook.updated_at].map(time).filter((at) => at !== undefined);
	return times.length > 0 && nowMs - Math.max(...times) > LISTENING_MS;
}

function foundStep(
	found: RemoteWebhook,
	stored: StoredRegistration | undefined,
	wanted: WantedRegistration,
): Step {
	const { id } = found;
	const isStored = stored?.webhookId === id;
	const leftOut = isStored ? stored.leftOut.filter((event) => wanted.events.includes(event)) : [];
	const changes = changesOf(found, wanted, leftOut);

	if (!isStored || !stored.hasUsableSecret) {
		// A test that takes up an older one must look new at Anchor, lest it be swept while somebody listens.
		const touched =
			wanted.owner.mode === 'test'
				? { ...changes, description: formatMark(wanted.owner) }
				: changes;
		return { action: 'rotate', id, changes: touched };
	}
	if (wanted.rotate) return { action: 'rotate', id, changes };
	if (changes !== undefined) return { action: 'update', id, changes };
	return { action: 'keep', id, tryEvents: leftOut.length > 0 ? [...wanted.events] : undefined };
}

function changesOf(
	found: RemoteWebhook,
	{ owner, url, events }: WantedRegistration,
	leftOut: readonly string[],
): WebhookChanges | undefined {
	const description = formatMark(owner);
	const accepted = events.filter((event) => !leftOut.includes(event));
	const changes: WebhookChanges = {
		...(isSameAddress(found.url, url) ? {} : { url }),
		...(found.description?.trim() === description ? {} : { description }),
		...(isSameSet(found.subscribed_events, accepted) ? {} : { subscribed_events: [...events] }),
		...(found.enabled ? {} : { enabled: true }),
	};
	if (Object.keys(changes).length === 0) return undefined;
	return leftOut.length > 0 ? { ...changes, subscribed_events: [...events] } : changes;
}

function missingStep(
	candidates: readonly Candidate[],
	sweep: readonly string[],
	owner: MarkOwner,
): Step {
	if (candidates.length - sweep.length < MAX_WEBHOOKS) return { action: 'create' };
	const staying = candidates.map(({ webhook }) => webhook).filter(({ id }) => !sweep.includes(id));
	return { action: 'full', taken: describeSlots(staying, owner) };
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

function time(text: string | null | undefined): number | undefined {
	const at = Date.parse(text ?? '');
	return Number.isNaN(at) ? undefined : at;
}
