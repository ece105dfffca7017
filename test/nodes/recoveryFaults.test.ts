import { parseMark } from '../../nodes/AnchorBrowser/registration/mark';
import { sentences } from '../support/core';
import {
	activated,
	activatedInQueueMode,
	anchor,
	emitted,
	emittedAtOnce,
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
	runs,
	settledIn,
	setUp,
	swallowed,
	takenAndLost,
	timers,
	webhookId,
} from '../support/recovering';
import { send } from '../support/send';
import { eventOf, signed, signedNow } from '../support/signedRequests';

beforeEach(async () => await setUp());

const LINES = ['2.41', '1.123'] as const;
const TWO_HOURS_MS = 2 * 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

const noted = () => parseMark(anchor.webhooks()[0].description)?.recoveredMs;

describe('a store that is asked about what is in doubt', () => {
	it.each([
		['cannot be written', ['fail', 'fail', 'fail']],
		['cannot be written a second time', ['none', 'fail', 'fail', 'fail']],
		['cannot be written when the events are claimed', ['none', 'none', 'fail', 'fail', 'fail']],
	] as const)('%s: none is lost, none runs twice', async (_what, faults) => {
		await activated();
		const before = await emitted(3);
		await ran();
		anchor.advance(TWO_HOURS_MS);
		const lost = await takenAndLost(3);
		await host.boot();
		host.processedData.faults.push(...faults);
		await restarted();
		await nextLook();
		await expectEachOnce([...before, ...lost]);
	});

	it('does not answer when n8n dies: none is lost', async () => {
		await activated();
		const lost = await takenAndLost(3);
		await host.boot();
		host.processedData.faults.push('hang');
		await restarted();
		expect(await Promise.race([ran(), Promise.resolve([])])).toEqual([]);
		host.executions.length = 0;
		await restarted();
		await expectEachOnce(lost);
	});

	it('does not work: what is surely missing runs all the same', async () => {
		await activated();
		await takenAndLost(2);
		const missed = await missedWhileOff(3);
		await host.boot();
		host.processedData.faults.push(...Array.from({ length: 30 }, () => 'fail' as const));
		await restarted();
		await expectEachOnce(missed);
		expect(noted()).toBeUndefined();
	});

	it('does not work in a worker: what is in doubt is asked about again', async () => {
		const { main } = await activatedInQueueMode();
		const lost = await takenAndLost(2);
		await host.boot();
		const processor = host.loaded;
		host.loaded = main;
		host.processedData.faults.push('fail', 'fail', 'fail');
		await restarted();
		host.loaded = processor;
		await nextLook();
		await expectEachOnce(lost);
	});
});

it('runs what an n8n lost that died before its first look, as often as that happens', async () => {
	await setUp({}, '1.123');
	await activated();
	const lost = [];
	for (let life = 1; life <= 3; life++) {
		lost.push(...(await takenAndLost(2)), ...(await missedWhileOff(1)));
		// Each start takes its time.
		anchor.advance(10 * 60_000);
		await host.boot();
	}
	await restarted();
	await expectEachOnce(lost);
});

describe('queue mode', () => {
	it('fetches at each look what a processor swallowed while it started', async () => {
		await activatedInQueueMode();
		const all = await emitted(3);
		for (let kill = 0; kill < 3; kill++) {
			all.push(...(await swallowed(2)), ...(await emitted(2)));
			await nextLook();
			await expectEachOnce(all);
		}
	});

	it('runs what a worker had in hand that died before it began, and asks about it once', async () => {
		await setUp({ now: () => Date.now() });
		const { row, main } = await activatedInQueueMode();
		const all = await emitted(3);
		host.limitRuns(0);
		all.push(...(await emitted(2)));
		host.liftLimit();
		await liveThrough(LATER_LOOK_MS, async () => await host.runs());
		await expectEachOnce(all);
		host.limitRuns(0);
		all.push(...(await emitted(2)));
		await liveThrough(70_000);
		all.push(...(await emitted(2)));
		await liveThrough(5_000);
		host.liftLimit();
		// A publication begins the looks anew: the first of them asks about the former two, and not about the latter yet.
		await host.activate(row, 'update', main);
		await liveThrough(FIRST_LOOK_MS, async () => await host.runs());
		await liveThrough(FIRST_TWO_LOOKS_MS, async () => await host.runs());
		await expectEachOnce(all);
		const { length } = host.executions;
		await liveThrough(LATER_LOOK_MS, async () => await host.runs());
		expect(host.executions).toHaveLength(length);
	});

	it("has several runs at once in n8n's queue", async () => {
		await activatedInQueueMode();
		const all = [...(await emitted(1)), ...(await swallowed(12, 403))];
		await expectEachOnce(all.slice(0, 1));
		const end = host.limitRuns(0);
		while (host.waitingRuns === 0) await timers.advance(1_000);
		await timers.advance(1_000);
		expect(host.waitingRuns).toBe(10);
		await end(1_000);
		await nextLook();
		await expectEachOnce(all);
	});

	it('asks between any 1,000 recovered events what a worker had in hand that died', async () => {
		await setUp({ now: () => Date.now() });
		const { main } = await activatedInQueueMode();
		// What is recovered needs no pauses between calls to the store then.
		host.worker = main;
		const all = [...(await emitted(1)), ...(await swallowed(1_010, 403))];
		await liveThrough(LATER_LOOK_MS - 60_000);
		host.limitRuns(0);
		const [lost] = await emitted(1);
		host.liftLimit();
		let isLater = false;
		await timers.advance(3 * 60_000, async () => {
			if (!isLater && host.executions.length > 300) {
				isLater = true;
				const now = Date.now();
				jest.spyOn(Date, 'now').mockImplementation(() => now + 90_000);
			}
			await host.runs();
		});
		const order = await ran();
		expect([...order].sort()).toEqual([...all, lost].sort());
		expect(order.indexOf(lost)).toBe(1_001);
	}, 120_000);

	it('notes what was recovered where it outlasts the store', async () => {
		await activatedInQueueMode();
		const missed = await swallowed(2, 403);
		await nextLook();
		await expectEachOnce(missed);
		expect(noted()).toBeGreaterThan(0);
		host.processedData.reset();
		const later = await swallowed(1, 403);
		await host.boot();
		await restarted();
		await nextLook();
		await expectEachOnce([...missed, ...later]);
	});
});

