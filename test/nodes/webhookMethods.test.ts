/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { env } from 'node:process';
import { inspect } from 'node:util';
import type { IHookFunctions, NodeApiError } from 'n8n-workflow';
import { UserError } from 'n8n-workflow';
import nock from 'nock';
import { madeOrRemoved } from '../conformance/registration/checks';
import { anotherProject, automaticTrigger } from '../support/automaticTrigger';
import { logLines, sentences, warnings } from '../support/core';
import { manualTrigger } from '../support/manualTrigger';
import {
	activated,
	anchor,
	host,
	LATER_LOOK_MS,
	settledIn,
	setUp,
	startLine,
	timers,
} from '../support/recovering';
import type { WorkflowRow } from '../support/workflowRow';

beforeEach(async () => await setUp());

/** By then a webhook that was taken out of service is gone at Anchor. */
const END_MS = 20_000;
/** By then it was tried for the last time. */
const ALL_TRIES_MS = 400_000;

const idsAtAnchor = () => anchor.webhooks().map(({ id }) => id);

/** The same when a webhook that was taken out of service is gone. */
async function idsInTheEnd(): Promise<string[]> {
	await timers.advance(END_MS);
	return idsAtAnchor();
}

const DAY_MS = 24 * 60 * 60_000;

async function statusOf(
	id: string,
	{ sign = 'current' as 'current' | 'previous' | 'forged' | 'none', seconds = 0 } = {},
): Promise<number | null> {
	const wish = { to: id, sign, maxAttempts: 1, timestampOffsetSeconds: seconds };
	const [{ attempts }] = await anchor.emit('task.completed', wish).settled;
	return attempts[0].status;
}

async function thrownBy(work: Promise<unknown>): Promise<NodeApiError> {
	try {
		await work;
	} catch (cause) {
		return cause as NodeApiError;
	}
	throw new Error('nothing was thrown');
}

