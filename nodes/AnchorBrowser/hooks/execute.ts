import { randomUUID } from 'node:crypto';
import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { mismatchLine } from '../delivery/verdict';
import { mismatchesOf } from '../events/envelope';
import type { AnchorEvent } from '../events/event';
import { outputIndex, outputNames } from '../output/branch';
import { formatItem } from '../output/format';
import type { DeliveryNote } from '../output/format';
import { claimEvent, findUnclaimed } from '../runtime/claimEvent';
import { memoryOf } from '../runtime/eventMemory';
import { warnOncePerMinute } from '../runtime/log';
import { nodeKeyOf } from '../runtime/registrations';
import { settle } from '../runtime/rendezvous';
import { parameterReader } from '../settings/readParameters';
import { readExecuteSettings } from '../settings/readSettings';
import type { ExecuteSettings } from '../settings/readSettings';

/** An event on its way into a run: the one item of `webhook()`, or of a run that `trigger()` starts. */
export interface ReceivedEvent {
	event: AnchorEvent;
	delivery: DeliveryNote;
	/** The process that received it, see `PROCESS`. */
	receivedBy: string;
}

/**
 * What `trigger()` asks n8n's store of processed events, which only a run can reach: which of these events has no run
 * taken yet?
 */
export interface StoreQuestion {
	/** What `trigger()` waits for with `meet`, if it is this process that runs. */
	question: string;
	/** The process that asks. */
	askedBy: string;
	givenUp: string[];
	doubtful: string[];
	/** Events that have surely run: a store that does not know them cannot tell. */
	witnesses: string[];
	/** For a run whose answer nobody hears. */
	events: ReceivedEvent[];
}

/** Tells this process from every other one of the same n8n, and from itself before a restart. */
const PROCESS = randomUUID();

/** An event as n8n carries it from `webhook()` or `trigger()` to `execute()`. */
export const toReceivedEvent = (item: Omit<ReceivedEvent, 'receivedBy'>): ReceivedEvent => ({
	...item,
	receivedBy: PROCESS,
});

/** A question as n8n carries it from `trigger()` to `execute()`. */
export const toStoreQuestion = (question: Omit<StoreQuestion, 'askedBy'>): StoreQuestion => ({
	...question,
	askedBy: PROCESS,
});

/** The nodes, by key, of which this process has carried out a production run. */
const ranHere = new Set<string>();

/** Whether production runs of a node are carried out in this process, as they are outside of n8n's queue mode. */
export const runsHere = (nodeKey: string): boolean => ranHere.has(nodeKey);

/** What `trigger()` waits for with `meet`: that a run in this process has taken up the event. */
export const takenKey = (nodeKey: string, eventId: string) => `taken ${nodeKey} ${eventId}`;

const isStoreQuestion = (json: unknown): json is StoreQuestion =>
	typeof json === 'object' && json !== null && 'question' in json && 'witnesses' in json;

const isReceivedEvent = (json: unknown): json is ReceivedEvent =>
	typeof json === 'object' && json !== null && 'event' in json && 'delivery' in json;

/**
 * Turns received events into items on outputs: the check against n8n's store, then format, then branch.
 * @param context n8n's context of the run
 * @returns one list of items for each output; a repeated event ends here, with no items
 */
export async function shapeItems(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const settings = readExecuteSettings(parameterReader(context));
	const outputs = outputNames(settings.branchBy, settings.events).map(
		(): INodeExecutionData[] => [],
	);
	if (context.getMode() !== 'manual') ranHere.add(nodeKeyOf(context));
	for (const [index, item] of context.getInputData().entries()) {
		const pairedItem = { item: index };
		if (isStoreQuestion(item.json)) {
			for (const received of await answerQuestion(context, item.json)) {
				await addItem(context, { settings, outputs, received, pairedItem });
			}
		} else if (isReceivedEvent(item.json)) {
			await addItem(context, { settings, outputs, received: item.json, pairedItem });
		} else {
			// Data that the user pinned or edited in the editor has the shape that they gave it.
			outputs[0].push({ ...item, pairedItem });
		}
	}
	return outputs;
}

async function addItem(
	context: IExecuteFunctions,
	{
		settings,
		outputs,
		received: { event, delivery, receivedBy },
		pairedItem,
	}: {
		settings: ExecuteSettings;
		outputs: INodeExecutionData[][];
		received: ReceivedEvent;
		pairedItem: { item: number };
	},
): Promise<void> {
	const isHere = receivedBy === PROCESS;
	// Anchor may have hung up before its answer: then this is where the process learns that the event has run.
	if (isHere && context.getMode() !== 'manual') {
		memoryOf(nodeKeyOf(context), settings.deduplicate !== 'off').commit(event.id, Date.now());
	}
	// What has been recovered is remembered by n8n's store alone, so that no later start recovers it again.
	const isRemembered = settings.deduplicate === 'durable' || delivery.recovered === true;
	const mayRun =
		!isRemembered || (await claimEvent(context, { eventId: event.id, acrossProcesses: !isHere }));
	if (isHere) settle(takenKey(nodeKeyOf(context), event.id), true);
	if (!mayRun) return;

	reportMismatches(context, event);
	const json = formatItem(event, {
		format: settings.format,
		escapeFormulas: settings.escapeFormulas,
		delivery: settings.includeDelivery ? delivery : undefined,
	}) as IDataObject;
	const output = outputIndex(event, settings.branchBy, settings.events);
	outputs[output].push({ json, pairedItem });
}

/**
 * Answers `trigger()` where it waits in this process, and then outputs nothing: it starts a run for each event. Where
 * nobody hears the answer (in queue mode another process asks; n8n may carry out a run late), the events go on in this
 * very run.
 */
async function answerQuestion(
	context: IExecuteFunctions,
	{ question, askedBy, givenUp, doubtful, witnesses, events }: StoreQuestion,
): Promise<ReceivedEvent[]> {
	const ids = [...givenUp, ...doubtful, ...witnesses];
	if (ids.length === 0) return [];
	const unclaimed = await findUnclaimed(context, ids);
	const storeKnows = unclaimed !== undefined && !witnesses.some((id) => unclaimed.has(id));
	const missing = new Set(
		[...givenUp, ...(storeKnows ? doubtful : [])].filter((id) => unclaimed?.has(id) !== false),
	);
	if (askedBy === PROCESS && settle(question, missing)) return [];
	return events.filter(({ event }) => missing.has(event.id));
}

/** A payload that does not look as documented is delivered all the same; the log says where it differs. */
function reportMismatches(context: IExecuteFunctions, event: AnchorEvent): void {
	const mismatches = mismatchesOf(event);
	if (mismatches.length === 0) return;
	const node = context.getNode();
	const workflowId = context.getWorkflow().id;
	warnOncePerMinute(
		context.logger,
		`${workflowId} ${node.id} mismatch ${event.type}`,
		`${node.name}: ${mismatchLine(event.type, mismatches)}`,
		{ workflowId, nodeId: node.id, mismatches },
		Date.now(),
	);
}
