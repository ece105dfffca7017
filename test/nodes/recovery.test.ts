import { anotherProject } from '../support/automaticTrigger';
import { logLines, warnings } from '../support/core';
import {
	activated,
	anchor,
	emitted,
	emittedAtOnce,
	emptyRuns,
	expectEachOnce,
	FIRST_LOOK_MS,
	host,
	LATER_LOOK_MS,
	missedWhileOff,
	nextLook,
	ran,
	SECOND_LOOK_MS,
	setUp,
	swallower,
	timers,
	webhookId,
} from '../support/recovering';
import type { WorkflowRow } from '../support/workflowRow';

describe.each(['2.41', '1.123'] as const)('after a start of n8n %s', (line) => {
	it('runs each event that Anchor has given up once, oldest first, and says so', async () => {
		await setUp({}, line);
		await activated();
		const before = await emitted(2);
		const missed = await missedWhileOff(5);
		await host.restart();
		await timers.advance(FIRST_LOOK_MS);
		expect(await ran()).toEqual([...before, ...missed]);
		expect(await emptyRuns()).toBeLessThanOrEqual(1);
		const said = logLines.filter(({ level }) => level === 'info').map(({ message }) => message);
		expect(said.join()).toMatch(/5 events that had not reached this workflow/);
	});

	it('runs only those that meet the conditions', async () => {
		await setUp({}, line);
		const row = {
			leftValue: 'error.message',
			operator: 'string:notContains',
			rightValue: 'captcha',
		};
		await activated({ filters: { conditions: { conditions: [row] } } });
		host.crash();
		const ids = [];
		for (const message of ['Stopped by a CAPTCHA', 'Timed out']) {
			const emission = anchor.emit('task.failed', {
				to: webhookId(),
				data: { error: { message } },
			});
			await emission.settled;
			ids.push(emission.id);
		}
		await host.restart();
		await timers.advance(FIRST_LOOK_MS);
		expect(await ran()).toEqual([ids[1]]);
	});

	it('keeps the digits of large numbers, delivered and recovered alike', async () => {
		await setUp({}, line);
		const conditions = [
			{ leftValue: 'data.order', operator: 'string:equals', rightValue: '12345678901234567890' },
		];
		await activated({ filters: { conditions: { conditions } } });
		const order = 12345678901234567890n;
		const emit = async () =>
			await anchor.emit('task.failed', { to: webhookId(), data: { order, result: [order] } })
				.settled;
		await emit();
		host.crash();
		await emit();
		await anchor.emit('task.failed', { to: webhookId(), data: { order: order + 1n } }).settled;
		await host.restart();
		await timers.advance(FIRST_LOOK_MS);
		const items = (await host.runs()).flatMap(({ outputs }) => outputs.flat());
		expect(items).toHaveLength(2);
		for (const item of items) {
			expect(item).toMatchObject({ order: String(order), result: [String(order)] });
		}
		expect((items[1]._event as { text: string }).text).toMatch(
			/^Task Failed: task `[^`]+`, session `[^`]+` \(`invalid_credentials`\)$/,
		);
	});

	it('runs none of them again at the next start, nor at later looks', async () => {
		await setUp({}, line);
		await activated();
		const missed = await missedWhileOff(3);
		for (let start = 0; start < 3; start++) {
			await host.restart();
			await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS + LATER_LOOK_MS);
		}
		expect(await ran()).toEqual(missed);
		expect(await emptyRuns()).toBeLessThanOrEqual(3);
	});

	it('runs what Anchor holds delivered and a starting n8n has swallowed, and nothing that has run', async () => {
		await setUp({}, line);
		await activated();
		const before = await emitted(3);
		host.crash();
		// n8n answers by itself while it starts; the webhook's address belongs to somebody else for that moment.
		const { id, url } = anchor.webhooks()[0];
		anchor.changeWebhook(id, { url: await swallower() });
		const swallowed = await emitted(2);
		anchor.changeWebhook(id, { url });
		await host.restart();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		expect(await ran()).toEqual([...before, ...swallowed]);
	});

	it('recovers with memory or no de-duplication what was given up, and doubts nothing', async () => {
		await setUp({}, line);
		await activated({ options: { deduplicate: 'off' } });
		await emitted(2);
		const missed = await missedWhileOff(2);
		await host.restart();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS + LATER_LOOK_MS);
		await host.restart();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS + LATER_LOOK_MS);
		expect((await ran()).slice(2)).toEqual(missed);
	});
});