describe('activation', () => {
	it.each([
		[[], /^Choose at least one event for this trigger$/, /select under Events/],
		[
			'={{ [] }}',
			/^Your expression under Events gave an empty list\. Let it give at least one event name, for example task\.failed$/,
			/expression under Events .* task\.failed/,
		],
	])('needs an event, which %j does not give', async (events, words, more) => {
		const { message, description } = await thrownBy(activated({ events }));
		expect(message).toMatch(words);
		expect(description).toMatch(more);
		expect(anchor.requests({ calls: 'POST *' })).toEqual([]);
	});

	it.each(['2.41', '1.123'] as const)(
		'refuses two triggers with the same node ID, on n8n %s',
		async (line) => {
			await startLine(line);
			const row = automaticTrigger(host, anchor);
			const [first] = row.nodes;
			const second = { ...structuredClone(first), name: 'Second', webhookId: 'second-path' };
			row.nodes = [first, second];
			const { message } = await thrownBy(host.activate(row));
			expect(message).toContain(`have the same ID: "${first.name}", "Second"`);
			await timers.advance(END_MS);
			expect(anchor.webhooks()).toEqual([]);
			row.nodes = [first, { ...second, id: 'its-own' }];
			await host.activate(row);
			expect(anchor.webhooks()).toHaveLength(2);
		},
	);

	it('names conditions once that can hardly be meant as they are written', async () => {
		const fields = ['error.type ==', 'status.code', 'error.type', '{{ $json.data.error_type }}'];
		const conditions = fields.map((leftValue) => ({ leftValue, operator: 'any:exists' }));
		const filters = { conditions: { conditions } };
		await activated({ filters });
		await manualTrigger(host, { filters });
		const said = sentences('warn');
		expect(said).toHaveLength(4);
		for (const twice of [said.slice(0, 2), said.slice(2)]) {
			expect(twice).toEqual([
				expect.stringMatching(/^Anchor Browser Trigger: .*condition on error\.type ==/),
				expect.stringMatching(
					/^Anchor Browser Trigger: .*condition on status\.code .*status is a text/,
				),
			]);
		}
	});

	it.each(['manual', 'automatic'])(
		'fails for an event that nobody knows: %s',
		async (registration) => {
			const parameters = { registration, events: ['task.failed', 'task.complete'] };
			const work =
				registration === 'manual' ? manualTrigger(host, parameters) : activated(parameters);
			const thrown = await thrownBy(work);
			for (const text of [thrown.message, thrown.description]) {
				expect(text).toContain(
					'There is no event "task.complete"; the nearest is "task.completed"',
				);
			}
			expect(thrown.cause).toBeInstanceOf(UserError);
			expect(anchor.webhooks()).toEqual([]);
		},
	);

	it('asks nothing of Anchor when the user keeps the webhook', async () => {
		const { row } = await manualTrigger(host);
		await host.republish(row);
		await host.deactivate(row);
		expect(anchor.requests()).toEqual([]);
		expect(row.staticData).toBe('{}');
	});

	it('does not ask Anchor to create when the list cannot be read', async () => {
		const row = automaticTrigger(host, anchor);
		anchor.outage({ mode: 500, calls: 'GET *' });
		await thrownBy(host.activate(row));
		expect(anchor.requests({ calls: 'POST *' })).toEqual([]);
	});

	it.each([401, 500, 'close'] as const)(
		'keeps the API key out of the whole error when Anchor answers %s',
		async (mode) => {
			anchor.outage({ mode, message: `no ${anchor.apiKey}` });
			const failure = await thrownBy(activated());
			expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toContain(anchor.apiKey);
		},
	);

	it.each([
		[401, false],
		[402, false],
		[403, false],
		[429, true],
		[500, true],
		[503, true],
	])('after a %i, lets n8n try again unless only a person can mend it: %p', async (mode, again) => {
		anchor.outage({ mode });
		const { cause, message } = await thrownBy(activated());
		expect(cause instanceof UserError).toBe(!again);
		// n8n up to 2.x gives up for good when it reads this word.
		if (again) expect(message).not.toContain('Authorization');
	});

	it('that fails five times does not end in n8n removing a good webhook, however long nobody tries again', async () => {
		const row = await activated();
		const ids = idsAtAnchor();
		row.nodes[0].parameters.events = ['batch.failed'];
		const outage = anchor.outage({ mode: 503, calls: 'PATCH *' });
		await thrownBy(host.republish(row));
		for (let attempt = 2; attempt <= 5; attempt++) await thrownBy(host.activate(row));
		expect(await idsInTheEnd()).toEqual(ids);
		outage.lift();
		await host.activate(row);
		expect(await idsInTheEnd()).toEqual(ids);
		expect(anchor.webhooks()[0].subscribedEvents).toEqual(['batch.failed']);
	});

	it('that fails does not keep a later deactivation from ending the webhook', async () => {
		const row = await activated();
		row.nodes[0].parameters.events = ['batch.failed'];
		const outage = anchor.outage({ mode: 503, calls: 'PATCH *' });
		await thrownBy(host.activate(row));
		outage.lift();
		await host.deactivate(row);
		expect(await idsInTheEnd()).toEqual([]);
	});

	it('that fails for one trigger does not keep the other’s webhook from ending, nor does a clock set back', async () => {
		const row = automaticTrigger(host, anchor);
		const [node] = row.nodes;
		const second = { ...node, id: 'second', name: 'Second', webhookId: 'second-hook' };
		second.parameters = { ...node.parameters, events: ['no.such.event'] };
		row.nodes.push(second);
		await thrownBy(host.activate(row));
		expect(idsAtAnchor()).toHaveLength(1);
		row.nodes.pop();
		const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - 60_000);
		await host.deactivate(row).finally(() => clock.mockRestore());
		expect(await idsInTheEnd()).toEqual([]);
	});

	it('by other events at a start keeps the webhook while Anchor does not take them, however long n8n waits', async () => {
		await activated();
		const ids = idsAtAnchor();
		anchor.changeWebhook(ids[0], { subscribedEvents: ['batch.failed'] });
		anchor.outage({ mode: 503, calls: 'PATCH *' });
		await thrownBy(host.restart());
		await timers.advance(60 * 60_000);
		expect(idsAtAnchor()).toEqual(ids);
	});

	it('of ten changed versions on n8n 1, and of other names, keeps id, secret and history', async () => {
		await startLine('1.123');
		const row = await activated();
		const [{ id, secret }] = anchor.webhooks();
		const calls = madeOrRemoved(anchor);
		for (let version = 1; version <= 10; version++) {
			row.nodes[0].parameters.options = { toleranceSeconds: 120 + version };
			row.nodes[0].name = `Trigger ${version}`;
			row.name = `Workflow ${version}`;
			await host.republish(row);
			await timers.advance(1_000);
		}
		expect(await idsInTheEnd()).toEqual([id]);
		expect(anchor.webhooks()).toMatchObject([{ secret, enabled: true }]);
		expect(anchor.webhooks()[0].description).toMatch(/^Workflow 10 /);
		expect(madeOrRemoved(anchor)).toBe(calls);
		expect(await statusOf(id)).toBe(202);
	});

	it('with the key of another project ends the webhook of the first one', async () => {
		const row = await activated();
		const [before] = idsAtAnchor();
		host.credentials.stored.set('other', anotherProject(anchor));
		row.nodes[0].credentials = { anchorBrowserApi: { id: 'other', name: 'other' } };
		await host.republish(row);
		expect(await idsInTheEnd()).toHaveLength(1);
		expect(idsAtAnchor()).not.toContain(before);
		expect(await statusOf(idsAtAnchor()[0])).toBe(202);
	});

	it('of a change after the webhook was deleted at Anchor keeps the new one', async () => {
		const row = await activated();
		anchor.removeWebhook(idsAtAnchor()[0]);
		row.nodes[0].parameters.events = ['task.failed'];
		await host.republish(row);
		const ids = idsAtAnchor();
		expect(ids).toHaveLength(1);
		expect(await idsInTheEnd()).toEqual(ids);
	});

	it('with the keys of two other projects, one soon after the other, leaves no webhook behind', async () => {
		const row = await activated();
		for (const project of [1, 2]) {
			const id = `key of project ${project}`;
			host.credentials.stored.set(id, anotherProject(anchor, project));
			row.nodes = row.nodes.map((node) => ({
				...node,
				credentials: { anchorBrowserApi: { id, name: id } },
			}));
			await host.republish(row);
		}
		expect(await idsInTheEnd()).toHaveLength(1);
	});

	it('with the key of another project in the same credential keeps the new webhook', async () => {
		const row = await activated();
		const [before] = idsAtAnchor();
		host.credentials.stored.set(row.id, anotherProject(anchor));
		row.nodes[0].parameters.events = ['task.failed'];
		await host.republish(row);
		await timers.advance(END_MS);
		const [after] = idsAtAnchor().filter((id) => id !== before);
		expect(await statusOf(after)).toBe(204);
	});

	it.each([401, 403, 429, 503])(
		'at a start of n8n keeps what serves when Anchor answers %i, and says so',
		async (mode) => {
			await activated();
			const [{ id }] = anchor.webhooks();
			anchor.outage({ mode });
			await host.restart();
			await timers.advance(END_MS);
			anchor.liftOutages();
			expect(idsAtAnchor()).toEqual([id]);
			expect(await statusOf(id)).toBe(202);
			expect(warnings().some(({ message }) => message.includes(id))).toBe(true);
		},
	);

	it('takes a stored state that is cut short for nothing known, and finds its webhook by the mark', async () => {
		const row = await activated();
		const [{ id }] = anchor.webhooks();
		const data = JSON.parse(row.staticData) as { global: Record<string, object> };
		for (const key of Object.keys(data.global)) data.global[key] = { webhookId: id };
		row.staticData = JSON.stringify(data);
		await host.restart();
		expect(idsAtAnchor()).toEqual([id]);
		expect(await statusOf(id)).toBe(202);
	});
});

