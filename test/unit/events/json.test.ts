import { isObject, own, timeOf } from '../../../nodes/AnchorBrowser/events/json';

describe('isObject', () => {
	it('takes objects alone', () => {
		expect([{}, { a: 1 }].every(isObject)).toBe(true);
		expect([null, undefined, [], [{}], 'a', 1, true].some(isObject)).toBe(false);
	});
});

describe('own', () => {
	it('reads a key of the object itself, whatever its name', () => {
		const holder = JSON.parse('{"__proto__":1,"constructor":2,"a":null}') as Record<
			string,
			unknown
		>;
		expect(['__proto__', 'constructor', 'a'].map((key) => own(holder, key))).toEqual([1, 2, null]);
	});

	it('reads nothing that the object merely inherits', () => {
		const holder = Object.create({ task_id: 'inherited' }) as Record<string, unknown>;
		for (const key of ['task_id', 'constructor', 'toString', '__proto__']) {
			expect(own(holder, key)).toBeUndefined();
		}
	});
});

describe('timeOf', () => {
	it('reads a time as Anchor writes it', () => {
		expect(timeOf('2026-05-24T12:18:05.123Z')).toBe(Date.UTC(2026, 4, 24, 12, 18, 5, 123));
	});

	it.each([null, undefined, '', 'soon'])('finds none in %j', (text) => {
		expect(timeOf(text)).toBeUndefined();
	});
});
