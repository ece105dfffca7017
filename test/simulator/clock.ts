/**
 * Two readings of one clock. Deliveries are stamped with the true time, because the receiver compares them with its
 * own; what Anchor keeps (rotated secrets, history) ages by a time that a test may move forward.
 */
export class Clock {
	private offsetMs = 0;

	constructor(private readonly source: () => number) {}

	/** The true time, in milliseconds: for timestamps of deliveries. */
	now(): number {
		return this.source();
	}

	/** The service's own time, in milliseconds: for the age of what is stored. */
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
