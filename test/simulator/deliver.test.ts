import { startSimulator, type Simulator } from './index';
import { isSignedBy, startReceiver, type Receiver } from './receiver';
import type { Webhook } from './types';

const DAY_MS = 24 * 60 * 60 * 1000;

let receiver: Receiver;
let simulator: Simulator;
let webhook: Webhook;

beforeAll(async () => {
	receiver = await startReceiver();
	simulator = await startSimulator({
		timeScale: { retries: 0 },
		events: '14',
	});
});
afterAll(async () => {
	await simulator.close();
	await receiver.close();
});
beforeEach(() => {
	simulator.reset();
	receiver.clear();
	webhook = simulator.addWebhook({
		url: receiver.url,
		subscribedEvents: ['task.completed', 'task.failed'],
	});
});

/** Whether the last received request carries a signature that this secret explains. */
const signedBy = (secret: string, index = -1) => isSignedBy(secret, receiver.received.at(index)!);

describe('a delivery', () => {
	it('has the documented method, headers and signature', async () => {
		const before = Math.floor(Date.now() / 1000);
		const { id, settled } = simulator.emit('task.completed');
		const [delivery] = await settled;
		const [{ method, headers, body }] = receiver.received;
		expect(method).toBe('POST');
		expect(headers).toMatchObject({
			'user-agent': 'Anchor-Webhooks/1.0',
			'content-type': 'application/json',
			'anchor-event': 'task.completed',
			'anchor-delivery-id': expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
			'anchor-timestamp': expect.stringMatching(/^\d{10}$/),
			'anchor-signature': expect.stringMatching(/^t=\d{10},v1=[0-9a-f]{64}$/),
		});
		expect(Number(headers['anchor-timestamp'])).toBeGreaterThanOrEqual(before);
		expect(Number(headers['anchor-timestamp'])).toBeLessThanOrEqual(Date.now() / 1000);
		expect(headers['anchor-signature']).toContain(`t=${String(headers['anchor-timestamp'])},`);
		expect(signedBy(webhook.secret)).toBe(true);
		expect(JSON.parse(body.toString())).toEqual({
			id,
			type: 'task.completed',
			created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
			project_id: simulator.projectId,
			text: '✅ Task `tsk_4f8w9n2b` completed in 4.2s',
			data: expect.objectContaining({ task_id: 'tsk_4f8w9n2b' }),
		});
		expect(id).toMatch(/^evt_[0-9a-f]{24}$/);
		expect(delivery).toMatchObject({ status: 'succeeded', eventId: id, webhookId: webhook.id });
	});

	it('goes to every enabled webhook of its project that is subscribed, and to no other', async () => {
		const add = (over: object = {}) =>
			simulator.addWebhook({ url: receiver.url, subscribedEvents: ['task.completed'], ...over });
		const second = add();
		add({ subscribedEvents: ['task.failed'] });
		add({ enabled: false });
		add({ projectId: '11111111-2222-4333-8444-555555555555' });
		simulator.removeWebhook(add().id);
		const deliveries = await simulator.emit('task.completed').settled;
		expect(deliveries.map(({ webhookId }) => webhookId)).toEqual([webhook.id, second.id]);
		expect(new Set(deliveries.map(({ eventId }) => eventId)).size).toBe(1);
		expect(signedBy(second.secret, 0) || signedBy(second.secret, 1)).toBe(true);
	});

	it('can be sent to a webhook that never asked for it, of a type that nobody knows', async () => {
		const { settled } = simulator.emit('volume.attached', { to: webhook.id, data: { a: 1 } });
		await settled;
		expect(JSON.parse(receiver.received[0].body.toString())).toMatchObject({
			type: 'volume.attached',
			data: { a: 1 },
		});
		expect(() => simulator.emit('task.failed', { to: 'wh_nothing' })).toThrow('wh_nothing');
	});

	it('carries the data, id and text that were asked for, over the example', () => {
		const { event } = simulator.emit('task.failed', {
			id: 'evt_mine',
			data: { error: { type: 'timeout' }, session_id: undefined, extra: [1] },
		});
		expect(event).toMatchObject({
			id: 'evt_mine',
			text: '❌ Task `tsk_4f8w9n2b` failed: timeout',
			data: {
				error: { type: 'timeout', message: 'Login was rejected by the target site.' },
				extra: [1],
			},
		});
		expect(event.data).not.toHaveProperty('session_id');
		expect(
			simulator.emit('task.failed', { data: () => ({ only: 1 }), text: 'mine' }).event,
		).toMatchObject({ text: 'mine', data: { only: 1 } });
		expect(simulator.emit('task.failed', { envelope: { project_id: 'p' } }).event.project_id).toBe(
			'p',
		);
	});
});