it('ends listening that could not begin without a credential, so that n8n can listen again', async () => {
	const row = automaticTrigger(host, anchor);
	row.nodes[0].credentials = {};
	await expect(host.listen(row)).rejects.toThrow('Node does not have any credentials set');
	expect(host.isListening(host.urlOf(row, { test: true }).split('/webhook-test/')[1])).toBe(false);
	expect(sentences().join()).toMatch(/was not looked for .*any credentials/);
});

describe('an activation on n8n 1', () => {
	/** A workflow whose second trigger cannot be activated, published before it was there; n8n 1 goes through them in turn. */
	async function withTroublesome(place: 'first' | 'last') {
		await startLine('1.123');
		const row = await activated();
		const [node] = row.nodes;
		const other = { ...node, id: 'other', name: 'Other', webhookId: 'other-hook' };
		other.parameters = { ...node.parameters, events: ['no.such.event'] };
		row.nodes = place === 'first' ? [other, node] : [node, other];
		return { row, ids: idsAtAnchor() };
	}

	it.each(['first', 'last'] as const)(
		'at a start that fails for the %s trigger removes none: n8n calls delete for all of them, and tries again',
		async (place) => {
			const { row, ids } = await withTroublesome(place);
			await host.boot();
			for (const seconds of [1, 2, 4, 8, 16, 3_600]) {
				await thrownBy(host.activate(row, 'init'));
				await timers.advance(seconds * 1_000);
				expect(idsAtAnchor()).toEqual(ids);
			}
			row.nodes = row.nodes.filter(({ name }) => name !== 'Other');
			await host.activate(row, 'init');
			expect(await idsInTheEnd()).toEqual(ids);
			expect(await statusOf(ids[0])).toBe(202);
		},
	);

	it('at a start that fails does not keep the webhook of a workflow that a user then deactivates', async () => {
		const { row } = await withTroublesome('last');
		await host.boot();
		for (let attempt = 0; attempt < 3; attempt++) {
			await thrownBy(host.activate(row, 'init'));
			await timers.advance(1_000);
		}
		await host.deactivate(row);
		expect(await idsInTheEnd()).toEqual([]);
	});

	it.each(['first', 'last'] as const)(
		'by a save that fails for the %s trigger leaves no webhook, for n8n makes the workflow inactive',
		async (place) => {
			const { row, ids } = await withTroublesome(place);
			await thrownBy(host.republish(row));
			await timers.advance(5_000);
			expect(idsAtAnchor()).toEqual(ids);
			expect(await idsInTheEnd()).toEqual([]);
		},
	);

	it('by a save that Anchor refuses leaves no webhook either', async () => {
		await startLine('1.123');
		const row = await activated();
		row.nodes[0].parameters.events = ['batch.failed'];
		const outage = anchor.outage({ mode: 403, calls: 'PATCH *' });
		await thrownBy(host.republish(row));
		outage.lift();
		expect(await idsInTheEnd()).toEqual([]);
	});
});

