import fc from 'fast-check';
import { EventMemory, NOTHING_SEEN } from '../../../nodes/AnchorBrowser/delivery/dedupe';

const HOUR = 60 * 60 * 1000;
const T0 = 1_795_334_400_000;

const ids = (count: number, prefix = 'evt_') =>
	Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('the life of an id', () => {
	it('reserved on arrival, then in flight, then seen once committed', () => {
		const memory = new EventMemory();
		expect(memory.reserve('evt_1', T0)).toBe('new');
		expect(memory.reserve('evt_1', T0 + 1)).toBe('in_flight');
		expect(memory.isReserved('evt_1', T0 + 1)).toBe(true);
		memory.commit('evt_1', T0 + 2);
		expect(memory.reserve('evt_1', T0 + 3)).toBe('seen');
		expect(memory.isReserved('evt_1', T0 + 3)).toBe(false);
		expect(memory.reserve('evt_1', T0 + 23 * HOUR)).toBe('seen');
	});

	it('differs from others in upper and lower case', () => {
		const memory = new EventMemory();
		memory.reserve('evt_2', T0);
		expect(memory.reserve('EVT_2', T0)).toBe('new');
	});

	it.each(['__proto__', 'constructor', '', ' '])('%j is an id like any other', (id) => {
		const memory = new EventMemory();
		expect(memory.reserve(id, T0)).toBe('new');
		memory.commit(id, T0);
		expect(memory.reserve(id, T0)).toBe('seen');
	});

	it('committed twice, it is held once and ends once', () => {
		const memory = new EventMemory({ ttlMs: 1000 });
		memory.commit('evt_1', T0);
		memory.commit('evt_1', T0 + 500);
		expect(memory.size).toBe(1);
		expect(memory.reserve('evt_1', T0 + 1000)).toBe('new');
		memory.commit('evt_1', T0 + 1000);
		expect(memory.reserve('evt_1', T0 + 1600)).toBe('seen');
	});
});

describe('time', () => {
	it('a committed id is remembered for 24 hours, and no longer', () => {
		const memory = new EventMemory();
		memory.reserve('evt_1', T0);
		memory.commit('evt_1', T0);
		expect(memory.reserve('evt_1', T0 + 24 * HOUR - 1)).toBe('seen');
		expect(memory.reserve('evt_1', T0 + 24 * HOUR)).toBe('new');
	});

	it('a reservation that nobody settles ends after five minutes, so that a retry can run', () => {
		const memory = new EventMemory();
		memory.reserve('evt_1', T0);
		expect(memory.reserve('evt_1', T0 + 5 * 60_000 - 1)).toBe('in_flight');
		expect(memory.isReserved('evt_1', T0 + 5 * 60_000)).toBe(false);
		expect(memory.reserve('evt_1', T0 + 5 * 60_000)).toBe('new');
		expect(memory.reserve('evt_1', T0 + 9 * 60_000)).toBe('in_flight');
	});

	it('expired ids give their room back as soon as the memory is used again', () => {
		const memory = new EventMemory();
		for (const id of ids(5000)) {
			memory.reserve(id, T0);
			memory.commit(id, T0);
		}
		for (const id of ids(100, 'unsettled_')) memory.reserve(id, T0);
		expect(memory.size).toBe(5100);
		memory.reserve('evt_new', T0 + 24 * HOUR);
		expect(memory.size).toBe(1);
	});

	it('a clock that is set back forgets nothing', () => {
		const memory = new EventMemory();
		memory.commit('evt_1', T0);
		memory.commit('evt_2', T0 - 30 * HOUR);
		expect(memory.reserve('evt_1', T0 - 30 * HOUR)).toBe('seen');
		expect(memory.reserve('evt_2', T0 - 1)).toBe('seen');
		expect(memory.reserve('evt_1', T0 + 23 * HOUR)).toBe('seen');
	});

	it('a reservation made before the clock was set back does not keep later ones from ending', () => {
		const memory = new EventMemory();
		memory.reserve('evt_1', T0);
		memory.reserve('evt_2', T0 - HOUR);
		expect(memory.reserve('evt_2', T0 - HOUR + 5 * 60_000)).toBe('new');
	});
});