describe('retries', () => {
	it.each<[string, string, Array<number | null>, Receiver['reply']]>([
		['a 5xx, six attempts in all', 'dead', [503, 503, 503, 503, 503, 503], () => 503],
		['a 5xx until a 2xx', 'succeeded', [500, 500, 204], (_, index) => (index < 2 ? 500 : 204)],
		[
			'a redirect, which is no 2xx',
			'succeeded',
			[302, 200],
			(_, index) => (index > 0 ? 200 : { status: 302, headers: { Location: '/elsewhere' } }),
		],
		[
			'a connection that closes without an answer',
			'succeeded',
			[null, 200],
			(_, index) => (index > 0 ? 200 : 'close'),
		],
	])('follow %s', async (_what, ending, statuses, reply) => {
		receiver.reply = reply;
		const [delivery] = await simulator.emit('task.completed').settled;
		expect(delivery).toMatchObject({ status: ending, completedAt: expect.any(Number) });
		expect(delivery.attempts.map(({ number, status }) => [number, status])).toEqual(
			statuses.map((status, index) => [index + 1, status]),
		);
		for (const { status, error } of delivery.attempts) {
			expect(error).toEqual(
				status === null ? expect.any(String) : status < 300 ? null : `HTTP ${status}`,
			);
		}
		expect(receiver.received).toHaveLength(statuses.length);
	});

	it.each([400, 401, 404, 408, 422, 429])('do not follow a %i', async (status) => {
		receiver.reply = () => status;
		const [delivery] = await simulator.emit('task.completed').settled;
		expect(delivery).toMatchObject({
			status: 'failed',
			attempts: [{ status, error: `HTTP ${status}` }],
		});
	});

	it('follow a receiver that is not there', async () => {
		const gone = await startReceiver();
		await gone.close();
		simulator.changeWebhook(webhook.id, { url: gone.url });
		const [delivery] = await simulator.emit('task.completed').settled;
		expect(delivery.status).toBe('dead');
		expect(delivery.attempts[0].error).toContain('ECONNREFUSED');
	});

	it('carry the same event under a fresh timestamp and signature', async () => {
		let now = Date.now();
		const own = await startSimulator({
			timeScale: { retries: 0 },
			now: () => (now += 1000),
		});
		const { secret } = own.addWebhook({ url: receiver.url, subscribedEvents: ['task.completed'] });
		receiver.reply = (_request, index) => (index === 0 ? 500 : 200);
		await own.emit('task.completed').settled;
		await own.close();
		const [first, second] = receiver.received;
		expect(second.body).toEqual(first.body);
		expect(Number(second.headers['anchor-timestamp'])).toBeGreaterThan(
			Number(first.headers['anchor-timestamp']),
		);
		expect(second.headers['anchor-signature']).not.toBe(first.headers['anchor-signature']);
		expect(second.headers['anchor-delivery-id']).toBe(first.headers['anchor-delivery-id']);
		expect([signedBy(secret, 0), signedBy(secret, 1)]).toEqual([true, true]);
	});

	it('go to the address that the webhook has by then, and go on after it was disabled', async () => {
		receiver.reply = (_request, index) => {
			if (index > 0) return 200;
			simulator.changeWebhook(webhook.id, { url: `${receiver.url}/moved`, enabled: false });
			return 500;
		};
		const [delivery] = await simulator.emit('task.completed').settled;
		expect(delivery.status).toBe('succeeded');
		expect(await simulator.emit('task.completed').settled).toEqual([]);
	});

	it('wait for growing times, which a test can cut short', async () => {
		const own = await startSimulator();
		own.addWebhook({ url: receiver.url, subscribedEvents: ['task.completed'] });
		receiver.reply = (_request, index) => (index === 0 ? 500 : 200);
		const emission = own.emit('task.completed');
		const [waiting] = await emission.attempted;
		expect(waiting).toMatchObject({ status: 'pending', attempts: [{ status: 500 }] });
		own.retryNow();
		expect((await emission.settled)[0].status).toBe('succeeded');
		await own.close();
	});
});

it('gives up an answer that takes longer than the acknowledgement time, and tries again', async () => {
	const own = await startSimulator({ timeScale: { retries: 0, acknowledgement: 0.005 } });
	own.addWebhook({ url: receiver.url, subscribedEvents: ['task.completed'] });
	receiver.reply = (_request, index) => (index === 0 ? 'hang' : 200);
	const [delivery] = await own.emit('task.completed').settled;
	await own.close();
	expect(delivery.attempts).toMatchObject([
		{ status: null, error: 'no answer within 50 ms' },
		{ status: 200, error: null },
	]);
	expect(delivery.attempts[0].ms).toBeGreaterThanOrEqual(45);
});

