/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { sleep } from 'n8n-workflow';
import type {
	IHookFunctions,
	INodeExecutionData,
	INodeParameters,
	IWebhookFunctions,
} from 'n8n-workflow';
import { parseMark } from '../../nodes/AnchorBrowser/registration/mark';
import { automaticTrigger } from '../support/automaticTrigger';
import { sentences } from '../support/core';
import {
	activatedInQueueMode,
	anchor,
	emitted,
	emittedAtOnce,
	expectEachOnce,
	FIRST_TWO_LOOKS_MS,
	host,
	idsOf,
	LATER_LOOK_MS,
	liveThrough,
	ran,
	restarted,
	setUp,
	swallowed,
	timers,
	webhookId,
	settledIn,
	runs as allRuns,
} from '../support/recovering';
import type { WorkflowRow } from '../support/workflowRow';

beforeEach(async () => await setUp());

const MINUTE_MS = 60_000;

const collecting = async (options: INodeParameters = {}): Promise<WorkflowRow> =>
	await settledIn({ options: { collectMinutes: 5, ...options } });

/** The ids of the events of each run that output any. */
const runs = async () => (await allRuns()).filter(({ length }) => length > 0);

/** The events as another process of n8n's queue mode takes them; the main process looks after the trigger. */
async function collectingElsewhere(options: INodeParameters = { collectMinutes: 5 }) {
	const row = automaticTrigger(host, anchor, { options });
	const main = await host.anotherProcess();
	await host.activate(row, 'activate', main);
	await timers.advance(FIRST_TWO_LOOKS_MS);
	return { row, main };
}

/** By when, as the mark at Anchor says, everything has run. */
const notedMs = () => parseMark(anchor.webhooks()[0].description)?.recoveredMs ?? 0;

/** When Anchor ended with an event. */
const endedMs = (id: string) =>
	anchor.deliveries().find(({ eventId }) => eventId === id)?.completedAt ?? NaN;

describe.each(['2.41', '1.123'] as const)('on n8n %s', (line) => {
	it('answers at once, and runs all events of five minutes together, oldest first', async () => {
		await setUp({}, line);
		await collecting();
		const ids = await emitted(30);
		const last = anchor.emit('task.completed', { to: webhookId() });
		const [{ attempts }] = await last.settled;
		expect(attempts).toMatchObject([{ status: 202 }]);
		await timers.advance(4 * MINUTE_MS);
		expect(host.executions).toEqual([]);
		await timers.advance(MINUTE_MS);
		expect(await runs()).toEqual([[...ids, last.id]]);
	});

	it('loses and doubles nothing over a kill in the window', async () => {
		await setUp({}, line);
		await collecting();
		const ids = await emitted(7);
		await timers.advance(MINUTE_MS);
		host.crash();
		await restarted();
		await expectEachOnce(ids);
		await host.restart();
		await timers.advance(FIRST_TWO_LOOKS_MS + LATER_LOOK_MS);
		await expectEachOnce(ids);
	});

	it.each([
		['a deactivation', async (row: WorkflowRow) => await host.deactivate(row)],
		[
			'a publication',
			async (row: WorkflowRow) => {
				row.nodes[0].parameters.format = 'data';
				row.name = 'Renamed';
				row.nodes[0].parameters.branchBy = 'none';
				await host.republish(row);
			},
		],
		['a stop of n8n', async () => await host.shutDown()],
	])('runs what waits at %s', async (_what, end) => {
		await setUp({}, line);
		const row = await collecting();
		const ids = await emitted(3);
		await end(row);
		await timers.advance(20_000);
		await expectEachOnce(ids);
	});

	it('runs 1,200 events of a window in three runs, and over a kill in between each once', async () => {
		await setUp({}, line);
		await collecting();
		const ids = await emittedAtOnce(1_200);
		await timers.advance(5 * MINUTE_MS, async () => {
			if (host.executions.length === 2) host.crash();
		});
		await restarted();
		await expectEachOnce(ids);
		expect((await runs()).every(({ length }) => length <= 500)).toBe(true);
	}, 120_000);
});

