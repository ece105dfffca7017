import { startSimulator } from '../simulator';
import type { Simulator } from '../simulator';
import { automaticTrigger } from '../support/automaticTrigger';
import { logLines } from '../support/core';
import { Host } from '../support/host';
import { manualTrigger } from '../support/manualTrigger';
import {
	bytesOf,
	eventOf,
	PREVIOUS_SECRET,
	SECRET,
	signed,
	STRANGERS_SECRET,
} from '../support/signedRequests';

/*
 * What other triggers shipped and ours must not: one test for each mistake that a survey of n8n's own and of community
 * triggers found. The names say whose mistake it was.
 */

let host: Host;
let anchor: Simulator;

beforeEach(async () => {
	host = await Host.start();
	anchor = await startSimulator({ retryDelaysMs: [1] });
	host.processedData.reset();
	logLines.length = 0;
});
afterEach(async () => {
	anchor.liftOutages();
	await host.close();
	await anchor.close();
});

const forged = { secrets: [STRANGERS_SECRET] };

it.each([400, 401, 402, 403, 404, 409, 422, 429, 500, 503, 'close'] as const)(
	'1: an activation that Anchor answers with %s is not shown as active (31 core nodes return false)',
	async (mode) => {
		anchor.outage({ mode });
		await expect(host.activate(automaticTrigger(host, anchor))).rejects.toThrow();
	},
);

it('2: a refusal is a 401 on the wire, not a 200 that speaks of one (Lemon Squeezy, Kapso)', async () => {
	const { deliver } = await manualTrigger(host);
	expect((await deliver(eventOf('task.completed'), forged)).status).toBe(401);
});

it('3: whatever is ignored or refused is answered and the response ended (Resend)', async () => {
	const { deliver } = await manualTrigger(host, {
		events: ['task.completed'],
		filters: { taskIds: 'another' },
	});
	await deliver(eventOf('task.failed'));
	await deliver(eventOf('task.completed'));
	await deliver(eventOf('task.completed'), forged);
	await deliver('{}');
	await deliver('');
	expect(host.responses).toHaveLength(5);
	expect(host.responses.every(({ writableFinished }) => writableFinished)).toBe(true);
});

it('4: strangers cost no execution, and nothing throws (OpenWA, WooCommerce, Lago)', async () => {
	const { deliver, runs } = await manualTrigger(host);
	await deliver(eventOf('task.completed'), forged);
	await deliver('{', forged);
	await deliver('', { secrets: [] });
	await deliver('null');
	expect(await runs()).toEqual([]);
	for (const { result, threw } of host.calls) {
		expect(threw).toBeUndefined();
		expect(result).not.toHaveProperty('workflowData');
	}
});

it('5: the signature is checked over the bytes (Lemon Squeezy, Polar, Stripe, Zendesk, Trello)', async () => {
	const { deliver } = await manualTrigger(host);
	const body = Buffer.from(JSON.stringify(eventOf('task.completed', { text: '@' }), null, 3));
	body[body.indexOf('@')] = 0xfe;
	expect((await deliver(body)).status).toBe(200);

	const pretty = JSON.stringify(eventOf('task.completed'), null, 2);
	const { headers } = signed(pretty, Math.floor(Date.now() / 1000));
	const compact = bytesOf(JSON.parse(pretty));
	expect((await deliver(compact, { headers })).status).toBe(401);
});

it('6: an unsigned message changes nothing (Autotask, Asana)', async () => {
	const row = automaticTrigger(host, anchor);
	await host.activate(row);
	const before = [row.staticData, JSON.stringify(anchor.webhooks()), anchor.requests().length];
	const [{ id }] = anchor.webhooks();
	for (const sign of ['forged', 'none'] as const) {
		for (const type of ['task.completed', 'brand.new']) {
			await anchor.emit(type, { to: id, sign }).settled;
		}
		await anchor.emit('task.completed', { to: id, sign, body: '{"secret":"mine"}' }).settled;
	}
	expect([row.staticData, JSON.stringify(anchor.webhooks()), anchor.requests().length]).toEqual(
		before,
	);
	expect(host.processedData.calls).toBe(0);
	expect(await host.runs()).toEqual([]);
});

it('7: a webhook that is found without its secret is not trusted blindly (Typeform, Cal, Figma)', async () => {
	const row = automaticTrigger(host, anchor);
	await host.activate(row);
	const [{ id, secret }] = anchor.webhooks();
	row.staticData = '{}';
	await host.boot();
	const unsigned = anchor.emit('task.completed', { to: id, sign: 'none', maxAttempts: 1 });
	expect((await unsigned.settled)[0].attempts[0].status).toBe(401);
	const genuine = anchor.emit('task.completed', { to: id, maxAttempts: 1 });
	expect((await genuine.settled)[0].attempts[0].status).toBe(503);

	await host.activate(row);
	expect(anchor.webhooks()[0].secret).not.toBe(secret);
	const again = anchor.emit('task.completed', { to: id, maxAttempts: 1 });
	expect((await again.settled)[0].attempts[0].status).toBe(200);
	expect(await host.runs()).toHaveLength(1);
});

