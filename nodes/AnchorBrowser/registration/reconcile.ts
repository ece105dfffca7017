import { connectionOf, isOutage } from '../api/client';
import type { ApiContext, ApiFailure } from '../api/client';
import { refusalOf } from '../api/explain';
import type { Refusal } from '../api/explain';
import { createWebhook, listWebhooks, rotateSecret, updateWebhook } from '../api/webhooks';
import type { RemoteWebhook } from '../api/webhooks';
import { entryOf, EVENT_TYPES, EVERY_EVENT } from '../events/catalogue';
import { checkAddress } from './address';
import { fingerprintOf, formatMark, ownerKeyOf, parseMark, renewNote } from './mark';
import type { Mark } from './mark';
import { byAge, isSameAddress, markedFor, plan } from './plan';
import type { RotationReason, Step, WantedRegistration } from './plan';
import { listWithStored, refusesContent, removeAll, subscribe } from './remote';
import { BUSY_PROJECT, limitWords, unknownEventAdvice } from './report';
import type { Happening } from './report';
import { open, seal } from './seal';
import type { SealContext } from './seal';
import { whileItLasts } from './state';
import type { FormerWebhook, PreviousSecret, RegistrationState } from './state';

/** The webhook that a trigger wants, and what is known of it. */
export interface ReconcileRequest extends Omit<WantedRegistration, 'collectedMs' | 'latestMs'> {
	/** As selected; `*` stands for all that the catalogue has. */
	events: readonly string[];
	/** A digest of the settings that decide which events are wanted. */
	wants: string;
	stored: RegistrationState | undefined;
	/** Its secret, where the process has opened it: the API key may have been replaced since, and opens it no more. */
	opened?: string;
	/** Whether the trigger was out of service, so that events from before now are not wanted. */
	wasEnded: boolean;
	/** Since when events are collected, this machine's time in milliseconds; false and undefined as in `NoteChanges`. */
	collectsSince?: number | false;
	/** This machine's time in milliseconds. */
	nowMs: number;
	/** How far Anchor's clock was ahead of it when Anchor last answered: what counts while it does not. */
	clockOffsetMs: number;
	/**
	 * Told true right before the secret of a webhook changes, false when it then did not. After a success nothing is told:
	 * only the caller knows when n8n has the new one. If no clear answer comes it stays true: the secret may have
	 * changed, and the next rotation settles it.
	 */
	onSecretChanging: (changing: boolean) => void;
}

/** What became of a registration. */
export type Reconciled =
	| {
			ok: true;
			/** To be stored; undefined when another process's webhook stays, whose secret only that process knows. */
			state: RegistrationState | undefined;
			/** The project of the webhook, '' when Anchor did not say. */
			projectId: string;
			/** The mark of the webhook; undefined when it could not be looked at. */
			mark: Mark | undefined;
			/** Anchor's time in milliseconds. */
			anchorMs: number;
			happened: Happening[];
	  }
	| { ok: false; refusal: Refusal; happened: Happening[] };

/** One reconciliation under way: all that its steps need. */
interface Run {
	context: ApiContext;
	request: ReconcileRequest;
	/** The wanted events by name. */
	events: string[];
	/** What is stored, if it is this trigger's own. */
	stored: RegistrationState | undefined;
	/** The stored secret, if it can be opened. */
	secret: string | undefined;
	sealing: SealContext;
	/** Anchor's time in milliseconds. */
	anchorMs: number;
	/** As in `NoteChanges`; Infinity until Anchor has said what time it is. */
	latestMs: number;
	happened: Happening[];
}

/**
 * A time that was noted and is so much later than Anchor's present one and this machine's is wrong: a proxy, or one of
 * Anchor's own machines, once named another. It would hide all that happens until then.
 */
const WRONG_FROM_MS = 60_000;

/** How long Anchor keeps a replaced secret valid (API description, rotate-secret). */
const PREVIOUS_SECRET_MS = 24 * 60 * 60_000;