describe('with several main processes on n8n 1', () => {
	async function withFollower() {
		await startLine('1.123');
		const row = await activated();
		return { row, follower: await host.anotherProcess(), ids: idsAtAnchor() };
	}

	it('a save that reaches one that does not lead keeps what the leading one has activated', async () => {
		const { row, follower, ids } = await withFollower();
		for (let save = 0; save < 2; save++) {
			await host.deactivate(row, follower);
			await host.activate(row, 'activate');
			expect(await idsInTheEnd()).toEqual(ids);
			expect(await statusOf(ids[0])).toBe(202);
		}
		const said = logLines.filter(({ message }) => message.includes(`${ids[0]} stays`));
		expect(said.map(({ level }) => level)).toEqual(['debug', 'debug']);
		// Within one second of Anchor's clock nobody can tell which of the two came later.
		anchor.advance(2_000);
		await host.deactivate(row, follower);
		expect(await idsInTheEnd()).toEqual([]);
	});

	it('a deactivation that reaches one that does not lead ends the webhook, also when n8n started long ago', async () => {
		const { row, follower } = await withFollower();
		await host.activate(row, 'init', follower);
		await host.activate(row, 'init');
		const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + DAY_MS);
		await host.deactivate(row, follower).finally(() => clock.mockRestore());
		expect(await idsInTheEnd()).toEqual([]);
	});

	it('an activation by the one that took it out of service costs no request more', async () => {
		const { row } = await withFollower();
		await host.deactivate(row);
		const calls = anchor.requests().length;
		await host.activate(row);
		expect(anchor.requests().slice(calls)).toMatchObject([{ method: 'GET' }]);
	});
});

describe('an address with two slashes, of a setting that ends with two', () => {
	it('is put right, and stays the same over publications', async () => {
		const row = automaticTrigger(host, anchor);
		host.baseUrl = `${host.address}/`;
		await host.activate(row);
		const [{ id, url }] = anchor.webhooks();
		expect(new URL(url).pathname).not.toContain('//');
		expect(await statusOf(id)).toBe(202);
		row.nodes[0].parameters.events = ['task.completed'];
		await host.republish(row);
		expect(anchor.webhooks()).toMatchObject([{ id, url }]);
		await host.deactivate(row);
		expect(await idsInTheEnd()).toEqual([]);
	});
});

