import type { IDataObject, IRun } from 'n8n-workflow';
import type { MissedEvent } from '../recovery/reading';
import type { Question } from '../recovery/plan';
import type { Monitor } from './monitor';
import { PROCESS, toReceivedEvent } from './runItem';
import type { ReceivedEvent, StartedRun } from './runItem';
import { wait } from './wait';

/** Between two runs, so that deliveries and other workflows have their turn. */
const PACE_MS = 20;

/**
 * How many runs may await being taken up: one at first, and one more for each that was taken up quickly. Where other
 * processes carry them out, only the end of a run shows here.
 */
const MOST_HERE = 4;
const MOST_ELSEWHERE = 10;

/** A run that takes longer to be taken up shows an n8n that has enough to do. */
const SLOW_MS = 1_000;
/** Then another process has it, if this one carries out none. */
const HANDED_OVER_MS = 5_000;

/** Without any progress for so long, what was started is given up; the next look starts it again. */
const PATIENCE_MS = 5 * 60_000;

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
 * @param webhookId that of the registration
 * @returns those that were taken up
 */
export async function runEach(
	monitor: Monitor,
	events: readonly MissedEvent[],
	webhookId: string,
): Promise<MissedEvent[]> {
	const { seen } = monitor.trigger;
	const pace: Pace = { most: 1, progress: 0 };
	const taken = new Set<MissedEvent>();
	const waiting = new Set<Promise<unknown>>();
	const outcomes: Array<Promise<void>> = [];
	let isHeld = false;
	for (const missed of events) {
		while (waiting.size >= pace.most) await Promise.race(waiting);
		if (isHeld || monitor.isOver) break;
		// Anchor may be delivering it at this very moment.
		if (seen.reserve(missed.event.id, Date.now()) !== 'new') continue;
		const { mayFollow, isTaken } = start(monitor, pace, {
			events: [receivedEventOf(missed, webhookId)],
			areDoubtful: false,
			witnesses: [],
		});
		waiting.add(mayFollow);
		void mayFollow.then(() => waiting.delete(mayFollow));
		outcomes.push(
			isTaken.then((wasTaken) => {
				if (wasTaken) {
					taken.add(missed);
					seen.commit(missed.event.id, Date.now());
				} else {
					isHeld = true;
					seen.release(missed.event.id);
				}
			}),
		);
		await wait(PACE_MS);
	}
	await Promise.all(outcomes);
	return events.filter((missed) => taken.has(missed));
}

/**
 * Starts one run for doubtful events: it carries on those that no other run has taken.
 * @returns whether n8n took it up and its store answered
 */
export async function runTogether(
	monitor: Monitor,
	{ events, witnesses }: Question,
	webhookId: string,
): Promise<boolean> {
	const received = events.map((missed) => receivedEventOf(missed, webhookId));
	const pace = { most: 1, progress: 0 };
	return await start(monitor, pace, { events: received, areDoubtful: true, witnesses }).isTaken;
}

/** Lets a run write a new secret into static data, for the other processes; nothing else is in it. */
export async function runForRegistration(monitor: Monitor): Promise<boolean> {
	const pace = { most: 1, progress: 0 };
	return await start(monitor, pace, { events: [], areDoubtful: false, witnesses: [] }).isTaken;
}

function start(
	{ context, trigger }: Monitor,
	pace: Pace,
	load: Pick<StartedRun, 'events' | 'areDoubtful' | 'witnesses'>,
): Started {
	const { production } = trigger;
	const registration = production.isUnsaved ? production.state : undefined;
	const { run, taken } = trigger.awaitedRuns.announce();
	// n8n 1 never settles it where a run could not be made.
	const done = context.helpers.createDeferredPromise<IRun>();
	const item: StartedRun = { startedBy: PROCESS, run, ...load, registration };
	context.emit([[{ json: item as unknown as IDataObject }]], undefined, done);

	const isHere = taken.then(() => true);
	// Where runs are carried out here, one that ended without being taken up was refused, or its store did not answer.
	const ended = done.promise.then(
		(result) => result !== undefined && !trigger.carriesOutRuns,
		() => false,
	);
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
