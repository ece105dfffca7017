import fc from 'fast-check';
import {
	advanceNote,
	fingerprintOf,
	formatMark,
	isMarkOf,
	isMarkOfInstance,
	isMarkOfNode,
	ownerKeyOf,
	parseMark,
	renewNote,
} from '../../../nodes/AnchorBrowser/registration/mark';
import type { Mark, MarkNote, MarkOwner } from '../../../nodes/AnchorBrowser/registration/mark';

const owner: MarkOwner = {
	workflowName: 'Invoices',
	instanceId: 'f0'.repeat(32),
	workflowId: 'Xy3kQ0aBcDeFgHiJ',
	nodeId: '6d5f4b1c-0c3a-4d8e-9b1a-2f3e4d5c6b7a',
	mode: 'production',
};

const FINGERPRINT = fingerprintOf('a signing secret');

const anyText = fc.oneof(
	fc.string({ unit: 'binary', maxLength: 400 }),
	fc.string({ unit: 'grapheme', maxLength: 400 }),
	fc
		.array(fc.constantFrom('\ud83d', '\ude00', '😀', '\n', '\u2028', ' ', 'é', '[n8n:', ']'))
		.map((parts) => parts.join('')),
);
const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });
const anyTime = fc.integer({ min: Date.UTC(2020), max: Date.UTC(2059) });
const anyField = fc.stringMatching(/^[bd-ps-z][0-9a-z]{1,8}$/);
const anyOwner: fc.Arbitrary<MarkOwner> = fc.record({
	workflowName: anyText,
	instanceId: anyText,
	workflowId: anyText,
	nodeId: anyText,
	mode: fc.constantFrom('production' as const, 'test' as const),
});
const anyNote: fc.Arbitrary<MarkNote> = fc.record({
	fingerprint: maybe(fc.string().map(fingerprintOf)),
	recoveredMs: maybe(anyTime),
	activatedMs: maybe(anyTime),
	collectedMs: maybe(anyTime),
	checkedMs: maybe(anyTime),
	others: fc.array(anyField, { maxLength: 4 }),
});
/** The mark of an owner, as Anchor shows it. */
const markOf = (whose: MarkOwner) => parseMark(formatMark(whose, {})) as Mark;
const hasHalfCharacter = (text: string) => /\p{Cs}/u.test(text);

