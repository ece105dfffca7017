import { startSimulator, type Simulator } from './index';
import { matcher } from './faults';
import { startReceiver } from './receiver';

let simulator: Simulator;

beforeAll(async () => {
	simulator = await startSimulator();
});
afterAll(async () => await simulator.close());
afterEach(() => simulator.reset());

const HOOK = { url: 'https://n8n.example.com/hook', subscribed_events: ['task.completed'] };

async function call(method = 'GET', path = '/v1/webhooks', body?: unknown): Promise<Response> {
	return await fetch(simulator.url + path, {
		method,
		headers: { 'anchor-api-key': simulator.apiKey },
		body: body === undefined ? undefined : JSON.stringify(body),
	});
}

describe('an outage', () => {
	it.each([401, 403, 500, 503])('answers %i to every call until lifted', async (mode) => {
		const outage = simulator.outage({ mode });
		const answer = await call();
		expect(answer.status).toBe(mode);
		expect(answer.headers.has('retry-after')).toBe(false);
		expect(await answer.json()).toEqual({ error: expect.any(String) });
		expect((await call('GET', '/v1/sessions/pending-interventions')).status).toBe(mode);
		outage.lift();
		expect((await call()).status).toBe(200);
		expect(outage.hits).toBe(2);
	});

	it('says with a 429 how long to wait', async () => {
		simulator.outage({ mode: 429 });
		expect((await call()).headers.get('retry-after')).toBe('5');
	});

	it('says the wait and the words that were asked for', async () => {
		simulator.outage({ mode: 503, retryAfterSeconds: 17, message: 'Back soon' });
		const answer = await call();
		expect(answer.headers.get('retry-after')).toBe('17');
		expect(await answer.json()).toEqual({ error: 'Back soon' });
	});

	it('ends by itself after so many calls', async () => {
		simulator.outage({ mode: 500, times: 2 });
		const statuses = [];
		for (let i = 0; i < 3; i++) statuses.push((await call()).status);
		expect(statuses).toEqual([500, 500, 200]);
	});

	it('meets only the calls it is for', async () => {
		const { id } = simulator.addWebhook({
			url: HOOK.url,
			subscribedEvents: HOOK.subscribed_events,
		});
		simulator.outage({ mode: 500, calls: 'DELETE /v1/webhooks/:id' });
		expect((await call('GET', `/v1/webhooks/${id}`)).status).toBe(200);
		expect((await call('DELETE', `/v1/webhooks/${id}`)).status).toBe(500);
		expect(simulator.webhooks()).toHaveLength(1);
	});

	it('closes the connection', async () => {
		simulator.outage({ mode: 'close', times: 1 });
		await expect(call()).rejects.toThrow();
		expect(simulator.requests()).toMatchObject([{ status: null }]);
		expect((await call()).status).toBe(200);
	});

	it('hangs until it is lifted', async () => {
		const outage = simulator.outage({ mode: 'hang', times: 1 });
		const hanging = call();
		await outage.met;
		expect((await call()).status).toBe(200);
		outage.lift();
		await expect(hanging).rejects.toThrow();
	});

	it('can lose the answer of a call that took effect', async () => {
		simulator.outage({ mode: 'close', calls: 'POST /v1/webhooks', when: 'after' });
		await expect(call('POST', '/v1/webhooks', HOOK)).rejects.toThrow();
		expect(simulator.webhooks()).toHaveLength(1);
		simulator.liftOutages();
		simulator.outage({ mode: 500, calls: 'POST /v1/webhooks', when: 'after' });
		const answer = await call('POST', '/v1/webhooks', HOOK);
		expect([answer.status, await answer.json()]).toEqual([500, { error: 'Internal server error' }]);
		expect(simulator.webhooks()).toHaveLength(2);
	});

	it('comes before the API key is looked at', async () => {
		simulator.outage({ mode: 503 });
		expect((await fetch(`${simulator.url}/v1/webhooks`)).status).toBe(503);
	});

	it('does not touch deliveries', async () => {
		const receiver = await startReceiver();
		simulator.addWebhook({ url: receiver.url, subscribedEvents: ['task.completed'] });
		simulator.outage({ mode: 'close' });
		const [delivery] = await simulator.emit('task.completed').settled;
		await receiver.close();
		expect(delivery.status).toBe('succeeded');
	});

	it('is over after a reset', async () => {
		const outage = simulator.outage({ mode: 'hang' });
		const hanging = call();
		await outage.met;
		simulator.reset();
		await expect(hanging).rejects.toThrow();
		expect((await call()).status).toBe(200);
	});
});

it.each([
	['before', 0],
	['after', 1],
] as const)('a hold lets a call wait %s it takes effect', async (stage, made) => {
	const hold = simulator.hold('POST /v1/webhooks', stage);
	const waiting = call('POST', '/v1/webhooks', HOOK);
	await hold.arrived;
	expect(simulator.webhooks()).toHaveLength(made);
	expect(simulator.requests()).toMatchObject([{ status: null }]);
	expect((await call()).status).toBe(200);
	hold.release();
	expect((await waiting).status).toBe(201);
});

it.each([
	['POST /v1/webhooks', 'POST', '/v1/webhooks', true],
	['POST /v1/webhooks', 'GET', '/v1/webhooks', false],
	['POST /v1/webhooks', 'POST', '/v1/webhooks/wh_1', false],
	['/v1/webhooks', 'PATCH', '/v1/webhooks', true],
	['/v1/webhooks/:id', 'DELETE', '/v1/webhooks/wh_1', true],
	['/v1/webhooks/:id', 'POST', '/v1/webhooks/wh_1/test', false],
	['* /v1/webhooks*', 'POST', '/v1/webhooks/wh_1/test', true],
	['PATCH *', 'PATCH', '/v1/webhooks/wh_1', true],
	[/^DELETE .*wh_1$/, 'DELETE', '/v1/webhooks/wh_1', true],
	[undefined, 'GET', '/v2/anything', true],
])('the pattern %s against %s %s: %s', (pattern, method, path, expected) => {
	expect(matcher(pattern)({ method, path })).toBe(expected);
});
