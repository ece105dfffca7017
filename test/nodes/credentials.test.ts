import type {
	ICredentialTestFunctions,
	ICredentialTestRequest,
	INodeCredentialTestResult,
} from 'n8n-workflow';
import { startSimulator } from '../simulator';
import type { Simulator } from '../simulator';
import { loadPackage } from '../support/core';
import type { LoadedPackage } from '../support/core';
import { CredentialStore } from '../support/credentials';
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

	/** The request of n8n's credential test: expressions, then `authenticate`. */
	async function requestOf(credentials: { apiKey: string; baseUrl: string }) {
		const type = loaded.credentialType('anchorBrowserApi');
		const { request } = type.test as ICredentialTestRequest;
		const row = { id: 'wf', name: 'wf', nodes: [triggerNode()], active: false, staticData: '{}' };
		const workflow = openWorkflow(row, loaded.nodeTypes);
		const [node] = row.nodes;
		const resolve = (text = '') =>
			String(
				workflow.expression.getSimpleParameterValue(node, text, 'internal', {
					$credentials: credentials,
				}),
			);
		const { headers } = await new CredentialStore(() => loaded).authenticate(
			credentials,
			'anchorBrowserApi',
			{ url: '' },
			workflow,
			node,
		);
		const url = `${resolve(request.baseURL)}${resolve(request.url)}`;
		return { url, headers: headers as Record<string, string> };
	}

	/** n8n's credential test, as it carries one out: the request, then the rules. */
	async function testOf(credentials: { apiKey: string; baseUrl: string }) {
		const { rules = [] } = loaded.credentialType('anchorBrowserApi').test as ICredentialTestRequest;
		const { url, headers } = await requestOf(credentials);
		const { status } = await fetch(url, { headers });
		const rule = rules.find(
			({ properties }) => 'value' in properties && properties.value === status,
		);
		return { status, message: rule?.properties.message };
	}

	it('is green for a key that Anchor knows', async () => {
		const { status } = await testOf({ apiKey: anchor.apiKey, baseUrl: anchor.url });
		expect(status).toBe(200);
		expect(anchor.requests()).toMatchObject([{ method: 'GET', path: '/v1/webhooks', status: 200 }]);
	});

	it('asks the usual address where the Base URL is blank, as the trigger does', async () => {
		const { url } = await requestOf({ apiKey: anchor.apiKey, baseUrl: '' });
		expect(url).toBe('https://api.anchorbrowser.io/v1/webhooks');
	});

	it('is red for one that Anchor does not know, and says what to do', async () => {
		const { status, message } = await testOf({ apiKey: 'sk-unknown', baseUrl: anchor.url });
		expect(status).toBe(401);
		expect(message).toMatch(/does not know this API key.*Copy it again/);
	});

	it.each([
		[403, /Use a key of the project/],
		[404, /https:\/\/api\.anchorbrowser\.io/],
	])('is red and says what to do when Anchor answers %i', async (mode, words) => {
		anchor.outage({ mode });
		const { status, message } = await testOf({ apiKey: anchor.apiKey, baseUrl: anchor.url });
		expect(status).toBe(mode);
		expect(message).toMatch(words);
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
