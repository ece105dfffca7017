import { createHash } from 'node:crypto';
import { timeOf } from '../events/json';
import { portionsOf } from '../recovery/portions';
import type { PendingEvent } from '../recovery/portions';
import { isOwn } from '../recovery/reading';
import type { MissedEvent, Reading } from '../recovery/reading';
import { recoveredLine } from '../recovery/report';
import { anchorNow, noteProgress, readHistory, settleHistory } from './deliveryHistory';
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

/** How long after its end a monitor may still wait for a window: each publication makes another one, and a window takes a day. */
const STEP_MS = 60_000;

/** How long until the next try where n8n or Anchor did not answer. */
const AGAIN_MS = 30_000;

/** How long closing waits for n8n and Anchor, for the history alone, and when it is tried again without anybody waiting. */
const CLOSE_MS = 5_000;
const CLOSE_READING_MS = 2_500;
const CLOSE_AGAIN_MS = [10_000, 60_000, 300_000];

/** An event that is to be run with others, and what its run carries. */
interface CollectedEvent extends PendingEvent {
	received: ReceivedEvent;
	/** Set for one from the history. */
	missed?: MissedEvent;
}

/**
 * Ends the windows of a trigger that collects events: starts runs that carry all that waits here, and all that the history
 * shows beside it. Whatever happens to this process, the history holds what has not run, and the mark how far runs have come.
 */
export class Collector {
	/** The window that is open: one that ended early has another in its place when its time is over. */
	private window: object | undefined;
	private isEnding = false;
	/** Whether something is known to be left: by an earlier process, or by a run that is under way or did not end well. */
	private isBehind: boolean;
	private isClosing = false;
	/** Whether n8n waits for the end: what waits here runs without a slow history, because n8n 2 starts no run after it. */
	private isHurried = false;
	/** Lets the reading that is under way count as one that Anchor did not answer. */
	private stopReading = () => {};
	/** What Anchor had ended with by then shows in every reading of its history from now on; in milliseconds of its clock. */
	private shownMs = -Infinity;

	constructor(private readonly monitor: Monitor) {
		monitor.trigger.isCollectionOver = false;
		this.isBehind = monitor.followsAnother;
		void this.keepBeat();
	}

	private get periodMs(): number {
		return this.monitor.settings.collectMinutes * 60_000;
	}

	/** Whether nothing more is to be run here. */
	private get isOver(): boolean {
		return this.monitor.isOver && !this.isClosing;
	}

	/** An event waits: a window begins, unless one is open. What fills the memory does not wait for its end. */
	begin(): void {
		if (this.monitor.trigger.waiting.isFull) void this.endWindow();
		else if (this.window === undefined) void this.openWindow();
	}

	/**
	 * The part of a regular look that concerns collected events. After a start all that an earlier process has left is run;
	 * later on, what is missing joins a window.
	 * @returns whether nothing is left to be done before the next look
	 */
	async look(reading: Reading): Promise<boolean> {
		const { monitor } = this;
		if (monitor.followsAnother) return await this.run();
		if (this.eventsWith(reading).length > 0) this.begin();
		else settleHistory(monitor, reading);
		return true;
	}

	/** What waits is run when n8n closes the trigger, whatever the reason; in seconds, and later where nobody answers. */
	async close(): Promise<void> {
		const { trigger, settings } = this.monitor;
		const { receivesAlone, waiting } = trigger;
		const isIdle = waiting.size === 0 && this.window === undefined && !this.isBehind;
		let isDone = receivesAlone && isIdle;
		if (!isDone) {
			this.isClosing = true;
			this.isHurried = true;
			void wait(CLOSE_READING_MS).then(() => this.stopReading());
			const hasTakenLong = wait(CLOSE_MS).then(() => false);
			isDone = await Promise.race([this.closeUntilDone(), hasTakenLong]);
		}
		trigger.isCollectionOver = isDone && settings.deduplicate !== 'durable';
	}

	/** @returns whether all has run */
	private async closeUntilDone(): Promise<boolean> {
		if (await this.run()) return true;
		this.isHurried = false;
		for (const pause of [0, ...CLOSE_AGAIN_MS]) {
			if (pause > 0) await wait(pause);
			if (await this.run()) return true;
		}
		return false;
	}

	private async openWindow(): Promise<void> {
		const window = {};
		this.window = window;
		await this.monitor.pause(this.periodMs, STEP_MS);
		if (this.window === window) await this.endWindow();
	}