it('keeps for every attempt what was sent and what came back', async () => {
	receiver.reply = () => ({
		status: 200,
		headers: { 'X-Reply': 'yes' },
		body: '{"received":true}',
	});
	const { settled, event } = simulator.emit('task.completed');
	await settled;
	const [{ attempts }] = simulator.deliveries({ eventId: event.id });
	expect(attempts).toEqual([
		{
			number: 1,
			startedAt: expect.any(Number),
			ms: expect.any(Number),
			status: 200,
			responseHeaders: expect.objectContaining({ 'x-reply': 'yes' }),
			responseBody: '{"received":true}',
			requestHeaders: expect.objectContaining({ 'Anchor-Signature': expect.any(String) }),
			requestBody: Buffer.from(JSON.stringify(event)),
			error: null,
		},
	]);
	expect(attempts[0].requestHeaders['Anchor-Signature']).toBe(
		receiver.received[0].headers['anchor-signature'],
	);
	expect(simulator.deliveries({ status: 'dead' })).toEqual([]);
});

describe('after a rotation', () => {
	let old: string;
	beforeEach(() => {
		old = webhook.secret;
		simulator.rotateSecret(webhook.id);
	});

	const signatures = async () => {
		await simulator.emit('task.completed').settled;
		return [signedBy(webhook.secret), signedBy(old)];
	};

	it('the current secret signs unless told, else the previous one or both, for 24 hours', async () => {
		expect(await signatures()).toEqual([true, false]);
		simulator.setSigning('previous');
		expect(await signatures()).toEqual([false, true]);
		simulator.setSigning('both');
		expect(await signatures()).toEqual([true, true]);
		simulator.advance(DAY_MS - 60_000);
		expect(await signatures()).toEqual([true, true]);
		simulator.advance(120_000);
		expect(await signatures()).toEqual([true, false]);
		simulator.setSigning('previous');
		expect(await signatures()).toEqual([true, false]);
	});

	it('a retry is signed with what signs by then', async () => {
		receiver.reply = (_request, index) => {
			if (index === 0) simulator.rotateSecret(webhook.id);
			return index === 0 ? 503 : 200;
		};
		const before = webhook.secret;
		await simulator.emit('task.completed').settled;
		expect(webhook.secret).not.toBe(before);
		expect([signedBy(before, 0), signedBy(webhook.secret, 1)]).toEqual([true, true]);
	});
});

it('delivers 300 at the same moment, each event its own', async () => {
	let open = 0;
	let release!: () => void;
	const all = new Promise<void>((resolve) => (release = resolve));
	receiver.reply = async () => {
		if (++open === 300) release();
		await all;
		return 200;
	};
	const batch = simulator.emitMany(Array.from({ length: 300 }, () => ({ type: 'task.completed' })));
	await batch.settled;
	expect(simulator.deliveries({ status: 'succeeded' })).toHaveLength(300);
	expect(new Set(batch.emissions.map(({ id }) => id)).size).toBe(300);
}, 60_000);

describe('reset and close', () => {
	it('reset gives up what is under way and forgets everything', async () => {
		receiver.reply = () => 'hang';
		const { settled } = simulator.emit('task.completed');
		await receiver.came(1);
		simulator.reset();
		expect(await settled).toMatchObject([{ status: 'pending', attempts: [] }]);
		expect(simulator.deliveries()).toEqual([]);
		expect(simulator.webhooks({ deleted: true })).toEqual([]);
		expect(simulator.requests()).toEqual([]);
	});

	it('close ends waiting retries, hanging deliveries and the server', async () => {
		const own = await startSimulator();
		own.addWebhook({ url: receiver.url, subscribedEvents: ['task.completed'] });
		receiver.reply = (_request, index) => (index === 0 ? 500 : 'hang');
		const waiting = own.emit('task.completed');
		await waiting.attempted;
		const hanging = own.emit('task.completed');
		await receiver.came(2);
		await own.close();
		expect((await waiting.settled)[0].status).toBe('pending');
		expect((await hanging.settled)[0].status).toBe('pending');
		await expect(fetch(own.url)).rejects.toThrow();
	});

	it('a port that is taken is reported', async () => {
		const port = Number(new URL(simulator.url).port);
		await expect(startSimulator({ port })).rejects.toThrow('EADDRINUSE');
	});
});
