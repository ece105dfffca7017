import type { IDataObject, IRun, ITriggerFunctions } from 'n8n-workflow';
import type { MissedEvent } from '../recovery/reading';
import { anchorNow } from './deliveryHistory';
import type { Monitor } from './monitor';
import { PROCESS, toReceivedEvent } from '../runtime/runItem';
import type { ReceivedEvent, StartedRun } from '../runtime/runItem';
import type { Trigger } from '../runtime/trigger';
import { wait } from '../runtime/wait';

/** Between two runs, so that deliveries and other workflows have their turn. */
const PACE_MS = 20;

/**
 * How many runs may await being taken up: one at first, one more for each that was taken up quickly. Where other processes
 * carry them out, only the end of a run shows here; few enough that n8n's store still knows what a killed process had begun.
 */
const MOST_HERE = 4;
const MOST_ELSEWHERE = 10;

/** A run that takes longer to be taken up shows an n8n that has enough to do. */
const SLOW_MS = 1_000;
/** Then another process has it, if this one carries out none. */
const HANDED_OVER_MS = 5_000;

/** Without any progress for so long, what was started is given up; the next look starts it again. */
const PATIENCE_MS = 5 * 60_000;

/** What a run carries: events that surely have not run, unless told otherwise. */
type RunLoad = Pick<StartedRun, 'events'> & Partial<Pick<StartedRun, 'areDoubtful' | 'witnesses'>>;

/** What of n8n's runs is known while some are started. */
interface Pace {
	/** How many may await being taken up. */
	most: number;
	/** How many were taken up. */
	progress: number;
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
	const { trigger } = monitor;
	const { seen, othersReceive } = trigger;
	const pace: Pace = { most: othersReceive ? MOST_ELSEWHERE : 1, progress: 0 };
	const waiting = new Set<Promise<unknown>>();
	const outcomes: Array<Promise<void>> = [];
	let isHeld = false;
	for (const missed of events) {
		while (waiting.size >= pace.most) await Promise.race(waiting);
		if (isHeld || monitor.isOver) break;
		// Anchor may be delivering it at this very moment.
		if (seen.reserve(missed.event.id, Date.now()) !== 'new') continue;
		const startedMs = anchorNow(trigger);
		const isTaken = runTogether(monitor, { events: [receivedEvent(missed)] }, pace);
		const mayFollow = Promise.race([isTaken, handedOver(trigger, isTaken)]);
		waiting.add(mayFollow);
		void mayFollow.then(() => waiting.delete(mayFollow));
		void setPace(trigger, pace, isTaken);
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

async function handedOver(trigger: Trigger, isTaken: Promise<boolean>): Promise<void> {
	await wait(HANDED_OVER_MS);
	if (trigger.carriesOutRuns) await isTaken;
}

async function setPace(trigger: Trigger, pace: Pace, isTaken: Promise<boolean>): Promise<void> {
	const isSlow = wait(SLOW_MS).then(() => true);
	const hasEnough = await Promise.race([isTaken.then((wasTaken) => !wasTaken), isSlow]);
	const isBusy = hasEnough || Math.abs(Date.now() - (trigger.slowAtMs ?? 0)) < SLOW_MS;
	const most = trigger.carriesOutRuns ? MOST_HERE : MOST_ELSEWHERE;
	pace.most = isBusy && trigger.carriesOutRuns ? 1 : Math.min(pace.most + 1, most);
}

/**
 * Starts one run for all of these events: it carries on those that no other run has taken. With none, it lets a new secret
 * get into static data.
 * @param pace of the runs that are started beside it
 * @returns whether n8n took it up, and its store answered where the events are doubtful
 */
export async function runTogether(
	{ context, trigger }: Monitor,
	{ events, areDoubtful = false, witnesses = [] }: RunLoad,
	pace: Pace = { most: 1, progress: 0 },
): Promise<boolean> {
	const { production } = trigger;
	const registration = production.isUnsaved ? production.state : undefined;
	for (const { event, delivery } of events) {
		if (delivery.recovered) trigger.recovered.commit(event.id, Date.now());
	}
	const { run, taken } = trigger.awaitedRuns.announce();
	const load = { events, areDoubtful, witnesses, registration };
	const item: StartedRun = { startedBy: PROCESS, run, ...load };
	const emit = async (): Promise<IRun | undefined> => {
		// n8n 1 never settles it where a run could not be made.
		const done = context.helpers.createDeferredPromise<IRun>();
		context.emit([[{ json: item as unknown as IDataObject }]], undefined, done);
		return await done.promise;
	};
	const hasEndedElsewhere = async () => {
		for (let tries = 0; tries < 2; tries++) {
			const result = await emit();
			// Where runs are carried out here, one that ended without being taken up was refused, or its store did not answer.
			if (result === undefined || trigger.carriesOutRuns) return false;
			if (!isBrokenOff(result)) return !(areDoubtful && hasFailedAt(result, context));
		}
		return false;
	};

	const answers = [taken.then(() => true), hasEndedElsewhere().catch(() => false)];
	const wasTaken = await settled(answers, pace);
	trigger.awaitedRuns.giveUp(run);
	if (!wasTaken) return false;
	pace.progress += 1;
	if (production.state === registration) production.isUnsaved = false;
	return true;
}

/**
 * Whether a run came to nothing in another process and n8n has kept nothing of it, so that nobody can retry it: n8n 2 does so
 * with what a worker had in hand that was killed. Started again it has the same name, and so what the first one claimed.
 */
function isBrokenOff({ status, data }: IRun): boolean {
	if (!['crashed', 'error'].includes(status)) return false;
	// In queue mode n8n hands over no data of nodes, but names the one at which a run failed.
	const { runData = {}, lastNodeExecuted } =
		(data as Partial<IRun['data']> | undefined)?.resultData ?? {};
	return lastNodeExecuted === undefined && Object.keys(runData).length === 0;
}

/** Whether a run failed at the trigger itself, as one does that has got no answer about what is doubtful. */
function hasFailedAt({ status, data }: IRun, context: ITriggerFunctions): boolean {
	const { lastNodeExecuted } = data?.resultData ?? {};
	return status === 'error' && lastNodeExecuted === context.getNode().name;
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
export function receivedEvent({ event, row }: MissedEvent): ReceivedEvent {
	return toReceivedEvent({
		event,
		delivery: {
			deliveryId: row.id,
			timestamp: null,
			receivedAt: Date.now(),
			signedWith: null,
			webhookId: row.webhookId,
			recovered: true,
		},
	});
}
