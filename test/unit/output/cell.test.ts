import fc from 'fast-check';
import {
	escapeFormula,
	jsonText,
	toCell,
	toDateCell,
} from '../../../nodes/AnchorBrowser/output/cell';

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
		[
			'a mail, as long as any',
			'Sun, 24 May 2026 12:18:05'.padEnd(97) + 'GMT',
			'2026-05-24T12:18:05.000Z',
		],
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

describe('escapeFormula', () => {
	it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])('defuses %j', (text) => {
		expect(escapeFormula(text)).toBe(`'${text}`);
	});

	it.each(['', 'a=1', "'=1", ' =1', '1-1', '[=1]', '✅ done'])('leaves %j alone', (text) => {
		expect(escapeFormula(text)).toBe(text);
	});
});

describe('jsonText', () => {
	it('writes what JSON.stringify writes', () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				expect(jsonText(value)).toBe(JSON.stringify(value));
			}),
		);
	});

	it('writes null for what JSON does not have, as JSON.stringify does in a list', () => {
		expect(jsonText([undefined, [() => 1]])).toBe('[null,[null]]');
	});

	it('writes what JSON.stringify has no stack for', () => {
		const depth = 100_000;
		const deep = `${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`;
		expect(() => JSON.stringify(JSON.parse(deep))).toThrow(RangeError);
		expect(jsonText(JSON.parse(deep)) === deep).toBe(true);
	});
});
