import { randomInt } from 'node:crypto';
import type { ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';
import { whatHappened } from '../api/explain';
import { updateWebhook } from '../api/webhooks';
import { unjudgedLine } from '../delivery/verdict';
import { findMissed } from '../recovery/missed';
import { readHistory } from '../recovery/history';
import type { HistoryReader } from '../recovery/history';
import { formatMark } from '../registration/mark';
import type { Mark } from '../registration/mark';
import type { RegistrationState } from '../registration/state';
import { memoryOf } from '../runtime/eventMemory';
import { runsHere } from './execute';
import { keepInLine } from '../runtime/keepInLine';
import { warnOncePerMinute } from '../runtime/log';
import {
	isInService,
	isSecretChanging,
	nodeKeyOf,
	recall,
	setInService,
} from '../runtime/registrations';
import { recover } from '../runtime/recover';
import type { InService } from '../runtime/recover';
import { runExclusive } from '../runtime/runExclusive';
import { parameterReader } from '../settings/readParameters';
import { readRegistrationSettings, readWebhookSettings } from '../settings/readSettings';
import type { RegistrationSettings, WebhookSettings } from '../settings/readSettings';
import { writeState } from '../runtime/staticData';
import { wait } from '../runtime/wait';

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

/** Rows are read by the time for which they were scheduled; an attempt of theirs may end this much later. */
const LATE_ATTEMPT_MS = 60 * 60_000;

/** One trigger in service, from `trigger()` to `closeFunction`. */
interface Service extends InService {
	/** Read at once: n8n 2 evaluates their expressions only while it waits for `trigger()`. */
	settings: RegistrationSettings & Pick<WebhookSettings, 'filters' | 'deduplicate'>;
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
	const key = nodeKeyOf(context);
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
	const read = parameterReader(context);
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
			// What was read and came to nothing is read again, though no row is new by then.
			service.reader?.totals.clear();
			await wait(patience);
			patience = Math.min(patience * 2, LATER_LOOKS_MS);
		}
	}
}

/** @returns whether nothing is left to be done; otherwise the next look comes before long */
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
	const delivered = memoryOf(key, deduplicate !== 'off');
	const recovered = memoryOf(`${key} recovered`, true);
	const isKnown = (id: string) => delivered.has(id, Date.now()) || recovered.has(id, Date.now());
	const isInHand = (id: string) => delivered.isReserved(id, Date.now());
	const rows = [];
	let isCut = false;
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
			isKnown: (id) => isKnown(id) && !isInHand(id),
		});
		if (!read.ok) {
			debug(service, whatHappened(read, { what: 'read the delivery history' }));
			return false;
		}
		rows.push(...read.rows);
		isCut ||= read.isCut;
	}

	const missed = findMissed({
		rows,
		projectId,
		wanted: { events, filters },
		sinceMs: before.wantsSince,
		recoveredMs: kept.mark?.recoveredMs,
		secretSinceMs: kept.state.secretSince,
		isKnown,
		isInHand,
		startedMs: mayDoubt ? startedMs : undefined,
		isStart,
	});
	service.lookedMs = anchorMs;
	if (missed.unjudged.length > 0) {
		const { id: nodeId, name } = context.getNode();
		const meta = { workflowId: owner.workflowId, nodeId };
		const sentence = `${name}: ${unjudgedLine(missed.unjudged)}`;
		warnOncePerMinute(context.logger, `${key} unjudged`, sentence, meta, Date.now());
	}
	const now = missed.secretIsWrong ? ((await replaceSecret(service)) ?? kept) : kept;
	const isNewSecret = writeNewSecret(service, before);
	const { webhookId } = now.state;
	const { hasRun, isComplete } = await recover(service, missed, {
		webhookId,
		isStart,
		delivered,
		recovered,
	});
	// Other processes of this n8n know the secret from static data alone, which only a run makes n8n save.
	if (isNewSecret && !hasRun && !service.isOver) context.emit([[]]);
	if (isCut || !isComplete || missed.isUnsettled) return false;
	const { givenUpMs } = missed;
	// A row that does not say when it was given up must not set the time back.
	const isLater = givenUpMs !== undefined && givenUpMs > (now.mark?.recoveredMs ?? 0);
	if (runsHere(key) && isLater) {
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
