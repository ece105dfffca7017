import type { NodeApiError } from 'n8n-workflow';
import { UserError } from 'n8n-workflow';
import nock from 'nock';
import { startSimulator } from '../simulator';
import type { Simulator } from '../simulator';
import { automaticTrigger } from '../support/automaticTrigger';
import { logLines, warnings } from '../support/core';
import { Host } from '../support/host';
import { manualTrigger } from '../support/manualTrigger';

let host: Host;
let anchor: Simulator;

beforeEach(async () => {
	host = await Host.start();
	anchor = await startSimulator({
		rules: 'local',
		retryDelaysMs: [1],
	});
	logLines.length = 0;
});
afterEach(async () => {
	anchor.liftOutages();
	await host.close();
	await anchor.close();
});

async function thrownBy(work: Promise<unknown>): Promise<NodeApiError> {
	try {
		await work;
	} catch (cause) {
		return cause as NodeApiError;
	}
	throw new Error('nothing was thrown');
}

describe('activation', () => {
	it('needs an event', async () => {
		const row = automaticTrigger(host, anchor, { events: [] });
		const { message, description } = await thrownBy(host.activate(row));
		expect(message).toBe('Choose at least one event for this trigger');
		expect(description).toMatch(/select under Events/);
		expect(anchor.requests({ calls: 'POST *' })).toEqual([]);
	});

	it('asks nothing of Anchor when the user keeps the webhook', async () => {
		const { row } = await manualTrigger(host);
		await host.republish(row);
		await host.deactivate(row);
		expect(anchor.requests()).toEqual([]);
		expect(row.staticData).toBe('{}');
	});

	it('keeps id and secret in one step: no moment with a webhook and no secret', async () => {
		const row = automaticTrigger(host, anchor);
		await host.activate(row);
		const [state] = Object.values(JSON.parse(row.staticData).global as Record<string, object>);
		const [{ id, secret }] = anchor.webhooks();
		expect(state).toMatchObject({
			webhookId: id,
			secret: expect.stringMatching(/^v1\./) as string,
		});
		expect(row.staticData).not.toContain(secret);
	});

	it('does not ask Anchor to create when the list cannot be read', async () => {
		const row = automaticTrigger(host, anchor);
		anchor.outage({ mode: 500, calls: 'GET *' });
		await thrownBy(host.activate(row));
		expect(anchor.requests({ calls: 'POST *' })).toEqual([]);
	});

	it.each([401, 402, 403])(
		'lets n8n stop trying after a %i, which only a person can mend',
		async (mode) => {
			const row = automaticTrigger(host, anchor);
			anchor.outage({ mode });
			const { cause } = await thrownBy(host.activate(row));
			expect(cause).toBeInstanceOf(UserError);
		},
	);

	it.each([429, 500, 503])('lets n8n try again after a %i', async (mode) => {
		const row = automaticTrigger(host, anchor);
		anchor.outage({ mode });
		const failure = await thrownBy(host.activate(row));
		expect(failure.cause).not.toBeInstanceOf(UserError);
		// n8n up to 2.x gives up for good when it reads this word.
		expect(failure.message).not.toContain('Authorization');
	});

	it('survives n8n’s five tries of one activation, each followed by delete', async () => {
		const row = automaticTrigger(host, anchor);
		await host.activate(row);
		const [{ id }] = anchor.webhooks();
		anchor.changeWebhook(id, { subscribedEvents: ['batch.failed'] });
		const outage = anchor.outage({ mode: 503, calls: 'PATCH *' });
		for (let attempt = 0; attempt < 5; attempt++) await host.activate(row).catch(() => {});
		outage.lift();
		await host.activate(row);
		expect(anchor.webhooks().map((webhook) => webhook.id)).toEqual([id]);
		expect(anchor.webhooks()[0].subscribedEvents).toEqual(['task.completed', 'task.failed']);
	});

	it('that fails for a moment does not end in n8n removing a good webhook', async () => {
		const row = automaticTrigger(host, anchor);
		await host.activate(row);
		const [{ id }] = anchor.webhooks();
		// With another key the stored secret is of no use, so that an outage cannot simply be waited for.
		const apiKey = `sk-${'7b'.repeat(16)}`;
		anchor.addApiKey(apiKey);
		host.credentials.stored.set(row.id, { apiKey, baseUrl: anchor.url });
		await host.boot();
		anchor.outage({ mode: 503, times: 1 });
		await thrownBy(host.activate(row));
		expect(anchor.webhooks().map((webhook) => webhook.id)).toEqual([id]);

		await host.activate(row);
		expect(anchor.webhooks().map((webhook) => webhook.id)).toEqual([id]);
		const [delivery] = await anchor.emit('task.completed', { to: id }).settled;
		expect(delivery.attempts[0].status).toBe(200);
	});

	it('says in the log how many deliveries were lost since it last looked', async () => {
		const row = automaticTrigger(host, anchor);
		await host.activate(row);
		const [{ id }] = anchor.webhooks();
		const emission = anchor.emit('task.failed', { to: id, sign: 'forged' });
		await emission.settled;
		const other = anchor.emit('task.failed', { to: id, drop: 'beforeAnswer', dropAttempts: 6 });
		await other.settled;
		logLines.length = 0;
		await host.restart();
		expect(warnings().map(({ meta }) => meta)).toMatchObject([
			{ webhookId: id, total: 2, failed: 1, dead: 1 },
		]);
	});

	it('names in the log an event that Anchor does not take', async () => {
		const row = automaticTrigger(host, anchor, { events: ['task.failed', 'session.ready'] });
		await host.activate(row);
		expect(anchor.webhooks()[0].subscribedEvents).toEqual(['task.failed']);
		expect(JSON.stringify(logLines)).toContain('session.ready');
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

	it.each([
		['http://n8n.example.com', /does not start with https/],
		['https://localhost:5678', /leads back to the machine itself/],
		['https://192.168.1.20', /private network/],
		['https://user:pass@n8n.example.com', /user name or password/],
	])('is caught before Anchor is asked: %s', async (baseUrl, words) => {
		nock.disableNetConnect();
		host.baseUrl = baseUrl;
		const row = automaticTrigger(host, real);
		const { message, description, cause } = await thrownBy(host.activate(row));
		expect(message).toMatch(words);
		expect(message).toContain('WEBHOOK_URL');
		expect(description).toContain('WEBHOOK_URL');
		expect(message + description).not.toContain('pass@');
		expect(cause).toBeInstanceOf(UserError);
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
			.get('/v1/webhooks')
			.reply(200, { webhooks: [] });
		host.baseUrl = 'https://n8n.example.com';
		await host.activate(automaticTrigger(host, real));
		expect(api.pendingMocks().filter((mock) => mock.startsWith('POST'))).toEqual([]);
	});
});

describe('deactivation', () => {
	it('is safe when nothing was ever created', async () => {
		const row = automaticTrigger(host, anchor);
		await host.deactivate(row);
		expect(anchor.requests({ calls: 'DELETE *' })).toEqual([]);
	});

	it.each([500, 503, 'close'] as const)(
		'throws when Anchor cannot do it (%s), and keeps what the next activation needs',
		async (mode) => {
			const row = automaticTrigger(host, anchor);
			await host.activate(row);
			const [{ id }] = anchor.webhooks();
			const outage = anchor.outage({ mode });
			await thrownBy(host.deactivate(row));
			expect(row.staticData).toContain(id);
			outage.lift();
			await host.deactivate(row);
			expect(anchor.webhooks()).toEqual([]);
		},
	);

	it('lets n8n stop trying when the API key is refused', async () => {
		const row = automaticTrigger(host, anchor);
		await host.activate(row);
		anchor.outage({ mode: 401 });
		const { cause, message, description } = await thrownBy(host.deactivate(row));
		expect(cause).toBeInstanceOf(UserError);
		expect(message + description).not.toContain(anchor.apiKey);
	});

	it('leaves no trace in static data', async () => {
		const row = automaticTrigger(host, anchor);
		await host.activate(row);
		await host.deactivate(row);
		expect(JSON.parse(row.staticData)).toEqual({ global: {} });
	});

	it('ends verification: the address takes nothing more', async () => {
		const row = automaticTrigger(host, anchor);
		await host.activate(row);
		const [webhook] = anchor.webhooks();
		await host.deactivate(row);
		const emission = anchor.emit('task.completed', { to: webhook.id });
		const [delivery] = await emission.settled;
		expect(delivery.attempts[0].status).not.toBe(200);
	});
});

describe('listening with a sample event', () => {
	it('ends, and cleans up, when Anchor refuses to send it', async () => {
		const row = automaticTrigger(host, anchor, { options: { sampleEvent: 'session.ready' } });
		const { message, description } = await thrownBy(host.listen(row));
		expect(message).toMatch(/sample event session\.ready/);
		expect(description).toMatch(/Choose another Sample Event/);
		expect(anchor.webhooks()).toEqual([]);
	});
});

describe('secrets while they change', () => {
	it('lets the old one go after 24 hours', async () => {
		const row = automaticTrigger(host, anchor, { options: { rotateOnActivation: true } });
		await host.activate(row);
		await host.activate(row);
		const [{ id }] = anchor.webhooks();
		const statusOf = async (sign: 'current' | 'previous', timestampOffsetSeconds = 0) => {
			const wish = { to: id, sign, maxAttempts: 1, timestampOffsetSeconds };
			const emission = anchor.emit('task.completed', wish);
			const [{ attempts }] = await emission.settled;
			return attempts[0].status;
		};
		expect(await statusOf('previous')).toBe(200);

		const seconds = 24 * 60 * 60 + 1;
		const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + seconds * 1000);
		try {
			expect(await statusOf('previous', seconds)).toBe(401);
			expect(await statusOf('current', seconds)).toBe(200);
		} finally {
			clock.mockRestore();
		}
	});

	it('are opened once in a process, not once a delivery', async () => {
		const row = automaticTrigger(host, anchor);
		await host.activate(row);
		await host.boot();
		const [{ id }] = anchor.webhooks();
		const asked = jest.spyOn(host.credentials, 'getDecrypted');
		for (let time = 0; time < 5; time++) await anchor.emit('task.completed', { to: id }).settled;
		expect(anchor.deliveries().every(({ status }) => status === 'succeeded')).toBe(true);
		expect(asked).toHaveBeenCalledTimes(1);
	});
});