it('8: every v1 is looked at, not the last alone (Stripe’s trigger)', async () => {
	const { deliver, runs } = await manualTrigger(host);
	for (const secrets of [
		[SECRET, STRANGERS_SECRET],
		[STRANGERS_SECRET, SECRET],
		[STRANGERS_SECRET, SECRET, PREVIOUS_SECRET],
	]) {
		expect((await deliver(eventOf('task.completed'), { secrets })).status).toBe(200);
	}
	expect(await runs()).toHaveLength(3);
});

it.each([401, 403, 429, 500, 'close'] as const)(
	'9: when Anchor answers %s, its webhook is not taken for absent (Crowdin, Formbricks, Lemon Squeezy)',
	async (mode) => {
		const row = automaticTrigger(host, anchor);
		await host.activate(row);
		const outage = anchor.outage({ mode, calls: 'GET *' });
		const before = anchor.requests({ calls: 'POST *' }).length;
		await host.activate(row).catch(() => {});
		expect(anchor.requests({ calls: 'POST *' })).toHaveLength(before);
		outage.lift();
		await host.activate(row);
		expect(anchor.webhooks()).toHaveLength(1);
	},
);

it('10: two triggers with the same events have a webhook each (Apify’s idempotency key)', async () => {
	const rows = [automaticTrigger(host, anchor), automaticTrigger(host, anchor)];
	for (const row of rows) await host.activate(row);
	expect(anchor.webhooks().map(({ url }) => url)).toEqual(rows.map((row) => host.urlOf(row)));
	await anchor.emit('task.completed').settled;
	for (const row of rows) expect(await host.runs(row)).toHaveLength(1);
});

it('11: Anchor has its 200 only when n8n has the run (Directoryz, OxaPay)', async () => {
	const { deliver, runs } = await manualTrigger(host);
	const event = eventOf('task.completed');
	const held = host.holdRuns();
	const first = deliver(event);
	await held.arrived;
	expect(host.responses[0].headersSent).toBe(false);
	held.settle('refuse');
	expect((await first).status).toBe(500);
	expect((await deliver(event)).body).toEqual({ received: true });
	expect(await runs()).toHaveLength(1);
});

it('12: a retry is not too old because its event is (Lemon Squeezy)', async () => {
	const { deliver } = await manualTrigger(host);
	const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000).toISOString();
	expect((await deliver(eventOf('task.completed', { created: yesterday }))).status).toBe(200);
});

it('13: memory goes by the signed id, takes test events, and outlives a republication (Lago)', async () => {
	const { row, deliver, runs } = await manualTrigger(host);
	const event = eventOf('task.completed');
	await deliver(event, { headers: { 'anchor-delivery-id': 'first' } });
	await host.republish(row);
	const again = await deliver(event, { headers: { 'anchor-delivery-id': 'second' } });
	expect(again.body).toMatchObject({ ignored: 'duplicate' });
	expect(await runs()).toHaveLength(1);

	const tested = automaticTrigger(host, anchor, { options: { sampleEvent: 'task.failed' } });
	for (let time = 0; time < 2; time++) {
		await host.listen(tested);
		await anchor.delivered({ type: 'task.failed' }, time + 1);
	}
	expect(anchor.deliveries().map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
	expect(await host.runs(tested)).toHaveLength(2);
});

it('14: nothing that Anchor is told weakens how it delivers (GitLab’s trigger)', async () => {
	await host.activate(automaticTrigger(host, anchor));
	const [{ body }] = anchor.requests({ calls: 'POST /v1/webhooks' });
	expect(Object.keys(body as object).sort()).toEqual(['description', 'subscribed_events', 'url']);
});

it('15: the caller learns no reason, and the log no key (Photon, respond.io)', async () => {
	const { deliver } = await manualTrigger(host);
	const answers = await Promise.all([
		deliver(eventOf('task.completed'), forged),
		deliver(eventOf('task.completed'), { timestamp: '1' }),
		deliver(eventOf('task.completed'), { headers: { 'anchor-signature': undefined } }),
	]);
	for (const { body } of answers)
		expect(body).toEqual({ received: false, message: 'Unauthorized' });

	for (const mode of [401, 500, 'close'] as const) {
		const outage = anchor.outage({ mode, message: `no ${anchor.apiKey}` });
		const row = automaticTrigger(host, anchor);
		const failure: unknown = await host.activate(row).catch((cause: unknown) => cause);
		expect(everythingIn(failure)).not.toContain(anchor.apiKey);
		outage.lift();
	}
	expect(everythingIn(logLines)).not.toContain(anchor.apiKey);
});

it('16: a trigger is no tool for an agent (Apify)', () => {
	expect(host.loaded.trigger.description).not.toHaveProperty('usableAsTool');
});

/** All text anywhere in a value, hidden properties and causes included. */
function everythingIn(value: unknown, seen = new Set<unknown>()): string {
	if (typeof value !== 'object' || value === null) return String(value);
	if (seen.has(value)) return '';
	seen.add(value);
	return Object.getOwnPropertyNames(value)
		.map((key) => `${key} ${everythingIn((value as Record<string, unknown>)[key], seen)}`)
		.join('\n');
}
