import { startSimulator, type EmitOptions, type Simulator } from './index';
import { callApi } from './client';
import { startReceiver, type Receiver } from './receiver';

const HOOK = 'https://n8n.example.com/webhook/6f0e';
const DAY_MS = 24 * 60 * 60 * 1000;

let simulator: Simulator;

beforeAll(async () => {
	simulator = await startSimulator({ rules: {} });
});
afterAll(async () => await simulator.close());
afterEach(() => simulator.reset());

const call = async (method: string, path: string, body?: unknown, key?: string | null) =>
	await callApi(simulator, method, path, body, key);

const make = async (over: Record<string, unknown> = {}) =>
	await call('POST', '/v1/webhooks', {
		url: HOOK,
		subscribed_events: ['task.completed'],
		...over,
	});

describe('the API key', () => {
	it.each([null, '', 'sk-wrong'])('answers 401 to %p and changes nothing', async (key) => {
		const answer = await call('POST', '/v1/webhooks', { url: HOOK, subscribed_events: ['x'] }, key);
		expect(answer).toMatchObject({ status: 401, body: { error: 'Invalid API key' } });
		expect(simulator.webhooks()).toEqual([]);
	});

	it('opens only its own project', async () => {
		const other = 'sk-other';
		simulator.addApiKey(other, '11111111-2222-4333-8444-555555555555');
		const { body } = await make();
		expect((await call('GET', '/v1/webhooks', undefined, other)).body).toEqual({ webhooks: [] });
		expect((await call('GET', `/v1/webhooks/${body.id}`, undefined, other)).status).toBe(404);
	});

	it('can be replaced by another of the same project', async () => {
		const { body } = await make();
		simulator.addApiKey('sk-next');
		simulator.revokeApiKey(simulator.apiKey);
		expect((await call('GET', '/v1/webhooks')).status).toBe(401);
		const list = await call('GET', '/v1/webhooks', undefined, 'sk-next');
		expect(list.body.webhooks).toEqual([expect.objectContaining({ id: body.id })]);
	});
});

it('is as at its start after a reset', async () => {
	simulator.addApiKey('sk-other');
	simulator.revokeApiKey(simulator.apiKey);
	simulator.setKnownEvents('14');
	simulator.reset();
	expect((await call('GET', '/v1/webhooks', undefined, 'sk-other')).status).toBe(401);
	const refused = await make({ subscribed_events: ['session.ready'] });
	expect(refused).toMatchObject({ status: 400, body: { error: expect.any(String) } });
	expect((await make()).status).toBe(201);
});