describe('bounds', () => {
	it('holds 20,000 ids and no more', () => {
		const memory = new EventMemory();
		for (const id of ids(45_000)) {
			memory.reserve(id, T0);
			memory.commit(id, T0);
			expect(memory.size).toBeLessThanOrEqual(20_000);
		}
		expect(memory.size).toBe(20_000);
		expect(memory.reserve('evt_44999', T0)).toBe('seen');
		expect(memory.reserve('evt_25001', T0)).toBe('seen');
		expect(memory.reserve('evt_24999', T0)).toBe('new');
	});

	it('when full, the oldest committed ids go first', () => {
		const memory = new EventMemory({ maxIds: 3 });
		for (const id of ids(3)) memory.commit(id, T0);
		memory.reserve('evt_3', T0);
		expect(memory.reserve('evt_1', T0)).toBe('seen');
		expect(memory.reserve('evt_2', T0)).toBe('seen');
		expect(memory.reserve('evt_3', T0)).toBe('in_flight');
		expect(memory.reserve('evt_0', T0)).toBe('new');
	});

	it('tells since when it remembers all that was committed', () => {
		const memory = new EventMemory({ maxIds: 2, ttlMs: 1_000 });
		for (const [number, id] of ids(2).entries()) memory.commit(id, T0 + number);
		expect(memory.forgottenMs).toBe(-Infinity);
		memory.commit('surplus', T0 + 5);
		expect(memory.forgottenMs).toBe(T0);
		memory.has('surplus', T0 + 1_001);
		expect(memory.forgottenMs).toBe(T0 + 1);
	});

	it('when full, a reservation outlives every committed id, even an older one', () => {
		const memory = new EventMemory({ maxIds: 3 });
		memory.reserve('evt_0', T0);
		for (const id of ids(10, 'later_')) {
			memory.reserve(id, T0);
			memory.commit(id, T0);
		}
		expect(memory.reserve('evt_0', T0)).toBe('in_flight');
		expect(memory.size).toBe(3);
	});

	it('when full of reservations, the oldest of them goes', () => {
		const memory = new EventMemory({ maxIds: 2 });
		for (const id of ids(3)) expect(memory.reserve(id, T0)).toBe('new');
		expect(memory.size).toBe(2);
		expect(memory.reserve('evt_1', T0)).toBe('in_flight');
		expect(memory.reserve('evt_2', T0)).toBe('in_flight');
		expect(memory.reserve('evt_0', T0)).toBe('new');
	});

	it('a renewed reservation is the youngest', () => {
		const memory = new EventMemory({ maxIds: 3, reservationMs: 1000 });
		memory.reserve('evt_0', T0);
		memory.reserve('evt_1', T0 - 5000);
		memory.reserve('evt_2', T0);
		expect(memory.reserve('evt_1', T0)).toBe('new');
		for (const id of ['evt_3', 'evt_4']) memory.reserve(id, T0);
		expect(memory.reserve('evt_1', T0)).toBe('in_flight');
	});

	it('gives back the room of what it has forgotten', () => {
		const memory = new EventMemory({ maxIds: 10 });
		for (const id of ids(20_000)) memory.commit(id, T0);
		expect(memory.size).toBe(10);
		expect(longestListIn(memory)).toBeLessThan(3_000);
	});

	it.each([0, -5])('a bound of %d still holds one id', (maxIds) => {
		const memory = new EventMemory({ maxIds });
		expect(memory.reserve('evt_0', T0)).toBe('new');
		expect(memory.reserve('evt_0', T0)).toBe('in_flight');
		expect(memory.size).toBe(1);
	});

	it('tells long ids apart by their whole text, and keeps no more of them than a digest', () => {
		const memory = new EventMemory();
		const long = 'x'.repeat(100_000);
		expect(memory.reserve(`${long}a`, T0)).toBe('new');
		expect(memory.reserve(`${long}b`, T0)).toBe('new');
		memory.commit(`${long}a`, T0);
		expect(memory.reserve(`${long}a`, T0)).toBe('seen');
		expect(memory.reserve(`${long}b`, T0)).toBe('in_flight');
		memory.release(`${long}b`);
		expect(memory.reserve(`${long}b`, T0)).toBe('new');
		expect(longestTextIn(memory)).toBeLessThanOrEqual(256);
	});

	it('keeps an id of 256 characters as it is', () => {
		const memory = new EventMemory();
		memory.commit('y'.repeat(256), T0);
		memory.commit('y'.repeat(257), T0);
		expect(memory.size).toBe(2);
		expect(longestTextIn(memory)).toBe(256);
	});
});

