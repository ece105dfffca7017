import { randomUUID } from 'node:crypto';
import type { IDataObject, ITriggerFunctions } from 'n8n-workflow';
import type { SeenEvents } from '../delivery/dedupe';
import { timeOf } from '../events/json';
import type { Missed, MissedEvent } from '../recovery/missed';
import type { MarkOwner } from '../registration/mark';
import { runsHere, takenKey, toReceivedEvent, toStoreQuestion } from '../hooks/execute';
import type { ReceivedEvent, StoreQuestion } from '../hooks/execute';
import { meet } from './rendezvous';
import { wait } from './wait';

/** A thousand recovered events must not drown n8n: so much time for each, and no next one before a run has taken it. */
const PACE_MS = 100;
const TAKEN_PATIENCE_MS = 5_000;
const ANSWER_PATIENCE_MS = 30_000;

/** The most events that a question carries to another process. */
const MAX_CARRIED = 100;

/** A trigger in service: active, and looked after by this process. */
export interface InService {
	readonly context: ITriggerFunctions;
	/** Workflow and node. */
	readonly key: string;
	readonly owner: MarkOwner;
	/** Whether n8n has taken it out of service since. */
	isOver: boolean;
}

/** How missed events are run. */
export interface Recovery {
	/** The webhook that they were for. */
	webhookId: string;
	/** Whether an earlier life of this n8n may have run them. */
	isStart: boolean;
	/** The events that were delivered to this process. */
	delivered: SeenEvents;
	/** The events that it has recovered, or that need no recovery. */
	recovered: SeenEvents;
}

/**
 * Runs missed events one by one, oldest first, and writes a line about them.
 * @param trigger for which they are
 * @param missed what Anchor's history shows
 * @returns whether any run was started, and whether every event was taken up that had to be
 */
export async function recover(
	trigger: InService,
	missed: Missed,
	recovery: Recovery,
): Promise<{ hasRun: boolean; isComplete: boolean }> {
	const { givenUp, doubtful, withoutPayload } = missed;
	const { name } = trigger.context.getNode();
	const { workflowId, nodeId } = trigger.owner;
	if (withoutPayload.length > 0) {
		trigger.context.logger.warn(
			`${name}: Anchor Browser could not deliver ${countOf(withoutPayload.length)} and does not hand ${withoutPayload.length === 1 ? 'it' : 'them'} out any more: ${withoutPayload.slice(0, 20).join(', ')}. See the delivery history of the webhook in the Anchor Browser dashboard`,
			{ workflowId, nodeId },
		);
	}
	const all = [...givenUp, ...doubtful].sort(byAge);
	if (all.length === 0) return { hasRun: false, isComplete: true };
	const missing = recovery.isStart ? await askStore(trigger, all, missed, recovery) : all;
	const run: MissedEvent[] = [];
	for (const one of missing) {
		if (trigger.isOver) break;
		if (await runMissed(trigger, one, recovery)) run.push(one);
		// An n8n that is full must not get the rest on top: it is run when this one has been.
		else if (!recovery.delivered.has(one.event.id, Date.now())) break;
	}
	const isComplete = run.length === missing.length;
	if (run.length === 0) return { hasRun: recovery.isStart, isComplete };
	const times = run.map(({ event }) => event.created ?? '').sort();
	trigger.context.logger.info(
		`${name}: ${countOf(run.length)} that had not reached this workflow (of ${times[0]} to ${times[times.length - 1]}) ${run.length === 1 ? 'was' : 'were'} fetched from the delivery history of Anchor Browser and run`,
		{ workflowId, nodeId },
	);
	return { hasRun: true, isComplete };
}

/**
 * Asks n8n's store, in one run, which events no run has taken: an earlier life of this n8n may have run or recovered
 * them.
 * @param all given up and doubtful, oldest first
 * @returns the events to be run one by one
 * @throws Error when n8n carries out runs in this process, and has not carried out this one
 */
async function askStore(
	trigger: InService,
	all: readonly MissedEvent[],
	{ givenUp, doubtful, witnesses }: Missed,
	{ webhookId, recovered }: Recovery,
): Promise<MissedEvent[]> {
	const carried = all.slice(0, MAX_CARRIED);
	const idsOf = (list: readonly MissedEvent[]) => list.map(({ event }) => event.id);
	const question = `question ${randomUUID()}`;
	const answered = meet<ReadonlySet<string>>(question, ANSWER_PATIENCE_MS);
	emitItem(
		trigger,
		toStoreQuestion({
			question,
			givenUp: idsOf(givenUp),
			doubtful: idsOf(doubtful),
			witnesses,
			events: carried.map((one) => receivedEventOf(one, webhookId)),
		}),
	);
	const missing = await answered;
	if (missing === undefined && runsHere(trigger.key)) {
		throw new Error('n8n has not yet carried out the run that asks its store of processed events');
	}
	// In queue mode the worker that answers runs what the question carried; the rest is settled run by run.
	const left =
		missing === undefined
			? all.slice(MAX_CARRIED).filter((one) => givenUp.includes(one))
			: all.filter(({ event }) => missing.has(event.id));
	const isLeft = new Set(left);
	for (const one of all) if (!isLeft.has(one)) recovered.commit(one.event.id, Date.now());
	return left;
}

function byAge(one: MissedEvent, other: MissedEvent): number {
	return (timeOf(one.event.created) ?? 0) - (timeOf(other.event.created) ?? 0);
}

/** @returns whether a run was started for the event */
async function runMissed(
	trigger: InService,
	missed: MissedEvent,
	{ webhookId, delivered, recovered }: Recovery,
): Promise<boolean> {
	const { id } = missed.event;
	// Anchor may be delivering it at this very moment.
	if (delivered.reserve(id, Date.now()) !== 'new') return false;
	const taken = meet<true>(takenKey(trigger.key, id), TAKEN_PATIENCE_MS);
	emitItem(trigger, receivedEventOf(missed, webhookId));
	await wait(PACE_MS);
	const isTaken = !runsHere(trigger.key) || (await taken) === true;
	if (isTaken) {
		delivered.commit(id, Date.now());
		recovered.commit(id, Date.now());
	} else {
		// n8n could not start it or is slow: the next look sees, and n8n's store keeps it from running twice.
		delivered.release(id);
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

function emitItem({ context }: InService, json: ReceivedEvent | StoreQuestion): void {
	context.emit([[{ json: json as unknown as IDataObject }]]);
}

function countOf(events: number): string {
	return `${events} ${events === 1 ? 'event' : 'events'}`;
}