/** How long Anchor keeps the history of a webhook that is gone (API description, DELETE /v1/webhooks/{id}). */
const HISTORY_MS = 7 * 24 * 60 * 60_000;

/** Somebody who deletes the webhook again and again must not make the state grow. */
const MOST_FORMER = 3;

/** How often to look again when a webhook vanishes between looking and changing it. */
const MAX_ROUNDS = 3;

/**
 * Brings the webhook at Anchor in line, whatever it finds there: looks, plans, acts. The only way in: n8n's `create`, a
 * start of n8n and the regular look all take it. Calls for one trigger must not overlap.
 * @returns what became of it, with everything that happened on the way; a refusal when the trigger would not get its
 * events
 * @throws n8n's own message when the node has no credential
 */
export async function reconcile(
	context: ApiContext,
	request: ReconcileRequest,
): Promise<Reconciled> {
	const { owner, url, stored, nowMs, clockOffsetMs } = request;
	const events = namesOf(request.events);
	const { apiKey, baseUrl } = await connectionOf(context);
	const sealing = { apiKey, workflowId: owner.workflowId, nodeId: owner.nodeId };
	const own = stored?.owner === ownerKeyOf(owner) ? stored : undefined;
	const run: Run = {
		context,
		request,
		events,
		stored: own,
		secret: own && open(own.secret, sealing),
		sealing,
		anchorMs: nowMs + clockOffsetMs,
		latestMs: Infinity,
		happened: [],
	};
	const unfit = checkAddress(url, baseUrl);
	if (unfit) return refuse(run, { words: unfit, permanent: true });

	for (let round = 1; round <= MAX_ROUNDS; round++) {
		// A stored webhook that has vanished since it was shown is not looked for again.
		const outcome = await lookAndAct(run, round === 1 ? own?.webhookId : undefined);
		if (outcome) return outcome;
	}
	return refuse(run, { words: BUSY_PROJECT, permanent: false });
}

/** @returns undefined when the plan no longer held: the webhook vanished, or one appeared meanwhile */
async function lookAndAct(run: Run, storedId: string | undefined): Promise<Reconciled | undefined> {
	const { request, events, stored, secret } = run;
	const remote = await listWithStored(run.context, storedId);
	if (!remote.ok) return serveOrRefuse(run, remote, 'read the webhooks of the project');
	if (remote.dateMs !== undefined) {
		run.anchorMs = remote.dateMs;
		run.latestMs = Math.max(remote.dateMs, request.nowMs) + WRONG_FROM_MS;
	}

	const { step, sweep, strangers } = plan({
		remote: remote.body,
		stored: stored && {
			...stored,
			fingerprint: secret === undefined ? undefined : fingerprintOf(secret),
		},
		wanted: { ...request, events, collectedMs: collectedMsOf(run), latestMs: run.latestMs },
		nowMs: run.anchorMs,
	});
	if (strangers.length > 0 && request.occasion !== 'look') {
		run.happened.push({ what: 'strangers', ids: strangers.map(({ id }) => id) });
	}
	// Leftovers count among the five that a project may have, so they go first.
	await removeAll(run.context, sweep, 'leftover', run.happened);
	return step === undefined ? await create(run) : await carryOut(run, step);
}

/** The new secret comes last, so that nothing but its mark stands between receiving and storing it. */
async function carryOut(
	run: Run,
	{ webhook, changes, rotation }: Step,
): Promise<Reconciled | undefined> {
	const { id } = webhook;
	const fields = Object.keys(changes);
	let current = webhook;
	if (fields.length > 0) {
		const { result, sent } = await subscribe(
			changes,
			async (these) => await updateWebhook(run.context, id, these),
		);
		if (!result.ok) return serveOrRefuse(run, result, `change the webhook ${id}`, webhook);
		current = { ...webhook, ...sent };
	}
	if (rotation !== undefined) return await rotate(run, current, rotation);
	if (fields.length > 0) run.happened.push({ what: 'changed', id, fields });
	return outcomeOf(run, current);
}

