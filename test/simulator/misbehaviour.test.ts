/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { startSimulator, type Simulator } from './index';
import { isSignedBy, startReceiver, type Receiver } from './receiver';
import type { Webhook } from './types';

let receiver: Receiver;
let simulator: Simulator;
let webhook: Webhook;

beforeAll(async () => {
	receiver = await startReceiver();
	simulator = await startSimulator({ timeScale: { retries: 0 } });
});
afterAll(async () => {
	await simulator.close();
	await receiver.close();
});
beforeEach(() => {
	simulator.reset();
	receiver.clear();
	webhook = simulator.addWebhook({ url: receiver.url, subscribedEvents: ['task.completed'] });
});

const fits = (secret: string, body: Buffer, index = 0) =>
	isSignedBy(secret, receiver.received[index], body);

const idsReceived = () =>
	receiver.received.map(({ body }) => (JSON.parse(body.toString()) as { id: string }).id);

/** Makes the receiver slow, and counts how many requests it has at once. */
function countOpen(): () => number {
	let open = 0;
	let most = 0;
	receiver.reply = async () => {
		most = Math.max(most, ++open);
		for (let turn = 0; turn < 20; turn++) await nextTurn();
		open -= 1;
		return 200;
	};
	return () => most;
}

it('repeats an event, one copy after the other', async () => {
	const most = countOpen();
	const { id, settled } = simulator.emit('task.completed', { repeat: 3 });
	const deliveries = await settled;
	expect(idsReceived()).toEqual([id, id, id]);
	expect(new Set(deliveries.map((delivery) => delivery.id)).size).toBe(3);
	expect(most()).toBe(1);
});

it('repeats an event with all copies at the same moment', async () => {
	let release!: () => void;
	const all = new Promise<void>((resolve) => (release = resolve));
	receiver.reply = async (_request, index) => {
		if (index === 3) release();
		await all;
		return 200;
	};
	await simulator.emit('task.completed', { repeat: 4, concurrently: true }).settled;
	expect(new Set(idsReceived()).size).toBe(1);
	expect(receiver.received).toHaveLength(4);
});

it('delays the first attempt', async () => {
	const late = simulator.emit('task.completed', { delayMs: 40 });
	await simulator.emit('task.completed').settled;
	expect(late.deliveries[0].attempts).toEqual([]);
	await late.settled;
	expect(idsReceived()[1]).toBe(late.id);
});

it('sends many in their order, and as many at once as asked for', async () => {
	const specs = Array.from({ length: 20 }, () => ({ type: 'task.completed' }));
	const batch = simulator.emitMany(specs, { concurrency: 1 });
	await batch.settled;
	expect(idsReceived()).toEqual(batch.emissions.map(({ id }) => id));
	receiver.clear();
	const most = countOpen();
	await simulator.emitMany(specs, { concurrency: 3 }).settled;
	expect(most()).toBe(3);
	expect(receiver.received).toHaveLength(20);
});