describe('a recovered event', () => {
	it('looks like a delivered one, and says that it was recovered', async () => {
		await setUp();
		const row = await activated({ options: { includeDelivery: true } });
		const [id] = await missedWhileOff(1);
		await host.restart();
		await timers.advance(FIRST_LOOK_MS);
		const items = (await host.runs(row)).flatMap(({ outputs }) => outputs.flat());
		expect(items).toMatchObject([
			{
				_event: {
					id,
					type: 'task.completed',
					project_id: anchor.projectId,
					text: expect.stringMatching(/^Task Completed: task /) as string,
					recovered: true,
				},
				_delivery: { recovered: true, timestamp: null, signedWith: null, webhookId: webhookId() },
			},
		]);
	});

	it('whose condition cannot be judged does not run, and the log names the field', async () => {
		await setUp();
		const row = { leftValue: 'duration_ms', operator: 'number:gt', rightValue: 'long' };
		await activated({ filters: { conditions: { conditions: [row] } } });
		await missedWhileOff(1);
		await host.restart();
		await timers.advance(FIRST_LOOK_MS);
		expect(await ran()).toEqual([]);
		const said = warnings().filter(({ message }) => message.includes('could not be judged'));
		expect(said.map(({ message }) => message)).toEqual([
			expect.stringMatching(/^Anchor Browser Trigger.*\(duration_ms\)/),
		]);
	});

	it('passes the same events and filters as a delivered one', async () => {
		await setUp();
		await activated({ events: ['task.failed'], filters: { failureTypes: ['timeout'] } });
		host.crash();
		const emissions = ['timeout', 'agent_error'].map((type) =>
			anchor.emit('task.failed', { to: webhookId(), data: { task_id: 't', error: { type } } }),
		);
		const other = anchor.emit('task.completed', { to: webhookId() });
		await Promise.all([...emissions, other].map(async ({ settled }) => await settled));
		await host.restart();
		await timers.advance(FIRST_LOOK_MS);
		expect(await ran()).toEqual([emissions[0].id]);
	});
});

