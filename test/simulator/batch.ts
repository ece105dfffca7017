import type { EmitOptions, Emission, Emitter } from './emit';

export interface EventSpec extends EmitOptions {
	type: string;
}

export interface BatchOptions {
	/** How many events are on their first attempt at once; all unless told. */
	concurrency?: number;
}

export interface Batch {
	/** In the order given. */
	readonly emissions: readonly Emission[];
	/** Resolves when every first attempt has ended. */
	readonly attempted: Promise<void>;
	/** Resolves when every delivery has reached a final state. */
	readonly settled: Promise<void>;
}

/** Creates many events at once and sends them in the order given. */
export function sendBatch(
	emitter: Emitter,
	specs: readonly EventSpec[],
	options: BatchOptions = {},
): Batch {
	const emissions = specs.map(({ type, ...rest }) => emitter.prepare(type, rest));
	const queue = [...emissions];
	const lanes = Math.min(options.concurrency ?? queue.length, queue.length);
	const lane = async () => {
		for (let next = queue.shift(); next; next = queue.shift()) {
			next.start();
			await next.attempted;
		}
	};
	const attempted = Promise.all(Array.from({ length: lanes }, lane)).then(() => undefined);
	const settled = Promise.all(emissions.map(async (emission) => await emission.settled));
	return { emissions, attempted, settled: settled.then(() => undefined) };
}