describe('a mark', () => {
	it.each([
		['alone', {}, '96322c54'],
		['with a fingerprint of the secret', { fingerprint: FINGERPRINT }, '9c50bd5ed6:c31d0965'],
		[
			'with the time until when missed events were recovered',
			{ fingerprint: FINGERPRINT, recoveredMs: 1_779_624_005_123 },
			'9c50bd5ed6:rmpjq6mmb:5de2155f',
		],
	])('%s stays the same from one version of this package to the next', (_what, note, end) => {
		expect(formatMark(owner, note)).toBe(
			`Invoices (n8n production webhook) [n8n:4e7739e16cec:Xy3kQ0aBcDeFgHiJ:6d5f4b1c-0c3a-4d8e-9b1a-2f3e4d5c6b7a:${end}]`,
		);
	});

	it('tells one signing secret from another and shows nothing of it', () => {
		fc.assert(
			fc.property(fc.string({ minLength: 12 }), fc.string({ minLength: 12 }), (one, other) => {
				fc.pre(one !== other);
				const marks = [one, other].map((secret) =>
					formatMark(owner, { fingerprint: fingerprintOf(secret) }),
				);
				expect(marks[0]).not.toBe(marks[1]);
				expect(marks[0]).not.toContain(one);
			}),
		);
	});

	it('fits, is one line, holds no half characters and reads back, whatever the names are', () => {
		fc.assert(
			fc.property(anyOwner, anyNote, (any, note) => {
				const text = formatMark(any, note);
				expect(text.length).toBeLessThanOrEqual(256);
				expect(text).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
				expect(hasHalfCharacter(text)).toBe(false);
				expect(text.trim()).toBe(text);
				const mark = parseMark(text);
				expect(isMarkOf(mark, any)).toBe(true);
				expect(mark).toEqual({ ...mark, mode: any.mode, ...note });
				expect(formatMark(any, { ...mark })).toBe(text);
			}),
		);
	});

	it('of a later version keeps what that one noted, as much as fits', () => {
		const fields = ['b1', 'zzzzzzzz', 'e0123456789', 'd3', 'e4', 'f5'];
		for (const recoveredMs of [undefined, 1_779_624_005_123]) {
			const note = { fingerprint: FINGERPRINT, recoveredMs, others: ['z1', 'b2'] };
			const mark = parseMark(formatMark(owner, note));
			expect(mark).toEqual({ ...mark, ...note });
			const next = { ...mark, activatedMs: 1_779_624_005_124 };
			expect(parseMark(formatMark(owner, next))).toEqual(next);
		}
		const name = 'x'.repeat(300);
		const long = { ...owner, workflowName: name, workflowId: 'w'.repeat(40) };
		const text = formatMark(long, { others: fields.map((field) => field.slice(0, 9)) });
		expect(text).toHaveLength(256);
		expect(parseMark(text)?.others).toEqual(['b1', 'zzzzzzzz', 'e01234567', 'd3']);
	});

	it.each([
		[undefined, { collectedMs: 5 }, { collectedMs: 5 }],
		[undefined, {}, {}],
		[9, {}, { collectedMs: 9 }],
		[9, { collectedMs: 5 }, { collectedMs: 5 }],
		[false, { collectedMs: 5 }, {}],
	] as const)('notes since when events are collected: %p with %p', (collectedMs, before, after) => {
		const changes = {
			fingerprint: '0123456789',
			isTakenUp: false,
			collectedMs,
			nowMs: 12,
			latestMs: 12,
		};
		const note = renewNote({ ...before, recoveredMs: 3, others: ['z1'] }, changes);
		expect(note).toEqual({ fingerprint: '0123456789', recoveredMs: 3, others: ['z1'], ...after });
	});

	it.each([
		[true, 12],
		[false, 4],
	])('notes when it was taken up: %p', (isTakenUp, activatedMs) => {
		const changes = { fingerprint: '0123456789', isTakenUp, nowMs: 12, latestMs: 12 };
		expect(renewNote({ activatedMs: 4 }, changes).activatedMs).toBe(activatedMs);
	});

	it('passes on no time that cannot be', () => {
		const changes = { fingerprint: '0123456789', isTakenUp: false, nowMs: 12, latestMs: 12 };
		const later = { activatedMs: 13, recoveredMs: 13, collectedMs: 13 };
		expect(renewNote({ ...later, checkedMs: 12 }, changes)).toEqual({
			...{ fingerprint: '0123456789', checkedMs: 12 },
		});
		const collecting = renewNote(later, { ...changes, collectedMs: 11 });
		expect(collecting.collectedMs).toBe(11);
	});

	it.each([
		[{ recoveredMs: 7 }, { recoveredMs: 7, checkedMs: 5 }],
		[{ checkedMs: 7 }, { recoveredMs: 5, checkedMs: 7 }],
		[
			{ recoveredMs: 0, checkedMs: 7 },
			{ recoveredMs: 5, checkedMs: 7 },
		],
		[{ recoveredMs: 5, checkedMs: 5 }, undefined],
		[{ recoveredMs: 3 }, undefined],
	])('notes progress, and takes none back: %p', (progress, expected) => {
		const note = { others: ['z1'], recoveredMs: 5, checkedMs: 5 };
		expect(advanceNote(note, progress)).toEqual(expected && { ...note, ...expected });
	});

	it('notes the first progress', () => {
		expect(advanceNote({}, { recoveredMs: 0, checkedMs: 7 })).toEqual({ checkedMs: 7 });
	});

	it('notes an activation beside the recovery', () => {
		const note = { recoveredMs: 1_779_624_005_123, activatedMs: 1_779_624_005_000 };
		expect(formatMark(owner, note)).toContain(':rmpjq6mmb:ampjq6miw:');
	});

	it('cuts a long name, marks the cut, and keeps the machine part whole', () => {
		const text = formatMark({ ...owner, workflowName: `${'a'.repeat(300)}` }, {});
		expect(text).toHaveLength(256);
		expect(text).toMatch(/^a+… \(n8n production webhook\) \[n8n:/);
		expect(parseMark(text)).toEqual({ ...markOf(owner), workflowName: expect.any(String) });
	});

	it('keeps a name that just fits', () => {
		const rest = formatMark(owner, {}).length - owner.workflowName.length;
		const workflowName = 'a'.repeat(256 - rest);
		expect(markOf({ ...owner, workflowName }).workflowName).toBe(workflowName);
	});

	it('leaves no space before the cut', () => {
		for (const begin of ['', 'b']) {
			const workflowName = begin + 'a '.repeat(200);
			expect(formatMark({ ...owner, workflowName }, {})).toMatch(/a… \(n8n/);
		}
	});

	it('cuts between characters, not through one', () => {
		const odd = formatMark({ ...owner, workflowName: `x${'😀'.repeat(200)}` }, {});
		const even = formatMark({ ...owner, workflowName: '😀'.repeat(200) }, {});
		expect([odd, even].some(hasHalfCharacter)).toBe(false);
		expect([odd.length, even.length].sort()).toEqual([255, 256]);
	});

	it('makes one line of a name with line breaks, and names an unnamed workflow', () => {
		expect(formatMark({ ...owner, workflowName: ' a\r\nb\tc\u2028d ' }, {})).toMatch(
			/^a b c d \(n8n/,
		);
		expect(formatMark({ ...owner, workflowName: ' \n ' }, {})).toMatch(/^Unnamed workflow \(n8n/);
	});
});

describe('whose a mark is', () => {
	it('differs with instance, workflow, node and mode, and not with the name', () => {
		const others: Array<Partial<MarkOwner>> = [
			{ instanceId: 'other' },
			{ workflowId: 'other' },
			{ nodeId: 'other' },
			{ mode: 'test' },
		];
		for (const other of others) {
			const mark = markOf({ ...owner, ...other });
			expect(isMarkOf(mark, owner)).toBe(false);
			expect(isMarkOfNode(mark, owner)).toBe('mode' in other);
			expect(isMarkOfInstance(mark, owner)).toBe(!('instanceId' in other));
			expect(ownerKeyOf({ ...owner, ...other })).not.toBe(ownerKeyOf(owner));
		}
		const renamed = { ...owner, workflowName: 'Bills' };
		expect(isMarkOf(markOf(renamed), owner)).toBe(true);
		expect(ownerKeyOf(renamed)).toBe(ownerKeyOf(owner));
	});

	it('is nobody’s where there is none', () => {
		expect([isMarkOf(undefined, owner), isMarkOfNode(undefined, owner)]).toEqual([false, false]);
	});

	it('differs where the ids are divided otherwise', () => {
		const [one, another] = [
			{ ...owner, workflowId: 'ab', nodeId: 'c' },
			{ ...owner, workflowId: 'a', nodeId: 'bc' },
		];
		expect(ownerKeyOf(one)).not.toBe(ownerKeyOf(another));
	});

	it('no two owners share a mark', () => {
		fc.assert(
			fc.property(anyOwner, anyOwner, (one, other) => {
				const ids = (any: MarkOwner) => JSON.stringify({ ...any, workflowName: '' });
				fc.pre(ids(one) !== ids(other));
				expect(isMarkOf(markOf(one), other)).toBe(false);
			}),
		);
	});

	it('an id too long or too odd for the mark is still told from another that begins the same', () => {
		const long = (end: string) => ({ ...owner, nodeId: `${'n'.repeat(200)}${end}` });
		expect(isMarkOf(markOf(long('a')), long('a'))).toBe(true);
		expect(isMarkOf(markOf(long('a')), long('b'))).toBe(false);
	});
});

describe('what is no mark', () => {
	const text = formatMark(owner, { fingerprint: FINGERPRINT });

	it.each([
		['nothing', null],
		['a number', 7],
		['an empty text', ''],
		['words of a person', 'My webhook (n8n production webhook)'],
		['the machine part alone', text.slice(text.indexOf('[n8n:'))],
		['something after it', `${text} edited`],
		['a mark that was cut', text.slice(0, -1)],
		['the other mode in words', text.replace('production', 'test')],
		['another node with the same checksum', text.replace('6d5f4b1c', '6d5f4b1d')],
		['another workflow with the same checksum', text.replace('Xy3k', 'Xy3j')],
		['another fingerprint with the same checksum', text.replace(/:[0-9a-f]{10}:/, ':0123456789:')],
		['no fingerprint with the same checksum', text.replace(/:[0-9a-f]{10}:/, ':')],
		['upper case', text.toUpperCase()],
		['two lines', `first\n${text}`],
		['more than Anchor takes', 'x'.repeat(256) + text],
	])('%s', (_what, description) => {
		expect(parseMark(description)).toBeUndefined();
	});

	it('any single changed character of the machine part', () => {
		const start = text.indexOf(' (n8n ');
		fc.assert(
			fc.property(
				fc.integer({ min: start, max: text.length - 1 }),
				fc.constantFrom(...'0aZ-~:[] ('),
				(at, character) => {
					fc.pre(text[at] !== character);
					const changed = text.slice(0, at) + character + text.slice(at + 1);
					expect(parseMark(changed)).toBeUndefined();
				},
			),
		);
	});

	it('any text at all reads as a mark only if it is one, without throwing', () => {
		fc.assert(
			fc.property(anyText, (any) => {
				expect(parseMark(any)).toBeUndefined();
			}),
		);
	});

	it('white space that Anchor or a person added around it does no harm', () => {
		expect(parseMark(` ${text}\n`)).toEqual(parseMark(text));
	});
});
