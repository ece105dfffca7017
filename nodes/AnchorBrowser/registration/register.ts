import { isOutage } from '../api/client';
import type { ApiContext, ApiFailure } from '../api/client';
import { makeNodeError, toNodeError, whatHappened } from '../api/explain';
import { createWebhook, listWebhooks, rotateSecret, updateWebhook } from '../api/webhooks';
import type { RemoteWebhook, WebhookChanges } from '../api/webhooks';
import { yieldsToAnother } from './doubles';
import { isMarkedOurs, jobOf, planFor, readRemote, report, sweep } from './job';
import type { Job, RegistrationRequest } from './job';
import { limitWords } from './limit';
import { inLine } from './line';
import { formatMark, ownerKeyOf } from './mark';
import { describeSlots, isSameAddress } from './plan';
import type { Plan } from './plan';
import { sendEvents } from './refused';
import { seal } from './secret';
import { livePrevious } from './state';
import type { RegistrationState } from './state';

export type { RegistrationRequest } from './job';

/** What became of a registration. */
export interface RegistrationOutcome {
	/**
	 * `unchecked`: Anchor could not be asked, the stored registration stays. `yielded`: another process registered the
	 * same trigger at the same moment, its webhook stays and this process stores nothing.
	 */
	action: 'kept' | 'unchecked' | 'updated' | 'rotated' | 'created' | 'yielded';
	/** What is to be stored; undefined means: leave alone what is stored. */
	state: RegistrationState | undefined;
	/** Selected events that Anchor does not take. */
	leftOut: string[];
}

/** What a look at Anchor found. */
export interface Inspection {
	/** Whether the webhook at Anchor is as wanted and its secret is known, so that nothing is left to do. */
	upToDate: boolean;
	/** To be stored when up to date; undefined means: leave alone what is stored. */
	state: RegistrationState | undefined;
}

type StepOf<Action extends Plan['action']> = Extract<Plan, { action: Action }>;

/** How long Anchor keeps a replaced secret valid (API description, rotate-secret). */
const PREVIOUS_SECRET_MS = 24 * 60 * 60_000;

/** How often to look again when a webhook vanishes between looking and changing it. */
const MAX_ROUNDS = 3;

const READING = 'read the webhooks of the project';

/** The two things of ours that Anchor checks in a request. */
const CONTENT_ADVICE = Object.fromEntries(
	[400, 422].map((status) => [
		status,
		"Check the selected events, and that this n8n's address (environment variable WEBHOOK_URL) is a public https one, then try again.",
	]),
);

/**
 * Whether the webhook is in order (n8n's `checkExists`). Changes nothing at Anchor. While Anchor cannot be reached, a
 * complete registration counts as in order: n8n would answer anything else by deleting it.
 * @throws NodeApiError for an address that Anchor would refuse, a refused API key, or when Anchor cannot be reached and
 * nothing complete is stored
 */
export async function inspect(
	context: ApiContext,
	request: RegistrationRequest,
): Promise<Inspection> {
	const job = await jobOf(context, request);
	const remote = await readRemote(job);
	if (!remote.ok) {
		return { upToDate: true, state: keepThroughOutage(job, remote, READING).state };
	}
	const next = planFor(job, remote.body);
	const upToDate =
		next.action === 'keep' && next.sweep.length === 0 && next.tryEvents === undefined;
	return { upToDate, state: upToDate && job.stored ? seenNow(job, job.stored) : undefined };
}

/**
 * Brings the webhook at Anchor in line (n8n's `create`): looks, plans, carries out, sweeps. Calls for one trigger run
 * one after the other, and one that had to wait goes on from what the one before it ended with.
 * @throws NodeApiError whenever the trigger would not get its events: n8n takes no notice of any other sign
 */
export async function ensureRegistered(
	context: ApiContext,
	request: RegistrationRequest,
): Promise<RegistrationOutcome> {
	return await inLine<RegistrationOutcome>(ownerKeyOf(request.owner), async (before) => {
		const stored = before?.state ?? request.stored;
		const job = await jobOf(context, { ...request, stored });
		return await lookAndAct(job, MAX_ROUNDS);
	});
}

