import { finishCell, toCell, toDateCell } from '../../../nodes/AnchorBrowser/output/cell';
import { LONGEST_CELL } from '../../fixtures/odd';

describe('toCell', () => {
	it.each([
		['text', 'a', 'a'],
		['empty text', '', ''],
		['a number', -1.5, -1.5],
		['zero', 0, 0],
		['true', true, true],
		['false', false, false],
		['null', null, null],
		['nothing', undefined, null],
		['a list of texts', ['a', 'b'], 'a, b'],
		['a list of mixed scalars', ['a', 1, false, null], 'a, 1, false, '],
		['an empty list', [], ''],
		['a list of objects', [{ a: 1 }], '[{"a":1}]'],
		['a list with a list in it', ['a', ['b']], '["a",["b"]]'],
		['an object', { a: [1, null] }, '{"a":[1,null]}'],
		['an empty object', {}, ''],
	])('%s', (_, value, cell) => {
		expect(toCell(value)).toBe(cell);
	});
});

describe('toDateCell', () => {
	it.each([
		['2026-05-24T12:18:05.123Z'],
		['2026-05-24T12:18:05+02:00'],
		['2026-05-24T12:18:05'],
		['2026-05-24'],
	])('leaves ISO 8601 as it is: %s', (value) => {
		expect(toDateCell(value)).toBe(value);
	});

	it.each([
		['seconds', 1779625085, '2026-05-24T12:18:05.000Z'],
		['seconds with a fraction', 1779625085.5, '2026-05-24T12:18:05.500Z'],
		['milliseconds', 1779625085123, '2026-05-24T12:18:05.123Z'],
		['the last second', 99_999_999_999, '5138-11-16T09:46:39.000Z'],
		['the first millisecond', 100_000_000_000, '1973-03-03T09:46:40.000Z'],
		['a database, in UTC', '2026-05-24 12:18:05.123 UTC', '2026-05-24T12:18:05.123Z'],
		['a database, with Z', '2026-05-24 12:18:05Z', '2026-05-24T12:18:05.000Z'],
		['a database, with hours', '2026-05-24 14:18:05+02', '2026-05-24T12:18:05.000Z'],
		['a database, with minutes', '2026-05-24 17:48:05 +05:30', '2026-05-24T12:18:05.000Z'],
		['a mail', 'Sun, 24 May 2026 12:18:05 GMT', '2026-05-24T12:18:05.000Z'],
		['a mail, with an offset', 'Sun, 24 May 2026 14:18:05 +0200', '2026-05-24T12:18:05.000Z'],
		['a long mail', 'Sun, 24 May 2026 12:18:05'.padEnd(97) + 'GMT', '2026-05-24T12:18:05.000Z'],
		['JavaScript', 'Sun May 24 2026 14:18:05 GMT+0200 (CEST)', '2026-05-24T12:18:05.000Z'],
	])('writes a date as of %s in ISO 8601', (_, value, cell) => {
		expect(toDateCell(value)).toBe(cell);
	});

	it.each([
		['text without a date', 'yesterday'],
		['text that Date.parse takes for a date', 'Batch 5'],
		['a day that there is not', '2026-13-45 12:18:05Z'],
		['a month that there is not', 'Sun, 24 Foo 2026 12:18:05 GMT'],
		['a date whose order nobody knows', '05/06/2026'],
		['a date without a zone', '2026-05-24 12:18:05'],
		['a date in a sentence', 'until 2026-05-24 12:18:05Z'],
		['a date with words after it', '2026-05-24 12:18:05Z or later'],
		['a date of a mail in a sentence', 'On Sun, 24 May 2026 12:18:05 GMT'],
		['a year of two digits', 'Sun, 24 May 26 12:18:05 GMT'],
		['an offset of one digit', 'Sun, 24 May 2026 12:18:05 +2'],
		['text longer than any date', 'Sun, 24 May 2026 12:18:05'.padEnd(98) + 'GMT'],
		['empty text', ''],
		['a number beyond all dates', 1e300],
		['null', null],
		['true', true],
	])('leaves %s as it is', (_, value) => {
		expect(toDateCell(value)).toBe(value);
	});
});

