import { uniqueNames, withOurs } from '../../../nodes/AnchorBrowser/output/names';

describe('uniqueNames', () => {
	it('gives the wished name while it is free, then numbers from 2', () => {
		const taken = new Set(['a', 'a_3']);
		const freeName = uniqueNames((name) => taken.has(name));
		expect(freeName('b')).toBe('b');
		const given = [freeName('a'), freeName('a'), freeName('a')];
		expect(given).toEqual(['a_2', 'a_4', 'a_5']);
	});

	it('looks up a bounded number of names for each wish, however many are equal', () => {
		const taken = new Set(['a']);
		let looks = 0;
		const freeName = uniqueNames((name) => {
			looks += 1;
			return taken.has(name);
		});
		for (let wish = 0; wish < 1000; wish++) taken.add(freeName('a'));
		expect(taken.size).toBe(1001);
		expect(looks).toBe(2000);
	});

	it('gives no name longer than it may be', () => {
		const taken = new Set<string>();
		const freeName = uniqueNames((name) => taken.has(name), 4);
		for (let wish = 0; wish < 12; wish++) taken.add(freeName('abcdef'));
		const given = 'abcd ab_2 ab_3 ab_4 ab_5 ab_6 ab_7 ab_8 ab_9 a_10 a_11 a_12';
		expect([...taken].join(' ')).toBe(given);
	});
});

describe('withOurs', () => {
	it('keeps a delivered key of the same name under a free one', () => {
		const delivered = { a: 1, a_2: 2, b: 3 };
		expect(Object.entries(withOurs({ a: 'ours' }, delivered, { b: 'ours' }))).toEqual([
			['a', 'ours'],
			['a_3', 1],
			['a_2', 2],
			['b_2', 3],
			['b', 'ours'],
		]);
	});
});