async function rotate(
	run: Run,
	webhook: RemoteWebhook,
	reason: RotationReason,
): Promise<Reconciled | undefined> {
	const { context, request, happened } = run;
	const { id } = webhook;
	request.onSecretChanging(true);
	let rotated = await rotateSecret(context, id);
	// When no answer came, Anchor may have rotated all the same, to a secret that nobody knows.
	if (!rotated.ok && rotated.status === null) rotated = await rotateSecret(context, id);
	if (!rotated.ok) {
		if (isRefusal(rotated)) request.onSecretChanging(false);
		return serveOrRefuse(run, rotated, `rotate the signing secret of the webhook ${id}`, webhook);
	}
	happened.push({ what: 'rotated', id, reason });
	const atMs = rotated.dateMs ?? run.anchorMs;
	const previous = previousAfter(run, { id, reason, rotatedMs: atMs });
	return await keepSecret(run, webhook, { secret: rotated.body, atMs, previous });
}

/**
 * Which secret is still accepted beside a new one: never one that was proven wrong, because whoever has replaced it may
 * have done so because somebody else knows it. Where the mark names another secret as the last, nobody knows when the
 * stored one was replaced. It was not before it began to sign, so that Anchor keeps it for a day from then at least.
 */
function previousAfter(
	{ stored, request, sealing }: Run,
	{ id, reason, rotatedMs }: { id: string; reason: RotationReason; rotatedMs: number },
): PreviousSecret | undefined {
	if (stored?.webhookId !== id || reason === 'wrong') return undefined;
	const { opened } = request;
	const anew = opened === undefined ? undefined : seal(opened, sealing);
	const sealed = reason === 'unknown' ? anew : stored.secret;
	if (sealed === undefined) return whileItLasts(stored.previous, rotatedMs);
	const replacedMs = reason === 'outdated' ? Math.min(stored.secretSince, rotatedMs) : rotatedMs;
	const previous = { sealed, expiresAt: replacedMs + PREVIOUS_SECRET_MS };
	return whileItLasts(previous, rotatedMs);
}

async function create(run: Run): Promise<Reconciled | undefined> {
	const { context, request, events } = run;
	const { owner, url } = request;
	const { result, sent } = await subscribe(
		{ url, description: formatMark(owner, {}), subscribed_events: events },
		async (webhook) => await createWebhook(context, webhook),
	);
	if (!result.ok) {
		if (result.status === 409) return await refuseAtTheLimit(run);
		return refuseFor(run, result, 'create the webhook of this trigger');
	}
	const { id, secret, project_id = '' } = result.body;
	// Without its secret a new webhook is of no use as it is: the next round finds it by its mark and rotates.
	if (id === undefined || secret === undefined) return undefined;

	const rival = await findRival(run, id);
	if (rival !== undefined) {
		run.happened.push({ what: 'yielded', id: rival.id });
		return standing(run, rival, undefined);
	}
	run.happened.push({ what: 'created', id });
	const webhook = { id, project_id, ...sent, description: null, enabled: true };
	const atMs = result.dateMs ?? run.anchorMs;
	return await keepSecret(run, webhook, { secret, atMs, previous: undefined });
}

/**
 * Settles which webhook remains when two processes (several mains) activate the same trigger at the same moment: both
 * find nothing, both create. So each looks once more after creating, and the newest stays: its process removes the
 * others, and theirs stores nothing. The newest, because an older one may also come from a request whose response was
 * lost, so that nobody knows its secret.
 * @param id the webhook just created
 * @returns the other process's webhook, if that one stays
 */
async function findRival(run: Run, id: string): Promise<RemoteWebhook | undefined> {
	const { context, request, happened } = run;
	const listed = await listWebhooks(context);
	if (!listed.ok) return undefined;
	const ours = markedFor(listed.body, request.owner).sort(byAge);
	const newest = ours.pop();
	if (newest !== undefined && newest.id !== id) return newest;
	await removeAll(context, ours, 'leftover', happened);
	return undefined;
}

