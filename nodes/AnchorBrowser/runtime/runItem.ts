import { randomUUID } from 'node:crypto';
import type { AnchorEvent } from '../events/event';
import { isObject } from '../events/json';
import type { DeliveryNote } from '../output/format';
import { parseState } from '../registration/state';
import type { RegistrationState } from '../registration/state';

/** Tells this process from every other one of the same n8n, and from itself before a restart. */
export const PROCESS = randomUUID();

/** An event on its way into a run: the one item of `webhook()`, or one of those in an item that `trigger()` emits. */
export interface ReceivedEvent {
	event: AnchorEvent;
	delivery: DeliveryNote;
	/** The process that received it, see `PROCESS`. */
	receivedBy: string;
}

/** The one item of a run that `trigger()` starts. */
export interface StartedRun {
	/** The process that started it, and its number there (`AwaitedRuns`). */
	startedBy: string;
	run: number;
	/** What the run carries, oldest first. */
	events: ReceivedEvent[];
	/**
	 * Whether another run may have taken these events, and only n8n's store of processed events can tell: without its answer
	 * none of them goes on.
	 */
	areDoubtful: boolean;
	/** Events that have surely run: a store that does not know them has been put back, and cannot tell. */
	witnesses: string[];
	/** A registration whose secret the other processes may not have: this run writes it into static data. */
	registration?: RegistrationState;
}

/** An event as `webhook()` hands it to `execute()`. */
export const toReceivedEvent = (item: Omit<ReceivedEvent, 'receivedBy'>): ReceivedEvent => ({
	...item,
	receivedBy: PROCESS,
});

/** Whether an item is what `webhook()` hands over, and not what a user pinned or edited. */
export const isReceivedEvent = (json: unknown): json is ReceivedEvent =>
	isObject(json) && 'event' in json && 'delivery' in json;

/** Whether an item is what `trigger()` emits. */
export const isStartedRun = (json: unknown): json is StartedRun =>
	isObject(json) && 'startedBy' in json && Array.isArray(json.events);

/** The registration that a run brings along, if it does. */
export const registrationIn = ({ registration }: StartedRun): RegistrationState | undefined =>
	parseState(registration);
