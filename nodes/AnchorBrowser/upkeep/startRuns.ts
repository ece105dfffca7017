import type { IDataObject, IRun, ITriggerFunctions } from 'n8n-workflow';
import type { MissedEvent } from '../recovery/reading';
import { anchorNow } from './deliveryHistory';
import type { Monitor } from './monitor';
import { PROCESS, toReceivedEvent } from '../runtime/runItem';
import type { ReceivedEvent, StartedRun } from '../runtime/runItem';
import { wait } from '../runtime/wait';

/** Between two runs, so that deliveries and other workflows have their turn. */
const PACE_MS = 20;

/**
 * How many runs may await being taken up: one at first, and one more for each that was taken up quickly. Where other
 * processes carry them out, only the end of a run shows here, and all of them are in n8n's queue at once: an event that a
 * killed process had begun is asked about before so many others have run that n8n's store knows it no more.
 */
const MOST_HERE = 4;
const MOST_ELSEWHERE = 10;

/** A run that takes longer to be taken up shows an n8n that has enough to do. */
const SLOW_MS = 1_000;
/** Then another process has it, if this one carries out none. */
const HANDED_OVER_MS = 5_000;

/** Without any progress for so long, what was started is given up; the next look starts it again. */
const PATIENCE_MS = 5 * 60_000;

/** What a run carries. */
export type RunLoad = Pick<StartedRun, 'events' | 'areDoubtful' | 'witnesses'>;

/** What of n8n's runs is known while some are started. */
interface Pace {
	most: number;
	/** Counts the runs that were taken up. */
	progress: number;
}

/** How a run fared: whether another one may follow, and in the end whether it was taken up. */
interface Started {
	mayFollow: Promise<unknown>;
	isTaken: Promise<boolean>;
}

/**
 * Starts a run for each of these events, in their order, as quickly as n8n takes them up. One that n8n does not take up ends
 * it: an n8n that is full must not get the rest on top.
 * @param onTaken told of each that was taken up, and when its run was started in milliseconds of Anchor's clock
 */
export async function runEach(
	monitor: Monitor,
	events: readonly MissedEvent[],
	onTaken: (missed: MissedEvent, startedMs: number) => void,
): Promise<void> {
	const { seen, othersReceive } = monitor.trigger;
	const pace: Pace = { most: othersReceive ? MOST_ELSEWHERE : 1, progress: 0 };
	const waiting = new Set<Promise<unknown>>();
	const outcomes: Array<Promise<void>> = [];
	let isHeld = false;
	for (const missed of events) {
		while (waiting.size >= pace.most) await Promise.race(waiting);
		if (isHeld || monitor.isOver) break;
		// Anchor may be delivering it at this very moment.
		if (seen.reserve(missed.event.id, Date.now()) !== 'new') continue;
		const startedMs = anchorNow(monitor.trigger);
		const { mayFollow, isTaken } = start(monitor, pace, {
			events: [receivedEvent(missed)],
			areDoubtful: false,
			witnesses: [],
		});
		waiting.add(mayFollow);
		void mayFollow.then(() => waiting.delete(mayFollow));
		outcomes.push(
			isTaken.then((wasTaken) => {
				if (wasTaken) {
					seen.commit(missed.event.id, Date.now());
					onTaken(missed, startedMs);
				} else {
					isHeld = true;
					seen.release(missed.event.id);
				}
			}),
		);
		await wait(PACE_MS);
	}
	await Promise.all(outcomes);
}

/**
 * Starts one run for several events: it carries on those that no other run has taken.
 * @returns whether n8n took it up, and its store answered where the events are doubtful
 */
export async function runTogether(monitor: Monitor, load: RunLoad): Promise<boolean> {
	return await start(monitor, { most: 1, progress: 0 }, load).isTaken;
}

/** Lets a run write a new secret into static data, for the other processes; nothing else is in it. */
export async function runForRegistration(monitor: Monitor): Promise<boolean> {
	return await runTogether(monitor, { events: [], areDoubtful: false, witnesses: [] });
}

