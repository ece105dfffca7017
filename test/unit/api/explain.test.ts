import { NodeApiError, UserError } from 'n8n-workflow';
import type { ApiFailure } from '../../../nodes/AnchorBrowser/api/client';
import {
	explain,
	makeNodeError,
	refusalOf,
	whatHappened,
} from '../../../nodes/AnchorBrowser/api/explain';
import { AnchorInMemory } from '../registration/anchorInMemory';

const { node } = new AnchorInMemory();
const what = 'remove the webhook wh_1 (https://n8n.example.com/webhook/1)';
const failed = (status: number | null, fields: Partial<ApiFailure> = {}): ApiFailure => ({
	ok: false,
	status,
	message: '',
	...fields,
});
/** Message and description. */
const textsOf = (failure: ApiFailure): string[] => Object.values(explain(failure, what));
const STATUSES = [null, 200, 302, 400, 401, 402, 403, 404, 405, 409, 418, 422, 429, 500, 502, 503];
const KEPT_FROM_RETRYING = [401, 403];

describe.each(STATUSES)('the words for %p', (status) => {
	const failure = failed(status);
	const { message, description } = explain(failure, what);

	it('message and description each say what n8n was doing, what to do, and the status, or that there is none', () => {
		for (const text of [message, description]) {
			expect(text).toContain(what);
			expect(text).toMatch(/\b(Check|Copy|Add|Use|Try|try|Look|See)\b/);
			expect(text).toMatch(/\(\d{3}\)|No answer|not the Anchor Browser API|not look like/);
		}
	});

	it('none of the words that n8n`s guide rules out', () => {
		expect(`${message} ${description}`).not.toMatch(/\b(error|problem|failure|mistake)s?\b/i);
	});

	it('n8n tries the activation again unless only a person can help', () => {
		expect(message.includes('Authorization')).toBe(KEPT_FROM_RETRYING.includes(status as number));
	});

	it('the message has no full stop at its end, the description has', () => {
		expect(message).not.toMatch(/\.$/);
		expect(description).toMatch(/[^.]\.$/);
		expect(description).not.toMatch(/\.\.|\s\s/);
	});

	it('for a log line, what happened is the beginning of the description', () => {
		const happened = whatHappened(failure, what);
		expect(description.startsWith(`${happened} `)).toBe(true);
		expect(happened).toContain(what);
	});

	it('arrive in n8n as they are', () => {
		const error = makeNodeError(node, refusalOf(failure, what));
		expect(error).toBeInstanceOf(NodeApiError);
		expect(error.message).toBe(message);
		expect(error.description).toBe(description);
		expect(error.httpCode).toBe(status === null ? null : String(status));
		expect(error.cause instanceof UserError).toBe([401, 402, 403].includes(status as number));
	});
});

describe('the words', () => {
	it('quote Anchor in the description only, where they cannot keep n8n from trying again', () => {
		const failure = failed(500, { message: 'Authorization backend is down.' });
		const { message, description } = explain(failure, what);
		expect(message).not.toContain('Authorization');
		expect(description).toContain('Anchor Browser says: "Authorization backend is down".');
	});

	it('name the address that did not answer, and the reason in words', () => {
		const address = 'https://api.example.com';
		const { message, description } = explain(failed(null, { message: 'ENOTFOUND', address }), what);
		expect(message).toContain(`${address} (the host name is unknown),`);
		expect(description).toContain(address);
		expect(description).toContain('(the host name is unknown: ENOTFOUND)');
	});

	it('name a reason that nobody has put into words', () => {
		for (const reason of ['EPROTO', 'constructor']) {
			for (const text of textsOf(failed(null, { message: reason }))) {
				expect(text).toContain(`(${reason})`);
			}
		}
	});

	it('say of a Base URL that is none what it is, and which is the usual one', () => {
		for (const text of textsOf(failed(null, { message: 'ERR_INVALID_URL', address: '' }))) {
			expect(text).toContain('is not a web address');
			expect(text).toContain('the usual one is https://api.anchorbrowser.io');
			expect(text).toContain(what);
			expect(text).not.toContain('ERR_');
		}
	});

	it.each([
		[429, undefined, 'in a minute'],
		[429, 0, 'in 1 second'],
		[429, 1, 'in 1 second'],
		[429, 7, 'in 7 seconds'],
		[429, 119, 'in 119 seconds'],
		[429, 121, 'in 3 minutes'],
		[503, 30, 'in 30 seconds'],
	])('of a %d with Retry-After %p say when: %s', (status, retryAfterSeconds, wait) => {
		for (const text of textsOf(failed(status, { retryAfterSeconds }))) expect(text).toContain(wait);
	});

	it('of a redirect say that the API gives none', () => {
		expect(explain(failed(302), what).description).toContain(
			'the Base URL answered with a redirect (302); the Anchor Browser API does not. Check',
		);
	});

	it('take advice that fits the request better', () => {
		const { message, description } = explain(failed(400), what, 'Check the selected events.');
		expect(message).toMatch(/\(400\)\. Check the selected events$/);
		expect(description).toMatch(/Check the selected events\.$/);
	});

	it('quote Anchor beside such advice, for n8n 2 shows the message alone, unless n8n would stop trying', () => {
		const messageOf = (said: string) =>
			explain(failed(400, { message: said }), what, 'Check the selected events.').message;
		expect(messageOf('url is not reachable')).toContain(
			'(400). Anchor Browser says: "url is not reachable". Check the selected events',
		);
		expect(messageOf('Authorization in the url')).toMatch(/\(400\)\. Check the selected events$/);
	});

	it('survive what n8n takes for a system code in an address', () => {
		const refusal = refusalOf(failed(500), 'remove wh_1 (https://freeaccess.example/onepermit)');
		expect(makeNodeError(node, refusal).message).toBe(refusal.words.message);
	});

	it('of our own arrive with the cause that stops n8n, or without', () => {
		const words = { message: 'A message', description: 'A description.' };
		const permanent = makeNodeError(node, { words, permanent: true });
		expect(permanent).toMatchObject({ ...words, httpCode: null });
		expect(permanent.cause).toBeInstanceOf(UserError);
		expect(makeNodeError(node, { words, permanent: false }).cause).toBeUndefined();
	});
});
