/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions -- tests run in Node, not in n8n's sandbox */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { callApi } from './client';
import { startReceiver, type Receiver } from './receiver';

const KEY = `sk-${'7e'.repeat(8)}`;

/** Starts main.ts as `npm run simulator` does. */
function run(...options: string[]): ChildProcess {
	const program = join(__dirname, 'main.ts');
	return spawn(process.execPath, ['--import', 'tsx', program, ...options], {
		stdio: ['ignore', 'pipe', 'pipe'],
	});
}

describe('as a program', () => {
	let child: ChildProcess;
	let url: string;
	let receiver: Receiver;

	const api = async (method: string, path: string, body?: unknown) =>
		await callApi({ url, apiKey: KEY }, method, path, body);
	const control = async (path: string, body?: unknown, method = body ? 'POST' : 'GET') =>
		await callApi({ url, apiKey: '' }, method, `/_simulator/${path}`, body);

	beforeAll(async () => {
		receiver = await startReceiver();
		child = run('--port', '0', '--api-key', KEY, '--time-scale', '0');
		let printed = '';
		for await (const chunk of child.stdout!) {
			printed += String(chunk);
			if (printed.includes('Ctrl-C')) break;
		}
		url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)![0];
		expect(printed).toContain(KEY);
	}, 30_000);
	afterAll(async () => {
		child.kill('SIGKILL');
		await receiver.close();
	});
	beforeEach(async () => {
		receiver.clear();
		await control('reset', {});
		await api('POST', '/v1/webhooks', { url: receiver.url, subscribed_events: ['task.failed'] });
	});

	it('sends an event on request and says what became of it', async () => {
		const { status, body } = await control('emit', {
			type: 'task.failed',
			data: { error: { type: 'timeout' } },
			wait: 'settled',
		});
		expect(status).toBe(200);
		expect(body).toMatchObject({
			id: expect.stringMatching(/^evt_/),
			event: { data: { error: { type: 'timeout' } } },
			deliveries: [{ status: 'succeeded', attempts: [{ status: 200, error: null }] }],
		});
		expect(JSON.parse(receiver.received[0].body.toString())).toEqual(body.event);
		const log = await control('deliveries?type=task.failed');
		expect(log.body.deliveries).toEqual(body.deliveries);
		expect((await control('deliveries?type=task.healed')).body.deliveries).toEqual([]);
	});

	it('misbehaves on request', async () => {
		await control('emit', { type: 'task.failed', sign: 'forged', repeat: 2, wait: 'settled' });
		expect(receiver.received).toHaveLength(2);
	});

	it.each([
		{},
		{ type: '' },
		{ type: 'task.failed', to: 'wh_nothing' },
		{ type: 'x', color: 'red' },
	])('answers 400 to the wish %j', async (wish) => {
		expect((await control('emit', wish)).status).toBe(400);
	});

	it('shows webhooks with their secrets, and rotates one', async () => {
		const [webhook] = (await control('webhooks')).body.webhooks;
		expect(webhook.secret).toMatch(/^[0-9a-f]{64}$/);
		const rotated = (await control('rotate', { webhook: webhook.id })).body;
		expect(rotated.previousSecrets).toMatchObject([{ value: webhook.secret }]);
	});

	it('has outages on request', async () => {
		await control('outage', { mode: 503, calls: 'GET /v1/webhooks' });
		expect((await api('GET', '/v1/webhooks')).status).toBe(503);
		await control('outage', undefined, 'DELETE');
		expect((await api('GET', '/v1/webhooks')).status).toBe(200);
		expect((await control('requests')).body.requests).toHaveLength(3);
	});

	it('ends with 0 at Ctrl-C, though a delivery hangs', async () => {
		receiver.reply = () => 'hang';
		await control('emit', { type: 'task.failed', wait: 'no' });
		await receiver.came(1);
		child.kill('SIGINT');
		expect(await once(child, 'exit')).toEqual([0, null]);
	});
});

it.each([
	[['--port', 'x'], '--port takes a number'],
	[['--signing', 'never'], '--signing takes one of'],
	[['--colour'], '--colour'],
])(
	'ends with 1 and says why for %j',
	async (options, message) => {
		const child = run(...options);
		let printed = '';
		child.stderr!.on('data', (chunk) => (printed += String(chunk)));
		expect(await once(child, 'close')).toEqual([1, null]);
		expect(printed).toContain(message);
	},
	30_000,
);
