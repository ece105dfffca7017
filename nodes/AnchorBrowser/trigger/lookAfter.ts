import { randomInt, randomUUID } from 'node:crypto';
import type { IDataObject, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';
import { whatHappened } from '../api/explain';
import { updateWebhook } from '../api/webhooks';
import type { SeenEvents } from '../delivery/dedupe';
import { findMissed } from '../recovery/missed';
import type { Missed, MissedEvent } from '../recovery/missed';
import { readHistory } from '../recovery/history';
import type { HistoryReader } from '../recovery/history';
import { formatMark } from '../registration/mark';
import type { Mark, MarkOwner } from '../registration/mark';
import type { RegistrationState } from '../registration/state';
import { memoryOf } from './eventMemory';
import { runsHere, takenKey, toReceivedEvent, toStoreQuestion } from './execute';
import type { ReceivedEvent, StoreQuestion } from './execute';
import { keepInLine } from './keepInLine';
import { isInService, isSecretChanging, recall, setInService } from './registrations';
import { meet } from './rendezvous';
import { runExclusive } from './runExclusive';
import { readRegistrationSettings, readWebhookSettings } from './settings';
import type { ReadParameter, RegistrationSettings, WebhookSettings } from './settings';
import { writeState } from './staticData';
import { wait } from './wait';

/** When the first look comes, in milliseconds after `trigger()`: n8n's webhooks and the registration stand by then. */
const FIRST_LOOK_MS = 6_000;
/** Spreads the looks of many triggers, which n8n starts in one moment. */
const SPREAD_MS = 8_000;
/** Anchor's attempts from the time of the start have ended by then. */
const SECOND_LOOK_MS = 60_000;
const LATER_LOOKS_MS = 15 * 60_000;
/** How long until the next try where n8n or Anchor was not ready; twice as long each time. */
const AGAIN_MS = 10_000;

/** A secret is taken for wrong once in this time: a clock that is off, or a proxy, has deliveries refused as well. */
const ROTATION_INTERVAL_MS = 60 * 60_000;

/** A thousand recovered events must not drown n8n: so much time for each, and no next one before a run has taken it. */
const PACE_MS = 100;
const TAKEN_PATIENCE_MS = 5_000;
const ANSWER_PATIENCE_MS = 30_000;

/** The most events that a question carries to another process. */
const MAX_CARRIED = 100;

/** Rows are read by the time for which they were scheduled; an attempt of theirs may end this much later. */
const LATE_ATTEMPT_MS = 60 * 60_000;

/** One trigger in service, from `trigger()` to `closeFunction`. */
interface Service {
	context: ITriggerFunctions;
	/** Workflow and node. */
	key: string;
	owner: MarkOwner;
	/** Read at once: n8n 2 evaluates their expressions only while it waits for `trigger()`. */
	settings: RegistrationSettings & Pick<WebhookSettings, 'filters' | 'deduplicate'>;
	isOver: boolean;
	/** This machine's time in milliseconds; used for how long ago something was, never beside Anchor's. */
	startedAtMs: number;
	looks: number;
	reader: HistoryReader | undefined;
	/** Anchor's time of the last look, in milliseconds. */
	lookedMs: number | undefined;
	rotatedAtMs: number | undefined;
}

/** By key. n8n 2 calls `trigger()` again without `closeFunction` when it publishes after a failed activation. */
const services = new Map<string, Service>();

/**
 * Looks after a trigger in service (n8n's `trigger()`): after its webhook at Anchor, and after events that did not reach
 * the workflow. Starts no more than timers that do not keep n8n from stopping, and nothing here can fail an activation.
 * @param context n8n's context of `trigger()`
 */
export function lookAfter(context: ITriggerFunctions): ITriggerResponse {
	const { id: workflowId = '', name: workflowName = '' } = context.getWorkflow();
	const nodeId = context.getNode().id;
	const key = `${workflowId} ${nodeId}`;
	end(services.get(key));
	const settings = readSettings(context);
	if (settings === undefined || settings.registration === 'manual') return {};
	const service: Service = {
		context,
		key,
		owner: {
			workflowName,
			instanceId: context.getInstanceId(),
			workflowId,
			nodeId,
			mode: 'production',
		},
		settings,
		isOver: false,
		startedAtMs: Date.now(),
		looks: 0,
		reader: undefined,
		lookedMs: undefined,
		rotatedAtMs: undefined,
	};
	services.set(key, service);
	void lookRegularly(service);
	return {
		closeFunction: async () => {
			end(service);
			if (services.get(key) !== service) return;
			services.delete(key);
			// Where n8n runs several main processes, another one may look after the webhook from now on.
			setInService(service.owner, false);
		},
	};
}

/** @returns undefined when an expression among them cannot be resolved: no delivery can be judged then, nor a missed one */
function readSettings(context: ITriggerFunctions): Service['settings'] | undefined {
	const read: ReadParameter = (name, fallback) =>
		context.getNodeParameter(name, fallback as object);
	try {
		return { ...readWebhookSettings(read), ...readRegistrationSettings(read) };
	} catch (cause) {
		const { name, id: nodeId } = context.getNode();
		context.logger.warn(
			`${name}: missed events are not looked for, because a parameter of this node cannot be read. Check its expressions, then publish the workflow again`,
			{ workflowId: context.getWorkflow().id, nodeId, cause: (cause as Error).message },
		);
		return undefined;
	}
}

function end(service: Service | undefined): void {
	if (service !== undefined) service.isOver = true;
}

async function lookRegularly(service: Service): Promise<void> {
	await wait(FIRST_LOOK_MS + randomInt(SPREAD_MS));
	let patience = AGAIN_MS;
	while (!service.isOver) {
		let isDone = false;
		try {
			isDone = await look(service);
		} catch (cause) {
			debug(service, `looking after the webhook: ${(cause as Error).message}`);
		}
		if (isDone) {
			service.looks += 1;
			patience = AGAIN_MS;
			await wait(service.looks === 1 ? SECOND_LOOK_MS : LATER_LOOKS_MS);
		} else {
			await wait(patience);
			patience = Math.min(patience * 2, LATER_LOOKS_MS);
		}
	}
}

/** @returns whether Anchor could be asked for everything; otherwise it is asked again before long */
async function look(service: Service): Promise<boolean> {
	const { context, key, owner, settings } = service;
	const before = recall(owner)?.state;
	// Whatever n8n could not activate, or has taken out of service, must not get a webhook from here.
	if (before === undefined || !isInService(owner)) return false;

	const kept = await putInLine(service, false);
	if (kept === undefined) return false;
	if (!settings.catchUp) return true;
	const { anchorMs, projectId } = kept;
	const startedMs = anchorMs - (Date.now() - service.startedAtMs);
	const isStart = service.looks === 0;
	const { events, filters, deduplicate } = settings;
	const mayDoubt = deduplicate === 'durable' && (isStart || runsHere(key));
	const rows = [];
	// A webhook that was gone and made anew has its history under the old id.
	for (const webhookId of new Set([before.webhookId, kept.state.webhookId])) {
		const known = service.reader?.webhookId === webhookId ? service.reader : undefined;
		const reader = known ?? { webhookId, totals: new Map<string, number>() };
		if (webhookId === kept.state.webhookId) service.reader = reader;
		const read = await readHistory(context, reader, {
			sinceMs: before.wantsSince,
			nowMs: anchorMs,
			deliveredSince: !mayDoubt
				? undefined
				: isStart
					? 'start'
					: (service.lookedMs ?? startedMs) - LATE_ATTEMPT_MS,
		});
		if (!read.ok) {
			debug(service, whatHappened(read, { what: 'read the delivery history' }));
			return false;
		}
		rows.push(...read.body);
	}

	const delivered = memoryOf(key, deduplicate !== 'off');
	const recovered = memoryOf(`${key} recovered`, true);
	const missed = findMissed({
		rows,
		projectId,
		wanted: { events, filters },
		sinceMs: before.wantsSince,
		recoveredMs: kept.mark?.recoveredMs,
		secretSinceMs: kept.state.secretSince,
		isKnown: (id) => delivered.has(id, Date.now()) || recovered.has(id, Date.now()),
		isInHand: (id) => delivered.isReserved(id, Date.now()),
		startedMs: mayDoubt ? startedMs : undefined,
		isStart,
	});
	service.lookedMs = anchorMs;
	const now = missed.secretIsWrong ? ((await replaceSecret(service)) ?? kept) : kept;
	const isNewSecret = writeNewSecret(service, before);
	const { webhookId } = now.state;
	const recovery = { webhookId, isStart, delivered, recovered };
	const { hasRun, isWhole } = await recover(service, missed, recovery);
	// Other processes of this n8n know the secret from static data alone, which only a run makes n8n save.
	if (isNewSecret && !hasRun && !service.isOver) context.emit([[]]);
	if (missed.isUnsettled) {
		// It is looked at again before long, and read again, though no row is new.
		service.reader?.totals.clear();
		return false;
	}
	const { givenUpMs } = missed;
	// A row that does not say when it was given up must not set the time back.
	if (isWhole && givenUpMs !== undefined && givenUpMs > (now.mark?.recoveredMs ?? 0)) {
		await noteRecovered(service, now, givenUpMs);
	}
	// A rotation that Anchor has not answered is worth another one before long.
	return !isSecretChanging(owner);
}

/** A registration as it stands after a look. */
interface Kept {
	state: RegistrationState;
	mark: Mark | undefined;
	/** Anchor's time. */
	anchorMs: number;
	projectId: string;
}

/** @returns undefined when the registration cannot be had now */
async function putInLine(service: Service, secretIsWrong: boolean): Promise<Kept | undefined> {
	const { context, key, owner, settings } = service;
	return await runExclusive(key, async () => {
		const state = recall(owner)?.state;
		if (service.isOver || state === undefined || !isInService(owner)) return undefined;
		const outcome = await keepInLine(context, {
			owner,
			url: state.url,
			events: settings.events,
			occasion: 'look',
			wasEnded: false,
			secretIsWrong,
		});
		if (!outcome.ok) {
			debug(service, outcome.refusal.words.message);
			return undefined;
		}
		// A look at an Anchor that does not answer has seen nothing.
		const { state: kept, happened } = outcome;
		if (kept === undefined || happened.some(({ what }) => what === 'unchecked')) return undefined;
		return { ...outcome, state: kept };
	});
}

/**
 * Writes into the mark at Anchor until when missed events have been recovered. n8n's store knows it too, unless its database
 * is put back to an older state one day.
 */
async function noteRecovered(
	service: Service,
	{ state, mark }: Kept,
	untilMs: number,
): Promise<void> {
	const { context, key, owner } = service;
	await runExclusive(key, async () => {
		// Whoever has got a new secret since has written another mark.
		if (service.isOver || recall(owner)?.state.secret !== state.secret) return;
		const description = formatMark(owner, mark?.fingerprint, untilMs);
		const written = await updateWebhook(context, state.webhookId, { description });
		if (!written.ok)
			debug(service, whatHappened(written, { what: 'write the mark of the webhook' }));
	});
}

/** Deliveries are refused because the secret here is not the one that Anchor signs with: it gets a new one in place. */
async function replaceSecret(service: Service): Promise<Kept | undefined> {
	const { rotatedAtMs } = service;
	if (rotatedAtMs !== undefined && Date.now() - rotatedAtMs < ROTATION_INTERVAL_MS) {
		warn(
			service,
			'deliveries are still refused although the signing secret is a new one. Check the clock of the n8n host, and whether a proxy in front of n8n changes deliveries',
		);
		return undefined;
	}
	service.rotatedAtMs = Date.now();
	return await putInLine(service, true);
}

/**
 * Writes a secret that is new since a look began. n8n saves what `trigger()` writes when it starts a run, and then saves
 * all static data as `trigger()` met it: so nothing else is worth writing from here.
 */
function writeNewSecret({ context, owner, isOver }: Service, before: RegistrationState): boolean {
	const state = recall(owner)?.state;
	if (isOver || state === undefined || state.secret === before.secret) return false;
	writeState(context, owner.nodeId, state);
	return true;
}

interface Recovery {
	webhookId: string;
	isStart: boolean;
	delivered: SeenEvents;
	recovered: SeenEvents;
}

/** @returns whether it has started any run, and whether nothing is left that this process has not seen taken up */
async function recover(
	service: Service,
	missed: Missed,
	recovery: Recovery,
): Promise<{ hasRun: boolean; isWhole: boolean }> {
	const { givenUp, doubtful, withoutPayload } = missed;
	if (withoutPayload.length > 0) {
		warn(
			service,
			`Anchor Browser could not deliver ${countOf(withoutPayload.length)} and does not hand ${withoutPayload.length === 1 ? 'it' : 'them'} out any more: ${withoutPayload.slice(0, 20).join(', ')}`,
		);
	}
	const all = [...givenUp, ...doubtful].sort(byAge);
	if (all.length === 0) return { hasRun: false, isWhole: runsHere(service.key) };
	const missing = recovery.isStart ? await askStore(service, missed, recovery) : all;
	const run: MissedEvent[] = [];
	for (const one of missing) {
		if (service.isOver) break;
		if (await startRun(service, one, recovery)) run.push(one);
	}
	const isWhole = run.length === missing.length && runsHere(service.key);
	if (run.length === 0) return { hasRun: recovery.isStart, isWhole };
	const times = run.map(({ event }) => event.created ?? '').sort();
	const { name } = service.context.getNode();
	service.context.logger.info(
		`${name}: ${countOf(run.length)} that had not reached this workflow (of ${times[0]} to ${times[times.length - 1]}) ${run.length === 1 ? 'was' : 'were'} fetched from the delivery history of Anchor Browser and run`,
		{ workflowId: service.owner.workflowId, nodeId: service.owner.nodeId },
	);
	return { hasRun: true, isWhole };
}

/**
 * Asks n8n's store, in one run, which events no run has taken: an earlier life of this n8n may have run or recovered
 * them.
 * @returns the events to be run one by one
 */
async function askStore(
	service: Service,
	{ givenUp, doubtful, witnesses }: Missed,
	{ webhookId, recovered }: Recovery,
): Promise<MissedEvent[]> {
	const all = [...givenUp, ...doubtful].sort(byAge);
	const carried = all.slice(0, MAX_CARRIED);
	const idsOf = (list: readonly MissedEvent[]) => list.map(({ event }) => event.id);
	const question = `question ${randomUUID()}`;
	const answered = meet<ReadonlySet<string>>(question, ANSWER_PATIENCE_MS);
	emitItem(
		service,
		toStoreQuestion({
			question,
			givenUp: idsOf(givenUp),
			doubtful: idsOf(doubtful),
			witnesses,
			events: carried.map((one) => receivedEventOf(one, webhookId)),
		}),
	);
	const missing = await answered;
	// In queue mode the worker that answers runs what the question carried; the rest is settled run by run.
	const left =
		missing === undefined
			? all.slice(MAX_CARRIED).filter((one) => givenUp.includes(one))
			: all.filter(({ event }) => missing.has(event.id));
	for (const one of all) if (!left.includes(one)) recovered.commit(one.event.id, Date.now());
	return left;
}

function byAge(one: MissedEvent, other: MissedEvent): number {
	return Date.parse(one.event.created ?? '') - Date.parse(other.event.created ?? '') || 0;
}

/** @returns whether a run was started for the event */
async function startRun(
	service: Service,
	missed: MissedEvent,
	{ webhookId, delivered, recovered }: Recovery,
): Promise<boolean> {
	const { id } = missed.event;
	// Anchor may be delivering it at this very moment.
	if (delivered.reserve(id, Date.now()) !== 'new') return false;
	const taken = meet<true>(takenKey(service.key, id), TAKEN_PATIENCE_MS);
	emitItem(service, receivedEventOf(missed, webhookId));
	await wait(PACE_MS);
	const isTaken = !runsHere(service.key) || (await taken) === true;
	if (isTaken) {
		delivered.commit(id, Date.now());
		recovered.commit(id, Date.now());
	} else {
		// n8n could not start it or is slow: the next look sees, and n8n's store keeps it from running twice.
		delivered.release(id);
		service.reader?.totals.clear();
	}
	return isTaken;
}

function receivedEventOf({ event, deliveryId }: MissedEvent, webhookId: string): ReceivedEvent {
	return toReceivedEvent({
		event,
		delivery: {
			deliveryId,
			timestamp: null,
			receivedAt: Date.now(),
			signedWith: null,
			webhookId,
			recovered: true,
		},
	});
}

function emitItem({ context }: Service, json: ReceivedEvent | StoreQuestion): void {
	context.emit([[{ json: json as unknown as IDataObject }]]);
}

function countOf(events: number): string {
	return `${events} ${events === 1 ? 'event' : 'events'}`;
}

function warn({ context, owner }: Service, sentence: string): void {
	context.logger.warn(`${context.getNode().name}: ${sentence}`, {
		workflowId: owner.workflowId,
		nodeId: owner.nodeId,
	});
}

function debug({ context, owner }: Service, sentence: string): void {
	context.logger.debug(`${context.getNode().name}: ${sentence}`, {
		workflowId: owner.workflowId,
		nodeId: owner.nodeId,
	});
}
