import { EventMemory, NOTHING_SEEN } from '../delivery/dedupe';
import type { SeenEvents } from '../delivery/dedupe';
import { HistoryReader } from '../recovery/history';
import type { EndRequest } from '../registration/end';
import type { MarkNote, Mode } from '../registration/mark';
import { UNTOUCHED } from '../registration/teardown';
import type { Course } from '../registration/teardown';
import { AwaitedRuns } from './awaitedRuns';
import { Mutex } from './mutex';
import { Registration } from './registration';
import { StoreQueue } from './storeQueue';
import { WaitingEvents } from './waitingEvents';

/** What of a webhook stands at Anchor alone. */
export interface AnchorFacts {
	/** Of the webhook, '' when Anchor did not say. */
	projectId: string;
	/** What its mark notes. */
	note: MarkNote;
	/** How far Anchor's clock is ahead of this machine's, in milliseconds. */
	clockOffsetMs: number;
}

/** A webhook that is to be removed, or disabled, some time from now. */
export interface PendingRemoval extends EndRequest {
	/** Whether n8n had not called `trigger()`: if it does, the workflow is active all the same. */
	isUnlessRunning: boolean;
	/** Settles when it was first tried; undefined where that is not within seconds. */
	firstTry?: Promise<unknown>;
}

/** Whoever sends forgeries must not make the refusals forgotten that the next look asks about, 15 minutes later. */
const MISMATCH_EVERY_MS = 60_000;
const MOST_MISMATCHES = 60;

/** What one process knows of one trigger. `triggers.ts` finds it and frees it. */
export class Trigger {
	readonly production: Registration;
	/** While somebody listens in the editor. */
	readonly test: Registration;
	/** What changes a registration waits its turn here. */
	readonly registrationQueue = new Mutex();
	/** The way to n8n's store of processed events. */
	readonly store = new StoreQueue();
	/** The events that were delivered to this process, or that it has recovered. */
	readonly seen = new EventMemory();
	/** Those that its filters refused: where expressions decide, a later judgement may be another one. */
	readonly refused = new EventMemory({ maxIds: 5_000 });
	/**
	 * Those that this process has from the history, so that it has not answered their deliveries; known as long as they are
	 * known as seen, or the answers that they got would look like ours, changed by a proxy.
	 */
	readonly recovered = new EventMemory();
	/** The events that are collected and have not run; each waits here until a run has claimed it. */
	readonly waiting = new WaitingEvents();
	/** The events that have run here: where they are collected, having seen one does not mean that it has run. */
	readonly ran = new EventMemory();
	/** What ends a window, by time, by a look or by closing, waits its turn here. */
	readonly windowQueue = new Mutex();
	/** When Anchor had ended with the collected events that have run, and of which its mark does not say so yet. */
	unnotedMs: number[] = [];
	/**
	 * Whether all that was collected had run when n8n closed the trigger, and n8n's store does not get to know what runs one by
	 * one from then on: should collecting be switched on again, that must not look as if it waited.
	 */
	isCollectionOver = false;
	/** When n8n closed it while it collected, this machine's time in milliseconds; undefined while it is looked after. */
	closedAtMs: number | undefined;
	/** Whether other processes are known to take deliveries for this trigger, as in n8n's queue mode. */
	othersReceive = false;
	/** What the last look at Anchor has shown. */
	anchor: AnchorFacts | undefined;
	/** The readers of its webhooks' histories: what they have settled stays so over a publication. */
	readonly histories = new Map<string, HistoryReader>();
	/**
	 * Since when this process looks after the trigger without another one in between: before a publication, what it took is as
	 * much its own. This machine's time in milliseconds; used for how long ago something was, never beside Anchor's.
	 */
	startedAtMs: number | undefined;
	/** The runs that this process has started by itself, until a run here takes them up. */
	readonly awaitedRuns = new AwaitedRuns();
	/** Looks after the trigger from n8n's `trigger()` to its `closeFunction`, in one process of this n8n. */
	monitor: { isOver: boolean; collector: { begin(): void } | undefined } | undefined;
	/**
	 * The webhooks that n8n has taken out of service and that still stand at Anchor; test ones where Anchor could not remove
	 * them. One of production that is gone from here when its time comes is wanted again.
	 */
	readonly removals = new Set<PendingRemoval>();
	/** Whether the user keeps the webhook: then Anchor may send again what came before a deactivation. */
	isKeptByUser = false;
	/** What n8n has done with it in production, as far as it tells what the next `delete()` means. */
	course: Course = UNTOUCHED;
	/** Whether production runs are carried out in this process, as they are outside of n8n's queue mode. */
	carriesOutRuns = false;
	/** Whether this process has judged a delivery. Where others receive, the history alone tells what they answered. */
	hasReceived = false;
	/** When deliveries matched none of the secrets: the last ones, a minute apart; this machine's milliseconds. */
	readonly mismatchesMs: number[] = [];
	/** When one was last answered slowly. */
	slowAtMs: number | undefined;
	/** When the secret was last rotated because it was wrong. */
	rotatedAtMs: number | undefined;
	/** When n8n last called; this machine's milliseconds. */
	calledAtMs = 0;

