import type { DeliveryRow } from '../api/webhooks';
import { isSubscribed, judgeFilters } from '../delivery/filters';
import type { EventFilters } from '../delivery/filters';
import { ACCEPTED_STATUS, IGNORED_STATUS } from '../delivery/verdict';
import type { AnchorEvent } from '../events/event';
import { jsonText, timeOf } from '../events/json';
import type { PendingEvent } from './portions';
import { recoveredEvent } from './recoveredEvent';

/** The row status of a delivery that was answered with 2xx. */
const DELIVERED = 'succeeded';

/** The row statuses of a delivery that Anchor has given up: by a 4xx, or after the last attempt. */
const GIVEN_UP = ['failed', 'dead'];

/** The most events of one kind that are kept in mind, and characters in them; beyond it, the next reading has the rest. */
const MOST_KEPT = 5_000;
const MOST_CHARACTERS = 20_000_000;

/** How many of those that other processes have taken: somewhat more than are asked about (see `planRecovery`). */
const MOST_TAKEN = 1_200;

/** What decides which rows matter. Times are Anchor's, in milliseconds: they are compared with each other only. */
export interface ReadingInput {
	/** When the reading begins. */
	nowMs: number;
	/** Anchor's id of the webhook; what a former one was answered says nothing of the secret of this one. */
	webhookId: string;
	/** The project of the webhook; '' when Anchor did not say. */
	projectId: string;
	/** What the trigger listens to. */
	wanted: { events: readonly string[]; filters: EventFilters };
	/** Since when it does: what was scheduled before is not missing. */
	sinceMs: number;
	/** What Anchor had ended with by then has run. */
	doneMs: number;
	/** Since when deliveries are collected: 202 does not say then that one has run. Undefined while each is run at once. */
	collectedSinceMs: number | undefined;
	/** Since when this process takes deliveries. */
	startedMs: number;
	/** What ended by then this process may have met and forgotten; -Infinity while it remembers all. */
	forgottenMs: number;
	/** Whether this process has met the event: delivered, refused by its filters, or recovered. */
	isKnown(eventId: string): boolean;
	/** Whether it has met the event in the history alone, so that another answer than ours is no sign of anything. */
	isRecovered(eventId: string): boolean;
	/** Whether n8n has the event in hand and may still refuse it: its sender hung up before there was an answer. */
	isInHand(eventId: string): boolean;
}

/** An event from the history, and the row that shows it. */
export interface MissedEvent extends PendingEvent {
	event: AnchorEvent;
	row: DeliveryRow;
}

/**
 * One reading of a trigger's delivery history: takes rows page by page, in any order, some perhaps twice, and keeps what
 * may be missing. Judged like a delivery, unless one was and has got our 202: only selected events that pass the filters and
 * that this process has not met.
 * Pure; of what is not missing it keeps ids and times, and so many rows.
 */
export class Reading {
	/** Given up by Anchor, those that it gave up first. */
	private readonly givenUp = new EarliestEnded();
	/** Answered with 2xx by something else, unless `isMasked`; or collected, so that they have perhaps not run. */
	private readonly foreign = new EarliestEnded();
	/** Taken by an earlier process or another one: it, or its worker, may have died before the run began. The last ones. */
	readonly taken: DeliveryRow[] = [];
	/** Events that another row shows as delivered, or that Anchor still tries. */
	private readonly open = new Set<string>();
	/** When the last delivery ended of events that this process has met. */
	readonly endsMs = new Map<string, number>();
	/** When deliveries ended that were answered with 401. */
	readonly unauthorizedMs: number[] = [];
	/** The fields of conditions that could not be judged, and therefore did not hold. */
	readonly unjudged = new Set<string>();
	/** Given-up events whose rows came without their payload: nothing is made up for them. */
	readonly withoutPayload = new Set<string>();
	/** For when the earliest delivery was scheduled that Anchor still tries. */
	pendingMs = Infinity;
	/** Whether all rows were read. */
	isWhole = true;
	/** When Anchor answered with the first of them, by its own clock. */
	beganMs = Infinity;
	/** When the earliest delivery ended of which n8n has the event in hand: it is missing if n8n refuses it in the end. */
	private inHandMs = Infinity;
	/** Whether a row shows an answer that only this node gives. */
	private hasOwnStatus = false;
	/** Whether a delivery that this process has surely answered shows another answer: something in front of n8n changes them. */
	private isChanged = false;
	/** Whether somebody else takes deliveries for this trigger: other processes, in n8n's queue mode. */
	othersReceive = false;
	/** When deliveries were scheduled that n8n did not take at the first attempt, in steps. */
	private readonly outages = new Set<number>();
	private rows = 0;
	private lastMs: number | undefined;
	/** How many more rows are younger than the one before them than are older. */
	private younger = 0;

