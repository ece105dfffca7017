import { callApi } from './client';
import { startSimulator, type Simulator, type SimulatorOptions } from './index';
import { startReceiver, type Receiver } from './receiver';

/** What Anchor leaves open and a simulator can be told, and the clock of its own. */

let receiver: Receiver;
let simulator: Simulator;
let id: string;

beforeAll(async () => {
	receiver = await startReceiver();
});
afterAll(async () => await receiver.close());
afterEach(async () => await simulator.close());

async function start(options: SimulatorOptions = {}): Promise<void> {
	simulator = await startSimulator(options);
	({ id } = simulator.addWebhook({ url: receiver.url, subscribedEvents: ['task.completed'] }));
}

const get = async (path: string) => await callApi(simulator, 'GET', path);

const page = async (query = '') =>
	(await get(`/v1/webhooks/${id}/events${query}`)).body.events.map((row) => row.external_event_id);

async function emitMany(count: number): Promise<string[]> {
	const ids: string[] = [];
	for (let number = 0; number < count; number++) {
		const emission = simulator.emit('task.completed');
		await emission.settled;
		ids.push(emission.id);
	}
	return ids;
}

describe('the history', () => {
	it('is listed newest first, or oldest first when told', async () => {
		await start();
		expect(await emitMany(4)).toEqual((await page()).reverse());
		await simulator.close();
		await start({ historyOrder: 'oldest' });
		expect(await emitMany(4)).toEqual(await page());
	});

	it('is listed in an order that tells nothing, and stays the same from page to page', async () => {
		await start({ historyOrder: 'shuffled' });
		const ids = await emitMany(30);
		const pages = [...(await page('?limit=15')), ...(await page('?limit=15&offset=15'))];
		expect([...pages].sort()).toEqual([...ids].sort());
		expect(pages).not.toEqual(ids);
		expect(pages).not.toEqual([...ids].reverse());
		expect(await page('?limit=30')).toEqual(pages);
	});

	it('has no payloads where the API knows none', async () => {
		await start({ payloads: false });
		await emitMany(1);
		const { status, body } = await get(`/v1/webhooks/${id}/events?include_payload=true`);
		expect(status).toBe(200);
		expect(body.events).toHaveLength(1);
		expect(body.events[0]).not.toHaveProperty('payload');
	});

	it('grows while it is paged through, when the next page is held back', async () => {
		await start();
		const old = await emitMany(3);
		const first = await page('?limit=2');
		const hold = simulator.hold('GET /v1/webhooks/:id/events');
		const second = page('?limit=2&offset=2');
		await hold.arrived;
		const [added] = await emitMany(1);
		hold.release();
		expect(first).toEqual([old[2], old[1]]);
		// A row more in front: what stood at the end of the first page is met again.
		expect(await second).toEqual([old[1], old[0]]);
		expect(await page('?limit=1')).toEqual([added]);
	});
});

describe('the list of webhooks', () => {
	it.each([
		[true, 1],
		[false, 0],
	])('with listsDisabled %p has %i of one that is disabled', async (listsDisabled, count) => {
		await start({ listsDisabled });
		expect((await get('/v1/webhooks')).body.webhooks).toHaveLength(1);
		simulator.changeWebhook(id, { enabled: false });
		expect((await get('/v1/webhooks')).body.webhooks).toHaveLength(count);
		expect((await get(`/v1/webhooks/${id}`)).status).toBe(200);
	});
});

describe('a clock that is off', () => {
	it.each([-5, 5])('by %i minutes dates everything but signatures', async (minutes) => {
		await start();
		simulator.advance(minutes * 60_000);
		simulator.changeWebhook(id, { description: 'changed' });
		const emission = simulator.emit('task.completed');
		const [{ attempts }] = await emission.settled;
		const { body, headers } = await get(`/v1/webhooks/${id}/events`);
		const webhook = (await get(`/v1/webhooks/${id}`)).body;
		const refused = await callApi(simulator, 'GET', '/v1/webhooks', undefined, 'sk-wrong');
		simulator.outage({ mode: 503, times: 1 });
		const broken = await get('/v1/webhooks');

		const [row] = body.events as unknown as Array<Record<string, string>>;
		const dates = [
			emission.event.created,
			row.scheduled_at,
			row.completed_at,
			(webhook as unknown as Record<string, string>).updated_at,
			headers.get('date'),
			refused.headers.get('date'),
			broken.headers.get('date'),
		];
		expect(dates.map((date) => Math.round((Date.parse(date ?? '') - Date.now()) / 60_000))).toEqual(
			dates.map(() => minutes),
		);
		const stamp = Number(attempts[0].requestHeaders['Anchor-Timestamp']);
		expect(Math.abs(stamp - Date.now() / 1000)).toBeLessThan(10);
	});
});