describe('creating a webhook', () => {
	it('answers 201 with the documented object and a secret of 64 hex digits', async () => {
		const description = 'd'.repeat(256);
		const { status, body } = await make({ description });
		expect(status).toBe(201);
		expect(body).toEqual({
			id: expect.stringMatching(/^wh_[0-9A-Z]{26}$/),
			project_id: simulator.projectId,
			url: HOOK,
			description,
			subscribed_events: ['task.completed'],
			enabled: true,
			created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
			updated_at: expect.any(String),
			secret: expect.stringMatching(/^[0-9a-f]{64}$/),
		});
	});

	it.each([
		['no body', undefined],
		['text that is no JSON', '{'],
		['a list', []],
		['no url', { subscribed_events: ['task.completed'] }],
		['an empty url', { url: '', subscribed_events: ['task.completed'] }],
		['a url that is a number', { url: 5, subscribed_events: ['task.completed'] }],
		['http', { url: 'http://example.com/', subscribed_events: ['task.completed'] }],
		['a loopback address', { url: 'https://127.0.0.1/', subscribed_events: ['task.completed'] }],
		['no events', { url: HOOK }],
		['an empty list of events', { url: HOOK, subscribed_events: [] }],
		['an unknown event', { url: HOOK, subscribed_events: ['task.completed', 'task.exploded'] }],
		['session.ready, unless it is known', { url: HOOK, subscribed_events: ['session.ready'] }],
		[
			'a description of 257 characters',
			{ url: HOOK, subscribed_events: ['task.failed'], description: 'd'.repeat(257) },
		],
		['a description of null', { url: HOOK, subscribed_events: ['task.failed'], description: null }],
		['an unknown key', { url: HOOK, subscribed_events: ['task.failed'], enabled: true }],
	])('answers 400 to %s', async (_name, body) => {
		const answer = await call('POST', '/v1/webhooks', body);
		expect(answer).toMatchObject({ status: 400, body: { error: expect.any(String) } });
		expect(simulator.webhooks()).toEqual([]);
	});

	it('names the event that it does not know', async () => {
		const { body } = await make({ subscribed_events: ['task.completed', 'session.ready'] });
		expect(body.error).toContain('session.ready');
		expect(body.error).not.toContain('task.completed');
	});

	it('answers 409 to the sixth, and has room again after one is deleted', async () => {
		const made = [];
		for (let i = 0; i < 5; i++) made.push(await make());
		expect(made.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
		expect(await make()).toMatchObject({
			status: 409,
			body: { error: expect.stringContaining('5') },
		});
		await call('DELETE', `/v1/webhooks/${made[2].body.id}`);
		expect((await make()).status).toBe(201);
	});
});

describe('reading, changing and deleting a webhook', () => {
	it('never shows the secret again', async () => {
		const { body } = await make();
		const { secret, ...shown } = body;
		expect(secret).toBeDefined();
		expect((await call('GET', `/v1/webhooks/${body.id}`)).body).toEqual(shown);
		expect((await call('GET', '/v1/webhooks')).body).toEqual({ webhooks: [shown] });
		const changed = await call('PATCH', `/v1/webhooks/${body.id}`, { enabled: false });
		expect(changed.body).not.toHaveProperty('secret');
	});

	it('changes what is given and keeps id, secret and the rest', async () => {
		const { body } = await make({ description: 'before' });
		const [{ secret }] = simulator.webhooks();
		const changed = await call('PATCH', `/v1/webhooks/${body.id}`, {
			url: 'https://n8n.example.com/other',
			subscribed_events: ['task.failed'],
			enabled: false,
		});
		expect(changed).toMatchObject({
			status: 200,
			body: {
				id: body.id,
				url: 'https://n8n.example.com/other',
				description: 'before',
				subscribed_events: ['task.failed'],
				enabled: false,
			},
		});
		expect(simulator.webhooks()).toMatchObject([{ secret }]);
		const cleared = await call('PATCH', `/v1/webhooks/${body.id}`, { description: null });
		expect(cleared.body.description).toBeNull();
	});

	it.each([
		[{ url: 'https://10.0.0.1/' }],
		[{ subscribed_events: [] }],
		[{ subscribed_events: ['task.exploded'] }],
		[{ enabled: 'yes' }],
		[{ secret: 'mine' }],
	])('answers 400 to a change to %j and leaves the webhook as it was', async (change) => {
		const { body } = await make();
		const before = simulator.webhooks();
		expect((await call('PATCH', `/v1/webhooks/${body.id}`, change)).status).toBe(400);
		expect(simulator.webhooks()).toEqual(before);
	});

	it('lists a disabled webhook, and counts it', async () => {
		for (let i = 0; i < 5; i++) {
			const { body } = await make();
			await call('PATCH', `/v1/webhooks/${body.id}`, { enabled: false });
		}
		expect((await call('GET', '/v1/webhooks')).body.webhooks).toHaveLength(5);
		expect((await make()).status).toBe(409);
	});

	it('forgets a deleted webhook everywhere but in its history', async () => {
		const { id } = (await make()).body;
		expect(await call('DELETE', `/v1/webhooks/${id}`)).toMatchObject({
			status: 200,
			body: { ok: true },
		});
		expect((await call('GET', '/v1/webhooks')).body).toEqual({ webhooks: [] });
		for (const [method, path, body] of [
			['GET', '', undefined],
			['PATCH', '', { enabled: true }],
			['DELETE', '', undefined],
			['POST', '/rotate-secret', undefined],
			['POST', '/test', { event_type: 'task.completed' }],
		] as const) {
			expect((await call(method, `/v1/webhooks/${id}${path}`, body)).status).toBe(404);
		}
		expect((await call('GET', `/v1/webhooks/${id}/events`)).status).toBe(200);
		simulator.advance(7 * DAY_MS + 1);
		expect((await call('GET', `/v1/webhooks/${id}/events`)).status).toBe(404);
	});

	it('answers 404 to an id that never was', async () => {
		expect((await call('GET', '/v1/webhooks/wh_nothing')).status).toBe(404);
	});
});

describe('rotating the secret', () => {
	it('shows a new secret once and keeps the old one valid for 24 hours', async () => {
		const { id, secret } = (await make()).body;
		const rotated = await call('POST', `/v1/webhooks/${id}/rotate-secret`);
		expect(rotated).toMatchObject({
			status: 200,
			body: { id, secret: expect.stringMatching(/^[0-9a-f]{64}$/) },
		});
		expect(rotated.body.secret).not.toBe(secret);
		const [webhook] = simulator.webhooks();
		expect(webhook.previousSecrets).toEqual([
			{ value: secret, endsAt: webhook.updatedAt + DAY_MS },
		]);
	});
});

describe('the shape of refusals', () => {
	it('is flat for webhooks and nested elsewhere', async () => {
		expect((await call('GET', '/v1/webhooks/wh_nothing')).body.error).toBe('Webhook not found');
		expect((await call('GET', '/v1/sessions/nothing')).body.error).toEqual({
			code: 'NOT_FOUND',
			message: 'Session not found',
		});
		expect((await call('GET', '/v1/nothing')).status).toBe(404);
	});
});

it('records every API call with its body and its status', async () => {
	await make();
	await call('GET', '/v1/webhooks?x=1', undefined, 'sk-wrong');
	expect(simulator.requests()).toMatchObject([
		{ method: 'POST', path: '/v1/webhooks', status: 201, body: { url: HOOK } },
		{ method: 'GET', path: '/v1/webhooks', query: { x: '1' }, status: 401 },
	]);
	expect(simulator.requests({ calls: 'GET /v1/webhooks' })).toHaveLength(1);
	expect(simulator.requests({ status: 201 })).toHaveLength(1);
});

describe('with a receiver', () => {
	let receiver: Receiver;
	let local: Simulator;
	const get = async (path: string) => await callApi(local, 'GET', path);

	beforeAll(async () => {
		receiver = await startReceiver();
		local = await startSimulator({
			timeScale: { retries: 0 },
			events: '14',
		});
	});
	afterAll(async () => {
		await local.close();
		await receiver.close();
	});
	afterEach(() => {
		local.reset();
		receiver.clear();
	});

	describe('a test event', () => {
		const test = async (id: string, body: unknown) =>
			await callApi(local, 'POST', `/v1/webhooks/${id}/test`, body);

		it('is answered with 202 and the id that the receiver sees', async () => {
			const { id } = local.addWebhook({ url: receiver.url, subscribedEvents: ['batch.failed'] });
			const { status, body } = await test(id, { event_type: 'task.failed' });
			expect(status).toBe(202);
			expect(body).toEqual({
				external_event_id: expect.stringMatching(/^evt_[0-9a-f]{24}$/),
				event_type: 'task.failed',
			});
			await local.delivered({ eventId: body.external_event_id });
			expect(JSON.parse(receiver.received[0].body.toString())).toMatchObject({
				id: body.external_event_id,
				type: 'task.failed',
				data: { error: { type: 'invalid_credentials' } },
			});
			const history = await get(`/v1/webhooks/${id}/events`);
			expect(history.body.events).toMatchObject([
				{ external_event_id: body.external_event_id, status: 'succeeded' },
			]);
		});

		it.each([{ event_type: 'task.exploded' }, { event_type: '' }, {}, { event_type: 5 }])(
			'is refused with 400 for %j',
			async (body) => {
				const { id } = local.addWebhook({ url: receiver.url, subscribedEvents: ['task.failed'] });
				expect((await test(id, body)).status).toBe(400);
				expect(local.deliveries()).toEqual([]);
			},
		);
	});

	describe('the history', () => {
		let id: string;
		beforeEach(() => {
			({ id } = local.addWebhook({
				url: receiver.url,
				subscribedEvents: ['task.completed', 'task.failed'],
			}));
		});

		it('has the documented row, with the data only when asked for', async () => {
			receiver.reply = () => 422;
			const { settled, event } = local.emit('task.failed');
			await settled;
			const plain = await get(`/v1/webhooks/${id}/events`);
			expect(plain.body).toEqual({
				events: [
					{
						id: expect.any(String),
						external_event_id: event.id,
						event_type: 'task.failed',
						status: 'failed',
						attempt: 1,
						response_status: 422,
						error_message: 'HTTP 422',
						scheduled_at: expect.any(String),
						completed_at: expect.any(String),
					},
				],
				pagination: { limit: 25, offset: 0, total: 1 },
			});
			const full = await get(`/v1/webhooks/${id}/events?include_payload=true`);
			expect(full.body.events[0].payload).toEqual(event.data);
			const without = await get(`/v1/webhooks/${id}/events?include_payload=false`);
			expect(without.body.events[0]).not.toHaveProperty('payload');
		});

		it.each([200, 202, 204])('keeps which 2xx ended a delivery well: %i', async (status) => {
			receiver.reply = () => status;
			await local.emit('task.completed').settled;
			expect((await get(`/v1/webhooks/${id}/events`)).body.events).toMatchObject([
				{ status: 'succeeded', attempt: 1, response_status: status, error_message: null },
			]);
		});

		it.each<EmitOptions>([
			{ sign: 'forged' },
			{ sign: 'none' },
			{ tamper: true },
			{ reserialise: true },
			{ timestampOffsetSeconds: -600 },
		])('has nothing of what somebody else sends: %j', async (how) => {
			await local.emit('task.completed', how).settled;
			expect((await get(`/v1/webhooks/${id}/events`)).body.events).toEqual([]);
		});

		it('shows a delivery without an answer yet as pending, attempt 0', async () => {
			receiver.reply = () => 'hang';
			local.emit('task.completed');
			await receiver.came(1);
			const { body } = await get(`/v1/webhooks/${id}/events`);
			expect(body.events).toMatchObject([
				{ status: 'pending', attempt: 0, response_status: null, completed_at: null },
			]);
		});

		it('is paged without gaps or repeats, newest first', async () => {
			const batch = local.emitMany(Array.from({ length: 30 }, () => ({ type: 'task.completed' })));
			await batch.settled;
			const seen: string[] = [];
			for (let offset = 0; offset < 30; offset += 12) {
				const { body } = await get(`/v1/webhooks/${id}/events?limit=12&offset=${offset}`);
				expect(body.pagination).toEqual({ limit: 12, offset, total: 30 });
				seen.push(...body.events.map((row) => row.external_event_id));
			}
			expect(seen).toEqual(batch.emissions.map((emission) => emission.id).reverse());
			expect((await get(`/v1/webhooks/${id}/events`)).body.events).toHaveLength(25);
			expect((await get(`/v1/webhooks/${id}/events?offset=30`)).body.events).toEqual([]);
		});

		it('is filtered by status, type and time', async () => {
			receiver.reply = ({ headers }) => (headers['anchor-event'] === 'task.failed' ? 404 : 200);
			const first = local.emit('task.completed');
			await first.settled;
			local.advance(60_000);
			const between = new Date(Date.now() + 30_000).toISOString();
			const second = local.emit('task.failed');
			await second.settled;
			const ids = async (query: string) =>
				(await get(`/v1/webhooks/${id}/events?${query}`)).body.events.map(
					(row) => row.external_event_id,
				);
			expect(await ids('status=succeeded')).toEqual([first.id]);
			expect(await ids('status=failed')).toEqual([second.id]);
			expect(await ids('status=dead')).toEqual([]);
			expect(await ids('event_type=task.failed')).toEqual([second.id]);
			expect(await ids(`since=${between}`)).toEqual([second.id]);
			expect(await ids(`until=${between}`)).toEqual([first.id]);
		});

		it.each([
			'limit=0',
			'limit=101',
			'limit=ten',
			'offset=-1',
			'status=lost',
			'since=yesterday',
			'include_payload=yes',
			'page=2',
		])('is refused with 400 for %s', async (query) => {
			expect((await get(`/v1/webhooks/${id}/events?${query}`)).status).toBe(400);
		});

		it('is kept for seven days', async () => {
			await local.emit('task.completed').settled;
			local.advance(7 * DAY_MS - 60_000);
			expect((await get(`/v1/webhooks/${id}/events`)).body.events).toHaveLength(1);
			local.advance(120_000);
			expect((await get(`/v1/webhooks/${id}/events`)).body.events).toEqual([]);
		});

		it('belongs to one webhook', async () => {
			const other = local.addWebhook({ url: receiver.url, subscribedEvents: ['session.failed'] });
			await local.emit('task.completed').settled;
			expect((await get(`/v1/webhooks/${other.id}/events`)).body.events).toEqual([]);
		});
	});
});