	constructor(
		readonly workflowId: string,
		readonly nodeId: string,
	) {
		this.production = new Registration('production', workflowId, nodeId);
		this.test = new Registration('test', workflowId, nodeId);
	}

	/**
	 * Whether this process takes all deliveries of the trigger itself. Until it has taken one, or carried out a run, others may;
	 * what the history shows of them settles it.
	 */
	get receivesAlone(): boolean {
		return !this.othersReceive && (this.hasReceived || this.carriesOutRuns);
	}

	/** The reader of one webhook's history. */
	historyOf(webhookId: string): HistoryReader {
		const reader = this.histories.get(webhookId) ?? new HistoryReader(webhookId);
		this.histories.set(webhookId, reader);
		return reader;
	}

	/** The production or the test registration. */
	registrationOf(mode: Mode): Registration {
		return mode === 'test' ? this.test : this.production;
	}

	/**
	 * What `webhook()` is to know of events that came before. While the editor listens and with `deduplicate: off`
	 * nothing, so that no event is swallowed.
	 */
	seenBy(isForgetful: boolean): SeenEvents {
		return isForgetful ? NOTHING_SEEN : this.seen;
	}

	/** Remembers that a delivery matched none of the secrets. */
	noteMismatch(nowMs: number): void {
		const lastMs = this.mismatchesMs[this.mismatchesMs.length - 1] ?? -Infinity;
		if (Math.abs(nowMs - lastMs) < MISMATCH_EVERY_MS) return;
		this.mismatchesMs.push(nowMs);
		if (this.mismatchesMs.length > MOST_MISMATCHES) this.mismatchesMs.shift();
	}

	/** Remembers that an event has run, or that another run has it. */
	noteRun(eventId: string, nowMs: number): void {
		this.seen.commit(eventId, nowMs);
		this.ran.commit(eventId, nowMs);
		this.waiting.delete(eventId);
	}

	/** Whether this process has something to do for the trigger by itself. */
	get isAttended(): boolean {
		return (
			this.monitor !== undefined ||
			this.removals.size > 0 ||
			!this.registrationQueue.isFree ||
			!this.windowQueue.isFree ||
			!this.store.isFree
		);
	}

	/**
	 * Whether nothing is left to be done: n8n has closed the trigger, and no webhook of it stands at Anchor, is being changed
	 * or awaits its end. A disabled webhook is kept in mind, so that coming back finds its secret.
	 */
	get isOver(): boolean {
		return (
			!this.isAttended &&
			!this.isKeptByUser &&
			this.course.activation === undefined &&
			this.waiting.size === 0 &&
			[this.production, this.test].every(
				({ state, isInService, isChanging }) => !state && !isInService && !isChanging,
			)
		);
	}
}