it('runs what an earlier process has left, also when the trigger is deactivated before the first look', async () => {
	const row = await collecting();
	const ids = await emitted(3);
	host.crash();
	anchor.advance(MINUTE_MS);
	await host.restart();
	// Nobody wants it; it shows that this process takes the deliveries itself.
	await emitted(1, 'task.cancelled');
	await host.deactivate(row);
	await timers.advance(20_000);
	await expectEachOnce(ids);
});

it('runs all that an earlier process has left, also when the trigger is deactivated in the middle of it', async () => {
	const row = await collecting();
	const ids = await emittedAtOnce(1_200);
	host.crash();
	anchor.advance(MINUTE_MS);
	await host.restart();
	const first = host.holdRuns();
	const deactivated = first.arrived.then(async () => {
		first.settle('accept');
		const second = host.holdRuns();
		await second.arrived;
		const deactivation = host.deactivate(row);
		await sleep(500);
		second.settle('accept');
		await deactivation;
	});
	await timers.advance(FIRST_TWO_LOOKS_MS);
	await deactivated;
	await timers.advance(20_000);
	await expectEachOnce(ids);
}, 60_000);

it('runs nothing again that Anchor had an answer to only after collecting was switched on', async () => {
	const row = await settledIn({ options: { deduplicate: 'memory' } });
	const held = host.holdRuns();
	const { id, settled } = anchor.emit('task.completed', { to: webhookId() });
	await held.arrived;
	row.nodes[0].parameters.options = { deduplicate: 'memory', collectMinutes: 5 };
	await host.republish(row);
	anchor.advance(2_000);
	held.settle('accept');
	await settled;
	await timers.advance(FIRST_TWO_LOOKS_MS + 6 * MINUTE_MS);
	expect(await runs()).toEqual([[id]]);
});

it('keeps nothing of a publication for as long as a window takes', async () => {
	await setUp({}, '1.123');
	const row = await collecting({ collectMinutes: 1_440 });
	const { length } = timers.pending;
	for (let saves = 0; saves < 3; saves++) {
		await emitted(1);
		await host.republish(row);
	}
	await timers.advance(2 * LATER_LOOK_MS);
	expect(timers.pending).toHaveLength(length);
});

it('starts no run and asks nothing when nothing comes', async () => {
	await collecting();
	await emitted(1);
	await timers.advance(5 * MINUTE_MS + LATER_LOOK_MS);
	const before = [host.executions.length, anchor.requests().length];
	await timers.advance(LATER_LOOK_MS);
	expect(host.executions).toHaveLength(before[0]);
	// One regular look.
	expect(anchor.requests().length - before[1]).toBeLessThanOrEqual(3);
});

it('runs each event once although every delivery comes twice', async () => {
	await collecting();
	const ids = await emitted(4, 'task.completed', { repeat: 2 });
	await timers.advance(5 * MINUTE_MS);
	expect(await runs()).toEqual([ids]);
});

it('notes nothing as run that may not all show in the history yet', async () => {
	await collecting();
	const early = await emitted(1);
	anchor.advance(4 * MINUTE_MS);
	const late = await emittedAtOnce(600);
	await timers.advance(5 * MINUTE_MS);
	expect(await ran()).toHaveLength(601);
	const [earlyMs, lateMs] = [early[0], late[0]].map(endedMs);
	expect(notedMs()).toBeGreaterThanOrEqual(earlyMs);
	expect(notedMs()).toBeLessThan(lateMs);
	anchor.advance(MINUTE_MS);
	await emitted(1);
	await timers.advance(5 * MINUTE_MS);
	expect(notedMs()).toBeGreaterThanOrEqual(lateMs);
	expect(await ran()).toHaveLength(602);
}, 120_000);

