/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */

/** The waits that a node begins with `AbortSignal.timeout`, in the hands of a test. */
export interface FakeTimers {
	/** How long each wait that has not ended still takes, in milliseconds, soonest first; nobody can cancel one. */
	readonly pending: number[];
	/**
	 * Lets time pass for the waits, not for `Date`: ends those that are due, one by one in their order, also those begun
	 * meanwhile. After each, what it caused goes on: some local requests, one after the other, come to their end.
	 * @param ms how much, in milliseconds
	 * @param effects awaited after each wait that ends, where the effects take longer
	 */
	advance(ms: number, effects?: () => Promise<unknown>): Promise<void>;
	/** Gives `AbortSignal.timeout` back; what still waits never ends. */
	restore(): void;
}

/** Turns of the event loop after each step; a local HTTP exchange takes about ten. */
const TURNS = 200;

/** Replaces `AbortSignal.timeout`, the one way to wait that n8n allows a node, until `restore()`. */
export function fakeTimers(): FakeTimers {
	const real = AbortSignal.timeout;
	let now = 0;
	let waits: Array<{ at: number; controller: AbortController }> = [];
	AbortSignal.timeout = (ms) => {
		const controller = new AbortController();
		// Among equals the older comes first: sorting keeps their order.
		waits = [...waits, { at: now + ms, controller }].sort((one, other) => one.at - other.at);
		return controller.signal;
	};
	return {
		get pending() {
			return waits.map(({ at }) => at - now);
		},
		advance: async (ms, effects) => {
			const end = now + ms;
			await turnEventLoop();
			while (waits.length > 0 && waits[0].at <= end) {
				const [{ at, controller }, ...later] = waits;
				waits = later;
				now = at;
				controller.abort(new DOMException('The wait is over', 'TimeoutError'));
				await turnEventLoop();
				await effects?.();
			}
			now = end;
		},
		restore: () => {
			AbortSignal.timeout = real;
		},
	};
}

async function turnEventLoop(): Promise<void> {
	for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate);
}