	constructor(readonly input: ReadingInput) {}

	/** Whether an answer of ours cannot be told from another one, so that only n8n's store knows what has run. */
	get isMasked(): boolean {
		return this.isChanged || !this.hasOwnStatus;
	}

	/**
	 * Each event once, ended when the last of its deliveries did: once that is noted as done, none is looked at again. Places
	 * count from the older end of the history, which the rows must tell, because Anchor does not.
	 */
	private eachOnce(events: readonly MissedEvent[]): MissedEvent[] {
		const byId = new Map<string, MissedEvent>();
		for (const one of events) {
			const endMs = Math.max(one.endMs, byId.get(one.event.id)?.endMs ?? -Infinity);
			byId.set(one.event.id, { ...one, endMs, place: this.younger < 0 ? -one.place : one.place });
		}
		return [...byId.values()];
	}

	/** What other processes have taken. */
	takenEvents(): MissedEvent[] {
		const found = this.taken.flatMap((row, place) => {
			const event = this.wantedEvent(row);
			return event === undefined ? [] : [{ ...event, place }];
		});
		return this.eachOnce(found);
	}

	/**
	 * What is missing.
	 * @param kinds `givenUp` by Anchor, `answered` in place of this node
	 */
	missing(kinds: { givenUp?: boolean; answered?: boolean }): MissedEvent[] {
		const found = [
			...(kinds.givenUp ? this.givenUp.events : []),
			...(kinds.answered ? this.foreign.events : []),
		];
		// What was collected waits for its run, whatever becomes of another delivery of it.
		return this.eachOnce(
			found.filter(({ event, row }) => isOwn(row.response_status) || !this.open.has(event.id)),
		);
	}

	/**
	 * When the earliest ended of what may be missing and is not told, because n8n has it in hand or there is so much; Infinity
	 * where all is told, -Infinity where not all was read.
	 */
	get untilMs(): number {
		if (!this.isWhole) return -Infinity;
		return Math.min(this.inHandMs, this.givenUp.droppedMs, this.foreign.droppedMs);
	}

	/** Whether there was no row at all. */
	get isEmpty(): boolean {
		return this.rows === 0;
	}

	/** Whether n8n did not take a delivery at the first attempt within so many milliseconds after this moment. */
	hasOutageAfter(ms: number, withinMs: number): boolean {
		for (let step = stepOf(ms); step <= stepOf(ms + withinMs); step++) {
			if (this.outages.has(step)) return true;
		}
		return false;
	}

	add(row: DeliveryRow): void {
		const createdMs = timeOf(row.scheduled_at) ?? timeOf(row.completed_at) ?? 0;
		this.rows += 1;
		this.younger += Math.sign(createdMs - (this.lastMs ?? createdMs));
		this.lastMs = createdMs;
		if (createdMs < this.input.sinceMs) return;
		if (row.status !== DELIVERED || row.attempt > 1) this.outages.add(stepOf(createdMs));
		if (row.status === DELIVERED) this.addDelivered(row);
		else if (GIVEN_UP.includes(row.status)) this.addGivenUp(row);
		else {
			this.open.add(row.external_event_id);
			this.pendingMs = Math.min(this.pendingMs, createdMs);
		}
	}

	private addGivenUp(row: DeliveryRow): void {
		const isOfThisOne = row.webhookId === this.input.webhookId;
		if (row.response_status === 401 && isOfThisOne) this.unauthorizedMs.push(endOf(row));
		if (this.isDone(row)) return;
		const { external_event_id: id, event_type: type } = row;
		if (this.input.isInHand(id)) this.inHandMs = Math.min(this.inHandMs, endOf(row));
		else if (this.input.isKnown(id)) this.noteEnd(row);
		else if (row.payload !== undefined) this.keep(row, this.givenUp);
		else if (isSubscribed(type, this.input.wanted.events)) this.withoutPayload.add(id);
	}