describe('looking after a trigger', () => {
	it('recovers what a proxy refused meanwhile, within 15 minutes', async () => {
		await setUp();
		await activated();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		const { id, url } = anchor.webhooks()[0];
		anchor.changeWebhook(id, { url: `${host.address}/webhook/nowhere` });
		const missed = await emitted(2);
		anchor.changeWebhook(id, { url });
		await timers.advance(LATER_LOOK_MS);
		expect(await ran()).toEqual(missed);
		expect(await emptyRuns()).toBe(0);
	});

	it('recovers what n8n refused after Anchor had hung up, once its place is free', async () => {
		await setUp({ timeScale: { acknowledgement: 0.005 } });
		await activated();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		await emitted(1);
		const before = await ran();
		const held = host.holdRuns();
		const { id, settled } = anchor.emit('task.completed', { to: webhookId(), maxAttempts: 1 });
		await settled;
		await timers.advance(LATER_LOOK_MS);
		// n8n may still run it.
		expect(await ran()).toEqual(before);
		held.settle('refuse');
		await timers.advance(60_000);
		expect(await ran()).toEqual(before);
		const now = Date.now;
		jest.spyOn(Date, 'now').mockImplementation(() => now() + 6 * 60_000);
		try {
			await timers.advance(LATER_LOOK_MS);
		} finally {
			jest.restoreAllMocks();
		}
		expect(await ran()).toEqual([...before, id]);
	});

	it('recovers what a proxy answered with 200 by itself, within 15 minutes', async () => {
		await setUp();
		await activated();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		const before = await emitted(1);
		const { id, url } = anchor.webhooks()[0];
		anchor.changeWebhook(id, { url: await swallower() });
		const missed = await emitted(2);
		anchor.changeWebhook(id, { url });
		await timers.advance(LATER_LOOK_MS);
		expect(await ran()).toEqual([...before, ...missed]);
		expect(await emptyRuns()).toBe(0);
	});

	it('notices a secret that was rotated in the dashboard, and recovers what it refused', async () => {
		await setUp();
		const row = await activated();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		// Rows from the second in which a secret was made are taken for refused with the one before.
		anchor.advance(5_000);
		anchor.rotateSecret(webhookId());
		const refused = await emitted(2);
		await timers.advance(LATER_LOOK_MS);
		expect(await ran()).toEqual(refused);
		expect(await emitted(1)).toHaveLength(1);
		expect((await ran()).length).toBe(3);
		await host.restart();
		expect(row.staticData).toContain(webhookId());
		await emitted(1);
		expect((await ran()).length).toBe(4);
	});

	it('accepts the secret before after the API key was replaced by another one of the project', async () => {
		await setUp();
		const { id } = await activated();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		anchor.addApiKey('sk-the-new-one');
		anchor.setSigning('previous');
		host.credentials.stored.set(id, { apiKey: 'sk-the-new-one', baseUrl: anchor.url });
		await nextLook();
		const ids = await emitted(2);
		expect(anchor.deliveries().map(({ attempts: [{ status }] }) => status)).toEqual([202, 202]);
		await expectEachOnce(ids);
	});

	it('names a stranger at its address once, not at every look', async () => {
		await setUp();
		const row = await activated();
		anchor.addWebhook({ url: host.urlOf(row), subscribedEvents: ['task.failed'] });
		row.nodes[0].parameters.events = ['task.completed'];
		await host.republish(row);
		const named = () => warnings().filter(({ message }) => message.includes('did not make')).length;
		expect(named()).toBe(1);
		await timers.advance(4 * LATER_LOOK_MS);
		expect(named()).toBe(1);
	});

	it.each([
		['disabled', () => anchor.changeWebhook(webhookId(), { enabled: false })],
		['removed', () => anchor.removeWebhook(webhookId())],
		['edited', () => anchor.changeWebhook(webhookId(), { subscribedEvents: ['batch.failed'] })],
	])('puts a webhook right that was %s at Anchor', async (_how, edit) => {
		await setUp();
		await activated();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		edit();
		await timers.advance(LATER_LOOK_MS);
		expect(anchor.webhooks()).toMatchObject([
			{ enabled: true, subscribedEvents: ['task.completed', 'task.failed'] },
		]);
		const [id] = await emitted(1);
		expect(await ran()).toEqual([id]);
	});

	it('recovers what a webhook missed that was deleted in the dashboard while n8n was off, also after two more starts', async () => {
		await setUp();
		await activated();
		const [id] = [webhookId()];
		const outage = () => anchor.outage({ mode: 503, calls: '/v1/webhooks/:id/events' });
		const missed = await missedWhileOff(3);
		anchor.removeWebhook(id);
		for (let start = 0; start < 2; start++) {
			outage();
			await host.restart();
			await timers.advance(FIRST_LOOK_MS);
			expect(webhookId()).not.toBe(id);
			expect(await ran()).toEqual([]);
			anchor.liftOutages();
		}
		await host.restart();
		await timers.advance(FIRST_LOOK_MS);
		expect(await ran()).toEqual(missed);
	});

	it('recovers what a webhook missed that was deleted, and deleted again where it was made anew', async () => {
		await setUp();
		await activated();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		host.crash();
		const missed = await emitted(2);
		for (let time = 0; time < 2; time++) {
			anchor.removeWebhook(webhookId());
			await host.restart();
		}
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		await expectEachOnce(missed);
	});

	it('goes on when the key of another project does not know the webhook before', async () => {
		await setUp();
		const row = await activated();
		host.credentials.stored.set(row.id, anotherProject(anchor));
		await host.restart();
		const [, { id }] = anchor.webhooks();
		host.crash();
		const { id: missed, settled } = anchor.emit('task.completed', { to: id });
		await settled;
		await host.restart();
		await timers.advance(FIRST_LOOK_MS);
		expect(await ran()).toEqual([missed]);
	});

	it('costs an idle trigger two requests in 15 minutes, no run and no write', async () => {
		await setUp();
		const row = await activated();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		const requests = anchor.requests().length;
		const { staticData } = row;
		await timers.advance(LATER_LOOK_MS);
		expect(anchor.requests().length - requests).toBe(2);
		expect(host.executions).toEqual([]);
		expect(row.staticData).toBe(staticData);
	});

	it('reads after a publication what is new, and after a start what may be', async () => {
		await setUp();
		const row = await activated();
		const firstRead = () => {
			const [request] = anchor.requests({ calls: '/v1/webhooks/:id/events' }).slice(-1);
			return Date.parse(request.query.since);
		};
		await emitted(3);
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		const activatedMs = firstRead();
		anchor.advance(2 * LATER_LOOK_MS);
		await timers.advance(LATER_LOOK_MS);
		row.nodes[0].parameters.options = { includeDelivery: true };
		await host.republish(row);
		await timers.advance(FIRST_LOOK_MS);
		expect(firstRead()).toBeGreaterThan(activatedMs + LATER_LOOK_MS);

		await host.restart();
		await timers.advance(FIRST_LOOK_MS);
		expect(firstRead()).toBe(activatedMs);
	});

	it('ends with a deactivation, also in the middle of recovering', async () => {
		await setUp();
		const row = await activated();
		await missedWhileOff(20);
		await host.restart();
		let runs = 0;
		await timers.advance(FIRST_LOOK_MS, async () => {
			if (host.executions.length < 5 || runs > 0) return;
			runs = host.executions.length;
			await host.deactivate(row);
		});
		expect(host.executions.length).toBeLessThanOrEqual(runs + 1);
		const requests = anchor.requests({ calls: 'GET *' }).length;
		await timers.advance(LATER_LOOK_MS);
		expect(anchor.requests({ calls: 'GET *' }).length).toBeLessThanOrEqual(requests + 1);
	});

	it('takes nothing from before an activation, or from before a change of what it listens to', async () => {
		await setUp();
		const row = await activated({ options: { onDeactivate: 'disable' } });
		await missedWhileOff(1);
		await host.boot();
		await host.deactivate(row);
		await timers.advance(FIRST_LOOK_MS);
		anchor.advance(2_000);
		await host.activate(row);
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		expect(await ran()).toEqual([]);

		await missedWhileOff(1);
		await host.boot();
		anchor.advance(2_000);
		row.nodes[0].parameters.events = ['task.completed'];
		await host.republish(row);
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		expect(await ran()).toEqual([]);
	});

	it('does nothing when it is switched off', async () => {
		await setUp();
		await activated({ options: { catchUp: false } });
		await missedWhileOff(1);
		await host.restart();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		expect(await ran()).toEqual([]);
		expect(anchor.requests({ calls: '/v1/webhooks/:id/events' })).toEqual([]);
	});
});

