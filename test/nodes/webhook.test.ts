/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { INodeParameters, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { logLines, sentences, warnings } from '../support/core';
import { Host } from '../support/host';
import type { Acceptance } from '../support/host';
import { manualTrigger } from '../support/manualTrigger';
import type { ManualTrigger } from '../support/manualTrigger';
import { send } from '../support/send';
import { eventOf, SECRET, signedNow, STRANGERS_SECRET, withBody } from '../support/signedRequests';
import type { SigningWish } from '../support/signedRequests';

let host: Host;

/** The next call of `webhook()`: `before` is called with its context first. */
function callOf(of: Host, before: (context: IWebhookFunctions) => void = () => {}) {
	const { trigger } = of.loaded;
	const webhook = trigger.webhook!;
	const calls = new EventEmitter();
	const begun = once(calls, 'begun');
	const result = once(calls, 'result').then(([value]) => value as IWebhookResponseData);
	trigger.webhook = async function () {
		before(this);
		const judging = webhook.call(this);
		calls.emit('begun');
		calls.emit('result', await judging);
		return await judging;
	};
	return { begun, result };
}

beforeEach(async () => {
	host = await Host.start();
});
afterEach(async () => await host.close());

const accepted = { status: 202, body: { received: true } };
const duplicate = { status: 204, body: '' };
const comeAgain = { status: 503, body: { received: false } };

describe('the memory of the gate', () => {
	describe('of an event whose sender hung up before the answer', () => {
		const event = eventOf('task.completed');

		/** Delivers the event and hangs up while n8n takes the run in. */
		async function hangUp(): Promise<{ trigger: ManualTrigger; held: Acceptance }> {
			const trigger = await manualTrigger(host, { options: { deduplicate: 'memory' } });
			const held = host.holdRuns();
			const { headers, body } = signedNow(event);
			const outgoing = request(host.urlOf(trigger.row), {
				method: 'POST',
				headers: headers as Record<string, string>,
			});
			outgoing.on('error', () => {});
			outgoing.end(body);
			await held.arrived;
			const closed = once(host.responses[0], 'close');
			outgoing.destroy();
			await closed;
			return { trigger, held };
		}

		it('knows it once its run has begun: Anchor had no answer and sends it again', async () => {
			const { trigger, held } = await hangUp();
			held.settle('accept');
			await new Promise(setImmediate);
			expect(await trigger.runs()).toHaveLength(1);
			expect(await trigger.deliver(event)).toMatchObject(duplicate);
			expect(await trigger.runs()).toHaveLength(1);
		});

		it('asks for it again until then, for five minutes at most', async () => {
			const { trigger, held } = await hangUp();
			expect(await trigger.deliver(event)).toMatchObject(comeAgain);
			const later = Date.now() + 5 * 60_000;
			const clock = jest.spyOn(Date, 'now').mockReturnValue(later);
			try {
				const second = host.holdRuns();
				const again = trigger.deliver(event);
				await second.arrived;
				for (const { settle } of [second, held]) settle('accept');
				expect(await again).toMatchObject(accepted);
			} finally {
				clock.mockRestore();
			}
		});
	});

	it('belongs to one workflow and node: another trigger runs the same event too', async () => {
		const one = await manualTrigger(host);
		const other = await manualTrigger(host);
		const event = eventOf('task.completed');
		expect(await one.deliver(event)).toMatchObject(accepted);
		expect(await other.deliver(event)).toMatchObject(accepted);
		expect(await other.runs()).toHaveLength(1);
	});

	it('is gone after a restart', async () => {
		const { deliver, runs } = await manualTrigger(host, { options: { deduplicate: 'memory' } });
		const event = eventOf('task.completed');
		await deliver(event);
		await host.restart();
		expect(await deliver(event)).toMatchObject(accepted);
		expect(await runs()).toHaveLength(2);
	});

	it('does not keep static data: nothing is ever written there while deliveries come', async () => {
		const { row, deliver } = await manualTrigger(host);
		const before = row.staticData;
		const event = eventOf('task.completed');
		await deliver(event);
		await deliver(event);
		await deliver(event, { secrets: [STRANGERS_SECRET] });
		await deliver('{}');
		expect(host.calls).toHaveLength(4);
		expect(host.calls.some(({ wroteStaticData }) => wroteStaticData)).toBe(false);
		expect(row.staticData).toBe(before);
		expect((await host.runs()).some(({ wroteStaticData }) => wroteStaticData)).toBe(false);
	});
});

describe('acknowledging', () => {
	it('does not wait when the user asked for it', async () => {
		const { deliver, runs } = await manualTrigger(host, {
			options: { acknowledge: 'immediately' },
		});
		const event = eventOf('task.completed');
		const held = host.holdRuns();
		expect(await deliver(event)).toMatchObject(accepted);
		expect(await deliver(event)).toMatchObject(duplicate);
		held.settle('accept');
		await new Promise(setImmediate);
		expect(await runs()).toHaveLength(1);
		const [{ result }] = host.calls;
		expect(result?.noWebhookResponse).toBe(true);
	});

	it('does not bring an event again that n8n then refuses, which is the price of it', async () => {
		const { deliver, runs } = await manualTrigger(host, {
			options: { acknowledge: 'immediately', deduplicate: 'memory' },
		});
		const event = eventOf('task.completed');
		const held = host.holdRuns();
		expect(await deliver(event)).toMatchObject(accepted);
		held.settle('refuse');
		expect(await deliver(event)).toMatchObject(duplicate);
		expect(await runs()).toHaveLength(0);
	});
});

describe('a body', () => {
	it('that cannot be read as it was sent is refused, and the log says why', async () => {
		const { deliver, runs } = await manualTrigger(host);
		logLines.length = 0;
		const headers = { 'content-type': 'multipart/form-data; boundary=x' };
		const { status, body } = await deliver(eventOf('task.completed'), { headers });
		expect([status, body]).toEqual([400, { received: false, message: 'Bad Request' }]);
		expect(await runs()).toEqual([]);
		expect(warnings()).toHaveLength(1);
		expect(warnings()[0].meta).toMatchObject({ reason: 'unreadable_body' });
		expect(warnings()[0].message).toMatch(/body could not be read .* Content-Type/);
	});

	it('that n8n has not read yet is read before it is judged', async () => {
		const lazy = await Host.start({ readBodiesLazily: true });
		try {
			const { deliver, items } = await manualTrigger(lazy);
			const event = eventOf('task.completed');
			expect(
				await deliver(event, { headers: { 'content-type': 'application/cloudevents' } }),
			).toMatchObject(accepted);
			expect(await items()).toHaveLength(1);
		} finally {
			await lazy.close();
		}
	});
});

describe('a body that does not come whole', () => {
	let lazy: Host;
	beforeEach(async () => {
		lazy = await Host.start({ readBodiesLazily: true });
	});
	afterEach(async () => await lazy.close());

	const headersOf = (encoding: string) => ({
		'content-type': 'application/octet-stream',
		...(encoding === 'none' ? {} : { 'content-encoding': encoding }),
	});

	it.each(['gzip', 'deflate', 'none'])(
		'ends the delivery when its sender hangs up (%s)',
		async (encoding) => {
			const { row, runs } = await manualTrigger(lazy);
			const judged = callOf(lazy);
			const { headers } = signedNow(eventOf('task.completed'), {
				headers: { ...headersOf(encoding), 'content-length': '1000' },
			});
			const outgoing = request(lazy.urlOf(row), {
				method: 'POST',
				headers: { ...headers } as never,
			});
			outgoing.on('error', () => {});
			outgoing.write(gzipSync('x').subarray(0, 20));
			await judged.begun;
			outgoing.destroy();
			expect(await judged.result).toEqual({ noWebhookResponse: true });
			expect(warnings().at(-1)?.meta).toMatchObject({ reason: 'unreadable_body' });
			expect(await runs()).toEqual([]);
		},
	);

	it('is none of 8 MB that takes its time to be decompressed', async () => {
		const { row, items } = await manualTrigger(lazy);
		const result = randomBytes(4_000_000).toString('hex');
		const event = eventOf('task.completed', { data: { task_id: 'tsk_1', result } });
		const whole = signedNow(event, { headers: headersOf('gzip') });
		const compressed = withBody(whole, gzipSync(whole.body));
		expect(await send(lazy.urlOf(row), compressed)).toMatchObject(accepted);
		expect(await items()).toMatchObject([{ result }]);
	});
});

describe('the files of a form, which n8n 1 has on its disk before the node is asked', () => {
	it.each<[string, SigningWish]>([
		['without the headers of Anchor', { headers: { 'anchor-signature': undefined } }],
		['that is stale', { timestamp: '1' }],
		['with a signature', {}],
	])('are removed from a request %s', async (_what, wish) => {
		const { deliver, runs } = await manualTrigger(host);
		const destroyed: string[] = [];
		const file = (name: string) => ({ name, destroy: () => destroyed.push(name) });
		callOf(host, (context) => {
			context.getRequestObject().body = {
				data: {},
				files: { one: file('a'), several: [file('b'), file('c')] },
			};
		});
		const headers = { 'content-type': 'multipart/form-data; boundary=x', ...wish.headers };
		const { status } = await deliver(eventOf('task.completed'), { ...wish, headers });
		expect(status).toBe(400);
		expect(destroyed).toEqual(['a', 'b', 'c']);
		expect(await runs()).toEqual([]);
	});

	it('are not looked for in JSON, which may call anything so, of any length', async () => {
		const { deliver } = await manualTrigger(host);
		callOf(host, (context) => {
			context.getRequestObject().body = {
				get files() {
					throw new Error('looked at');
				},
			};
		});
		expect(await deliver(eventOf('task.completed'))).toMatchObject(accepted);
	});

	it.each([{}, { data: {} }, { files: {} }, { files: { one: {} } }])(
		'are not there in a form without any: %j',
		async (body) => {
			const { deliver } = await manualTrigger(host);
			callOf(host, (context) => void (context.getRequestObject().body = body));
			const headers = { 'content-type': 'multipart/form-data; boundary=x' };
			expect(await deliver(eventOf('task.completed'), { headers })).toMatchObject({ status: 400 });
		},
	);
});

describe('the causes of a failure', () => {
	it.each<[string, INodeParameters]>([
		['a list', { events: ['task.completed', 'task.failed'] }],
		['all events', { events: ['*'] }],
		['an expression', { events: '={{ ["task.failed", "task.completed"] }}' }],
		['an expression in the list', { events: ['={{ "task.failed" }}', 'task.completed'] }],
		['one text', { events: 'task.failed, task.completed' }],
	])('narrow the failures of an event, however it is selected: by %s', async (_, parameters) => {
		const filters = { failureTypes: ['timeout'] };
		const { deliver, items } = await manualTrigger(host, { ...parameters, filters });
		const failed = (type: string) => eventOf('task.failed', { data: { error: { type } } });
		await deliver(failed('agent_error'));
		await deliver(failed('timeout'));
		await deliver(eventOf('task.completed'));
		expect(await items()).toHaveLength(2);
	});
});

describe('listening in the editor', () => {
	it('never swallows a test event that was seen before', async () => {
		const { row, deliver, runs } = await manualTrigger(host);
		const event = eventOf('task.completed');
		await deliver(event);
		for (let time = 0; time < 2; time++) {
			const path = await host.listen(row);
			const delivery = signedNow(event);
			expect(await send(host.urlOf(row, { test: true }), delivery)).toMatchObject(accepted);
			expect(host.isListening(path)).toBe(false);
		}
		const modes = (await runs()).map(({ mode, outputs }) => [mode, outputs.flat().length]);
		expect(modes).toEqual([
			['webhook', 1],
			['manual', 1],
			['manual', 1],
		]);
	});

	it('does not make production forget or remember anything', async () => {
		const { row, deliver } = await manualTrigger(host);
		const event = eventOf('task.completed');
		await host.listen(row);
		const delivery = signedNow(event);
		expect(await send(host.urlOf(row, { test: true }), delivery)).toMatchObject(accepted);
		expect(await deliver(event)).toMatchObject(accepted);
		expect(await deliver(event)).toMatchObject(duplicate);
	});

	it('goes on after a request that was refused', async () => {
		const { row } = await manualTrigger(host);
		const path = await host.listen(row);
		const { status } = await fetch(host.urlOf(row, { test: true }), { method: 'POST', body: '{}' });
		expect(status).toBe(400);
		expect(host.isListening(path)).toBe(true);
		await host.stopListening(path);
	});
});

describe('when something on our side is wrong', () => {
	it('asks for the delivery again when an expression in a parameter cannot be resolved', async () => {
		const { deliver, runs } = await manualTrigger(host, {
			filters: { taskIds: '={{ $("No such node").first().json.id }}' },
		});
		const { status } = await deliver(eventOf('task.completed'));
		expect(status).toBeGreaterThanOrEqual(500);
		expect(host.calls[0].threw).toBeUndefined();
		expect(await runs()).toHaveLength(0);
	});

	it.each(['null', '{}', '[]', 'undefined'])(
		'lets nothing pass an id filter whose expression gives %s',
		async (given) => {
			const filters = { taskIds: `={{ (() => (${given}))() }}` };
			const { deliver, runs } = await manualTrigger(host, { filters });
			const { status } = await deliver(eventOf('task.completed', { data: { task_id: 'a' } }));
			expect(status).toBe(204);
			expect(await runs()).toEqual([]);
		},
	);

	it.each(['null', '[]', '""', 'undefined'])(
		'says once a minute that an expression under Events gives %s, for then nothing runs',
		async (given) => {
			const { row, deliver, runs } = await manualTrigger(host);
			row.nodes[0].parameters.events = `={{ (() => (${given}))() }}`;
			logLines.length = 0;
			for (let time = 0; time < 2; time++) {
				expect((await deliver(eventOf('task.completed'))).status).toBe(204);
			}
			expect(sentences('warn')).toEqual([
				expect.stringMatching(/expression under Events gave no event name/),
			]);
			expect(await runs()).toEqual([]);
		},
	);

	it('never calls a secret text what an expression made of it', async () => {
		const { deliver } = await manualTrigger(host, {}, { signingSecret: 7 as never });
		const { status } = await deliver(eventOf('task.completed'), { secrets: [SECRET] });
		expect(status).toBe(401);
	});
});
