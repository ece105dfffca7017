import type { ReceivedEvent } from './runItem';

/** An event that is collected and has not run. */
export interface WaitingEvent {
	received: ReceivedEvent;
	/** How long its delivery was, in bytes. */
	length: number;
	/** Its place among all that came. */
	place: number;
}

/** So many bytes of deliveries make a window end early. */
const FULL_AT = 20_000_000;

/** Beyond so many nothing more is kept here: Anchor's history holds it. */
const MOST = 2 * FULL_AT;

/** The collected events of one trigger that wait for their run in this process, in the order in which they came. */
export class WaitingEvents {
	private readonly byId = new Map<string, WaitingEvent>();
	private length = 0;
	private count = 0;

	get size(): number {
		return this.byId.size;
	}

	/** Whether they take as much memory as they may. */
	get isFull(): boolean {
		return this.length >= FULL_AT;
	}

	all(): WaitingEvent[] {
		return [...this.byId.values()];
	}

	has(eventId: string): boolean {
		return this.byId.has(eventId);
	}

	/** @param length of the delivery, in bytes */
	add(received: ReceivedEvent, length: number): void {
		if (this.length + length > MOST || this.byId.has(received.event.id)) return;
		this.length += length;
		this.byId.set(received.event.id, { received, length, place: ++this.count });
	}

	/** Forgets an event, because it has run. */
	delete(eventId: string): void {
		this.length -= this.byId.get(eventId)?.length ?? 0;
		this.byId.delete(eventId);
	}
}
