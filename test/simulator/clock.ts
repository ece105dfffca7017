/**
 * Two readings of one clock. Deliveries are signed with the true time, because the receiver compares it with its own;
 * whatever else Anchor dates or keeps (rotated secrets, history) follows a time that a test may move.
 */
export class Clock {
	private offsetMs = 0;

	constructor(private readonly source: () => number) {}

	/** The true time, in milliseconds: for the signed timestamps of deliveries. */
	now(): number {
		return this.source();
	}

	/** The service's own time, in milliseconds: for its dates and the age of what is stored. */
	serviceNow(): number {
		return this.source() + this.offsetMs;
	}

	/** Lets `ms` milliseconds pass for what the service keeps. */
	advance(ms: number): void {
		this.offsetMs += ms;
	}

	reset(): void {
		this.offsetMs = 0;
	}
}