/** Another process may have created ours a moment ago: then there is something to look at again. */
async function refuseAtTheLimit(run: Run): Promise<Reconciled | undefined> {
	const { context, request } = run;
	const again = await listWebhooks(context);
	const remote = again.ok ? again.body : [];
	if (markedFor(remote, request.owner).length > 0) return undefined;
	return refuse(run, { words: limitWords(remote, request.owner), permanent: true, status: 409 });
}

/** The outcome of a webhook that has got a new secret, at this time of Anchor's. */
async function keepSecret(
	run: Run,
	webhook: RemoteWebhook,
	{ secret, atMs, previous }: { secret: string; atMs: number; previous?: PreviousSecret },
): Promise<Reconciled> {
	const description = await writeMark(run, webhook, secret);
	return outcomeOf(
		run,
		{ ...webhook, description },
		{
			secret: seal(secret, run.sealing),
			// The HTTP date has whole seconds, rounded down: a delivery that was refused in the same second had the old secret.
			secretSince: atMs + 1_000,
			previous,
		},
	);
}

/**
 * Writes the secret's fingerprint into the mark. When Anchor does not take it, the next reconciliation sees that the mark
 * differs: never a reason to refuse. A test lives too short to be restored from anywhere.
 */
async function writeMark(
	run: Run,
	{ id, description: before }: RemoteWebhook,
	secret: string,
): Promise<string | null> {
	const { owner, isTakenUp, note } = run.request;
	if (owner.mode === 'test') return before;
	const { anchorMs: nowMs, latestMs } = run;
	const fingerprint = fingerprintOf(secret);
	const changes = { fingerprint, isTakenUp, collectedMs: collectedMsOf(run), nowMs, latestMs };
	const description = formatMark(owner, renewNote(parseMark(before) ?? note, changes));
	const written = await updateWebhook(run.context, id, { description });
	if (!written.ok) run.happened.push({ what: 'unmarked', id, failure: written });
	return description;
}

function collectedMsOf({ request, anchorMs }: Run): number | false | undefined {
	const { collectsSince, nowMs } = request;
	return typeof collectsSince === 'number' ? collectsSince + anchorMs - nowMs : collectsSince;
}

/** Whether Anchor has surely not done what it was asked for. */
function isRefusal({ status }: ApiFailure): boolean {
	return status !== null && status >= 400 && status < 500;
}

/** The outcome of a webhook that is in line: what of it is stored. */
function outcomeOf(
	run: Run,
	webhook: RemoteWebhook,
	fresh: Partial<Pick<RegistrationState, 'secret' | 'secretSince' | 'previous'>> = {},
): Reconciled {
	const { request, events, stored, anchorMs, latestMs, happened } = run;
	const { subscribed_events: subscribed } = webhook;
	const sinceOf = (ms = anchorMs) => (ms > latestMs ? anchorMs : ms);
	const known = stored?.webhookId === webhook.id ? stored : undefined;
	// Also where another webhook replaces the stored one: what that one missed is in its history.
	const before = stored?.wants === request.wants && !request.wasEnded ? stored : undefined;
	const state: RegistrationState = {
		webhookId: webhook.id,
		url: request.url,
		events: [...subscribed],
		unsupported: events.filter((event) => !subscribed.includes(event)),
		owner: ownerKeyOf(request.owner),
		secret: known?.secret ?? '',
		secretSince: sinceOf(known?.secretSince),
		previous: whileItLasts(known?.previous, anchorMs),
		wants: request.wants,
		wantsSince: sinceOf(before?.wantsSince),
		former: formerOf(run, before === known ? undefined : before?.webhookId, before?.former),
		...fresh,
	};
	if (state.previous === undefined) delete state.previous;
	if (state.former?.length === 0) delete state.former;
	if (state.unsupported.length > 0 && request.occasion !== 'look') {
		happened.push({ what: 'unsupported', events: state.unsupported });
	}
	return standing(run, webhook, state);
}

