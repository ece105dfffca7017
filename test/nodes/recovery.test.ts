import { anotherProject } from '../support/automaticTrigger';
import { logLines, sentences, warnings } from '../support/core';
import {
	activated,
	anchor,
	emitted,
	emittedAtOnce,
	emptyRuns,
	expectEachOnce,
	FIRST_LOOK_MS,
	FIRST_TWO_LOOKS_MS,
	host,
	LATER_LOOK_MS,
	liveThrough,
	maskAnswers,
	missedWhileOff,
	nextLook,
	ran,
	restarted,
	settledIn,
	setUp,
	started,
	swallowed,
	timers,
	webhookId,
} from '../support/recovering';
import type { WorkflowRow } from '../support/workflowRow';

beforeEach(async () => await setUp());

describe.each(['2.41', '1.123'] as const)('after a start of n8n %s', (line) => {
	it('runs each event that Anchor has given up once, oldest first, and says so', async () => {
		await setUp({}, line);
		await activated();
		const before = await emitted(2);
		const missed = await missedWhileOff(5);
		await started();
		expect(await ran()).toEqual([...before, ...missed]);
		expect(await emptyRuns()).toBeLessThanOrEqual(1);
		expect(sentences('info').join()).toMatch(/5 events that had not reached this workflow/);
	});

	it('runs none of them again at the next start, nor at later looks', async () => {
		await setUp({}, line);
		await activated();
		const missed = await missedWhileOff(3);
		for (let start = 0; start < 3; start++) {
			await host.restart();
			await timers.advance(FIRST_TWO_LOOKS_MS + LATER_LOOK_MS);
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
		const missed = await swallowed(2);
		await restarted();
		expect(await ran()).toEqual([...before, ...missed]);
	});

	it('recovers with memory or no de-duplication what was given up, and doubts nothing', async () => {
		await setUp({}, line);
		await activated({ options: { deduplicate: 'off' } });
		await emitted(2);
		const missed = await missedWhileOff(2);
		await host.restart();
		await timers.advance(FIRST_TWO_LOOKS_MS + LATER_LOOK_MS);
		await host.restart();
		await timers.advance(FIRST_TWO_LOOKS_MS + LATER_LOOK_MS);
		expect((await ran()).slice(2)).toEqual(missed);
	});
});

describe('a recovered event', () => {
	it('looks like a delivered one, and says that it was recovered', async () => {
		const row = await activated({ options: { includeDelivery: true } });
		const [id] = await missedWhileOff(1);
		await started();
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
		const row = { leftValue: 'duration_ms', operator: 'number:gt', rightValue: 'long' };
		await activated({ filters: { conditions: { conditions: [row] } } });
		await missedWhileOff(1);
		await started();
		expect(await ran()).toEqual([]);
		expect(sentences('warn').filter((said) => said.includes('could not be judged'))).toEqual([
			expect.stringMatching(/^Anchor Browser Trigger.*\(duration_ms\)/),
		]);
	});

	it('passes the same events, filters and conditions as a delivered one', async () => {
		const row = {
			leftValue: 'error.message',
			operator: 'string:notContains',
			rightValue: 'captcha',
		};
		await activated({
			events: ['task.failed'],
			filters: { failureTypes: ['timeout'], conditions: { conditions: [row] } },
		});
		host.crash();
		const errors = [
			{ type: 'timeout', message: 'Timed out' },
			{ type: 'timeout', message: 'Stopped by a CAPTCHA' },
			{ type: 'agent_error', message: 'Gave up' },
		];
		const missed = [];
		for (const error of errors)
			missed.push(...(await emitted(1, 'task.failed', { data: { error } })));
		await emitted(1);
		await started();
		expect(await ran()).toEqual(missed.slice(0, 1));
	});

	it('keeps the digits of large numbers, delivered and recovered alike', async () => {
		const conditions = [
			{ leftValue: 'data.order', operator: 'string:equals', rightValue: '12345678901234567890' },
		];
		await activated({ filters: { conditions: { conditions } } });
		const order = 12345678901234567890n;
		const emit = async (sent: bigint) =>
			await emitted(1, 'task.failed', { data: { order: sent, result: [sent] } });
		await emit(order);
		host.crash();
		await emit(order);
		await emit(order + 1n);
		await started();
		const items = (await host.runs()).flatMap(({ outputs }) => outputs.flat());
		expect(items).toHaveLength(2);
		for (const item of items) {
			expect(item).toMatchObject({ order: String(order), result: [String(order)] });
		}
		expect((items[1]._event as { text: string }).text).toMatch(
			/^Task Failed: task `[^`]+`, session `[^`]+` \(`invalid_credentials`\)$/,
		);
	});
});

describe('looking after a trigger', () => {
	it.each([404, 200])('recovers what a proxy answered with %i meanwhile', async (status) => {
		await settledIn();
		const before = await emitted(1);
		const missed = await swallowed(2, status);
		await nextLook();
		expect(await ran()).toEqual([...before, ...missed]);
		expect(await emptyRuns()).toBe(0);
	});

	it('recovers what a proxy that changes answers has answered itself, though a publication comes before the look', async () => {
		await setUp({ now: () => Date.now() });
		const row = await settledIn();
		const before = await emitted(2);
		const missed = await swallowed(2);
		maskAnswers();
		// Anchor says what time it is in whole seconds.
		await liveThrough(5_000);
		row.nodes[0].parameters.options = { includeDelivery: true };
		await host.republish(row);
		await timers.advance(FIRST_TWO_LOOKS_MS, async () => await host.runs());
		await expectEachOnce([...before, ...missed]);
	});

	it('recovers what n8n refused after Anchor had hung up, once its place is free', async () => {
		await setUp({ timeScale: { acknowledgement: 0.005 } });
		await settledIn();
		await emitted(1);
		const before = await ran();
		const held = host.holdRuns();
		const { id, settled } = anchor.emit('task.completed', { to: webhookId(), maxAttempts: 1 });
		await settled;
		await nextLook();
		// n8n may still run it.
		expect(await ran()).toEqual(before);
		held.settle('refuse');
		await timers.advance(60_000);
		expect(await ran()).toEqual(before);
		await liveThrough(6 * 60_000);
		await nextLook();
		expect(await ran()).toEqual([...before, id]);
	});

	it('notices a secret that was rotated in the dashboard, and recovers what it refused', async () => {
		const row = await settledIn();
		// Rows from the second in which a secret was made are taken for refused with the one before.
		anchor.advance(5_000);
		anchor.rotateSecret(webhookId());
		const refused = await emitted(2);
		await nextLook();
		expect(await ran()).toEqual(refused);
		expect(await emitted(1)).toHaveLength(1);
		expect((await ran()).length).toBe(3);
		await host.restart();
		expect(row.staticData).toContain(webhookId());
		await emitted(1);
		expect((await ran()).length).toBe(4);
	});

	it.each<[string, RegExp, (credentialId: string) => unknown]>([
		[
			'its webhook is gone and all places are taken',
			/All 5 webhooks .* Remove one/,
			() => {
				anchor.removeWebhook(webhookId());
				for (const number of [1, 2, 3, 4, 5]) {
					const url = `https://x${number}.example.com/`;
					anchor.addWebhook({ url, subscribedEvents: ['task.completed'] });
				}
			},
		],
		[
			'its API key is another one, which Anchor does not know',
			/does not know this API key.* Check the/,
			(id) => host.credentials.stored.set(id, { apiKey: 'sk-unknown', baseUrl: anchor.url }),
		],
		[
			'its credential is gone',
			/Check the .* credential/,
			(id) => host.credentials.stored.delete(id),
		],
		[
			'it may not read the history',
			/may not read the delivery history.* Check its rights/,
			() => anchor.outage({ mode: 403, calls: /GET .*events/ }),
		],
	])('says once an hour, what a person has to do when %s', async (_what, words, harm) => {
		const { id } = await settledIn();
		logLines.length = 0;
		harm(id);
		await timers.advance(2 * LATER_LOOK_MS);
		expect(warnings().map(({ message }) => message)).toEqual([expect.stringMatching(words)]);
		await liveThrough(4 * LATER_LOOK_MS);
		expect(warnings()).toHaveLength(2);
	});

	it('accepts the secret before after the API key was replaced by another one of the project', async () => {
		const { id } = await settledIn();
		anchor.addApiKey('sk-the-new-one');
		anchor.setSigning('previous');
		host.credentials.stored.set(id, { apiKey: 'sk-the-new-one', baseUrl: anchor.url });
		await nextLook();
		const ids = await emitted(2);
		expect(anchor.deliveries().map(({ attempts: [{ status }] }) => status)).toEqual([202, 202]);
		await expectEachOnce(ids);
	});

	it('names a stranger at its address once, not at every look', async () => {
		const row = await activated();
		const { id } = anchor.addWebhook({ url: host.urlOf(row), subscribedEvents: ['task.failed'] });
		row.nodes[0].parameters.events = ['task.completed'];
		await host.republish(row);
		const named = () =>
			sentences('warn').filter((said) => said.includes('did not make') && said.includes(id)).length;
		expect(named()).toBe(1);
		await timers.advance(4 * LATER_LOOK_MS);
		expect(named()).toBe(1);
	});

	it.each([
		['disabled', () => anchor.changeWebhook(webhookId(), { enabled: false })],
		['removed', () => anchor.removeWebhook(webhookId())],
		['edited', () => anchor.changeWebhook(webhookId(), { subscribedEvents: ['batch.failed'] })],
	])('puts a webhook right that was %s at Anchor', async (_how, edit) => {
		await settledIn();
		edit();
		await nextLook();
		expect(anchor.webhooks()).toMatchObject([
			{ enabled: true, subscribedEvents: ['task.completed', 'task.failed'] },
		]);
		const ids = await emitted(1);
		expect(await ran()).toEqual(ids);
	});

	it('recovers what a webhook missed that was deleted in the dashboard while n8n was off, also after two more starts', async () => {
		await activated();
		const id = webhookId();
		const missed = await missedWhileOff(3);
		anchor.removeWebhook(id);
		for (let start = 0; start < 2; start++) {
			anchor.outage({ mode: 503, calls: '/v1/webhooks/:id/events' });
			await started();
			expect(webhookId()).not.toBe(id);
			expect(await ran()).toEqual([]);
			anchor.liftOutages();
		}
		await started();
		expect(await ran()).toEqual(missed);
	});

	it('recovers what a webhook missed that was deleted, and deleted again where it was made anew', async () => {
		await settledIn();
		host.crash();
		const missed = await emitted(2);
		for (let time = 0; time < 2; time++) {
			anchor.removeWebhook(webhookId());
			await host.restart();
		}
		await timers.advance(FIRST_TWO_LOOKS_MS);
		await expectEachOnce(missed);
	});

	it('goes on when the key of another project does not know the webhook before', async () => {
		const row = await activated();
		host.credentials.stored.set(row.id, anotherProject(anchor));
		await host.restart();
		const [, { id }] = anchor.webhooks();
		host.crash();
		const missed = await emitted(1, undefined, { to: id });
		await started();
		expect(await ran()).toEqual(missed);
	});

	it('costs an idle trigger two requests in 15 minutes, no run and no write', async () => {
		const row = await settledIn();
		const requests = anchor.requests().length;
		const { staticData } = row;
		await nextLook();
		expect(anchor.requests().length - requests).toBe(2);
		expect(host.executions).toEqual([]);
		expect(row.staticData).toBe(staticData);
	});

	it('reads after a publication what is new, and after a start what may be', async () => {
		const row = await activated();
		const firstRead = () => {
			const [request] = anchor.requests({ calls: '/v1/webhooks/:id/events' }).slice(-1);
			return Date.parse(request.query.since);
		};
		await emitted(3);
		await timers.advance(FIRST_TWO_LOOKS_MS);
		const activatedMs = firstRead();
		anchor.advance(2 * LATER_LOOK_MS);
		await nextLook();
		row.nodes[0].parameters.options = { includeDelivery: true };
		await host.republish(row);
		await timers.advance(FIRST_LOOK_MS);
		expect(firstRead()).toBeGreaterThan(activatedMs + LATER_LOOK_MS);

		await started();
		expect(firstRead()).toBe(activatedMs);
	});

	it('ends with a deactivation, also in the middle of recovering', async () => {
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
		await nextLook();
		expect(anchor.requests({ calls: 'GET *' }).length).toBeLessThanOrEqual(requests + 1);
	});

	it('takes nothing from before an activation, or from before a change of what it listens to', async () => {
		const row = await activated({ options: { onDeactivate: 'disable' } });
		await missedWhileOff(1);
		await host.boot();
		await host.deactivate(row);
		await timers.advance(FIRST_LOOK_MS);
		anchor.advance(2_000);
		await host.activate(row);
		await timers.advance(FIRST_TWO_LOOKS_MS);
		expect(await ran()).toEqual([]);

		await missedWhileOff(1);
		await host.boot();
		anchor.advance(2_000);
		row.nodes[0].parameters.events = ['task.completed'];
		await host.republish(row);
		await timers.advance(FIRST_TWO_LOOKS_MS);
		expect(await ran()).toEqual([]);
	});

	it('does nothing when it is switched off', async () => {
		await activated({ options: { catchUp: false } });
		await missedWhileOff(1);
		await restarted();
		expect(await ran()).toEqual([]);
		expect(anchor.requests({ calls: '/v1/webhooks/:id/events' })).toEqual([]);
	});
});

describe('an n8n that is full', () => {
	/** Three missed events, and another one after the start: runs are known to be carried out in this process. */
	async function missedAndOneMore(): Promise<string[]> {
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
			await timers.advance(FIRST_TWO_LOOKS_MS + LATER_LOOK_MS);
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
		await timers.advance(FIRST_TWO_LOOKS_MS + LATER_LOOK_MS);
		expect(await ran()).toEqual(expect.arrayContaining(missed));
		expect(await ran()).toHaveLength(4);
	});

	it('gets one run at a time, however many events are missed', async () => {
		await settledIn();
		await emitted(1);
		const missed = await swallowed(5, 404);
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
		await activated();
		const missed = await missedWhileOff(3);
		await host.restart();
		// Rows of two kinds are read by then; those of the third show what is doubtful.
		let asked = 0;
		const third = Object.assign(/GET .*events/, {
			test: (call: string) => /GET .*events/.exec(call) !== null && ++asked === 3,
		});
		anchor.outage({ mode: 503, calls: third });
		await timers.advance(FIRST_TWO_LOOKS_MS);
		expect(await ran()).toEqual(missed);
	});

	it('does not answer for two hours: no line above debug', async () => {
		await settledIn();
		logLines.length = 0;
		anchor.outage({ mode: 503 });
		await timers.advance(8 * LATER_LOOK_MS);
		expect(logLines.length).toBeGreaterThan(0);
		expect(logLines.filter(({ level }) => level !== 'debug')).toEqual([]);
	});

	it.each([503, 'close', 401] as const)(
		'is asked again when it answers %s, and nothing fails',
		async (mode) => {
			await activated();
			const missed = await missedWhileOff(2);
			const outage = anchor.outage({ mode });
			await started();
			expect(await ran()).toEqual([]);
			outage.lift();
			await timers.advance(FIRST_TWO_LOOKS_MS - FIRST_LOOK_MS);
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
			await restarted();
			await expectEachOnce(missed);
			expect(await emptyRuns()).toBeLessThanOrEqual(1);
		},
		60_000,
	);

	it('does not know include_payload: the events are named, nothing is made up', async () => {
		await setUp({ payloads: false });
		await activated();
		const [id] = await missedWhileOff(1);
		await started();
		expect(await ran()).toEqual([]);
		expect(sentences('warn').join()).toContain(id);
	});

	it.each([-600_000, 600_000])('has a clock that is off by %i ms', async (offset) => {
		anchor.advance(offset);
		await activated();
		const before = await emitted(1);
		const missed = await missedWhileOff(2);
		await restarted();
		expect(await ran()).toEqual([...before, ...missed]);
	});

	it('delivers an event after all while it is recovered: it runs once', async () => {
		await activated();
		const [id] = await missedWhileOff(1);
		await started();
		await emitted(1, undefined, { id });
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
	const row = await activated();
	const before = await emitted(1);
	expect(await ran()).toEqual(before);
	const restore = backUp(row);
	const missed = await missedWhileOff(3);
	await started();
	const [{ description }] = anchor.webhooks();
	host.crash();
	restore();
	const [later] = await emitted(1);
	await host.restart();
	await timers.advance(FIRST_TWO_LOOKS_MS + LATER_LOOK_MS);
	expect(await ran()).toEqual([...before, ...missed, later]);
	// Until when is told by the mark, which a rename of the workflow, say, does not lose.
	expect(anchor.webhooks()[0].description).not.toBe(description);
	expect(anchor.webhooks()[0].description).toMatch(/:[0-9a-f]{10}:r[0-9a-z]{8}:/);
});

it('does not run again what was recovered before the database was restored, though somebody has edited the description', async () => {
	await activated();
	const missed = await missedWhileOff(3);
	await restarted();
	await expectEachOnce(missed);
	anchor.changeWebhook(webhookId(), { description: 'Ours, do not touch' });
	await nextLook();
	host.crash();
	host.processedData.reset();
	await restarted();
	await expectEachOnce(missed);
});

it('does not run again what ran before the database was restored', async () => {
	const row = await activated();
	await emitted(12);
	const restore = backUp(row);
	anchor.advance(120_000);
	const since = await emitted(3);
	host.crash();
	restore();
	anchor.advance(120_000);
	await restarted();
	const all = await ran();
	for (const id of since) expect(all.filter((one) => one === id)).toHaveLength(1);
});

describe('an answer of Anchor that names a time a day ahead', () => {
	const DAY_MS = 24 * 60 * 60_000;

	it('recovers what is missed after an activation', async () => {
		anchor.advance(DAY_MS);
		await activated();
		anchor.advance(-DAY_MS);
		await timers.advance(FIRST_TWO_LOOKS_MS);
		const missed = await missedWhileOff(3);
		await restarted();
		await expectEachOnce(missed);
	});

	it('recovers what is missed after a look', async () => {
		await activated();
		const before = await emitted(1);
		await timers.advance(FIRST_TWO_LOOKS_MS);
		anchor.advance(DAY_MS);
		await nextLook();
		anchor.advance(-DAY_MS);
		const missed = await missedWhileOff(3);
		await restarted();
		await expectEachOnce([...before, ...missed]);
	});

	it('still notices a secret that was rotated in the dashboard', async () => {
		anchor.advance(DAY_MS);
		await activated();
		anchor.advance(-DAY_MS);
		await timers.advance(FIRST_TWO_LOOKS_MS);
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
