import type { DeliveryRow } from '../api/webhooks';
import { isSubscribed, judgeFilters } from '../delivery/filters';
import type { EventFilters } from '../delivery/filters';
import type { AnchorEvent } from '../events/event';
import { timeOf } from '../events/json';
import { recoveredEvent } from './recoveredEvent';

/** The row statuses of a delivery that Anchor has given up: `failed` by a 4xx, `dead` after the last attempt. */
export const GIVEN_UP = ['failed', 'dead'] as const;

/** The row status of a delivery that was answered with 2xx. */
export const DELIVERED = 'succeeded';

/** What decides which events are missing. Times are Anchor's, in milliseconds: they are compared with each other only. */
export interface MissedInput {
	/** Rows of the trigger's webhook, in any order, some perhaps twice. */
	rows: readonly DeliveryRow[];
	/** The project of the webhook; '' when Anchor did not say. */
	projectId: string;
	/** What the trigger listens to. */
	wanted: { events: readonly string[]; filters: EventFilters };
	/** Since when it does: what was scheduled before is not missing. */
	sinceMs: number;
	/** What Anchor had given up by then has been recovered; undefined when nothing has. */
	recoveredMs: number | undefined;
	/** Since when this signing secret signs: a delivery that was refused with 401 after that had another one. */
	secretSinceMs: number;
	/** Whether this process has met the event, delivered or recovered. */
	isKnown(eventId: string): boolean;
	/** Whether n8n has the event in hand and may still refuse it: its sender hung up before there was an answer. */
	isInHand(eventId: string): boolean;
	/**
	 * Since when this n8n runs; undefined when deliveries that Anchor holds delivered are not to be doubted. Those of
	 * before are doubtful where n8n may have been dying, those of since then where a proxy or n8n's own start may have
	 * answered by itself.
	 */
	startedMs: number | undefined;
	/** Whether deliveries from before then are doubted as well. */
	isStart: boolean;
}

/** An event from the history, and Anchor's id of its delivery. */
export interface MissedEvent {
	event: AnchorEvent;
	deliveryId: string;
}

/** What Anchor's history holds and the workflow may never have got. Lists are oldest first, each event once. */
export interface Missed {
	/** Given up by Anchor. */
	givenUp: MissedEvent[];
	/** Answered with 2xx, though perhaps not by this trigger: only n8n's store of processed events can tell. */
	doubtful: MissedEvent[];
	/**
	 * Deliveries from before the doubtful ones, which have surely run. If n8n's store does not know them either, then it
	 * is the store that has forgotten (a restored database), and the doubtful ones have run, too.
	 */
	witnesses: string[];
	/** When the last attempt for one of the given-up events ended; undefined when there are none. */
	givenUpMs: number | undefined;
	/** Whether n8n has one of the given-up events in hand: it is missing if n8n refuses it in the end. */
	isUnsettled: boolean;
	/** The fields of conditions that could not be judged, and therefore did not hold. */
	unjudged: string[];
	/** Given-up events whose rows came without their payload: nothing is made up for them. */
	withoutPayload: string[];
	/** Whether a delivery was refused with 401 although the secret here had been in use by then. */
	secretIsWrong: boolean;
}

/** How long an n8n that is dying has accepted deliveries that it will not run any more. */
const DYING_MS = 60_000;

/** Enough to tell a store that has forgotten from one that has not. */
const MAX_WITNESSES = 10;

/**
 * Decides what is missing, from rows of Anchor's delivery history. Pure. Judged like a delivery: only selected events
 * that pass the filters and that this process has not met. What another row of the same event shows as delivered, or
 * Anchor is still trying, is not given up.
 */
