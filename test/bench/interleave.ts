/* eslint-disable @n8n/community-nodes/no-restricted-globals -- measurements run in Node, not in n8n's sandbox */
import { median, medianRatio } from './statistics';

/**
 * One of several ways to do a thing: makes ready for one round, unmeasured, and returns what is measured, call number
 * `index` of the round.
 */
export type Contestant = () => (index: number) => void;

interface Standing {
	/** Nanoseconds a call, for each round. */
	times: number[];
	/** Their median. */
	perCall: number;
	/** Cost in units of the first contestant's, median over the rounds. */
	ratio: number;
}

/** Rounds before the measured ones, for the compiler. */
const WARM_UP = 3;

/**
 * Lets contestants run in turn, round by round, so that whatever else the machine does hits all of them alike. The
 * order is turned round every time: whoever comes second finds warmer caches and more garbage.
 *
 * @returns one standing for each contestant, in the order given; ratios are those to the first
 */
export function race(
	contestants: readonly Contestant[],
	{ rounds, calls }: { rounds: number; calls: number },
): Standing[] {
	const times = contestants.map((): number[] => []);
	for (let round = -WARM_UP; round < rounds; round++) {
		const order = contestants.map((_contestant, index) => index);
		if (round % 2 !== 0) order.reverse();
		for (const index of order) {
			const call = contestants[index]();
			global.gc?.();
			const started = process.hrtime.bigint();
			for (let i = 0; i < calls; i++) call(i);
			const took = Number(process.hrtime.bigint() - started) / calls;
			if (round >= 0) times[index].push(took);
		}
	}
	return times.map((own) => ({
		times: own,
		perCall: median(own),
		ratio: medianRatio(own, times[0]),
	}));
}
