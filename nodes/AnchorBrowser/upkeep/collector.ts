import { createHash } from 'node:crypto';
import { timeOf } from '../events/json';
import { portionsOf } from '../recovery/portions';
import type { PendingEvent, Portion } from '../recovery/portions';
import { earliest, TAKEN } from '../recovery/reading';
import type { MissedEvent, Reading } from '../recovery/reading';
import { recoveredLine } from '../recovery/report';
import { anchorNow, noteProgress, readHistory, settleHistory } from './deliveryHistory';
import type { HistoryRead } from './deliveryHistory';
import type { Monitor } from './monitor';
import type { ReceivedEvent } from '../runtime/runItem';
import { receivedEvent, runTogether } from './startRuns';
import { wait } from '../runtime/wait';

/** The most events of a run, and the most characters: n8n keeps the items of each node of a run in memory. */
const RUN_LIMITS = { most: 500, mostLength: 5_000_000 };

/** Without a note of it at Anchor no more than so many run: n8n's store remembers 2,000. */
const MOST_UNNOTED = 1_000;

/** A row may show in the history a moment after it ended: what ended so shortly before a reading is not noted as done. */
const LATE_ROWS_MS = 10_000;

/** How long until the next try where n8n or Anchor did not answer. */
const AGAIN_MS = 30_000;

/** How long closing waits for n8n and Anchor, and when it is tried again without anybody waiting. */
const CLOSE_MS = 5_000;
const CLOSE_AGAIN_MS = [10_000, 60_000, 300_000];

/** An event that is to be run with others, and what its run carries. */
interface CollectedEvent extends PendingEvent {
	received: ReceivedEvent;
	/** Set for one from the history that no process of this n8n has taken. */
	missed?: MissedEvent;
}

/**
 * Ends the windows of a trigger that collects events: starts runs that carry all that waits here, and all that the history
 * shows beside it. Whatever happens to this process, the history holds what has not run, and the mark how far runs have come.
 */
export class Collector {
	private isOpen = false;
	private isEnding = false;

	constructor(private readonly monitor: Monitor) {
		void this.keepBeat();
	}

	private get periodMs(): number {
		return this.monitor.settings.collectMinutes * 60_000;
	}

	/** An event waits: a window begins, unless one is open. What fills the memory does not wait for its end. */
	begin(): void {
		if (this.monitor.trigger.waiting.isFull) void this.endWindow();
		if (this.isOpen) return;
		this.isOpen = true;
		void wait(this.periodMs).then(async () => await this.endWindow());
	}

	/**
	 * The part of a regular look that concerns collected events. After a start all that an earlier process has left is run;
	 * later on, what is missing joins a window.
	 * @returns whether nothing is left to be done before the next look
	 */
	async look(reading: Reading): Promise<boolean> {
		const { monitor } = this;
		if (monitor.followsAnother) return await this.run(true);
		if (fromHistory(monitor, reading).length > 0 || monitor.trigger.waiting.size > 0) this.begin();
		else settleHistory(monitor);
		return true;
	}

	/** What waits is run when n8n closes the trigger, whatever the reason; in seconds, and later where nobody answers. */
	async close(): Promise<void> {
		const { receivesAlone, waiting } = this.monitor.trigger;
		if (receivesAlone && waiting.size === 0 && !this.isOpen) return;
		await Promise.race([this.closeUntilDone(), wait(CLOSE_MS)]);
	}

	private async closeUntilDone(): Promise<void> {
		if (await this.run(false)) return;
		for (const pause of CLOSE_AGAIN_MS) {
			await wait(pause);
			if (await this.run(false)) return;
		}
	}

	private async endWindow(): Promise<void> {
		const { monitor } = this;
		this.isOpen = false;
		if (this.isEnding) return;
		this.isEnding = true;
		while (!monitor.isOver && !(await this.run(true))) await wait(AGAIN_MS);
		this.isEnding = false;
		// What came too late for this window, and whose own ended meanwhile, waits in a new one.
		if (!monitor.isOver && monitor.trigger.waiting.size > 0) this.begin();
	}

	/** Where other processes take deliveries, what they have collected shows in the history alone. */
	private async keepBeat(): Promise<void> {
		const { monitor, periodMs } = this;
		const digest = createHash('sha256').update(monitor.trigger.nodeId).digest();
		// Not all triggers at the same moment.
		const offsetMs = digest.readUInt32BE(0) % periodMs;
		await wait(periodMs - ((Date.now() + offsetMs) % periodMs));
		while (!monitor.isOver) {
			if (!monitor.trigger.receivesAlone) await this.run(true);
			await wait(periodMs);
		}
	}

