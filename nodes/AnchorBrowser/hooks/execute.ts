import { NodeOperationError } from 'n8n-workflow';
import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { mismatchLine } from '../delivery/verdict';
import { mismatchesOf } from '../events/envelope';
import type { AnchorEvent } from '../events/event';
import { outputIndex, outputNames } from '../output/branch';
import { formatItem } from '../output/format';
import { unclaimedLine } from '../recovery/report';
import { claimEvents } from './claimEvents';
import { log, warnOncePerMinute } from '../runtime/log';
import { isReceivedEvent, isStartedRun, PROCESS, registrationIn } from '../runtime/runItem';
import type { ReceivedEvent, StartedRun } from '../runtime/runItem';
import { Trigger } from '../runtime/trigger';
import { triggerOf } from '../runtime/triggers';
import { parameterReader } from '../settings/readParameters';
import { collectMinutesOf, readExecuteSettings } from '../settings/readSettings';
import type { ExecuteSettings } from '../settings/readSettings';
import { setCustomData } from './setCustomData';

/** What a run says that could not learn which of its events have run. */
const STORE_SILENT = {
	message: "n8n's store of processed events does not answer",
	description:
		'This run was to carry those events that no other run has taken. It is started again by itself. Check the n8n database.',
};

/** One run of the trigger. */
interface Run {
	context: IExecuteFunctions;
	trigger: Trigger;
	settings: ExecuteSettings;
	isManual: boolean;
	/** Whether n8n's store is asked about a delivered event, too. */
	asksStore: boolean;
}

/**
 * Turns received events into items on outputs: the check against n8n's store, then format, then branch.
 * @param context n8n's context of the run
 * @returns one list of items for each output; a repeated event ends here, with no items
 */
export async function shapeItems(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const node = context.getNode();
	const settings = readExecuteSettings(parameterReader(context, node));
	const isManual = context.getMode() === 'manual';
	// Nothing is to stay of a run in the editor, of whose end nobody is told.
	const trigger = isManual ? new Trigger('', '') : triggerOf(context, node);
	// Where events are collected, one that came while n8n closed the trigger shows in the history as one that waits for its run.
	const asksStore = settings.deduplicate === 'durable' || collectMinutesOf(node.parameters) > 0;
	const run: Run = { context, trigger, settings, isManual, asksStore };
	if (!isManual) trigger.carriesOutRuns = true;
	const outputs = outputNames(settings.branchBy, settings.events).map(
		(): INodeExecutionData[] => [],
	);
	const carried: AnchorEvent[] = [];
	for (const [index, item] of context.getInputData().entries()) {
		const pairedItem = { item: index };
		const taken = await takeItem(run, item.json);
		// Data that the user pinned or edited in the editor has the shape that they gave it.
		if (taken === undefined) outputs[0].push({ ...item, pairedItem });
		for (const received of taken ?? []) {
			const output = outputIndex(received.event, settings.branchBy, settings.events);
			outputs[output].push({ json: toItem(run, received), pairedItem });
			carried.push(received.event);
		}
	}
	setCustomData(context, carried);
	return outputs;
}

/** @returns the events of an item that this run has; undefined for an item that is none of ours */
async function takeItem(run: Run, json: unknown): Promise<readonly ReceivedEvent[] | undefined> {
	if (isStartedRun(json)) return await takeStarted(run, json);
	return isReceivedEvent(json) ? await takeDelivered(run, json) : undefined;
}

/** @returns the event that `webhook()` hands over, unless another run has it */
async function takeDelivered(run: Run, received: ReceivedEvent): Promise<ReceivedEvent[]> {
	const { context, trigger, isManual, asksStore } = run;
	const { event, receivedBy } = received;
	const isHere = receivedBy === PROCESS;
	// Anchor may have hung up before its answer: then this is where the process learns that the event has run.
	if (isHere && !isManual) trigger.noteRun(event.id, Date.now());
	// A retry by the user is no repetition of the event, though n8n gives it a name of its own.
	const isRetry = context.getMode() === 'retry';
	if (!asksStore || isRetry) return [received];
	const runName = context.getExecutionId();
	const request = { eventIds: [event.id], runName, acrossProcesses: !isHere };
	const claim = await claimEvents(context, trigger, request);
	// A store that does not answer must not lose the event.
	return typeof claim === 'string' || claim.ids.has(event.id) ? [received] : [];
}

/** @returns those events of a run that `trigger()` has started which no other run has */
async function takeStarted(run: Run, started: StartedRun): Promise<ReceivedEvent[]> {
	const { context, trigger } = run;
	const { events, areDoubtful, witnesses, startedBy } = started;
	const isHere = startedBy === PROCESS;
	writeRegistration(context, trigger, started);
	// What has been recovered is remembered by n8n's store whatever `deduplicate` says, so that no later start runs it again.
	const eventIds = events.map(({ event }) => event.id);
	const runName = `${startedBy} ${started.run}`;
	const request = { eventIds, runName, acrossProcesses: !isHere, areDoubtful, witnesses };
	const claim = await claimEvents(context, trigger, request);
	// Whether a doubtful event has run is asked again at the next look; any other one must not be lost.
	if (claim === 'silent' && areDoubtful) {
		if (isHere) return [];
		// Where runs are carried out elsewhere, the process that has started this one sees how it ended, and no more.
		throw new NodeOperationError(context.getNode(), STORE_SILENT.message, STORE_SILENT);
	}
	if (isHere) {
		for (const id of eventIds) trigger.noteRun(id, Date.now());
		trigger.awaitedRuns.report(started.run);
	}
	if (claim === 'forgotten') return [];
	const mine = claim === 'silent' ? events : events.filter(({ event }) => claim.ids.has(event.id));
	if (areDoubtful && mine.length > 0) {
		log(context, 'info', unclaimedLine(mine.length));
	}
	return mine;
}

/**
 * n8n has loaded static data anew for this run, so that writing it overwrites nothing of other nodes. What is stored with
 * the same secret may be newer, but for times that were wrong: a run can wait for its turn while the workflow is published.
 */
function writeRegistration(
	context: IExecuteFunctions,
	{ production }: Trigger,
	started: StartedRun,
): void {
	const registration = registrationIn(started);
	if (registration === undefined) return;
	const stored = production.stored(context);
	const { secret, wants, secretSince, wantsSince } = registration;
	if (stored?.secret === secret) {
		const isCorrected = stored.secretSince > secretSince || stored.wantsSince > wantsSince;
		if (!isCorrected || stored.wants !== wants) return;
		production.store(context, { ...stored, secretSince, wantsSince });
	} else if (stored === undefined || stored.secretSince <= secretSince) {
		production.store(context, registration);
	}
}

function toItem({ context, settings }: Run, { event, delivery }: ReceivedEvent): IDataObject {
	reportMismatches(context, event);
	return formatItem(event, {
		format: settings.format,
		escapeFormulas: settings.escapeFormulas,
		resultColumns: settings.resultColumns,
		delivery: settings.includeDelivery ? delivery : undefined,
	}) as IDataObject;
}

/** A payload that does not look as documented is delivered all the same; the log says where it differs. */
function reportMismatches(context: IExecuteFunctions, event: AnchorEvent): void {
	const mismatches = mismatchesOf(event);
	if (mismatches.length === 0) return;
	const sentence = mismatchLine(event.type, mismatches);
	warnOncePerMinute(context, `mismatch ${event.type}`, sentence, { mismatches });
}