describe('an n8n that is full', () => {
	/** Three missed events, and another one after the start: runs are known to be carried out in this process. */
	async function missedAndOneMore(): Promise<string[]> {
		await setUp();
		await activated();
		const missed = await missedWhileOff(3);
		await host.restart();
		await emitted(1);
		return missed;
	}

	it.each(['accept', 'refuse'] as const)(
		'%ss the run that asks its store only after nobody waits for it any more: every event runs once',
		async (ending) => {
			const missed = await missedAndOneMore();
			const held = host.holdRuns();
			await timers.advance(FIRST_LOOK_MS + 31_000);
			held.settle(ending);
			await timers.advance(SECOND_LOOK_MS + LATER_LOOK_MS);
			expect((await ran()).sort()).toEqual(expect.arrayContaining([...missed].sort()));
			expect(await ran()).toHaveLength(4);
		},
	);

	it('is killed before it has carried out that run: the next one runs every event once', async () => {
		const missed = await missedAndOneMore();
		const held = host.holdRuns();
		await timers.advance(FIRST_LOOK_MS + 31_000);
		host.crash();
		held.settle('refuse');
		await host.restart();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS + LATER_LOOK_MS);
		expect(await ran()).toEqual(expect.arrayContaining(missed));
		expect(await ran()).toHaveLength(4);
	});

	it('gets one run at a time, however many events are missed', async () => {
		await setUp();
		await activated();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		await emitted(1);
		const { id, url } = anchor.webhooks()[0];
		anchor.changeWebhook(id, { url: `${host.address}/webhook/nowhere` });
		const missed = await emitted(5);
		anchor.changeWebhook(id, { url });
		const held = host.holdRuns();
		await timers.advance(4 * LATER_LOOK_MS);
		held.settle('accept');
		await timers.advance(2 * LATER_LOOK_MS);
		expect((await ran()).slice(1).sort()).toEqual([...missed].sort());
		// One for each look, which come at longer and longer intervals; five for each would be many more.
		expect(await emptyRuns()).toBeLessThanOrEqual(12);
	});
});

