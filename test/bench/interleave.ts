/* eslint-disable @n8n/community-nodes/no-restricted-globals -- measurements run in Node, not in n8n's sandbox */
import { median, medianRatio } from './statistics';

/** One of several ways to do a thing. */
export interface Contestant {
	name: string;
	/** Makes ready for one round, unmeasured; returns what is measured: call number `index` of the round. */
	prepare: () => (index: number) => void;
}

interface Standing {
	name: string;
	/** Nanoseconds a call, for each round. */
	times: number[];
	/** Their median. */
	perCall: number;
	/** Cost in units of the first contestant's, median over the rounds. */
	ratio: number;
}

interface RaceOptions {
	/** Measured rounds; each contestant runs once in every round. */
	rounds: number;
	/** Calls a round. */
	calls: number;
	/** Rounds before the measured ones, for the compiler. */
	warmUp?: number;
}

/**
 * Lets contestants run in turn, round by round, so that whatever else the machine does hits all of them alike. The
 * order is turned round every time: whoever comes second finds warmer caches and more garbage.
 *
 * @returns one standing for each contestant, in the order given; ratios are those to the first
 */
export function race(
	contestants: readonly Contestant[],
	{ rounds, calls, warmUp = 3 }: RaceOptions,
): Standing[] {
	const times = contestants.map((): number[] => []);
	for (let round = -warmUp; round < rounds; round++) {
		const order = contestants.map((_contestant, index) => index);
		if (round % 2 !== 0) order.reverse();
		for (const index of order) {
			const call = contestants[index].prepare();
			global.gc?.();
			const started = process.hrtime.bigint();
			for (let i = 0; i < calls; i++) call(i);
			const took = Number(process.hrtime.bigint() - started) / calls;
			if (round >= 0) times[index].push(took);
		}
	}
	return contestants.map(({ name }, index) => ({
		name,
		times: times[index],
		perCall: median(times[index]),
		ratio: medianRatio(times[index], times[0]),
	}));
}