it('runs no more than 1,000 events of which Anchor takes no note', async () => {
	await collecting();
	const ids = await emittedAtOnce(1_200);
	const outage = anchor.outage({ mode: 503, calls: 'PATCH *' });
	await timers.advance(6 * MINUTE_MS);
	expect(await ran()).toHaveLength(1_000);
	outage.lift();
	await timers.advance(MINUTE_MS);
	await expectEachOnce(ids);
}, 120_000);

it('runs what others have collected for a webhook that is deleted in the dashboard', async () => {
	// The look that makes the webhook anew comes before the window ends.
	await collectingElsewhere({ collectMinutes: 60 });
	const ids = await emitted(4);
	anchor.removeWebhook(webhookId());
	anchor.advance(LATER_LOOK_MS);
	await timers.advance(60 * MINUTE_MS + LATER_LOOK_MS);
	await expectEachOnce(ids);
});

it('runs what others have collected while Anchor did not answer from the publication on', async () => {
	const { row, main } = await collectingElsewhere({ collectMinutes: 0 });
	row.nodes[0].parameters.options = { collectMinutes: 5 };
	const outage = anchor.outage({ mode: 503 });
	await host.activate(row, 'update', main);
	const ids = await emitted(4);
	// Anchor says what time it is in whole seconds.
	await sleep(1_000);
	outage.lift();
	await timers.advance(5 * MINUTE_MS + LATER_LOOK_MS);
	await expectEachOnce(ids);
});

it('loses nothing over a kill in the window, although every delivery comes twice', async () => {
	await collecting();
	const ids = await emitted(4, 'task.completed', { repeat: 2 });
	const unanswered = await emitted(2, 'task.completed', { drop: 'beforeAnswer' });
	expect(anchor.deliveries({ eventId: unanswered[0] })[0].attempts).toHaveLength(2);
	host.crash();
	await restarted();
	await expectEachOnce([...ids, ...unanswered]);
});

it('carries in a retry what the run had, and nothing that another run has taken', async () => {
	const row = await collecting();
	const ids = await emitted(3);
	await timers.advance(5 * MINUTE_MS);
	const items = jest.spyOn(host, 'execute');
	const later = await emitted(1);
	await timers.advance(5 * MINUTE_MS);
	const [, [[{ json }]]] = items.mock.calls[0] as [unknown, INodeExecutionData[][]];
	const { events } = json as { events: Array<{ event: { id: string } }> };
	const repeated = ids.map((id) => ({ ...events[0], event: { ...events[0].event, id } }));
	const workflowData = [[{ json: { ...json, events: [...repeated, ...events] } }]];
	const retried = await host.execute(row, workflowData as INodeExecutionData[][], {
		mode: 'retry',
	});
	expect(idsOf(retried)).toEqual(later);
});

it('lets what Anchor has given up join the window', async () => {
	await collecting();
	const missed = await swallowed(2, 404);
	const ids = await emitted(2);
	await timers.advance(5 * MINUTE_MS);
	expect(await runs()).toEqual([[...missed, ...ids]]);
});

it('goes on while Anchor does not answer for two windows', async () => {
	await collecting();
	const outage = anchor.outage({ mode: 503 });
	const first = await emitted(3);
	await timers.advance(6 * MINUTE_MS);
	const second = await emitted(3);
	await timers.advance(6 * MINUTE_MS);
	outage.lift();
	await host.restart();
	await timers.advance(FIRST_TWO_LOOKS_MS + LATER_LOOK_MS);
	await expectEachOnce([...first, ...second]);
});