describe('an Anchor that makes it hard', () => {
	it('breaks off its history: what was read before is read again', async () => {
		await setUp();
		await activated();
		const missed = await missedWhileOff(3);
		await host.restart();
		// Rows of two kinds are read by then; those of the third show what is doubtful.
		let asked = 0;
		const third = Object.assign(/GET .*events/, {
			test: (call: string) => /GET .*events/.exec(call) !== null && ++asked === 3,
		});
		anchor.outage({ mode: 503, calls: third });
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		expect(await ran()).toEqual(missed);
	});

	it('does not answer for two hours: no line above debug', async () => {
		await setUp();
		await activated();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		logLines.length = 0;
		anchor.outage({ mode: 503 });
		await timers.advance(8 * LATER_LOOK_MS);
		expect(logLines.length).toBeGreaterThan(0);
		expect(logLines.filter(({ level }) => level !== 'debug')).toEqual([]);
	});

	it.each([503, 'close', 401] as const)(
		'is asked again when it answers %s, and nothing fails',
		async (mode) => {
			await setUp();
			await activated();
			const missed = await missedWhileOff(2);
			const outage = anchor.outage({ mode });
			await host.restart();
			await timers.advance(FIRST_LOOK_MS);
			expect(await ran()).toEqual([]);
			outage.lift();
			await timers.advance(SECOND_LOOK_MS);
			expect(await ran()).toEqual(missed);
		},
	);

	it.each(['newest', 'oldest', 'shuffled'] as const)(
		'hands out 250 missed events on three pages, %s first',
		async (historyOrder) => {
			await setUp({ historyOrder });
			await activated();
			host.crash();
			const missed = await emittedAtOnce(250);
			await host.restart();
			await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
			await expectEachOnce(missed);
			expect(await emptyRuns()).toBeLessThanOrEqual(1);
		},
		60_000,
	);

	it('does not know include_payload: the events are named, nothing is made up', async () => {
		await setUp({ payloads: false });
		await activated();
		const [id] = await missedWhileOff(1);
		await host.restart();
		await timers.advance(FIRST_LOOK_MS);
		expect(await ran()).toEqual([]);
		expect(
			warnings()
				.map(({ message }) => message)
				.join(),
		).toContain(id);
	});

	it.each([-600_000, 600_000])('has a clock that is off by %i ms', async (offset) => {
		await setUp();
		anchor.advance(offset);
		await activated();
		const before = await emitted(1);
		const missed = await missedWhileOff(2);
		await host.restart();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		expect(await ran()).toEqual([...before, ...missed]);
	});

	it('delivers an event after all while it is recovered: it runs once', async () => {
		await setUp();
		await activated();
		const [id] = await missedWhileOff(1);
		await host.restart();
		await timers.advance(FIRST_LOOK_MS);
		const again = anchor.emit('task.completed', { to: webhookId(), id });
		await again.settled;
		expect(await ran()).toEqual([id]);
	});
});