describe('signing', () => {
	it('with the old secret, the new one, or both', async () => {
		const old = webhook.secret;
		simulator.rotateSecret(webhook.id);
		for (const sign of ['previous', 'current', 'both'] as const) {
			await simulator.emit('task.completed', { sign }).settled;
		}
		const found = receiver.received.map(({ body }, index) => [
			fits(old, body, index),
			fits(webhook.secret, body, index),
		]);
		expect(found).toEqual([
			[true, false],
			[false, true],
			[true, true],
		]);
		expect(receiver.received[2].headers['anchor-signature']).toMatch(
			/^t=\d+,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/,
		);
	});

	it('with the old secret after its 24 hours', async () => {
		const old = webhook.secret;
		simulator.rotateSecret(webhook.id);
		simulator.advance(25 * 60 * 60 * 1000);
		await simulator.emit('task.completed', { sign: 'previous' }).settled;
		expect(fits(old, receiver.received[0].body)).toBe(true);
	});

	it('with the old secret only where there is one', () => {
		expect(() => simulator.emit('task.completed', { sign: 'previous' })).toThrow('never rotated');
		expect(simulator.deliveries()).toEqual([]);
	});

	it('with a secret that nobody has', async () => {
		await simulator.emit('task.completed', { sign: 'forged' }).settled;
		const [{ headers, body }] = receiver.received;
		expect(headers['anchor-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
		expect(fits(webhook.secret, body)).toBe(false);
	});

	it('not at all', async () => {
		await simulator.emit('task.completed', { sign: 'none' }).settled;
		const [{ headers }] = receiver.received;
		expect(headers).not.toHaveProperty('anchor-signature');
		expect(headers).not.toHaveProperty('anchor-timestamp');
		expect(headers).toHaveProperty('anchor-event', 'task.completed');
	});

	it('with a timestamp of another time, which the signature covers', async () => {
		await simulator.emit('task.completed', { timestampOffsetSeconds: -600 }).settled;
		const [{ headers, body }] = receiver.received;
		const age = Date.now() / 1000 - Number(headers['anchor-timestamp']);
		expect(Math.abs(age - 600)).toBeLessThan(10);
		expect(fits(webhook.secret, body)).toBe(true);
	});
});

describe('the body', () => {
	it('loses its signature when one byte is changed, and stays JSON', async () => {
		const { event } = simulator.emit('task.completed', { tamper: true });
		await receiver.came(1);
		const [{ body }] = receiver.received;
		const signed = Buffer.from(JSON.stringify(event));
		expect(fits(webhook.secret, signed)).toBe(true);
		expect(fits(webhook.secret, body)).toBe(false);
		expect(body).toHaveLength(signed.length);
		expect(body.filter((byte, index) => byte !== signed[index])).toHaveLength(1);
		expect(() => JSON.parse(body.toString()) as unknown).not.toThrow();
	});

	it('is changed as a test says', async () => {
		const tamper = (body: Buffer) => Buffer.concat([body, Buffer.from(' ')]);
		await simulator.emit('task.completed', { tamper }).settled;
		expect(receiver.received[0].body.toString()).toMatch(/\} $/);
		expect(fits(webhook.secret, receiver.received[0].body)).toBe(false);
	});

	it('is the same JSON in other white space, signed before', async () => {
		const { event, settled } = simulator.emit('task.completed', { reserialise: true });
		await settled;
		const [{ body }] = receiver.received;
		expect(JSON.parse(body.toString())).toEqual(event);
		expect(fits(webhook.secret, body)).toBe(false);
		expect(fits(webhook.secret, Buffer.from(JSON.stringify(event)))).toBe(true);
	});

	it('is compressed, signed before or after', async () => {
		const plain = simulator.emit('task.completed', { gzip: 'plain' });
		await plain.settled;
		await simulator.emit('task.completed', { gzip: 'compressed' }).settled;
		const [first, second] = receiver.received;
		expect(first.headers['content-encoding']).toBe('gzip');
		expect(JSON.parse(gunzipSync(first.body).toString())).toEqual(plain.event);
		expect(fits(webhook.secret, gunzipSync(first.body), 0)).toBe(true);
		expect(JSON.parse(gunzipSync(second.body).toString())).toMatchObject({
			type: 'task.completed',
		});
		expect(fits(webhook.secret, second.body, 1)).toBe(true);
	});

	it('is any bytes, signed', async () => {
		await simulator.emit('task.completed', { body: '\ufeffno event' }).settled;
		const [{ body }] = receiver.received;
		expect(body.toString()).toBe('\ufeffno event');
		expect(fits(webhook.secret, body)).toBe(true);
	});
});

it('sets, repeats and leaves out headers', async () => {
	await simulator.emit('task.completed', {
		headers: { 'Anchor-Timestamp': ['1', '2'], 'Anchor-Event': null, 'Anchor-Signature': 'v1=zz' },
	}).settled;
	const [{ headers, rawHeaders }] = receiver.received;
	expect(rawHeaders.filter((name) => name === 'Anchor-Timestamp')).toHaveLength(2);
	expect(headers).not.toHaveProperty('anchor-event');
	expect(headers['anchor-signature']).toBe('v1=zz');
});

it('ends with an attempt that says why when Node refuses a header', async () => {
	const emission = simulator.emit('task.completed', { headers: { 'Anchor-Event': 'a\nb' } });
	expect((await emission.settled)[0]).toMatchObject({
		status: 'dead',
		attempts: expect.arrayContaining([expect.objectContaining({ status: null })]),
	});
	expect(receiver.received).toEqual([]);
});

describe('the connection', () => {
	it('is dropped in the middle of the request, then the event comes whole', async () => {
		const { event, settled } = simulator.emit('task.completed', { drop: 'midRequest' });
		const [delivery] = await settled;
		expect(delivery.attempts).toMatchObject([
			{ status: null, error: expect.stringContaining('middle of the request') },
			{ status: 200 },
		]);
		// The half one may be noted after the whole one; the next test must not find it.
		await receiver.came(2);
		const whole = receiver.received.filter(({ complete }) => complete);
		expect(whole.map(({ body }) => JSON.parse(body.toString()) as unknown)).toEqual([event]);
	});

	it('is dropped before the answer, so that the event comes twice', async () => {
		const { id, settled } = simulator.emit('task.completed', {
			drop: 'beforeAnswer',
			dropAttempts: 2,
		});
		const [delivery] = await settled;
		expect(delivery.attempts.map(({ status }) => status)).toEqual([null, null, 200]);
		await receiver.came(3);
		expect(idsReceived()).toEqual([id, id, id]);
	});
});

it('makes fewer attempts when asked', async () => {
	receiver.reply = () => 500;
	const [delivery] = await simulator.emit('task.completed', { maxAttempts: 1 }).settled;
	expect(delivery).toMatchObject({ status: 'dead', attempts: [{ status: 500 }] });
});
