import { Expression } from 'n8n-workflow';
import type { INodeParameters } from 'n8n-workflow';
import { automaticTrigger } from '../support/automaticTrigger';
import { manualTrigger } from '../support/manualTrigger';
import { anchor, host, setUp } from '../support/recovering';
import { send } from '../support/send';
import type { Received } from '../support/send';
import { eventOf, signedNow, STRANGERS_SECRET } from '../support/signedRequests';
import type { SigningWish } from '../support/signedRequests';

/*
 * n8n 2 makes a JavaScript isolate for each expression that it evaluates, unless one is there, and another one for each
 * reading of a credential: the dearest things that a delivery can cause.
 */

let work: { evaluations: jest.SpyInstance; readings: jest.SpyInstance };

beforeEach(async () => {
	await setUp();
	const evaluator = Expression.prototype as unknown as { renderExpression: () => unknown };
	work = {
		evaluations: jest.spyOn(evaluator, 'renderExpression'),
		readings: jest.spyOn(host.credentials, 'getDecrypted'),
	};
});

type Deliver = (body: unknown, wish?: SigningWish) => Promise<Received>;

/** An active trigger that has had a delivery, with every setting that decides over one. */
async function warmedUp(
	registration: 'automatic' | 'manual',
	changes: INodeParameters = {},
): Promise<Deliver> {
	const parameters: INodeParameters = {
		events: ['task.completed', 'task.failed'],
		filters: { taskIds: 'tsk_4f8w9n2b', failureTypes: ['timeout'] },
		options: { toleranceSeconds: 300, acknowledge: 'accepted', deduplicate: 'durable' },
		...changes,
	};
	let deliver: Deliver;
	if (registration === 'manual') {
		({ deliver } = await manualTrigger(host, parameters));
	} else {
		const row = automaticTrigger(host, anchor, parameters);
		await host.activate(row);
		const [{ secret }] = anchor.webhooks();
		deliver = async (body, wish) =>
			await send(host.urlOf(row), signedNow(body, { secrets: [secret], ...wish }));
	}
	await deliver(eventOf('task.completed'));
	await host.runs();
	for (const spy of Object.values(work)) spy.mockClear();
	return deliver;
}

describe.each(['automatic', 'manual'] as const)('with registration %s', (registration) => {
	/** A pasted secret is read for each delivery with headers that can be right. */
	const expectReadings = (deliveries: number) =>
		expect(work.readings).toHaveBeenCalledTimes(registration === 'manual' ? deliveries : 0);
	const nothing = (deliveries: number) => {
		expect(work.evaluations).not.toHaveBeenCalled();
		expectReadings(deliveries);
	};

	it('nothing is evaluated before n8n takes an event in', async () => {
		const deliver = await warmedUp(registration);
		const held = host.holdRuns();
		const answer = deliver(eventOf('task.completed'));
		await held.arrived;
		nothing(1);
		held.settle('accept');
		expect((await answer).status).toBe(202);
	});

	it('only what the user wrote as an expression is evaluated', async () => {
		const deliver = await warmedUp(registration, {
			filters: { taskIds: '={{ "tsk_4f8w9n2b" }}', failureTypes: ['timeout'] },
		});
		expect((await deliver(eventOf('task.failed'))).status).toBe(204);
		expect(work.evaluations).toHaveBeenCalledTimes(1);
		expectReadings(1);
	});

	it('nothing but the tolerance is evaluated for what is forged, and a broken filter changes no answer', async () => {
		const deliver = await warmedUp(registration, {
			filters: { taskIds: '={{ $("No such node").first().json.id }}' },
			options: { toleranceSeconds: '={{ 300 }}', deduplicate: '={{ "durable" }}' },
		});
		const event = eventOf('task.completed');
		const forged = { secrets: [STRANGERS_SECRET] };
		expect((await deliver(event, forged)).status).toBe(401);
		expect(work.evaluations).toHaveBeenCalledTimes(1);
		expect((await deliver(event)).status).toBe(500);
	});

	it('nothing is evaluated for what starts no run', async () => {
		const deliver = await warmedUp(registration);
		const event = eventOf('task.failed');
		expect((await deliver(event)).status).toBe(204);
		expect((await deliver(eventOf('task.healed'))).status).toBe(204);
		expect((await deliver(event, { headers: { 'anchor-signature': undefined } })).status).toBe(400);
		expect((await deliver(event, { timestamp: '1' })).status).toBe(400);
		expect((await deliver('{}')).status).toBe(422);
		nothing(3);
	});
});

it('a flood of forged requests reads the credential fifty times, and then once a second at most', async () => {
	const deliver = await warmedUp('manual');
	let nowMs = Date.now();
	jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
	const flood = async () => {
		work.readings.mockClear();
		for (let number = 0; number < 60; number++) {
			const forged = { secrets: [STRANGERS_SECRET] };
			expect((await deliver(eventOf('task.completed'), forged)).status).toBe(401);
		}
		return work.readings.mock.calls.length;
	};
	expect(await flood()).toBe(50);
	for (let second = 1; second <= 3; second++) {
		nowMs += 1_000;
		expect(await flood()).toBe(1);
	}
	expect(work.evaluations).not.toHaveBeenCalled();
});