it('runs what other processes have collected, at each beat', async () => {
	await collectingElsewhere();
	const ids = await emitted(4);
	ids.push(...(await emitted(2, 'task.completed', { drop: 'beforeAnswer' })));
	await timers.advance(5 * MINUTE_MS);
	await expectEachOnce(ids);
	expect((await host.runs()).length).toBe(1);
	// Nothing was missed, also where only the answer to a repetition shows.
	expect(sentences('info').join()).not.toContain('had not reached');

	anchor.advance(MINUTE_MS);
	await timers.advance(5 * MINUTE_MS);
	const before = [anchor.requests().length, anchor.requests({ calls: 'PATCH *' }).length];
	await timers.advance(LATER_LOOK_MS);
	// Three beats and one regular look.
	expect(anchor.requests().length - before[0]).toBeLessThanOrEqual(5);
	expect(anchor.requests({ calls: 'PATCH *' })).toHaveLength(before[1]);
	expect((await host.runs()).length).toBe(1);
});

it('runs what got its 202 and passed an expression that now gives something else, in queue mode too', async () => {
	const untilMs = Date.now() + 30 * MINUTE_MS;
	await activatedInQueueMode({
		filters: {
			taskIds: `={{ $now.toMillis() < ${untilMs} ? "none" : "tsk_4f8w9n2b" }}`,
			conditions: { conditions: [{ leftValue: '_event.text', rightValue: 'completed in' }] },
		},
		options: { collectMinutes: 5, toleranceSeconds: 3_600 },
	});
	const live = async (minutes: number) =>
		await liveThrough(minutes * MINUTE_MS, async () => await host.runs());
	await live(40);
	const ids = await emitted(2, 'task.completed', { data: { task_id: 'tsk_4f8w9n2b' } });
	expect(anchor.deliveries().flatMap(({ attempts }) => attempts)).toMatchObject([
		{ status: 202 },
		{ status: 202 },
	]);
	await live(20);
	await expectEachOnce(ids);
});

it.each(['memory', 'durable'])(
	'runs nothing again that ran one by one while collecting was off for a moment, with %s',
	async (deduplicate) => {
		const options = { collectMinutes: 5, deduplicate };
		const { row, main } = await activatedInQueueMode({ options });
		const processor = host.loaded;
		const publish = async (collectMinutes: number) => {
			row.nodes = structuredClone(row.nodes);
			row.nodes[0].parameters.options = { ...options, collectMinutes };
			host.loaded = main;
			await host.republish(row);
			host.loaded = processor;
		};
		const ids = await emitted(2);
		await publish(0);
		ids.push(...(await emitted(3)));
		await host.runs();
		// Less than until the second look. Anchor says what time it is in whole seconds.
		anchor.advance(10_000);
		await publish(5);
		ids.push(...(await emitted(1)));
		await liveThrough(20 * MINUTE_MS, async () => await host.runs());
		await expectEachOnce(ids);
	},
);

it('runs early what fills its memory, once', async () => {
	await collecting();
	const data = { task_id: 't', result: 'x'.repeat(6_000_000) };
	const ids = await emitted(5, 'task.completed', { data, maxAttempts: 1 });
	await timers.advance(1_000);
	expect((await ran()).length).toBeGreaterThanOrEqual(4);
	await timers.advance(5 * MINUTE_MS);
	await expectEachOnce(ids);
}, 120_000);

it('lets no window end before its time because an earlier one ended early', async () => {
	await collecting();
	const held = host.holdRuns();
	const data = { task_id: 't', result: 'x'.repeat(6_000_000) };
	await emitted(6, 'task.completed', { data, maxAttempts: 1 });
	held.settle('accept');
	await timers.advance(MINUTE_MS);
	expect((await ran()).length).toBe(6);
	const before = (await runs()).length;
	await timers.advance(2 * MINUTE_MS);
	await emitted(2);
	// When the window would have ended that was open when the memory was full.
	await timers.advance(2 * MINUTE_MS);
	expect(await runs()).toHaveLength(before);
	await timers.advance(3 * MINUTE_MS);
	expect(await runs()).toHaveLength(before + 1);
}, 120_000);

