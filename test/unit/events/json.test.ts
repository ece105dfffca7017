import fc from 'fast-check';
import {
	isEmpty,
	isObject,
	jsonText,
	own,
	parseJson,
	timeOf,
} from '../../../nodes/AnchorBrowser/events/json';
import { oddData, ODD_KEYS, ODD_NUMBERS, ODD_TEXTS } from '../../fixtures/odd';

describe('parseJson', () => {
	it('reads a number at any edge wherever it stands', () => {
		for (const [written, held] of ODD_NUMBERS) {
			for (const [text, value] of [
				[`{"a":${written}}`, { a: held }],
				[`{"a":"x","b":[${written},${written}]}`, { a: 'x', b: [held, held] }],
				[`[\n\t${written}\r\n]`, [held]],
				[`[[{"a":{"b":[ ${written} ,1]}}]]`, [[{ a: { b: [held, 1] } }]]],
			] as const) {
				expect(parseJson(text)).toEqual(value);
			}
		}
	});

	it('leaves digits alone in a text and in a key', () => {
		for (const [written] of ODD_NUMBERS) {
			const value = {
				[`a: ${written}`]: `[${written},"${written}" ${written}]`,
				[written]: written,
			};
			for (const text of [JSON.stringify(value), JSON.stringify([value, `\\"${written}`])]) {
				expect(parseJson(text)).toEqual(JSON.parse(text));
				expect(parseJson(text.replace(/}/, ',"n":1e999}'))).toEqual(
					JSON.parse(text.replace(/}/, ',"n":"1e999"}')),
				);
			}
		}
	});

	it('reads the catalogue of odd inputs', () => {
		const { written, held } = oddData();
		expect(parseJson(written)).toEqual(held);
	});

	it('reads what JSON.parse reads, but for numbers that this would change', () => {
		const key = fc.oneof(fc.constantFrom(...ODD_KEYS), fc.string());
		const { value } = fc.letrec<{ value: [string, string] }>((tie) => ({
			value: fc.oneof(
				{ depthSize: 'small' },
				fc
					.oneof(fc.constantFrom(...ODD_TEXTS.filter((text) => text.length < 100)), fc.string())
					.map((text): [string, string] => [JSON.stringify(text), JSON.stringify(text)]),
				fc
					.constantFrom(...ODD_NUMBERS)
					.map(([written, held]): [string, string] => [
						written,
						typeof held === 'string' ? `"${held}"` : written,
					]),
				fc
					.tuple(fc.stringMatching(/^-?(0|[1-9]\d{0,30})$/), fc.constantFrom('', '.5', 'e2'))
					.map(([whole, rest]): [string, string] => [
						whole + rest,
						rest === '' && !isHeld(BigInt(whole)) ? `"${whole}"` : whole + rest,
					]),
				fc.constantFrom<[string, string]>(['true', 'true'], ['null', 'null'], ['{}', '{}']),
				fc.array(tie('value')).map(inBrackets),
				fc.array(fc.tuple(key, tie('value'))).map(inBraces),
			),
		}));
		fc.assert(
			fc.property(
				fc.array(value).map(inBrackets),
				fc.constantFrom('', ' ', '\r\n\t'),
				(both, gap) => {
					const [written, meant] = both.map((text) => `${gap}${text}${gap}`);
					expect(parseJson(written)).toEqual(JSON.parse(meant));
				},
			),
			{ numRuns: 500 },
		);
	});

	it('refuses what JSON.parse refuses', () => {
		const isJson = (text: string) => {
			try {
				JSON.parse(text);
				return true;
			} catch {
				return false;
			}
		};
		const broken = fc.oneof(
			fc.string(),
			fc
				.tuple(fc.constantFrom('[1e400', '{"a":"', '12345678901234567890,', '"\\'), fc.string())
				.map(([start, rest]) => start + rest),
		);
		fc.assert(
			fc.property(broken, (text) => {
				fc.pre(!isJson(text));
				expect(() => parseJson(text)).toThrow(SyntaxError);
			}),
		);
		// Looked through before it is parsed, this would take minutes.
		expect(() => parseJson(`[12345678901234567890,"${'\\"'.repeat(500_000)}`)).toThrow(SyntaxError);
	});

	it('reads a text again only for a number that JavaScript may have changed', () => {
		const parse = jest.spyOn(JSON, 'parse');
		try {
			parseJson('{"n":[9007199254740991,-9007199254740991,0.1],"t":"1e999 12345678901234567890"}');
			expect(parse).toHaveBeenCalledTimes(1);
			parseJson('[9007199254740992]');
			expect(parse).toHaveBeenCalledTimes(3);
		} finally {
			parse.mockRestore();
		}
	});

	it('reads any depth', () => {
		const depth = 100_000;
		const nested = (number: string) => `${'{"a":['.repeat(depth)}${number}${']}'.repeat(depth)}`;
		const read = jsonText(parseJson(nested('12345678901234567890')));
		expect(read === nested('"12345678901234567890"')).toBe(true);
	});

	it('leaves the prototype of objects alone', () => {
		const parsed = parseJson('{"__proto__":{"polluted":12345678901234567890}}') as object;
		expect(Object.keys(parsed)).toEqual(['__proto__']);
		expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
	});
});

const isHeld = (number: bigint) =>
	number <= Number.MAX_SAFE_INTEGER && number >= Number.MIN_SAFE_INTEGER;

const inBrackets = (list: ReadonlyArray<readonly string[]>): [string, string] => [
	`[${list.map(([written]) => written).join(',')}]`,
	`[${list.map(([, meant]) => meant).join(',')}]`,
];

const inBraces = (list: ReadonlyArray<readonly [string, [string, string]]>): [string, string] => [
	`{${list.map(([key, [written]]) => `${JSON.stringify(key)}:${written}`).join(',')}}`,
	`{${list.map(([key, [, meant]]) => `${JSON.stringify(key)}:${meant}`).join(',')}}`,
];

describe('isEmpty', () => {
	it('finds any key, whatever its value and its name', () => {
		expect(isEmpty({})).toBe(true);
		expect(isEmpty({ a: undefined })).toBe(false);
		expect(isEmpty(JSON.parse('{"__proto__":1}') as Record<string, unknown>)).toBe(false);
	});
});

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