describe('an address that Anchor would refuse', () => {
	const real = { url: 'https://api.anchorbrowser.io', apiKey: 'sk-nobody' };

	afterEach(() => {
		nock.cleanAll();
		nock.enableNetConnect();
	});
	// It stands between Node and the network, for the test files that come after this one too.
	afterAll(() => nock.restore());

	it('is caught before Anchor is asked', async () => {
		nock.disableNetConnect();
		host.baseUrl = 'https://192.168.1.20';
		const failure = await thrownBy(host.activate(automaticTrigger(host, real)));
		expect(failure.message).toMatch(/private network/);
		for (const text of [failure.message, failure.description])
			expect(text).toContain('WEBHOOK_URL');
		expect(failure.cause).toBeInstanceOf(UserError);
	});

	it('is none when it is a public https one', async () => {
		nock.disableNetConnect();
		const key = { reqheaders: { 'anchor-api-key': real.apiKey } };
		const api = nock(real.url, key)
			.get('/v1/webhooks')
			.twice()
			.reply(200, { webhooks: [] })
			.post('/v1/webhooks', ({ url }: { url: string }) =>
				url.startsWith('https://n8n.example.com/'),
			)
			.reply(201, (_path, body) => ({
				...(body as object),
				id: 'wh_1',
				project_id: 'p',
				enabled: true,
				secret: 'ab'.repeat(32),
			}))
			.patch('/v1/webhooks/wh_1')
			.reply(200, (_path: string, body: object) => ({ ...body, id: 'wh_1', project_id: 'p' }));
		host.baseUrl = 'https://n8n.example.com';
		await host.activate(automaticTrigger(host, real));
		expect(api.pendingMocks()).toEqual([]);
	});
});

describe('deactivation', () => {
	it.each([500, 401, 'close'] as const)(
		'tries again when Anchor cannot do it (%s), and says what to do',
		async (mode) => {
			const row = await activated();
			const [id] = idsAtAnchor();
			const outage = anchor.outage({ mode });
			await host.deactivate(row);
			expect(await idsInTheEnd()).toEqual([id]);
			expect(row.staticData).toContain(id);
			const said = sentences('warn');
			expect(said.join()).toMatch(/n8n tries again.*dashboard/);
			expect(said.join()).not.toContain(anchor.apiKey);
			outage.lift();
			await timers.advance(30_000);
			expect(idsAtAnchor()).toEqual([]);
		},
	);

	it('that n8n never got to end is taken up by the next activation', async () => {
		const row = await activated();
		const [{ id }] = anchor.webhooks();
		await host.deactivate(row);
		await host.boot();
		await timers.advance(END_MS);
		await host.activate(row);
		expect(idsAtAnchor()).toEqual([id]);
		expect(await statusOf(id)).toBe(202);
	});

	it('ends the webhook also when the expression under Events cannot be resolved any more', async () => {
		const { N8N_BLOCK_ENV_ACCESS_IN_NODE: before } = env;
		Object.assign(env, { N8N_BLOCK_ENV_ACCESS_IN_NODE: 'false', EVENTS: 'task.failed' });
		try {
			const row = await activated({ events: '={{ $env.EVENTS }}' });
			env.N8N_BLOCK_ENV_ACCESS_IN_NODE = 'true';
			await host.deactivate(row);
		} finally {
			delete env.EVENTS;
			if (before === undefined) delete env.N8N_BLOCK_ENV_ACCESS_IN_NODE;
			else env.N8N_BLOCK_ENV_ACCESS_IN_NODE = before;
		}
		expect(await idsInTheEnd()).toEqual([]);
	});

	it('ends the webhook also when the expression under On Deactivation cannot be resolved', async () => {
		const onDeactivate = '={{ $("Gone").first().json.mode }}';
		await host.deactivate(await activated({ options: { onDeactivate } }));
		await timers.advance(END_MS);
		expect(idsAtAnchor()).toEqual([]);
	});

	it('of a trigger whose credential is gone names the webhook that stays', async () => {
		const row = await activated();
		const [id] = idsAtAnchor();
		host.credentials.stored.delete(row.id);
		await host.deactivate(row);
		await timers.advance(END_MS + ALL_TRIES_MS);
		expect(idsAtAnchor()).toEqual([id]);
		const said = sentences('warn');
		expect(said.join()).toMatch(new RegExp(`${id}.*no usable Anchor Browser API credential`));
	});

	it('is tried again where n8n could not read the credential for a moment', async () => {
		const row = await activated();
		const credential = host.credentials.stored.get(row.id);
		host.credentials.stored.delete(row.id);
		await host.deactivate(row);
		await timers.advance(END_MS);
		host.credentials.stored.set(row.id, credential as never);
		await timers.advance(ALL_TRIES_MS);
		expect(idsAtAnchor()).toEqual([]);
		expect(warnings()).toEqual([]);
	});

	it('does not call a webhook removed that the API key does not see', async () => {
		const row = await activated();
		host.credentials.stored.set(row.id, anotherProject(anchor));
		await host.deactivate(row);
		logLines.length = 0;
		await timers.advance(END_MS);
		const said = sentences().join();
		expect(said).toMatch(/has no webhook .* in the project of this API key/);
		expect(said).not.toContain('was removed from Anchor Browser');
	});
});