const safe = (cell: Parameters<typeof finishCell>[0]) =>
	finishCell(cell, { escapeFormulas: true, isLookedUp: false });
const lookedUp = (cell: Parameters<typeof finishCell>[0]) =>
	finishCell(cell, { escapeFormulas: true, isLookedUp: true });
const plain = (cell: Parameters<typeof finishCell>[0]) =>
	finishCell(cell, { escapeFormulas: false, isLookedUp: false });

describe('finishCell', () => {
	it.each([
		...['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '-04001'],
		...['＝1', '＋1', '－1', '＠A'],
	])('defuses %j', (text) => {
		expect([safe(text), lookedUp(text), plain(text)]).toEqual([`'${text}`, `'${text}`, text]);
	});

	it.each([
		...['04001', '01712345678', '00', '12E5', '1e5', '1e10', '1.5E3', '1.e3', '.5e-3', '.25e-3'],
		...['12e+5', '1234567890123456', '12345678901234567890', '1234567890123456.5'],
		...['0.1234567890123456', '1-2', '3/4', '31-12', '1-2-2026', '31/12/2026', '1/2/26'],
		'12-2026',
	])('keeps a spreadsheet from changing %j', (text) => {
		expect([safe(text), lookedUp(text), plain(text)]).toEqual([`'${text}`, text, text]);
	});

	it.each([
		...['', '0', '7', '129.00', '1.10', '0.5', '123456789012345', '1234567890.12345', 'a=1'],
		...["'=1", ' =1', '[=1]', '✅ done', 'E5', '12E', '12E5x', '1e5e5', '1.2.3', '123-4567'],
		...['2026-05-24', '2026-05-24T12:18:05.123Z', '1-2-3-4', '1-2-202', '1/2 cup', '10:30'],
		...['0x10', 'A-1', '0171 2345678', 'No. 1234567890123456', '4111 1111 1111 1111'],
	])('leaves %j alone', (text) => {
		expect([safe(text), lookedUp(text), plain(text)]).toEqual([text, text, text]);
	});

	it.each([
		0,
		-5,
		1.5,
		999_999_999_999_999,
		-999_999_999_999_999,
		0.1 + 0.2,
		1_234_567_890_123_456.5,
		1e21,
		5e-324,
	])('leaves the number %p alone', (number) => {
		expect([safe(number), plain(number)]).toEqual([number, number]);
	});

	it.each([1_000_000_000_000_000, 9_007_199_254_740_991, -9_007_199_254_740_991])(
		'makes a text of the number %p, which a spreadsheet would round',
		(number) => {
			expect([safe(number), lookedUp(number), plain(number)]).toEqual([
				`'${number}`,
				number,
				number,
			]);
		},
	);

	it.each([true, false, null])('leaves %p alone', (cell) => {
		expect([safe(cell), plain(cell)]).toEqual([cell, cell]);
	});

	it('cuts what is longer than a cell, the mark included, and says so', () => {
		const full = 'x'.repeat(LONGEST_CELL);
		expect(plain(full)).toBe(full);
		const words = '… (cut, 32768 characters)';
		expect(plain(`${full}x`)).toBe(`${'x'.repeat(LONGEST_CELL - words.length)}${words}`);
		const formula = `=${full.slice(1)}`;
		expect(plain(formula)).toBe(formula);
		const marked = String(safe(formula));
		expect(marked).toHaveLength(LONGEST_CELL);
		expect(marked).toMatch(/^'=x+… \(cut, 32767 characters\)$/);
		expect(safe('1'.repeat(40_000))).toMatch(/^'1+… \(cut, 40000 characters\)$/);
		expect(lookedUp('1'.repeat(40_000))).toMatch(/^1+… \(cut, 40000 characters\)$/);
	});

	it('never cuts within a character', () => {
		const ends = ['', 'x'].map((first) => String(plain(`${first}${'🩹'.repeat(LONGEST_CELL)}`)));
		for (const text of ends) expect(text).toMatch(/^x?(🩹)+… \(cut, 6553[45] characters\)$/u);
		expect(ends.map(({ length }) => LONGEST_CELL - length).sort()).toEqual([0, 1]);
	});
});