it('runs all that is in doubt, however much it is', async () => {
	await activated();
	const swallowedFirst = await swallowed(1);
	const lost = await takenAndLost(150);
	await restarted();
	await expectEachOnce([...swallowedFirst, ...lost]);
});

describe.each([false, true])('after two hours off, answers changed on the way: %s', (isMasked) => {
	it('runs what n8n had taken when it died, and what the start swallowed', async () => {
		await activated();
		const before = await emitted(2);
		await ran();
		anchor.advance(DAY_MS);
		const lost = await takenAndLost(2);
		anchor.advance(TWO_HOURS_MS);
		const starting = await swallowed(1);
		anchor.advance(5_000);
		if (isMasked) maskAnswers();
		await restarted();
		await expectEachOnce([...before, ...lost, ...starting]);
	});
});

it('runs what n8n 1.x took in the two minutes before it died, also where one before that is lost for good', async () => {
	await setUp({}, '1.123');
	await activated();
	const before = await emitted(2);
	await ran();
	const lost = await takenAndLost(15, 10_000);
	await restarted();
	await expectEachOnce([...before, ...lost.slice(-12)]);
});

describe('a new secret', () => {
	/** A processor of queue mode gets a delivery that is signed with the secret of now. */
	async function statusOfDelivery(row: Parameters<typeof host.urlOf>[0]): Promise<number> {
		const secrets = [anchor.webhooks()[0].secret];
		const request = signedNow(eventOf('task.completed'), { secrets });
		return (await send(host.urlOf(row), request)).status;
	}

	it.each([
		['without recovery', { options: { catchUp: false } }, false],
		['when the history does not answer', {}, true],
	])(
		'reaches the other processes, %s, and overwrites nothing of other nodes',
		async (_how, parameters, isOut) => {
			const { row } = await activatedInQueueMode(parameters);
			const data = JSON.parse(row.staticData) as object;
			row.staticData = JSON.stringify({ ...data, counter: 41 });
			anchor.removeWebhook(webhookId());
			if (isOut) anchor.outage({ mode: 503, calls: '/v1/webhooks/:id/events' });
			await nextLook();
			expect(await statusOfDelivery(row)).toBe(202);
			expect(JSON.parse(row.staticData)).toMatchObject({ counter: 41 });
		},
	);

	it('that a run brings late overwrites nothing that was stored with it since', async () => {
		const { row } = await activatedInQueueMode({ options: { catchUp: false } });
		anchor.removeWebhook(webhookId());
		const begun = jest.spyOn(host, 'execute');
		await nextLook();
		const [, items] = begun.mock.calls[0];
		row.nodes[0].parameters.events = ['task.failed'];
		await host.republish(row);
		const { staticData } = row;
		expect(staticData).toContain('task.failed');
		await host.execute(row, items, { mode: 'retry' });
		expect(row.staticData).toBe(staticData);
	});
});