	private async endWindow(): Promise<void> {
		const { monitor } = this;
		this.window = undefined;
		if (this.isEnding) return;
		this.isEnding = true;
		while (!monitor.isOver && !(await this.run())) await wait(AGAIN_MS);
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
		await monitor.pause(periodMs - ((Date.now() + offsetMs) % periodMs), STEP_MS);
		while (!monitor.isOver) {
			if (!monitor.trigger.receivesAlone) await this.run();
			await monitor.pause(periodMs, STEP_MS);
		}
	}

	/** One at a time: a window, a look and closing may meet. @returns whether nothing is left */
	private async run(): Promise<boolean> {
		const { monitor } = this;
		return await monitor.trigger.windowQueue.run(async () => {
			this.isBehind = true;
			try {
				this.isBehind = !this.isOver && !(await this.runAll());
			} catch (cause) {
				monitor.log('debug', `running collected events: ${(cause as Error).message}`);
			}
			return !this.isBehind;
		});
	}

	/** @returns whether all that was to be run has been, and nothing more can be known of */
	private async runAll(): Promise<boolean> {
		const { monitor, shownMs: earlierMs } = this;
		const { trigger } = monitor;
		const reading = await this.read();
		const beganMs = reading?.beganMs ?? -Infinity;
		void wait(LATE_ROWS_MS).then(() => (this.shownMs = Math.max(this.shownMs, beganMs)));
		// What this reading is sure to show: by Anchor's clock, or, should that stand still, by an earlier reading.
		const shownMs = Math.max(earlierMs, beganMs - LATE_ROWS_MS);
		// Without the history what waits here runs all the same; how far runs have come cannot be said then.
		const untilMs = reading?.untilMs ?? -Infinity;
		const events = this.eventsWith(reading);
		const note = async (doneMs: number) => await this.note(Math.min(doneMs, shownMs));
		// All that ended before the earliest of these has run.
		if (trigger.unnotedMs.length > 0) {
			await note(events.reduce((firstMs, { endMs }) => Math.min(firstMs, endMs), untilMs) - 1);
		}
		for (const portion of portionsOf(events, { ...RUN_LIMITS, untilMs })) {
			if (this.isOver) return false;
			if (trigger.unnotedMs.length + portion.events.length > MOST_UNNOTED) return false;
			if (!(await this.runPortion(portion.events))) return false;
			await note(portion.doneMs);
		}
		if (reading === undefined) {
			return !this.isHurried && trigger.receivesAlone && trigger.waiting.size === 0;
		}
		if (untilMs < Infinity) return false;
		settleHistory(monitor, reading);
		return true;
	}

	/** @returns undefined where it cannot be had: Anchor does not answer, or takes too long, or the credential is gone */
	private async read(): Promise<Reading | undefined> {
		return await new Promise((resolve) => {
			this.stopReading = () => resolve(undefined);
			void readHistory(this.monitor).then(resolve, () => resolve(undefined));
		});
	}

	private async runPortion(portion: readonly CollectedEvent[]): Promise<boolean> {
		const { monitor } = this;
		const { trigger } = monitor;
		const events = portion.map(({ received }) => received);
		if (!(await runTogether(monitor, { events }))) return false;
		for (const { event } of events) trigger.noteRun(event.id, Date.now());
		trigger.unnotedMs.push(...portion.map(({ endMs }) => endMs));
		const fromHistory = portion.flatMap((one) => one.missed ?? []);
		// What another process of this n8n has taken was not missed.
		const missed = fromHistory.filter(({ row }) => !isOwn(row.response_status));
		if (missed.length > 0) monitor.log('info', recoveredLine(missed));
		return true;
	}

	private async note(doneMs: number): Promise<void> {
		const { trigger } = this.monitor;
		// Does not wait for an Anchor that is silent.
		if (doneMs === -Infinity) return;
		if (!(await noteProgress(this.monitor, { recoveredMs: doneMs }))) return;
		trigger.unnotedMs = trigger.unnotedMs.filter((endMs) => endMs > doneMs);
	}

	/** What waits in this process, as it was delivered, and what the history shows beside it. */
	private eventsWith(reading: Reading | undefined): CollectedEvent[] {
		const { trigger, settings } = this.monitor;
		const offsetMs = anchorNow(trigger) - Date.now();
		const waiting = trigger.waiting.all().map(({ received, length, place }): CollectedEvent => {
			const arrivedMs = received.delivery.receivedAt + offsetMs;
			const { id, created } = received.event;
			const createdMs = timeOf(created) ?? arrivedMs;
			// When Anchor ended with it stands in the history.
			const endMs = reading?.endsMs.get(id) ?? arrivedMs;
			return { received, length, place, createdMs, endMs };
		});
		const missing = reading?.missing({ givenUp: settings.catchUp, answered: true }) ?? [];
		return [
			...waiting,
			...missing.map((one) => ({ ...one, received: receivedEvent(one), missed: one })),
		];
	}
}
