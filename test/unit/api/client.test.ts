/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout } from 'node:timers/promises';
import type { IHttpRequestOptions } from 'n8n-workflow';
import {
	anchorRequest,
	connectionOf,
	isOutage,
	isPermanent,
} from '../../../nodes/AnchorBrowser/api/client';
import type { ApiFailure } from '../../../nodes/AnchorBrowser/api/client';
import { AnchorInMemory, API_KEY } from '../registration/anchorInMemory';

let anchor: AnchorInMemory;
beforeEach(() => {
	anchor = new AnchorInMemory();
});
const ask = async (context = anchor.context()) =>
	await anchorRequest(context, { method: 'GET', path: '/v1/webhooks' });
const failure = async () => (await ask()) as ApiFailure;
/** A context whose helper of n8n does this. */
const contextOf = (request: (type: string, options: IHttpRequestOptions) => unknown) => {
	const context = anchor.context();
	context.helpers.httpRequestWithAuthentication = async (type, options) =>
		await request(type, options);
	return context;
};

describe('the credential', () => {
	it.each([
		['https://api.example.com', 'https://api.example.com'],
		['https://api.example.com/', 'https://api.example.com'],
		['  https://api.example.com/base// ', 'https://api.example.com/base'],
		['', 'https://api.anchorbrowser.io'],
		[undefined, 'https://api.anchorbrowser.io'],
	])('Base URL %j is %j', async (baseUrl, expected) => {
		anchor.credential = { apiKey: API_KEY, baseUrl };
		expect(await connectionOf(anchor.context())).toEqual({ apiKey: API_KEY, baseUrl: expected });
	});

	it('has an API key without the white space that the header loses', async () => {
		anchor.credential = { apiKey: ` ${API_KEY}\n` };
		expect((await connectionOf(anchor.context())).apiKey).toBe(API_KEY);
	});

	it('that is missing is reported in the words of n8n, not as trouble with the network', async () => {
		anchor.credential = undefined;
		await expect(ask()).rejects.toThrow('does not have any credentials');
	});
});

describe('the isolate in which n8n 2 evaluates', () => {
	let isHeld: boolean;
	beforeEach(() => {
		isHeld = false;
	});
	const expression = {
		acquireIsolate: async () => !isHeld && (isHeld = true),
		releaseIsolate: async () => void (isHeld = false),
	};
	/** A request for which n8n reads the credential, then evaluates, then waits for Anchor. */
	const askWithin = async ({ before, after }: { before: number; after: number }) => {
		const context = contextOf(async () => {
			await setTimeout(before);
			if (!isHeld) throw new Error('No bridge acquired for this context');
			await setTimeout(after);
			return { statusCode: 200, body: {}, headers: {} };
		});
		return (await ask(Object.assign(context, { workflow: { expression } }))).ok;
	};

	it('is held for a request outside of any call of n8n, and released after it', async () => {
		expect(await askWithin({ before: 1, after: 1 })).toBe(true);
		expect(isHeld).toBe(false);
	});

	it('is held until the last of several requests has ended', async () => {
		const requests = [askWithin({ before: 1, after: 1 }), askWithin({ before: 20, after: 1 })];
		expect(await Promise.all(requests)).toEqual([true, true]);
		expect(isHeld).toBe(false);
	});

	it('stays with n8n where n8n holds it', async () => {
		isHeld = true;
		expect(await askWithin({ before: 1, after: 1 })).toBe(true);
		expect(isHeld).toBe(true);
	});
});