it('is not held up by thousands that the filters drop', async () => {
	await setUp({ historyOrder: 'oldest' });
	await activated({ filters: { taskIds: 'tsk_wanted' } });
	host.crash();
	await emittedAtOnce(5_000, { data: { task_id: 'tsk_other' } });
	anchor.advance(LATER_LOOK_MS);
	const [wanted] = await emitted(1, undefined, { data: { task_id: 'tsk_wanted' } });
	await host.restart();
	await timers.advance(FIRST_TWO_LOOKS_MS, async () => await timers.advance(0));
	expect(await ran()).toEqual([wanted]);
	const before = anchor.requests().length;
	await nextLook();
	expect(anchor.requests().length - before).toBeLessThan(6);
}, 60_000);

it.each(LINES)(
	'runs each of many once over two kills, on n8n %s, though its store remembers few',
	async (line) => {
		await setUp({}, line);
		host.processedData.mostEntries = 300;
		await activated();
		const missed = await missedWhileOff(700);
		for (const killedAt of [330, 560]) {
			await host.restart();
			let isKilled = false;
			await timers.advance(FIRST_TWO_LOOKS_MS, async () => {
				if (isKilled || new Set(await ran()).size < killedAt) return;
				isKilled = true;
				host.crash();
			});
			expect(isKilled).toBe(true);
		}
		await restarted();
		await restarted();
		await expectEachOnce(missed);
	},
	120_000,
);

/** n8n's store remembers no more than twenty events. */
async function activatedWithSmallStore(): Promise<void> {
	host.processedData.mostEntries = 40;
	await activated();
}

it('asks a store that has forgotten in vain, however often it starts', async () => {
	await activatedWithSmallStore();
	const all = await emitted(3);
	anchor.advance(5 * 60_000);
	all.push(...(await swallowed(30, 403)), ...(await emitted(3)));
	await nextLook();
	// Anchor says what time it is in whole seconds.
	anchor.advance(5_000);
	await restarted();
	await restarted();
	await expectEachOnce(all);
});

it('asks about what an n8n took at the first start after it, and at none that follows', async () => {
	await activatedWithSmallStore();
	const all = await emitted(3);
	anchor.advance(5 * 60_000);
	all.push(...(await swallowed(80, 403)), ...(await emitted(3)));
	all.push(...(await missedWhileOff(1)));
	for (let life = 1; life <= 2; life++) {
		anchor.advance(5_000);
		await host.restart();
		host.limitRuns(30);
		await timers.advance(FIRST_TWO_LOOKS_MS);
		host.liftLimit();
		all.push(...(await emitted(1)));
		anchor.advance(5 * 60_000);
		all.push(...(await emitted(1)));
		host.crash();
	}
	anchor.advance(5_000);
	await restarted();
	await nextLook();
	await expectEachOnce(all);
});

it('asks about nothing that was taken well before a run which n8n began', async () => {
	await activatedWithSmallStore();
	const all = await swallowed(30, 403);
	all.push(...(await emitted(3)));
	anchor.advance(15_000);
	await nextLook();
	anchor.advance(5_000);
	await restarted();
	await expectEachOnce(all);
});

describe('a filter by an expression', () => {
	const wanted = (id: string) => ({
		taskIds: `={{ ["${id}", "tsk_none"][$now.toMillis() > ${Date.now() + DAY_MS} ? 1 : 0] }}`,
	});

	it('is judged once: what a delivery was refused by runs at no look', async () => {
		await setUp({ now: () => Date.now() });
		await settledIn({ filters: wanted('tsk_1') });
		const taken = await emitted(1, undefined, { data: { task_id: 'tsk_1' } });
		await liveThrough(2 * DAY_MS);
		const refused = await emitted(1, undefined, { data: { task_id: 'tsk_1' } });
		expect(anchor.deliveries({ eventId: refused[0] })).toMatchObject([
			{ attempts: [{ status: 204 }] },
		]);
		maskAnswers();
		await nextLook();
		expect(await ran()).toEqual(taken);
	});
});

