import fc from 'fast-check';
import { hide, wordsOf } from '../../../nodes/AnchorBrowser/api/words';

describe('the words of a refusal', () => {
	it.each<[string, unknown, string]>([
		[
			'most calls: error with code and message',
			{ error: { code: 'LIMIT', message: 'Too many' } },
			'Too many',
		],
		['one level deeper', { error: { error: { code: 'X', message: 'Deep' } } }, 'Deep'],
		['flat', { error: 'Invalid url' }, 'Invalid url'],
		['a message', { message: 'No such task' }, 'No such task'],
		['a plain text', 'Not found', 'Not found'],
		['JSON that was not parsed', '{"error":{"message":"Too many"}}', 'Too many'],
		['JSON in a text, in JSON', { error: '{"message":"Inner"}' }, 'Inner'],
		[
			'a list of messages',
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
		expect(wordsOf(body)).toBe(words);
	});

	it('are at most 300 characters, on one line, whatever the body', () => {
		expect(wordsOf({ error: 'x'.repeat(5_000) })).toHaveLength(300);
		fc.assert(
			fc.property(fc.oneof(fc.anything(), fc.json(), fc.string()), (body) => {
				const words = wordsOf(body);
				expect(words.length).toBeLessThanOrEqual(300);
				expect(words).not.toMatch(/[\n\r\t]/);
			}),
		);
	});

	it('do not run away in a body that is nested without end', () => {
		const endless: Record<string, unknown> = {};
		endless.error = endless;
		expect(wordsOf(endless)).toBe('');
	});
});

describe('hiding', () => {
	it('takes every copy of the secret out of a text', () => {
		expect(hide('key k1 is not k1', 'k1')).toBe('key [hidden] is not [hidden]');
	});

	it('leaves a text alone when there is no secret', () => {
		expect(hide('text', '')).toBe('text');
	});
});