it('runs what comes while n8n 1.123 takes other triggers of the workflow out of service', async () => {
	await setUp({}, '1.123');
	const row = await collecting();
	const methods = host.loaded.trigger.webhookMethods?.default;
	const own = methods?.delete;
	let ids: string[] = [];
	Object.assign(methods ?? {}, {
		async delete(this: IHookFunctions) {
			const isDone = await own?.call(this);
			ids = await emitted(1);
			return isDone;
		},
	});
	await host.deactivate(row);
	await timers.advance(20_000);
	expect(anchor.deliveries({ eventId: ids[0] })[0].attempts).toMatchObject([{ status: 202 }]);
	await expectEachOnce(ids);
});

it('runs once what comes while n8n is stopped, also where its store is asked about nothing else', async () => {
	const row = await collecting({ deduplicate: 'memory' });
	const { trigger } = host.loaded;
	const { webhook } = trigger;
	trigger.webhook = async function (this: IWebhookFunctions) {
		trigger.webhook = webhook;
		await host.stepDown();
		return (await webhook?.call(this)) ?? {};
	};
	const ids = await emitted(1);
	expect(await runs()).toEqual([ids]);
	anchor.advance(5_000);
	await restarted();
	expect(row.active).toBe(true);
	await expectEachOnce(ids);
});

describe('a deactivation of n8n 2', () => {
	it.each([
		['', 0],
		[', and a window has just come to its end', 5 * MINUTE_MS],
	])('runs what waits within seconds, though the history does not answer%s', async (_when, ms) => {
		const row = await collecting();
		const ids = await emitted(3);
		anchor.outage({ mode: 'hang', calls: 'GET /v1/webhooks/:id/events' });
		await timers.advance(ms);
		let isOver = false;
		const over = host.deactivate(row).then(() => (isOver = true));
		for (let second = 0; second < 6 && !isOver; second++) await timers.advance(1_000);
		await over;
		// n8n takes none from here on.
		expect((await ran()).sort()).toEqual([...ids].sort());
	});

	it.each(['deactivated', 'published'])(
		'runs what n8n has routed before it is %s, and what is judged after',
		async (what) => {
			await setUp();
			const row = await collecting();
			const { trigger } = host.loaded;
			const { webhook } = trigger;
			let over: Promise<unknown> | undefined;
			trigger.webhook = async function (this: IWebhookFunctions) {
				trigger.webhook = webhook;
				if (what === 'published')
					row.nodes = row.nodes.map((node) => ({ ...node, name: 'Renamed' }));
				over = what === 'published' ? host.republish(row) : host.deactivate(row);
				for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
				return (await webhook?.call(this)) ?? {};
			};
			const ids = await emitted(1);
			await over;
			await timers.advance(FIRST_TWO_LOOKS_MS + 10 * MINUTE_MS);
			expect(anchor.deliveries()).toMatchObject([{ attempts: [{ status: 202 }] }]);
			await expectEachOnce(ids);
		},
	);
});

it('runs what it has collected, though its credential is deleted meanwhile', async () => {
	await setUp();
	const row = await collecting();
	const ids = await emitted(1);
	host.credentials.stored.delete(row.id);
	ids.push(...(await emitted(3)));
	await timers.advance(6 * MINUTE_MS);
	expect(await runs()).toEqual([ids]);
});

it.each([
	['text that is a number', '5', true],
	['a fraction', 5.9, true],
	['an expression', '={{ 5 }}', false],
	['a negative number', -5, false],
	['nothing', null, false],
])('takes %s', async (_what, collectMinutes, isCollected) => {
	await collecting({ collectMinutes });
	await emitted(2);
	expect((await host.runs()).length).toBe(isCollected ? 0 : 2);
	await timers.advance(5 * MINUTE_MS);
	expect((await host.runs()).length).toBe(isCollected ? 1 : 2);
});

it('brings a test event at once while the editor listens', async () => {
	const row = automaticTrigger(host, anchor, { options: { collectMinutes: 5 } });
	await host.listen(row);
	await timers.advance(1_000);
	expect((await host.runs()).flatMap(({ items }) => items)).toHaveLength(1);
});