describe('a webhook that Anchor made for an activation without an answer, and that n8n could not look for then', () => {
	/** The activation fails, and Anchor answers nothing more before n8n has cleaned up after it. */
	async function failedActivation(line: '2.41' | '1.123'): Promise<WorkflowRow> {
		await startLine(line);
		const row = automaticTrigger(host, anchor);
		anchor.outage({ mode: 'close', calls: 'POST /v1/webhooks', when: 'after' });
		const methods = host.loaded.trigger.webhookMethods?.default ?? {};
		const { delete: own } = methods as { delete(this: IHookFunctions): Promise<boolean> };
		Object.assign(methods, {
			async delete(this: IHookFunctions) {
				anchor.outage({ mode: 503, calls: 'GET /v1/webhooks' });
				return await own.call(this);
			},
		});
		await thrownBy(host.activate(row));
		Object.assign(methods, { delete: own });
		return row;
	}

	it('is removed later on n8n 1', async () => {
		await failedActivation('1.123');
		anchor.liftOutages();
		expect(await idsInTheEnd()).toEqual([]);
	});

	it('is named as one to look for when the workflow is unpublished on n8n 2 before Anchor answers', async () => {
		const row = await failedActivation('2.41');
		await host.deactivate(row);
		expect(sentences('warn').join()).toMatch(/was not looked for .*503.*delete it there/);
	});
});

describe.each(['2.41', '1.123'] as const)('with all five places taken, on n8n %s', (line) => {
	let first: WorkflowRow;
	beforeEach(async () => {
		await startLine(line);
		first = await activated();
		for (let number = 0; number < 4; number++) await activated();
	});
	/** What waits for a place that is about to be free has it then. */
	const stands = async (publishing: Promise<unknown>) => {
		await Promise.all([publishing, timers.advance(END_MS)]);
		expect(anchor.webhooks()).toHaveLength(5);
	};

	it('a workflow can be published right after another one was unpublished', async () => {
		await host.deactivate(first);
		await stands(host.activate(automaticTrigger(host, anchor)));
	});

	it('a trigger node can be replaced by another one', async () => {
		first.nodes = structuredClone(first.nodes);
		Object.assign(first.nodes[0], { id: 'pasted', webhookId: 'pasted-path' });
		await stands(host.republish(first));
	});

	it('two activations that wait for each other end with a place or with words', async () => {
		const rows = [automaticTrigger(host, anchor), automaticTrigger(host, anchor)];
		await host.deactivate(first);
		const publishing = rows.map(async (row) => await thrownBy(host.activate(row)).catch(() => row));
		await stands(Promise.all(publishing));
		const [thrown, activatedRow] = (await Promise.all(publishing)).sort((one) =>
			'nodes' in one ? 1 : -1,
		);
		expect(activatedRow).toHaveProperty('nodes');
		expect(thrown).toHaveProperty('message', expect.stringContaining('All 5 webhooks'));
	});
});

it('ends listening, and cleans up, when Anchor refuses to send the sample event', async () => {
	const row = automaticTrigger(host, anchor, { options: { sampleEvent: 'session.ready' } });
	const { message, description } = await thrownBy(host.listen(row));
	expect(message).toMatch(/sample event session\.ready/);
	expect(description).toMatch(/Sample Event and choose another one/);
	expect(anchor.webhooks()).toEqual([]);
});