	private addDelivered(row: DeliveryRow): void {
		const { external_event_id: id, response_status: status } = row;
		const { isKnown, isRecovered, startedMs, forgottenMs, collectedSinceMs } = this.input;
		const isOurs = isOwn(status);
		this.hasOwnStatus ||= isOurs;
		if (isOurs && collectedSinceMs === undefined) this.open.add(id);
		if (isKnown(id)) {
			this.isChanged ||= !isOurs && !isRecovered(id);
			this.noteEnd(row);
			return;
		}
		const endMs = endOf(row);
		const isOfThisLife = endMs >= startedMs;
		const isTaken = status === ACCEPTED_STATUS && !(isOfThisLife && endMs <= forgottenMs);
		this.othersReceive ||= isTaken && isOfThisLife;
		// What was taken waits for its run where deliveries are collected; so may what a repetition was refused for.
		const mayWait =
			collectedSinceMs !== undefined && (status === ACCEPTED_STATUS || mayRepeat(row));
		const isMissing = mayWait ? endMs > collectedSinceMs : !isOurs;
		if (isMissing && !this.isDone(row)) this.keep(row, this.foreign);
		else if (isTaken && !mayWait) keepLatest(this.taken, row);
	}

	private noteEnd(row: DeliveryRow): void {
		const { external_event_id: id } = row;
		this.endsMs.set(id, Math.max(endOf(row), this.endsMs.get(id) ?? 0));
	}

	private isDone(row: DeliveryRow): boolean {
		return endOf(row) <= this.input.doneMs;
	}

	private keep(row: DeliveryRow, list: EarliestEnded): void {
		const missed = this.wantedEvent(row);
		if (missed !== undefined) list.add(missed);
	}

	/** The event of a row, if it is wanted. What got our 202 was, when it came and by all that came with it. */
	private wantedEvent(row: DeliveryRow): MissedEvent | undefined {
		const { wanted, projectId } = this.input;
		const { payload } = row;
		if (payload === undefined || !isSubscribed(row.event_type, wanted.events)) return undefined;
		const event = recoveredEvent({ ...row, payload }, projectId);
		if (row.response_status !== ACCEPTED_STATUS) {
			const { holds, unjudged = [] } = judgeFilters(event, wanted.filters);
			for (const field of unjudged) this.unjudged.add(field);
			if (!holds) return undefined;
		}
		return {
			event,
			row,
			endMs: endOf(row),
			createdMs: timeOf(row.scheduled_at) ?? 0,
			place: this.rows,
			length: jsonText(payload).length,
		};
	}
}

/** Whether this node alone answers so, of all that stands between Anchor and a workflow. */
export function isOwn(status: number | null): boolean {
	return status === ACCEPTED_STATUS || status === IGNORED_STATUS;
}

/**
 * Whether a refusal may be that of a repetition: Anchor had no answer to an attempt before. Anything else that was answered so
 * was not wanted, or another row tells of it.
 */
function mayRepeat({ response_status: status, attempt }: DeliveryRow): boolean {
	return status === IGNORED_STATUS && attempt > 1;
}

/** Missed events, of which only the earliest-ended are kept: each event once. */
class EarliestEnded {
	private readonly byId = new Map<string, MissedEvent>();
	private characters = 0;
	/** When the earliest ended of those that were dropped. */
	droppedMs = Infinity;

	get events(): MissedEvent[] {
		return [...this.byId.values()];
	}

	add(missed: MissedEvent): void {
		const known = this.byId.get(missed.event.id);
		if (known !== undefined) {
			known.endMs = Math.max(known.endMs, missed.endMs);
			return;
		}
		this.byId.set(missed.event.id, missed);
		this.characters += missed.length;
		if (this.byId.size >= 2 * MOST_KEPT || this.characters >= 2 * MOST_CHARACTERS) this.drop();
	}

	/** Drops those that ended last, but for the first of all. */
	private drop(): void {
		for (const { event, length, endMs } of this.events.sort((a, b) => b.endMs - a.endMs)) {
			const { size } = this.byId;
			if (size === 1 || (size <= MOST_KEPT && this.characters <= MOST_CHARACTERS)) return;
			this.byId.delete(event.id);
			this.characters -= length;
			this.droppedMs = Math.min(this.droppedMs, endMs);
		}
	}
}

/** Keeps a row among the latest-ended. */
function keepLatest(rows: DeliveryRow[], row: DeliveryRow): void {
	rows.push(row);
	if (rows.length < 2 * MOST_TAKEN) return;
	rows.sort((one, other) => endOf(one) - endOf(other));
	rows.splice(0, MOST_TAKEN);
}

/** Ten seconds are a step: of hours without n8n some hundred remain in mind. */
const stepOf = (ms: number): number => Math.floor(ms / 10_000);

/** When a row's last attempt ended, in milliseconds of Anchor's clock. */
function endOf(row: DeliveryRow): number {
	return timeOf(row.completed_at) ?? timeOf(row.scheduled_at) ?? 0;
}
