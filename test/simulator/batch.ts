import type { EmitOptions, Emission, Emitter, PreparedEmission } from './emit';

export interface EventSpec extends EmitOptions {
	type: string;
}

export interface BatchOptions {
	/** The order of sending; the events are created in the order given. `shuffle` is the same for the same seed. */
	order?: 'given' | 'reverse' | 'shuffle';
	seed?: number;
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

/** Creates many events at once and sends them in the order asked for. */
export function sendBatch(
	emitter: Emitter,
	specs: readonly EventSpec[],
	options: BatchOptions = {},
): Batch {
	const emissions = specs.map(({ type, ...rest }) => emitter.prepare(type, rest));
	const queue = ordered(emissions, options);
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

function ordered(
	emissions: readonly PreparedEmission[],
	options: BatchOptions,
): PreparedEmission[] {
	const queue = [...emissions];
	if (options.order === 'reverse') return queue.reverse();
	if (options.order !== 'shuffle') return queue;
	const random = numbersFrom(options.seed ?? 1);
	for (let i = queue.length - 1; i > 0; i--) {
		const j = random() % (i + 1);
		[queue[i], queue[j]] = [queue[j], queue[i]];
	}
	return queue;
}

/** A small generator of repeatable numbers (a linear congruence), good enough to shuffle with. */
function numbersFrom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state >>> 8;
	};
}