async function lookAndAct(job: Job, rounds: number): Promise<RegistrationOutcome> {
	const remote = await readRemote(job);
	if (!remote.ok) return keepThroughOutage(job, remote, READING);
	const next = planFor(job, remote.body);
	reportStrangers(job, next);
	const outcome = await act(job, next, remote.body);
	if (outcome) return outcome;
	if (rounds > 1) return await lookAndAct(job, rounds - 1);
	throw makeNodeError(
		job.node,
		{
			message:
				'The webhooks at Anchor Browser keep changing while n8n registers this trigger. Activate the workflow again in a moment',
			description:
				'The webhooks of the Anchor Browser project kept changing while n8n tried to register this trigger, so it stopped. Check whether somebody else is changing them, then activate the workflow again.',
		},
		{ permanent: false },
	);
}

/** @returns undefined when the plan no longer holds: the webhook vanished, or one appeared meanwhile */
async function act(
	job: Job,
	next: Plan,
	remote: readonly RemoteWebhook[],
): Promise<RegistrationOutcome | undefined> {
	const found = remote.find((webhook) => 'id' in next && webhook.id === next.id);
	if (found === undefined || next.action === 'create' || next.action === 'full') {
		// The limit is Anchor's to set, so a full project is found out by asking; leftovers make room first.
		await sweep(job, next.sweep);
		return await create(job, remote);
	}
	if (next.action === 'rotate') return await rotate(job, next, found);

	const outcome = next.action === 'keep' ? await keep(job, next) : await update(job, next, found);
	if (outcome) await sweep(job, next.sweep);
	return outcome;
}

async function keep(job: Job, next: StepOf<'keep'>): Promise<RegistrationOutcome> {
	const stored = seenNow(job, job.stored as RegistrationState);
	const before = stillLeftOut(job);
	// Refused earlier; when Anchor still refuses, or cannot answer, nothing has changed.
	const tried = next.tryEvents
		? await patch(job, next.id, { subscribed_events: next.tryEvents })
		: undefined;
	const leftOut = tried?.ok ? tried.leftOut : before;
	reportLeftOut(job, leftOut);
	const state = { ...stored, events: without(job.events, leftOut), leftOut };
	return { action: leftOut.length < before.length ? 'updated' : 'kept', state, leftOut };
}

async function update(
	job: Job,
	next: StepOf<'update'>,
	found: RemoteWebhook,
): Promise<RegistrationOutcome | undefined> {
	const patched = await patch(job, next.id, next.changes);
	if (!patched.ok) return unchanged(job, patched, found);
	const { events, leftOut } = patched;
	reportLeftOut(job, leftOut);
	const stored = seenNow(job, job.stored as RegistrationState);
	return {
		action: 'updated',
		state: { ...stored, url: job.request.url, events, leftOut },
		leftOut,
	};
}

/** What a PATCH came to, or why it did not. */
type Patched = { ok: true; events: string[]; leftOut: string[] } | ApiFailure;

async function patch(job: Job, id: string, changes: WebhookChanges): Promise<Patched> {
	const { context } = job;
	if (changes.subscribed_events === undefined) {
		const result = await updateWebhook(context, id, changes);
		const leftOut = stillLeftOut(job);
		return result.ok ? { ok: true, events: without(job.events, leftOut), leftOut } : result;
	}
	const { result, events, leftOut } = await sendEvents(
		changes.subscribed_events,
		async (names) => await updateWebhook(context, id, { ...changes, subscribed_events: names }),
	);
	return result.ok ? { ok: true, events, leftOut } : result;
}

/**
 * The new secret comes last, so that nothing stands between receiving and storing it. A secret that is still known goes
 * on as the previous one for as long as Anchor accepts it.
 */
