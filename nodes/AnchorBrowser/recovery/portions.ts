/** An event that is to be run. Times in milliseconds of Anchor's clock. */
export interface PendingEvent {
	/** For when it was scheduled, or when it happened. */
	createdMs: number;
	/** Among those of the same moment: when it arrived, or its place in the history from the older end. */
	place: number;
	/** When Anchor ended with it. */
	endMs: number;
	/** How long it is, in characters of JSON. */
	length: number;
}

/** Events that are run before the next ones, oldest first. */
export interface Portion<T> {
	events: T[];
	/** Once they have run, all has run that Anchor had ended with by then. */
	doneMs: number;
}

export interface PortionLimits {
	/** The most events of a portion, and the most characters. */
	most: number;
	mostLength?: number;
	/** Something that is not among the events ended then, and has not run; -Infinity where nothing can be said of it. */
	untilMs?: number;
}

/**
 * Parts events into portions by when Anchor ended with them, so that after each portion one time says what has run; inside a
 * portion the oldest first, and of the same moment in the order in which they came. Pure.
 */
export function portionsOf<T extends PendingEvent>(
	events: readonly T[],
	{ most, mostLength = Infinity, untilMs = Infinity }: PortionLimits,
): Array<Portion<T>> {
	const portions: Array<Portion<T>> = [];
	let length = 0;
	for (const event of [...events].sort((one, other) => one.endMs - other.endMs)) {
		const last = portions[portions.length - 1];
		length += event.length;
		if (last && last.events.length < most && length <= mostLength) {
			last.events.push(event);
			last.doneMs = event.endMs;
			continue;
		}
		// Where the next portion ended in the same moment, that moment is not done yet.
		if (last) last.doneMs = Math.min(last.doneMs, event.endMs - 1);
		portions.push({ events: [event], doneMs: event.endMs });
		({ length } = event);
	}
	for (const portion of portions) {
		portion.events.sort((a, b) => a.createdMs - b.createdMs || a.place - b.place);
		portion.doneMs = Math.min(portion.doneMs, untilMs - 1);
	}
	return portions;
}