describe('a test webhook that Anchor did not remove when listening ended', () => {
	const parameters = { options: { sampleEvent: '' } };
	let row: WorkflowRow;
	beforeEach(async () => {
		row = automaticTrigger(host, anchor, parameters);
		const path = await host.listen(row);
		const outage = anchor.outage({ mode: 503, calls: 'DELETE *' });
		await host.stopListening(path);
		outage.lift();
	});

	it('is removed soon after, as the log says', async () => {
		const said = warnings().map(({ message }) => message);
		expect(said.join()).toMatch(/n8n tries again a few times/);
		await timers.advance(END_MS);
		expect(idsAtAnchor()).toEqual([]);
		expect(timers.pending).toEqual([]);
		expect(host.loaded.countTriggers()).toBe(0);
	});

	it('stays while somebody listens with it again, until that ends', async () => {
		const left = idsAtAnchor();
		const path = await host.listen(row);
		await timers.advance(ALL_TRIES_MS);
		expect(idsAtAnchor()).toEqual(left);
		await host.stopListening(path);
		expect(idsAtAnchor()).toEqual([]);
	});

	it('stays where the credential is gone by then', async () => {
		const left = idsAtAnchor();
		host.credentials.stored.delete(row.id);
		await timers.advance(ALL_TRIES_MS);
		expect(idsAtAnchor()).toEqual(left);
		expect(timers.pending).toEqual([]);
	});
});

describe('secrets while they change', () => {
	it('lets the old one go after 24 hours', async () => {
		const row = await activated();
		const [{ id, description }] = anchor.webhooks();
		row.staticData = '{}';
		await host.restart();
		// The mark of the first secret beside the second one in n8n: a third is made.
		anchor.changeWebhook(id, { description });
		await host.restart();
		expect(await statusOf(id, { sign: 'previous' })).toBe(202);

		const seconds = 24 * 60 * 60 + 1;
		const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + seconds * 1000);
		try {
			expect(await statusOf(id, { sign: 'previous', seconds })).toBe(401);
			expect(await statusOf(id, { seconds })).toBe(202);
		} finally {
			clock.mockRestore();
		}
	});

	it('are opened once in a process, not once a delivery', async () => {
		await activated();
		await host.boot();
		const [{ id }] = anchor.webhooks();
		const asked = jest.spyOn(host.credentials, 'getDecrypted');
		for (let time = 0; time < 5; time++) await anchor.emit('task.completed', { to: id }).settled;
		expect(anchor.deliveries().every(({ status }) => status === 'succeeded')).toBe(true);
		expect(asked).toHaveBeenCalledTimes(1);
	});
});

describe('a rotation that Anchor did not answer', () => {
	const ROTATE = '/v1/webhooks/:id/rotate-secret';

	it('leaves open what is forged, and is settled within a minute', async () => {
		await settledIn();
		const [{ id }] = anchor.webhooks();
		// Rows from the second in which a secret was made are taken for refused with the one before.
		anchor.advance(5_000);
		anchor.rotateSecret(id);
		await anchor.emit('task.completed', { to: id }).settled;
		anchor.outage({ mode: 'close', calls: ROTATE });
		await timers.advance(LATER_LOOK_MS);
		expect(anchor.requests({ calls: ROTATE }).length).toBeGreaterThan(0);
		// It may have been carried out, to a secret that nobody knows: what does not match may be genuine.
		expect(await statusOf(id, { sign: 'forged' })).toBe(503);

		anchor.liftOutages();
		await timers.advance(60_000);
		expect(await statusOf(id, { sign: 'forged' })).toBe(401);
		expect(await statusOf(id)).toBe(202);
	});

	it('is settled by the next activation, too', async () => {
		const row = await activated();
		const [{ id }] = anchor.webhooks();
		row.staticData = '{}';
		await host.boot();
		anchor.outage({ mode: 'close', calls: ROTATE });
		await expect(host.activate(row)).rejects.toThrow();
		anchor.liftOutages();
		await host.activate(row);
		expect(await statusOf(id, { sign: 'forged' })).toBe(401);
		expect(await statusOf(id)).toBe(202);
	});
});