describe('a refusal', () => {
	const rotations = () => anchor.requests({ calls: '/v1/webhooks/:id/rotate-secret' }).length;

	it('by this process for its age, or by a proxy with 401, rotates no secret', async () => {
		const row = await settledIn();
		anchor.advance(5_000);
		const taken = await emitted(1);
		const secrets = [anchor.webhooks()[0].secret];
		const late = signed(eventOf('task.completed'), Math.floor(Date.now() / 1_000) - 300, {
			secrets,
		});
		expect((await send(host.urlOf(row), late)).status).toBe(400);
		const refused = [...(await swallowed(1, 400)), ...(await swallowed(1, 401))];
		await nextLook();
		expect(rotations()).toBe(0);
		await expectEachOnce([...taken, ...refused]);
		expect(sentences('info').join()).toMatch(/check the clock of the n8n host/);
	});

	it('that matched no secret rotates it, also where forgeries have come since', async () => {
		await settledIn();
		const taken = await emitted(1);
		anchor.advance(5_000);
		anchor.rotateSecret(webhookId());
		const refused = await emitted(1);
		const rotated = anchor.webhooks()[0].secret;
		await liveThrough(5 * 60_000);
		anchor.advance(5 * 60_000);
		anchor.emit('task.completed', { to: webhookId(), sign: 'forged', timestampOffsetSeconds: 300 });
		await nextLook();
		expect(anchor.webhooks()[0].secret).not.toBe(rotated);
		await expectEachOnce([...taken, ...refused]);
	});

	it('with 401 that others gave is taken for a wrong secret once a day, and the log says what else it may be', async () => {
		await activatedInQueueMode();
		anchor.advance(5_000);
		for (let look = 0; look < 3; look++) {
			await swallowed(1, 401);
			await nextLook();
			anchor.advance(LATER_LOOK_MS);
		}
		expect(rotations()).toBe(1);
		const said = sentences('warn').join();
		expect(said).toMatch(/whether a proxy in front of n8n answers with 401 by itself/);
		expect(said).toMatch(/still refused with 401/);
		await liveThrough(DAY_MS);
		anchor.advance(DAY_MS);
		await swallowed(1, 401);
		await nextLook();
		expect(rotations()).toBe(2);
	});
});

/** An n8n that missed twelve events while it was off, and carries out no more than two runs. */
async function startedFull(line: (typeof LINES)[number]) {
	await setUp({}, line);
	await activated();
	const missed = await missedWhileOff(12);
	await host.restart();
	const end = host.limitRuns(2);
	await timers.advance(FIRST_LOOK_MS);
	return { missed, end };
}

describe.each(LINES)('an n8n %s that is full', (line) => {
	it('carries out one event a run, as it can, however long that takes', async () => {
		const { missed, end } = await startedFull(line);
		for (let minute = 0; minute < 20 && host.executions.length < 12; minute++) {
			await end(2);
			await timers.advance(60_000);
		}
		await end(1_000);
		await nextLook();
		await end(1_000);
		await expectEachOnce(missed);
		for (const ids of await runs()) expect(ids.length).toBeLessThanOrEqual(1);
	});

	it('and dies before a portion is at its end has noted how far it came', async () => {
		const { missed, end } = await startedFull(line);
		await end(2);
		await liveThrough(5_000);
		await end(2);
		await liveThrough(5_000);
		host.crash();
		host.liftLimit();
		// All of them are forgotten: more others have run since than n8n's store remembers.
		host.processedData.reset();
		await restarted();
		await nextLook();
		const first = missed.slice(0, 4);
		expect((await ran()).filter((id) => first.includes(id))).toEqual(first);
	});

	it('and does not take a run up is asked again, also where it never says what became of it', async () => {
		await setUp({}, line);
		await activated();
		const missed = await missedWhileOff(3);
		await host.restart();
		const held = host.holdRuns();
		await timers.advance(FIRST_LOOK_MS);
		held.settle('refuse');
		await timers.advance(6 * 60_000);
		await expectEachOnce(missed);
	});
});

it('says what Anchor had received, and what to check', async () => {
	await settledIn();
	await swallowed(3, 403);
	await nextLook();
	const [said] = sentences('info').filter((sentence) => sentence.includes('were fetched'));
	expect(said).toMatch(
		/^Anchor Browser Trigger.*: 3 events .*403 \(3 times\).*in front of n8n; let it pass/,
	);
});

it('takes what it has forgotten after very many events for no other process, and runs none of it again', async () => {
	await setUp({ now: () => Date.now() });
	const row = await settledIn();
	const ids = await emitted(3);
	const { seen } = host.loaded.triggerOf({ getWorkflow: () => row, getNode: () => row.nodes[0] });
	for (let number = 0; number < 20_000; number++) seen.commit(`other ${number}`, Date.now());
	// n8n's store remembers fewer.
	host.processedData.reset();
	await liveThrough(2 * LATER_LOOK_MS);
	expect(await runs()).toEqual(ids.map((id) => [id]));
});

it('says that what nobody had carried out has run', async () => {
	await activated();
	await takenAndLost(2);
	await restarted();
	expect(sentences('info').join()).toMatch(/2 events that Anchor Browser counts as delivered/);
});

it.each(['newest', 'oldest'] as const)(
	'keeps the order of one moment, in a history with the %s first',
	async (historyOrder) => {
		let now = Date.now();
		await setUp({ historyOrder, now: () => now });
		await activated();
		await ran();
		host.crash();
		now += 1_000;
		const [first] = await emitted(1, undefined, { apartMs: 0 });
		now += 1_000;
		const together = await emitted(5, undefined, { apartMs: 0 });
		await restarted();
		expect(await ran()).toEqual([first, ...together]);
	},
);