describe('against a plain model', () => {
	it('answers as a map of states does, in whatever order the calls come', () => {
		const step = fc.record({
			call: fc.constantFrom('reserve', 'reserve', 'commit', 'release'),
			id: fc.integer({ min: 0, max: 6 }).map((index) => `evt_${index}`),
			passes: fc.integer({ min: 0, max: 400 }),
		});
		fc.assert(
			fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
				const memory = new EventMemory({ ttlMs: 1000, reservationMs: 300 });
				const committed = new Map<string, number>();
				const reserved = new Map<string, number>();
				let now = T0;
				for (const { call, id, passes } of steps) {
					now += passes;
					for (const [key, at] of committed) if (now - at >= 1000) committed.delete(key);
					for (const [key, at] of reserved) if (now - at >= 300) reserved.delete(key);
					expect(memory.isReserved(id, now)).toBe(reserved.has(id));
					expect(memory.has(id, now)).toBe(reserved.has(id) || committed.has(id));
					if (call === 'reserve') {
						const expected = committed.has(id) ? 'seen' : reserved.has(id) ? 'in_flight' : 'new';
						if (expected === 'new') reserved.set(id, now);
						expect(memory.reserve(id, now)).toBe(expected);
					} else if (call === 'commit') {
						reserved.delete(id);
						if (!committed.has(id)) committed.set(id, now);
						memory.commit(id, now);
					} else {
						reserved.delete(id);
						memory.release(id);
					}
				}
				memory.reserve('last', now);
				expect(memory.size).toBe(committed.size + reserved.size + 1);
			}),
			{ numRuns: 500 },
		);
	});

	it('never holds more than it may, and never lets two deliveries of one id in at once', () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 4, max: 8 }),
				fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 200 }),
				(maxIds, arrivals) => {
					const memory = new EventMemory({ maxIds });
					const inFlight: string[] = [];
					for (const index of arrivals) {
						const id = `evt_${index}`;
						const answer = memory.reserve(id, T0);
						if (inFlight.includes(id)) expect(answer).toBe('in_flight');
						if (answer === 'new') inFlight.push(id);
						if (inFlight.length === 3) memory.commit(inFlight.shift() as string, T0);
						expect(memory.size).toBeLessThanOrEqual(maxIds);
					}
				},
			),
		);
	});
});

describe('NOTHING_SEEN', () => {
	it('lets every copy through', () => {
		expect(NOTHING_SEEN.reserve('evt_1', T0)).toBe('new');
		NOTHING_SEEN.commit('evt_1', T0);
		expect(NOTHING_SEEN.reserve('evt_1', T0)).toBe('new');
		NOTHING_SEEN.release('evt_1');
		expect(NOTHING_SEEN.reserve('evt_1', T0)).toBe('new');
		expect(NOTHING_SEEN.has('evt_1', T0)).toBe(false);
		expect(NOTHING_SEEN.isReserved('evt_1', T0)).toBe(false);
	});
});

/** Length of the longest list, map or set in an object. */
function longestListIn(value: object): number {
	const lengths = Object.values(value).map((part: unknown) =>
		Array.isArray(part) ? part.length : part instanceof Map || part instanceof Set ? part.size : 0,
	);
	return Math.max(...lengths);
}

/** Length of the longest text anywhere in an object, its maps, sets and lists. */
function longestTextIn(value: unknown): number {
	if (typeof value === 'string') return value.length;
	if (typeof value !== 'object' || value === null) return 0;
	const parts: unknown[] =
		value instanceof Map
			? [...value.keys(), ...value.values()]
			: value instanceof Set
				? [...value]
				: Object.values(value);
	return Math.max(0, ...parts.map(longestTextIn));
}