	/** One at a time: a window, a look and closing may meet. @returns whether nothing is left */
	private async run(whileInService: boolean): Promise<boolean> {
		const { monitor } = this;
		return await monitor.trigger.windowQueue.run(async () => {
			if (whileInService && monitor.isOver) return true;
			try {
				return await runCollected(monitor, () => whileInService && monitor.isOver);
			} catch (cause) {
				monitor.log('debug', `running collected events: ${(cause as Error).message}`);
				return false;
			}
		});
	}
}

/** @returns whether all that was to be run has been, and nothing more can be known of */
async function runCollected(monitor: Monitor, isEnded: () => boolean): Promise<boolean> {
	const { trigger, shownMs } = monitor;
	const read = await readHistory(monitor);
	// Without the history what waits here runs all the same; how far runs have come cannot be said then.
	const missed = read === undefined ? [] : fromHistory(monitor, read.reading);
	const events = [...fromMemory(monitor, read?.reading), ...missed];
	const untilMs = read?.isWhole
		? earliest(read.reading.inHandMs, read.reading.droppedMs)
		: -Infinity;
	const shown = read?.isWhole ? shownBy(monitor, read, shownMs) : -Infinity;
	const note = async (doneMs: number) => await noteRun(monitor, Math.min(doneMs, shown));
	// All that ended before the earliest of these has run.
	if (trigger.unnotedMs.length > 0) {
		await note(Math.min(untilMs ?? Infinity, ...events.map(({ endMs }) => endMs)) - 1);
	}
	for (const portion of portionsOf(events, { ...RUN_LIMITS, untilMs })) {
		if (isEnded()) return false;
		if (trigger.unnotedMs.length + portion.events.length > MOST_UNNOTED) return false;
		if (!(await runPortion(monitor, portion))) return false;
		await note(portion.doneMs);
	}
	if (read === undefined) return trigger.receivesAlone && trigger.waiting.size === 0;
	const isDone = read.isWhole && untilMs === undefined;
	if (isDone) settleHistory(monitor);
	return isDone;
}

/**
 * By when Anchor had ended with all that this reading is sure to show: by its clock, or, should that stand still, by an
 * earlier reading.
 */
function shownBy(monitor: Monitor, { beganMs }: HistoryRead, earlierMs: number): number {
	void wait(LATE_ROWS_MS).then(() => (monitor.shownMs = Math.max(monitor.shownMs, beganMs)));
	return Math.max(earlierMs, beganMs - LATE_ROWS_MS);
}

async function runPortion(monitor: Monitor, { events }: Portion<CollectedEvent>): Promise<boolean> {
	const { trigger } = monitor;
	const received = events.map((one) => one.received);
	const load = { events: received, areDoubtful: false, witnesses: [] };
	if (!(await runTogether(monitor, load))) return false;
	for (const { event } of received) trigger.noteRun(event.id, Date.now());
	trigger.unnotedMs.push(...events.map(({ endMs }) => endMs));
	const missed = events.flatMap((one) => one.missed ?? []);
	if (missed.length > 0) monitor.log('info', recoveredLine(missed));
	return true;
}

async function noteRun(monitor: Monitor, doneMs: number): Promise<void> {
	const { trigger } = monitor;
	if (!(await noteProgress(monitor, { recoveredMs: doneMs }))) return;
	trigger.unnotedMs = trigger.unnotedMs.filter((endMs) => endMs > doneMs);
}

/** What waits in this process: as it was delivered. When Anchor ended with it stands in the history. */
function fromMemory({ trigger }: Monitor, reading: Reading | undefined): CollectedEvent[] {
	const offsetMs = anchorNow(trigger) - Date.now();
	return trigger.waiting.all().map(({ received, length, place }) => {
		const arrivedMs = received.delivery.receivedAt + offsetMs;
		const { id, created } = received.event;
		return {
			received,
			length,
			place,
			createdMs: timeOf(created) ?? arrivedMs,
			endMs: reading?.endsMs.get(id) ?? arrivedMs,
		};
	});
}

/** What the history shows beside it. */
function fromHistory(monitor: Monitor, reading: Reading): CollectedEvent[] {
	const { catchUp: givenUp } = monitor.settings;
	return reading.missing({ givenUp, answered: true }).map((one) => ({
		...one,
		received: receivedEvent(one),
		...(one.status === TAKEN ? {} : { missed: one }),
	}));
}
