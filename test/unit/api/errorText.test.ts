import fc from 'fast-check';
import { errorTextOf } from '../../../nodes/AnchorBrowser/api/errorText';

describe('the words of a refusal', () => {
	it.each<[string, unknown, string]>([
		['error with code and message', { error: { code: 'LIMIT', message: 'Too many' } }, 'Too many'],
		['one level deeper', { error: { error: { code: 'X', message: 'Deep' } } }, 'Deep'],
		['flat', { error: 'Invalid url' }, 'Invalid url'],
		['a message', { message: 'No such task' }, 'No such task'],
		['a plain text', 'Not found', 'Not found'],
		['JSON that was not parsed', '{"error":{"message":"Too many"}}', 'Too many'],
		['JSON in a text, in JSON', { error: '{"message":"Inner"}' }, 'Inner'],
		[
			'several messages',
			{ message: ['url is bad', 'events are bad'] },
			'url is bad; events are bad',
		],
		['a list of objects', { errors: [{ message: 'a' }, { message: 'b' }] }, 'a; b'],
		['a code alone', { error: { code: 'LIMIT_REACHED' } }, 'LIMIT_REACHED'],
		['a blank message beside a code', { error: { message: ' ', code: 'LIMIT' } }, 'LIMIT'],
		['several lines', { error: ' first\n\tsecond ' }, 'first second'],
		['broken JSON', '{"error":', '{"error":'],
		['a page of HTML', '<!DOCTYPE html><html><body>502</body></html>', ''],
		['a page of HTML, without its type', ' <html>x</html>', ''],
		['an empty object', {}, ''],
		['nothing', null, ''],
		['nothing at all', undefined, ''],
		['numbers', { error: 7, message: true }, ''],
	])('%s', (_what, body, words) => {
		expect(errorTextOf(body, '')).toBe(words);
	});

	it('are at most 300 characters, on one line, whatever the body', () => {
		expect(errorTextOf({ error: 'x'.repeat(5_000) }, '')).toHaveLength(300);
		fc.assert(
			fc.property(fc.oneof(fc.anything(), fc.json(), fc.string()), (body) => {
				const words = errorTextOf(body, '');
				expect(words.length).toBeLessThanOrEqual(300);
				expect(words).not.toMatch(/[\n\r\t]/);
			}),
		);
	});

	it('do not run away in a body that is nested without end', () => {
		const endless: Record<string, unknown> = {};
		endless.error = endless;
		expect(errorTextOf(endless, '')).toBe('');
	});
});

describe('the API key in a refusal', () => {
	const key = `sk-${'5a'.repeat(16)}`;

	it('is hidden wherever a text repeats it', () => {
		expect(errorTextOf({ error: `${key} is not ${key}` }, key)).toBe('[hidden] is not [hidden]');
	});

	it.each([
		['a line break after it', `${key}\n`, key],
		['a zero-width space after it', `${key}\u200b`, key],
		['an ellipsis in it', `${key.slice(0, 3)}…${key.slice(3)}`, key],
		['what a header can carry', `${key}\tä`, `${key}\tä`],
	])('is hidden as the HTTP client sends it: %s', (_, filledIn, sent) => {
		expect(errorTextOf(`${sent} is not ${filledIn}`, filledIn)).toMatch(
			/^\[hidden\] is not \[hidden\]/,
		);
	});

	it('is hidden where the text is cut in the middle of it', () => {
		const long = `sk-${Array.from({ length: 12 }, (_, index) => index * 7_919).join('-')}`;
		const pieces = Array.from({ length: long.length - 7 }, (_, at) => long.slice(at, at + 8));
		for (let before = 300 - long.length; before <= 300; before++) {
			const body = `${'x'.repeat(before)}${long}`.padEnd(10_000, 'y');
			const text = errorTextOf(body, long);
			expect(pieces.filter((piece) => text.includes(piece))).toEqual([]);
		}
	});
});