describe('a request', () => {
	it('goes through the helper that adds the key, follows no redirect and does not wait for ever', async () => {
		let used: [string, IHttpRequestOptions] | undefined;
		const context = contextOf((type, options) => {
			used = [type, options];
			return { statusCode: 200, body: { fine: true }, headers: {} };
		});
		const result = await anchorRequest(context, {
			method: 'POST',
			path: '/v1/webhooks',
			body: { url: 'x' },
			query: { limit: 5, flag: false },
		});
		expect(result).toEqual({ ok: true, body: { fine: true } });
		expect(used).toEqual([
			'anchorBrowserApi',
			{
				method: 'POST',
				url: 'https://api.example.com/v1/webhooks',
				qs: { limit: 5, flag: false },
				body: { url: 'x' },
				json: true,
				encoding: 'text',
				returnFullResponse: true,
				ignoreHttpStatusErrors: true,
				disableFollowRedirect: true,
				timeout: 15_000,
			},
		]);
	});

	it.each([200, 201, 202, 204, 299])('%d is a success', async (status) => {
		anchor.breakDown({ status, body: 'x' });
		expect(await ask()).toEqual({ ok: true, body: 'x' });
	});

	it.each([
		['JSON', '{"a":[1,"x"]}', { a: [1, 'x'] }],
		['JSON with large numbers', '{"a":12345678901234567890}', { a: '12345678901234567890' }],
		['a page', '<html>Sign in</html>', '<html>Sign in</html>'],
		['nothing', '', ''],
	])('has read an answer that is %s', async (_what, body, read) => {
		anchor.breakDown({ status: 200, body });
		expect(await ask()).toEqual({ ok: true, body: read });
	});

	it('takes an answer that n8n has parsed all the same, as it does where it evaluates workflows', async () => {
		const context = contextOf(() => ({ statusCode: 200, body: { a: 1 }, headers: {} }));
		expect(await ask(context)).toEqual({ ok: true, body: { a: 1 } });
	});

	it.each([301, 302, 400, 401, 404, 409, 422, 429, 500, 503])('%d is a value', async (status) => {
		anchor.breakDown({ status, body: { error: { message: 'why' } } });
		expect(await ask()).toEqual({ ok: false, status, message: 'why' });
	});

	it.each(['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'ECONNABORTED', 'CERT_HAS_EXPIRED'])(
		'%s is a value with status null and the code found below n8n`s wrapping',
		async (code) => {
			anchor.breakDown({ code });
			const address = 'https://api.example.com';
			expect(await ask()).toEqual({ ok: false, status: null, message: code, address });
		},
	);

	it('without any code says what n8n says', async () => {
		const context = contextOf(() => {
			throw new Error(`Domain not allowed\nfor ${API_KEY}`);
		});
		const message = 'Domain not allowed for [hidden]';
		expect(await ask(context)).toMatchObject({ status: null, message });
	});

	it('that throws something odd is a value all the same', async () => {
		const nothing = { ok: false, status: null, message: '', address: 'https://api.example.com' };
		for (const odd of ['text', undefined, null, { code: 7 }]) {
			const context = contextOf(() => {
				throw odd;
			});
			expect(await ask(context)).toEqual(nothing);
		}
	});

	it.each([
		['https://user:pass@api.example.com:8443/base?key=x', 'https://api.example.com:8443'],
		['api.example.com', ''],
		['ftp://api.example.com', ''],
		['not an address', ''],
	])('asked at the Base URL %j names %j, and nothing secret', async (baseUrl, address) => {
		anchor.credential = { apiKey: API_KEY, baseUrl };
		anchor.breakDown({ code: 'ENOTFOUND' });
		expect(await ask()).toMatchObject({ status: null, address });
	});

	it('carries Anchor’s own clock, of a success as of a refusal', async () => {
		const headers = { Date: 'Sun, 24 May 2026 12:00:00 GMT' };
		for (const status of [200, 404]) {
			anchor.breakDown({ status, body: {}, headers });
			expect(await ask()).toMatchObject({ dateMs: Date.UTC(2026, 4, 24, 12) });
		}
	});

	it('never repeats the API key that Anchor repeats', async () => {
		anchor.breakDown({ status: 401, body: { error: `key ${API_KEY} is not known` } });
		expect((await failure()).message).toBe('key [hidden] is not known');
	});
});

describe('Retry-After', () => {
	it.each<[string, Record<string, string>, number | undefined]>([
		['seconds', { 'retry-after': '7' }, 7],
		['seconds, header in capitals', { 'Retry-After': ' 30 ' }, 30],
		['a part of a second', { 'retry-after': '0.2' }, 1],
		[
			'a date, measured against the time of the answer',
			{ 'retry-after': 'Sun, 24 May 2026 12:01:30 GMT', date: 'Sun, 24 May 2026 12:00:00 GMT' },
			90,
		],
		[
			'a date gone by',
			{ 'retry-after': 'Sun, 24 May 2026 11:00:00 GMT', date: 'Sun, 24 May 2026 12:00:00 GMT' },
			0,
		],
		['nonsense', { 'retry-after': 'soon' }, undefined],
		['blank', { 'retry-after': '' }, undefined],
		['nothing', {}, undefined],
		['a year', { 'retry-after': '31536000' }, 86_400],
	])('%s', async (_what, headers, seconds) => {
		anchor.breakDown({ status: 429, headers });
		expect((await failure()).retryAfterSeconds).toBe(seconds);
	});

	it('a date without the time of the answer is measured against the clock', async () => {
		const until = new Date(Date.now() + 60_000).toUTCString();
		anchor.breakDown({ status: 503, headers: { 'retry-after': until } });
		const seconds = (await failure()).retryAfterSeconds ?? 0;
		expect(seconds).toBeGreaterThan(55);
		expect(seconds).toBeLessThanOrEqual(60);
	});
});

describe('what a failure means', () => {
	const outages = [null, 200, 302, 408, 425, 429, 500, 502, 503, 504];
	const all = [...outages, 400, 401, 402, 403, 404, 409, 422].map(
		(status): ApiFailure => ({ ok: false, status, message: '' }),
	);
	const those = (is: (failure: ApiFailure) => boolean) =>
		all.filter(is).map(({ status }) => status);

	it('an outage says nothing about what was asked', () => {
		expect(those(isOutage)).toEqual(outages);
	});

	it('key, credits and rights are for a person', () => {
		expect(those(isPermanent)).toEqual([401, 402, 403]);
	});
});