/** Those before, with one that was replaced just now, if any; each costs requests at every look while it lasts. */
function formerOf(
	{ anchorMs }: Run,
	replaced: string | undefined,
	former: readonly FormerWebhook[] = [],
): FormerWebhook[] {
	const lasting = former.filter((one) => whileItLasts(one, anchorMs));
	if (replaced === undefined) return lasting;
	const latest = { webhookId: replaced, expiresAt: anchorMs + HISTORY_MS };
	return [latest, ...lasting].slice(0, MOST_FORMER);
}

function standing(
	{ anchorMs, happened }: Run,
	{ project_id: projectId, description }: RemoteWebhook,
	state: RegistrationState | undefined,
): Reconciled {
	return { ok: true, state, projectId, mark: parseMark(description), anchorMs, happened };
}

/**
 * What a request that was not carried out means. n8n deletes after every refusal of ours, and an outage must never end
 * in that for a webhook that serves. One that does not serve would bring no events, and n8n would show the workflow as
 * active.
 * @param found the webhook at Anchor; left out when Anchor could not even be asked for it
 * @returns undefined when the webhook has vanished since it was looked at
 */
function serveOrRefuse(
	run: Run,
	failure: ApiFailure,
	operation: string,
	found?: RemoteWebhook,
): Reconciled | undefined {
	if (found !== undefined && failure.status === 404) return undefined;
	const { occasion } = run.request;
	const isTolerable = isOutage(failure) || occasion !== 'publish';
	const webhook = found ?? (run.stored && asStored(run.stored));
	if (!isTolerable || webhook === undefined || !serves(run, webhook)) {
		return refuseFor(run, failure, operation);
	}
	const isRoutine = occasion === 'look' && isOutage(failure);
	run.happened.push({ what: 'unchecked', id: webhook.id, failure, operation, isRoutine });
	return outcomeOf(run, webhook);
}

/** The webhook as it was when it was last seen. */
function asStored({ webhookId: id, url, events }: RegistrationState): RemoteWebhook {
	const subscribed_events = events;
	return { id, project_id: '', url, description: null, subscribed_events, enabled: true };
}

/** Whether a webhook brings what is wanted as it is: address, events, switched on, its secret known. */
function serves(
	{ stored, secret, events, request }: Run,
	{ id, url, subscribed_events: subscribed, enabled }: RemoteWebhook,
): boolean {
	if (stored === undefined || secret === undefined || request.wasEnded) return false;
	return (
		id === stored.webhookId &&
		enabled &&
		isSameAddress(url, request.url) &&
		events.every((event) => subscribed.includes(event) || stored.unsupported.includes(event))
	);
}

function refuseFor(run: Run, failure: ApiFailure, operation: string): Reconciled {
	if (!refusesContent(failure)) return refuse(run, refusalOf(failure, operation));
	const unknown = run.events.filter((event) => entryOf(event) === undefined);
	const advice = unknown.length > 0 ? unknownEventAdvice(unknown) : CONTENT_ADVICE;
	const refusal = refusalOf(failure, operation, advice);
	return refuse(run, { ...refusal, permanent: unknown.length > 0 });
}

function refuse({ happened }: Run, refusal: Refusal): Reconciled {
	return { ok: false, refusal, happened };
}

/** The two things of ours that Anchor checks in a request. */
const CONTENT_ADVICE =
	"Check the selected events, and that this n8n's address (N8N_WEBHOOK_URL, before n8n 2.29: WEBHOOK_URL) is a public https one, then try again.";

function namesOf(selected: readonly string[]): string[] {
	const all = selected.includes(EVERY_EVENT) ? EVENT_TYPES : [];
	return [...new Set([...all, ...selected])].filter((event) => event !== EVERY_EVENT);
}