function start({ context, trigger }: Monitor, pace: Pace, load: RunLoad): Started {
	const { production } = trigger;
	const registration = production.isUnsaved ? production.state : undefined;
	for (const { event, delivery } of load.events) {
		if (delivery.recovered) trigger.recovered.commit(event.id, Date.now());
	}
	const { run, taken } = trigger.awaitedRuns.announce();
	const item: StartedRun = { startedBy: PROCESS, run, ...load, registration };
	const emit = async () => {
		// n8n 1 never settles it where a run could not be made.
		const done = context.helpers.createDeferredPromise<IRun>();
		context.emit([[{ json: item as unknown as IDataObject }]], undefined, done);
		return await done.promise;
	};

	const isHere = taken.then(() => true);
	// Where runs are carried out here, one that ended without being taken up was refused, or its store did not answer.
	const isElsewhere = (result: IRun | undefined) => result !== undefined && !trigger.carriesOutRuns;
	const hasEndedElsewhere = (result: IRun | undefined) =>
		isElsewhere(result) &&
		!isBrokenOff(result) &&
		!(load.areDoubtful && hasFailedAt(result, context));
	const ended = emit()
		.then(async (result) => (isElsewhere(result) && isBrokenOff(result) ? await emit() : result))
		.then(hasEndedElsewhere, () => false);
	const isTaken = settled([isHere, ended], pace).then((wasTaken) => {
		trigger.awaitedRuns.giveUp(run);
		if (!wasTaken) return false;
		pace.progress += 1;
		if (production.state === registration) production.isUnsaved = false;
		return true;
	});
	const isSlow = wait(SLOW_MS).then(() => true);
	void Promise.race([isTaken.then((wasTaken) => !wasTaken), isSlow]).then((hasEnough) => {
		const isBusy = hasEnough || Math.abs(Date.now() - (trigger.slowAtMs ?? 0)) < SLOW_MS;
		const most = trigger.carriesOutRuns ? MOST_HERE : MOST_ELSEWHERE;
		pace.most = isBusy && trigger.carriesOutRuns ? 1 : Math.min(pace.most + 1, most);
	});
	const handedOver = wait(HANDED_OVER_MS).then(async () => {
		if (trigger.carriesOutRuns) await isTaken;
	});
	return { mayFollow: Promise.race([isTaken, handedOver]), isTaken };
}

/**
 * Whether a run came to nothing in another process and n8n has kept nothing of it, so that nobody can retry it: n8n 2 does so
 * with what a worker had in hand that was killed. Started again it has the same name, and so what the first one claimed.
 */
function isBrokenOff(result: IRun | undefined): boolean {
	if (result === undefined || !['crashed', 'error'].includes(result.status)) return false;
	const { resultData } = (result.data as IRun['data'] | undefined) ?? {};
	// In queue mode n8n hands over no data of nodes, but names the one at which a run failed.
	const { runData = {}, lastNodeExecuted } = resultData ?? {};
	return lastNodeExecuted === undefined && Object.keys(runData).length === 0;
}

/** Whether a run failed at the trigger itself, as one does that has got no answer about what is doubtful. */
function hasFailedAt(result: IRun | undefined, context: ITriggerFunctions): boolean {
	const { lastNodeExecuted } = result?.data?.resultData ?? {};
	return result?.status === 'error' && lastNodeExecuted === context.getNode().name;
}

/** Waits for the first answer, as long as other runs make progress. */
async function settled(answers: Array<Promise<boolean>>, pace: Pace): Promise<boolean> {
	const answer = Promise.race(answers);
	for (;;) {
		const { progress } = pace;
		const patience = wait(PATIENCE_MS).then(() => undefined);
		const outcome = await Promise.race([answer, patience]);
		if (outcome !== undefined) return outcome;
		if (pace.progress === progress) return false;
	}
}

/** Makes of an event from the history what a run carries. */
export function receivedEvent({ event, deliveryId, webhookId }: MissedEvent): ReceivedEvent {
	const receivedAt = Date.now();
	return toReceivedEvent({
		event,
		delivery: {
			deliveryId,
			timestamp: null,
			receivedAt,
			signedWith: null,
			webhookId,
			recovered: true,
		},
	});
}