async function rotate(
	job: Job,
	next: StepOf<'rotate'>,
	found: RemoteWebhook,
): Promise<RegistrationOutcome | undefined> {
	const { id } = next;
	const { request, hasSecret } = job;
	const known = job.stored?.webhookId === id ? job.stored : undefined;

	let events = [...found.subscribed_events];
	let leftOut = known ? stillLeftOut(job) : [];
	if (next.changes) {
		const patched = await patch(job, id, next.changes);
		if (!patched.ok) return unchanged(job, patched, found);
		({ events, leftOut } = patched);
	}
	reportLeftOut(job, leftOut);
	await sweep(job, next.sweep);

	request.onSecretChanging?.(true);
	const rotated = await rotateSurely(job, id);
	if (!rotated.ok || rotated.body.secret === undefined) {
		request.onSecretChanging?.(false);
		return unrotated(job, id, rotated.ok ? NO_SECRET : rotated);
	}
	const { secret } = rotated.body;
	const previous =
		known && hasSecret
			? { sealed: known.secret, expiresAt: request.nowMs + PREVIOUS_SECRET_MS }
			: known && livePrevious(known, request.nowMs);
	const state: RegistrationState = {
		...freshState(job, id, secret),
		events,
		leftOut,
		...(previous ? { previous } : {}),
		...(known ? { registeredAt: known.registeredAt } : {}),
	};
	const why = known && hasSecret ? 'as asked for' : 'because n8n did not know it';
	report(job, 'info', `the signing secret of the webhook ${id} was rotated, ${why}`, id);
	return { action: 'rotated', state, leftOut };
}

/**
 * When no answer comes, Anchor may have rotated all the same and then signs with a secret that nobody knows: a second
 * rotation makes it known.
 */
async function rotateSurely({ context }: Job, id: string) {
	const first = await rotateSecret(context, id);
	return first.ok || first.status !== null ? first : await rotateSecret(context, id);
}

/** A secret in use that could not be rotated goes on; the next activation tries again, asked or not. */
function unrotated(job: Job, id: string, failure: ApiFailure): RegistrationOutcome | undefined {
	if (failure.status === 404) return undefined;
	const what = `rotate the signing secret of the webhook ${id}`;
	const { stored, hasSecret } = job;
	if (stored?.webhookId !== id || !hasSecret || !isOutage(failure)) {
		throw toNodeError(job.node, failure, { what });
	}
	const trouble = whatHappened(failure, { what });
	report(job, 'warn', `${trouble} It is tried again on the next activation`, id);
	const state = { ...seenNow(job, stored), url: job.request.url, rotationUnsettled: true };
	return { action: 'unchecked', state, leftOut: state.leftOut };
}

/** Anchor answered without the secret or the id that this answer must have. */
const NO_SECRET: ApiFailure = { ok: false, status: 200, message: '' };

async function create(
	job: Job,
	remote: readonly RemoteWebhook[],
): Promise<RegistrationOutcome | undefined> {
	const { context, node, request } = job;
	const what = 'create the webhook of this trigger';
	const description = formatMark(request.owner);
	const { result, events, leftOut } = await sendEvents(
		job.events,
		async (names) =>
			await createWebhook(context, { url: request.url, description, subscribed_events: names }),
	);
	if (!result.ok) {
		if (result.status === 409) return await atTheLimit(job);
		throw toNodeError(node, result, { what, advice: CONTENT_ADVICE });
	}
	const { id, secret } = result.body;
	if (id === undefined || secret === undefined) {
		await removeHalfMade(job, id, remote);
		throw toNodeError(node, NO_SECRET, { what });
	}
	reportLeftOut(job, leftOut);
	if (await yieldsToAnother(job, id)) return { action: 'yielded', state: undefined, leftOut };
	report(job, 'info', `the webhook ${id} was created`, id);
	return { action: 'created', state: { ...freshState(job, id, secret), events, leftOut }, leftOut };
}

/** Another process may have created ours a moment ago; it is then adopted, else the five are named. */
async function atTheLimit(job: Job): Promise<undefined> {
	const again = await readRemote(job);
	const remote = again.ok ? again.body : [];
	const { action } = planFor(job, remote);
	if (action !== 'create' && action !== 'full') return undefined;
	throw makeNodeError(job.node, limitWords(describeSlots(remote, job.request.owner)), {
		status: 409,
		permanent: true,
	});
}