export function findMissed(input: MissedInput): Missed {
	const { rows, sinceMs, secretSinceMs, startedMs } = input;
	const inTime = rows.filter((row) => (timeOf(row.scheduled_at) ?? 0) >= sinceMs);
	const open = new Set(
		inTime.filter(({ status }) => !isGivenUp(status)).map((row) => row.external_event_id),
	);
	const givenUp = inTime.filter(
		(row) => isGivenUp(row.status) && !open.has(row.external_event_id) && !isRecovered(row, input),
	);
	const delivered = inTime.filter(({ status }) => status === DELIVERED);
	const doubtSinceMs =
		startedMs !== undefined && input.isStart ? doubtFrom(delivered, startedMs, input) : startedMs;
	const unjudged = new Set<string>();
	const eventsIn = (list: readonly DeliveryRow[]) => eventsOf(list, input, unjudged);
	const isDoubtful = (row: DeliveryRow) => endOf(row) >= (doubtSinceMs ?? Infinity);
	return {
		givenUp: eventsIn(givenUp),
		doubtful: eventsIn(delivered.filter(isDoubtful)),
		witnesses: eventsIn(delivered.filter((row) => doubtSinceMs !== undefined && !isDoubtful(row)))
			.slice(-MAX_WITNESSES)
			.map(({ event }) => event.id),
		givenUpMs: givenUp.length === 0 ? undefined : Math.max(...givenUp.map(endOf)),
		isUnsettled: givenUp.some((row) => input.isInHand(row.external_event_id)),
		unjudged: [...unjudged],
		withoutPayload: givenUp
			.filter(
				({ payload, external_event_id: id, event_type: type }) =>
					payload === undefined && !input.isKnown(id) && isSubscribed(type, input.wanted.events),
			)
			.map(({ external_event_id: id }) => id),
		secretIsWrong: inTime.some(
			(row) => row.status === 'failed' && row.response_status === 401 && endOf(row) > secretSinceMs,
		),
	};
}

/**
 * From when on a delivered event is doubtful. Traffic ends when n8n dies, so the last delivery before its start is the
 * last that the dying one took, however long ago that is. Where there is none, all that is unknown is doubtful.
 */
function doubtFrom(
	delivered: readonly DeliveryRow[],
	startedMs: number,
	{ isKnown }: MissedInput,
): number {
	const before = delivered
		.filter((row) => !isKnown(row.external_event_id))
		.map(endOf)
		.filter((at) => at < startedMs - DYING_MS);
	return Math.max(...before) - DYING_MS;
}

function eventsOf(
	rows: readonly DeliveryRow[],
	{ wanted, projectId, isKnown }: MissedInput,
	unjudged: Set<string>,
): MissedEvent[] {
	const found = new Map<string, MissedEvent>();
	for (const row of [...rows].sort(bySchedule)) {
		const { id: deliveryId, external_event_id: id, payload } = row;
		if (payload === undefined || found.has(id) || isKnown(id)) continue;
		const event = recoveredEvent({ ...row, payload }, projectId);
		if (!isSubscribed(event.type, wanted.events)) continue;
		const judged = judgeFilters(event, wanted.filters);
		for (const field of judged.unjudged ?? []) unjudged.add(field);
		if (judged.holds) found.set(id, { event, deliveryId });
	}
	return [...found.values()];
}

/** Whether it has been recovered, whatever n8n's store of processed events still knows: the database may be an older one. */
function isRecovered({ completed_at }: DeliveryRow, { recoveredMs }: MissedInput): boolean {
	return (timeOf(completed_at) ?? Infinity) <= (recoveredMs ?? -Infinity);
}

function isGivenUp(status: string): boolean {
	return GIVEN_UP.some((one) => one === status);
}

/** When its last attempt ended, in milliseconds. */
function endOf(row: DeliveryRow): number {
	return timeOf(row.completed_at) ?? timeOf(row.scheduled_at) ?? 0;
}

/** A row without a time, which only a `sinceMs` of 0 lets in, comes first. */
function bySchedule(one: DeliveryRow, other: DeliveryRow): number {
	return (timeOf(one.scheduled_at) ?? 0) - (timeOf(other.scheduled_at) ?? 0);
}