/**
 * Copies what n8n's database holds of a trigger.
 * @returns puts the copy back
 */
function backUp(row: WorkflowRow): () => void {
	const { rows } = host.processedData;
	const copy = [...rows];
	const { staticData } = row;
	return () => {
		rows.clear();
		for (const [key, stored] of copy) rows.set(key, stored);
		row.staticData = staticData;
	};
}

it('does not run again what was recovered before the database was restored', async () => {
	await setUp();
	const row = await activated();
	const before = await emitted(1);
	expect(await ran()).toEqual(before);
	const restore = backUp(row);
	const missed = await missedWhileOff(3);
	await host.restart();
	await timers.advance(FIRST_LOOK_MS);
	const [{ description }] = anchor.webhooks();
	host.crash();
	restore();
	const [later] = await emitted(1);
	await host.restart();
	await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS + LATER_LOOK_MS);
	expect(await ran()).toEqual([...before, ...missed, later]);
	// Until when is told by the mark, which a rename of the workflow, say, does not lose.
	expect(anchor.webhooks()[0].description).not.toBe(description);
	expect(anchor.webhooks()[0].description).toMatch(/:[0-9a-f]{10}:r[0-9a-z]{8}:/);
});

it('does not run again what was recovered before the database was restored, though somebody has edited the description', async () => {
	await setUp();
	await activated();
	const missed = await missedWhileOff(3);
	await host.restart();
	await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
	await expectEachOnce(missed);
	anchor.changeWebhook(webhookId(), { description: 'Ours, do not touch' });
	await nextLook();
	host.crash();
	host.processedData.reset();
	await host.restart();
	await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
	await expectEachOnce(missed);
});

it('does not run again what ran before the database was restored', async () => {
	await setUp();
	const row = await activated();
	await emitted(12);
	const restore = backUp(row);
	anchor.advance(120_000);
	const since = await emitted(3);
	host.crash();
	restore();
	anchor.advance(120_000);
	await host.restart();
	await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
	const all = await ran();
	for (const id of since) expect(all.filter((one) => one === id)).toHaveLength(1);
});

describe('an answer of Anchor that names a time a day ahead', () => {
	const DAY_MS = 24 * 60 * 60_000;

	it('recovers what is missed after an activation', async () => {
		await setUp();
		anchor.advance(DAY_MS);
		await activated();
		anchor.advance(-DAY_MS);
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		const missed = await missedWhileOff(3);
		await host.restart();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		await expectEachOnce(missed);
	});

	it('recovers what is missed after a look', async () => {
		await setUp();
		await activated();
		const before = await emitted(1);
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		anchor.advance(DAY_MS);
		await nextLook();
		anchor.advance(-DAY_MS);
		const missed = await missedWhileOff(3);
		await host.restart();
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		await expectEachOnce([...before, ...missed]);
	});

	it('still notices a secret that was rotated in the dashboard', async () => {
		await setUp();
		anchor.advance(DAY_MS);
		await activated();
		anchor.advance(-DAY_MS);
		await timers.advance(FIRST_LOOK_MS + SECOND_LOOK_MS);
		anchor.rotateSecret(webhookId());
		anchor.advance(2_000);
		const ids = await emitted(1);
		await nextLook();
		await nextLook();
		ids.push(...(await emitted(1)));
		expect(anchor.deliveries().at(-1)?.attempts).toMatchObject([{ status: 202 }]);
		await expectEachOnce(ids);
	});
});