/** Without its secret a new webhook is of no use, and the next attempt shall not find it in its way. */
async function removeHalfMade(
	job: Job,
	id: string | undefined,
	before: readonly RemoteWebhook[],
): Promise<void> {
	if (id !== undefined) return await sweep(job, [id]);
	const listed = await listWebhooks(job.context);
	const known = new Set(before.map((webhook) => webhook.id));
	const added = (listed.ok ? listed.body : []).filter(
		(webhook) => !known.has(webhook.id) && isMarkedOurs(webhook, job.request.owner),
	);
	await sweep(
		job,
		added.map((webhook) => webhook.id),
	);
}

/**
 * What a PATCH that was not carried out means: look again when the webhook is gone; go on when Anchor is out of order
 * and the webhook delivers to us all the same; else no activation.
 */
function unchanged(
	job: Job,
	failure: ApiFailure,
	found: RemoteWebhook,
): RegistrationOutcome | undefined {
	if (failure.status === 404) return undefined;
	const { stored, request } = job;
	const what = `change the webhook ${found.id}`;
	const delivers =
		stored?.webhookId === found.id && found.enabled && isSameAddress(found.url, request.url);
	if (delivers) return keepThroughOutage(job, failure, what);
	throw toNodeError(job.node, failure, { what, advice: CONTENT_ADVICE });
}

/**
 * An outage must never end in n8n deleting a good webhook, and n8n deletes after every throw. So a registration that is
 * complete (id, secret, this address, not switched off by us) is kept as it is. One that is not would bring no events,
 * and n8n would show the workflow as active.
 * @throws NodeApiError for anything that is not an outage, and for a registration that is not complete
 */
function keepThroughOutage(job: Job, failure: ApiFailure, what: string): RegistrationOutcome {
	const { stored, hasSecret, request } = job;
	if (
		!isOutage(failure) ||
		stored === undefined ||
		!hasSecret ||
		stored.disabled === true ||
		!isSameAddress(stored.url, request.url)
	) {
		throw toNodeError(job.node, failure, { what, advice: CONTENT_ADVICE });
	}
	const trouble = whatHappened(failure, { what });
	const { webhookId } = stored;
	report(
		job,
		'warn',
		`${trouble} The webhook ${webhookId} stays as it is and is checked on the next activation`,
		webhookId,
	);
	return { action: 'unchecked', state: stored, leftOut: stored.leftOut };
}

/** The stored state as an activation leaves it: seen now, switched on, an outdated previous secret gone. */
function seenNow({ request }: Job, stored: RegistrationState): RegistrationState {
	const seen = { ...stored, lastSeenAt: request.nowMs };
	delete seen.disabled;
	if (!livePrevious(stored, request.nowMs)) delete seen.previous;
	return seen;
}

function freshState({ request, events, sealing }: Job, id: string, secret: string) {
	return {
		webhookId: id,
		url: request.url,
		events,
		leftOut: [],
		owner: ownerKeyOf(request.owner),
		secret: seal(secret, sealing),
		registeredAt: request.nowMs,
		lastSeenAt: request.nowMs,
	};
}

function stillLeftOut({ stored, events }: Job): string[] {
	return stored?.leftOut.filter((event) => events.includes(event)) ?? [];
}

function without(events: readonly string[], leftOut: readonly string[]): string[] {
	return events.filter((event) => !leftOut.includes(event));
}

function reportLeftOut(job: Job, leftOut: readonly string[]): void {
	if (leftOut.length === 0) return;
	report(
		job,
		'warn',
		`Anchor Browser does not take these events yet: ${leftOut.join(', ')}. They are left out and asked for again on the next activation`,
	);
}

function reportStrangers(job: Job, { strangers }: Plan): void {
	if (strangers.length === 0) return;
	report(
		job,
		'warn',
		`webhooks that this trigger did not make send to its address: ${strangers.join(', ')}. Their deliveries are refused, because their signing secret is not known here. Remove them in the Anchor Browser dashboard if nobody needs them`,
	);
}
