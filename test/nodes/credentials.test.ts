import type {
	ICredentialTestFunctions,
	ICredentialTestRequest,
	INodeCredentialTestResult,
} from 'n8n-workflow';
import { startSimulator } from '../simulator';
import type { Simulator } from '../simulator';
import { startReceiver } from '../simulator/receiver';
import type { Receiver } from '../simulator/receiver';
import { loadPackage } from '../support/core';
import type { LoadedPackage } from '../support/core';
import { testCredential } from '../support/credentialTest';
import { openWorkflow, triggerNode } from '../support/workflowRow';

let loaded: LoadedPackage;

beforeAll(async () => {
	loaded = await loadPackage();
});

describe('the API key', () => {
	let anchor: Simulator;

	beforeEach(async () => {
		anchor = await startSimulator();
	});
	afterEach(async () => await anchor.close());

	it('has the very fields of Anchor’s own package, so that one credential serves both', () => {
		const { properties } = loaded.credentialType('anchorBrowserApi');
		expect(properties.map(({ name, default: value }) => [name, value])).toEqual([
			['apiKey', ''],
			['baseUrl', 'https://api.anchorbrowser.io'],
		]);
		expect(properties[0].typeOptions?.password).toBe(true);
	});

	const testOf = async (changes: { apiKey?: string; baseUrl?: string }) =>
		await testCredential(loaded, 'anchorBrowserApi', {
			apiKey: anchor.apiKey,
			baseUrl: anchor.url,
			...changes,
		});
	const green = { status: 'OK', message: 'Connection successful!' };

	it.each([(url: string) => url, (url: string) => `  ${url}/ \n`])(
		'is green for a key that Anchor knows, with spaces around the Base URL, too',
		async (write) => {
			expect(await testOf({ baseUrl: write(anchor.url) })).toEqual(green);
			expect(anchor.requests()).toMatchObject([
				{ method: 'GET', path: '/v1/webhooks', status: 200 },
			]);
		},
	);

	it.each(['', '  '])('asks the usual address where the Base URL is %j', async (baseUrl) => {
		const { request } = loaded.credentialType('anchorBrowserApi').test as ICredentialTestRequest;
		const workflow = openWorkflow(
			{ id: 'wf', name: 'wf', nodes: [triggerNode()], active: false, staticData: '{}' },
			loaded.nodeTypes,
		);
		const resolved = workflow.expression.getSimpleParameterValue(
			triggerNode(),
			request.baseURL,
			'internal',
			{ $credentials: { baseUrl } },
		);
		expect(resolved).toBe('https://api.anchorbrowser.io');
	});

	it('is red for one that Anchor does not know, and says what to do', async () => {
		const { status, message } = await testOf({ apiKey: 'sk-unknown' });
		expect(status).toBe('Error');
		expect(message).toMatch(/does not know this API key.*Copy it again/);
	});

	it.each<[number, RegExp]>([
		[402, /no credits left.*Add credits/],
		[403, /Use a key of the project/],
		...[400, 404, 405, 422].map((mode): [number, RegExp] => [mode, /not the Anchor Browser API/]),
		[429, /too many requests.*Try again in a minute/],
		[500, /could not answer \(500\).*Try again/],
		[503, /could not answer \(503\).*Try again/],
	])('is red and says what to do when Anchor answers %i', async (mode, words) => {
		anchor.outage({ mode });
		const { status, message } = await testOf({});
		expect(status).toBe('Error');
		expect(message).toMatch(words);
	});

	describe('at another address', () => {
		let receiver: Receiver;
		const elsewhere = () => new URL(receiver.url).origin;

		beforeEach(async () => {
			receiver = await startReceiver();
		});
		afterEach(async () => await receiver.close());

		it.each([301, 302, 303, 307, 308])(
			'is red for a redirect (%i), and takes the key nowhere else',
			async (status) => {
				const headers = { location: `${anchor.url}/v1/webhooks` };
				receiver.reply = () => ({ status, headers });
				const { status: result, message } = await testOf({ baseUrl: elsewhere() });
				expect(result).toBe('Error');
				expect(message).toMatch(/leads to another address, to which the API key was not sent/);
				expect(receiver.received.map(({ path }) => path)).toEqual(['/v1/webhooks']);
				expect(anchor.requests()).toEqual([]);
			},
		);

		it.each(['<html>Welcome</html>', '{}', '{"ok":true}', '"webhooks"', ''])(
			'is red for a page that answers 200: %s',
			async (body) => {
				const type = body.startsWith('<') ? 'text/html' : 'application/json';
				receiver.reply = () => ({ status: 200, headers: { 'Content-Type': type }, body });
				const { status, message } = await testOf({ baseUrl: elsewhere() });
				expect(status).toBe('Error');
				expect(message).toMatch(/it is not the Anchor Browser API/);
			},
		);
	});
});

describe('the signing secret', () => {
	const good = '0123456789abcdef'.repeat(4);

	async function testOf(data: Record<string, unknown>): Promise<INodeCredentialTestResult> {
		const { signingSecretTest } = loaded.trigger.methods?.credentialTest ?? {};
		return await signingSecretTest.call({} as ICredentialTestFunctions, {
			id: '1',
			name: 'Secret',
			type: 'anchorBrowserSigningSecretApi',
			data: data as never,
		});
	}

	it('has two fields, both hidden while typed', () => {
		const { properties } = loaded.credentialType('anchorBrowserSigningSecretApi');
		expect(properties.map(({ name }) => name)).toEqual(['signingSecret', 'previousSigningSecret']);
		expect(properties.every(({ typeOptions }) => typeOptions?.password === true)).toBe(true);
	});

	it('is green for what Anchor issues', async () => {
		expect(await testOf({ signingSecret: good })).toMatchObject({ status: 'OK' });
		expect(await testOf({ signingSecret: good, previousSigningSecret: good })).toMatchObject({
			status: 'OK',
		});
	});

	it.each([
		['nothing', {}, /^Signing Secret is blank/],
		['blank', { signingSecret: '  ' }, /^Signing Secret is blank/],
		['with a line break', { signingSecret: `${good}\n` }, /white space before or after/],
		['too short', { signingSecret: good.slice(1) }, /64 characters.*has 63/],
		[
			'upper-case',
			{ signingSecret: good.toUpperCase() },
			/not a secret that Anchor Browser issues/,
		],
		['no text', { signingSecret: 7 }, /blank/],
		[
			'good beside a bad previous one',
			{ signingSecret: good, previousSigningSecret: 'x' },
			/^Previous Signing Secret/,
		],
	])('is red when %s, and says what to fix', async (_what, data, words) => {
		const { status, message } = await testOf(data);
		expect(status).toBe('Error');
		expect(message).toMatch(words);
		expect(message).not.toContain(good.slice(1));
	});
});
