/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { DOCUMENTED_EVENTS, NEWEST_EVENTS, startSimulator } from '../simulator';
import type { Simulator, SimulatorOptions, Webhook } from '../simulator';
import type { Audit, Requirement } from './audit';
import type {
	AuditedN8n,
	AuditedWorkflow,
	Ending,
	RegistrationCapability,
	RegistrationDriver,
	WorkflowSetup,
} from './registrationDriver';

export type RegistrationAudit = Audit<RegistrationDriver, RegistrationCapability>;

interface Scene {
	anchor: Simulator;
	n8n: AuditedN8n;
	/** Another n8n with the same Anchor project. */
	anotherN8n(): Promise<AuditedN8n>;
	/** A workflow of `n8n` with one trigger, not active. */
	workflow: AuditedWorkflow;
}

interface Wish extends WorkflowSetup {
	needs?: readonly RegistrationCapability[];
	anchor?: SimulatorOptions;
}

/** Retries without waiting, and addresses on this machine. */
const ANCHOR: SimulatorOptions = {
	rules: 'local',
	retryDelaysMs: [1],
};

function audit(
	id: string,
	requirement: Requirement,
	attempt: (scene: Scene) => Promise<void>,
	{ needs = [], anchor: wish = {}, ...setup }: Wish = {},
): RegistrationAudit {
	return {
		id,
		requirement,
		needs,
		run: async (driver) => {
			const anchor = await startSimulator({ ...ANCHOR, ...wish });
			const started: AuditedN8n[] = [];
			const start = async () => {
				const n8n = await driver.start(anchor);
				started.push(n8n);
				return n8n;
			};
			try {
				const n8n = await start();
				const workflow = await n8n.addWorkflow(setup);
				await attempt({ anchor, n8n, workflow, anotherN8n: start });
			} finally {
				anchor.liftOutages();
				for (const n8n of started) await n8n.close();
				await anchor.close();
			}
		},
	};
}

function went(ending: Ending): void {
	deepStrictEqual(ending, { ok: true });
}

function refused(ending: Ending): Extract<Ending, { ok: false }> {
	ok(!ending.ok, 'n8n says that it went wrong');
	return ending;
}

/**
 * What has to hold after everything: exactly one webhook at Anchor leads to this trigger, it is switched on, what
 * Anchor signs comes through once, and what somebody else signs does not.
 */
async function isServed(
	{ anchor }: Pick<Scene, 'anchor'>,
	workflow: AuditedWorkflow,
	trigger = 0,
): Promise<Webhook> {
	const leading = anchor.webhooks().filter(({ url }) => url === workflow.addressOf(trigger));
	strictEqual(leading.length, 1, 'webhooks that lead to this trigger');
	const [webhook] = leading;
	ok(webhook.enabled, 'it is switched on');
	await comesThrough(anchor, workflow, webhook);

	const forged = anchor.emit('task.completed', { to: webhook.id, sign: 'forged' });
	await forged.settled;
	strictEqual(forged.deliveries[0].attempts[0].status, 401);
	strictEqual(await workflow.runsOf(forged.id), 0, 'executions for a forged event');
	return webhook;
}

async function comesThrough(
	anchor: Simulator,
	workflow: AuditedWorkflow,
	{ id }: Webhook,
	sign?: 'current' | 'previous' | 'both',
): Promise<void> {
	const genuine = anchor.emit('task.completed', { to: id, ...(sign ? { sign } : {}) });
	const [delivery] = await genuine.settled;
	strictEqual(delivery.attempts[0].status, 200, `Anchor’s delivery: ${delivery.attempts[0].error}`);
	strictEqual(await workflow.runsOf(genuine.id), 1, 'executions for a genuine event');
}

/**
 * A starting n8n takes deliveries before it has come to the trigger, which answers 503 until it knows its secret, so that
 * Anchor repeats them.
 */
async function comesUp(anchor: Simulator): Promise<void> {
	const end = Date.now() + 20_000;
	for (;;) {
		const { settled } = anchor.emit('task.completed', { maxAttempts: 1 });
		const [{ attempts }] = await settled;
		if (attempts[0].status === 200) return;
		strictEqual(attempts[0].status, 503);
		ok(Date.now() < end, 'the trigger knows its secret 20 seconds after a start');
		await pause(200);
	}
}

/** The webhook that was there before, with the secret that it had. */
function isStill(before: Webhook, { id, secret }: Webhook): void {
	deepStrictEqual({ id, secret }, { id: before.id, secret: before.secret });
}

function hasWebhooks(anchor: Simulator, count: number): void {
	const all = anchor.webhooks().map(({ url, description }) => `${url} ${description}`);
	strictEqual(all.length, count, `webhooks at Anchor:\n${all.join('\n')}`);
}

/**
 * The webhooks at Anchor come down to a number within 20 seconds: a webhook outlives its deactivation for some seconds,
 * because n8n deactivates in the same words for each publication.
 */
async function comesDownTo(anchor: Simulator, count: number): Promise<void> {
	const end = Date.now() + 20_000;
	while (anchor.webhooks().length !== count && Date.now() < end) await pause(50);
	hasWebhooks(anchor, count);
}

/** How often Anchor was asked to make or remove a webhook. */
const madeOrRemoved = (anchor: Simulator): number =>
	['POST /v1/webhooks', 'DELETE *'].flatMap((calls) => anchor.requests({ calls })).length;

/** The same webhook, untouched, its secret included. */
function isUntouched(anchor: Simulator, before: Webhook): void {
	const after = anchor.webhooks().find(({ id }) => id === before.id);
	deepStrictEqual(after, before);
}

/** As it is now, whatever becomes of it. */
const copyOf = (webhook: Webhook): Webhook => JSON.parse(JSON.stringify(webhook)) as Webhook;

/** A webhook that somebody made by hand and that is nobody else's business. */
const strangers = (anchor: Simulator, number = 1): Webhook =>
	copyOf(
		anchor.addWebhook({
			url: `https://example.com/hooks/${number}`,
			subscribedEvents: ['task.completed'],
			description: `Slack channel ${number}`,
		}),
	);

const ordinary: RegistrationAudit[] = [
	audit('01c7', 'MUST have one webhook after publishing', async (scene) => {
		const { anchor, workflow } = scene;
		went(await workflow.activate());
		const webhook = await isServed(scene, workflow);
		hasWebhooks(anchor, 1);
		deepStrictEqual([...webhook.subscribedEvents].sort(), ['task.completed', 'task.failed']);
		ok((webhook.description ?? '').length <= 256);
	}),
	audit(
		'a9d2',
		'MUST have the same one webhook after publishing ten changed versions',
		async (scene) => {
			const { anchor, workflow } = scene;
			const other = strangers(anchor);
			went(await workflow.activate());
			const first = copyOf(await isServed(scene, workflow));
			const calls = madeOrRemoved(anchor);
			for (let time = 1; time <= 10; time++) {
				await workflow.edit({ parameters: { options: { toleranceSeconds: 120 + time } } });
				went(await workflow.activate());
			}
			isStill(first, await isServed(scene, workflow));
			strictEqual(madeOrRemoved(anchor), calls, 'webhooks made or removed by publishing');
			hasWebhooks(anchor, 2);
			isUntouched(anchor, other);
		},
	),
	audit('5e63', 'MUST have one webhook after going on and off ten times', async (scene) => {
		const { anchor, workflow } = scene;
		const other = strangers(anchor);
		for (let time = 0; time < 10; time++) {
			went(await workflow.activate());
			went(await workflow.deactivate());
		}
		await comesDownTo(anchor, 1);
		went(await workflow.activate());
		await isServed(scene, workflow);
		hasWebhooks(anchor, 2);
		isUntouched(anchor, other);
	}),
	audit(
		'f418',
		'MUST leave nothing behind when it is deactivated',
		async ({ anchor, workflow }) => {
			went(await workflow.activate());
			went(await workflow.deactivate());
			await comesDownTo(anchor, 0);
		},
	),
	audit(
		'92b0',
		'MUST keep id and secret over a deactivation that only disables',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.activate());
			const before = copyOf(await isServed(scene, workflow));
			went(await workflow.deactivate());
			await anchor.requested('PATCH *', anchor.requests({ calls: 'PATCH *' }).length + 1);
			hasWebhooks(anchor, 1);
			strictEqual(anchor.webhooks()[0].enabled, false);
			went(await workflow.activate());
			const after = await isServed(scene, workflow);
			deepStrictEqual([after.id, after.secret], [before.id, before.secret]);
			hasWebhooks(anchor, 1);
		},
		{ parameters: { options: { onDeactivate: 'disable' } } },
	),
	audit(
		'c3ea',
		'MUST subscribe to every event that Anchor takes when all are selected',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.activate());
			const before = copyOf(await isServed(scene, workflow));
			deepStrictEqual([...before.subscribedEvents].sort(), [...DOCUMENTED_EVENTS].sort());
			// Once Anchor takes the newest too, the next publication adds it.
			anchor.setKnownEvents('14');
			went(await workflow.activate());
			const after = await isServed(scene, workflow);
			deepStrictEqual([...after.subscribedEvents].sort(), [...NEWEST_EVENTS].sort());
			isStill(before, after);
		},
		{ parameters: { events: ['*'] } },
	),
	audit(
		'7f95',
		'MUST serve two triggers in one workflow, each with its own webhook',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.activate());
			const one = await isServed(scene, workflow, 0);
			const other = await isServed(scene, workflow, 1);
			notStrictEqual(one.id, other.id);
			notStrictEqual(one.secret, other.secret);
			hasWebhooks(anchor, 2);
			went(await workflow.activate());
			hasWebhooks(anchor, 2);
			went(await workflow.deactivate());
			await comesDownTo(anchor, 0);
		},
		{ triggers: 2 },
	),
];

const changes: RegistrationAudit[] = [
	audit('b84e', 'MUST keep id and secret when the node is renamed', async (scene) => {
		const { anchor, workflow } = scene;
		went(await workflow.activate());
		const before = copyOf(await isServed(scene, workflow));
		await workflow.edit({ nodeName: 'Something else entirely' });
		went(await workflow.activate());
		const after = await isServed(scene, workflow);
		isStill(before, after);
		hasWebhooks(anchor, 1);
	}),
	audit('260f', 'MUST keep id and secret when the workflow is renamed', async (scene) => {
		const { anchor, workflow } = scene;
		went(await workflow.activate());
		const before = copyOf(await isServed(scene, workflow));
		const name = 'Überweisungen prüfen 🧾 '.repeat(20);
		await workflow.edit({ name });
		went(await workflow.activate());
		const after = await isServed(scene, workflow);
		isStill(before, after);
		ok((after.description ?? '').startsWith('Überweisungen'));
		ok((after.description ?? '').length <= 256);
		hasWebhooks(anchor, 1);
	}),
	audit('d5c9', 'MUST carry changed events over in place', async (scene) => {
		const { anchor, workflow } = scene;
		went(await workflow.activate());
		const before = copyOf(await isServed(scene, workflow));
		await workflow.edit({ parameters: { events: ['task.completed', 'batch.failed'] } });
		went(await workflow.activate());
		const after = await isServed(scene, workflow);
		deepStrictEqual([...after.subscribedEvents].sort(), ['batch.failed', 'task.completed']);
		isStill(before, after);
		hasWebhooks(anchor, 1);
	}),
	audit(
		'3d71',
		'MUST move the webhook when n8n gets another address',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			went(await workflow.activate());
			const before = copyOf(await isServed(scene, workflow));
			await n8n.moveTo!('another address');
			await n8n.restart();
			went(await workflow.activate());
			notStrictEqual(workflow.addressOf(), before.url);
			isStill(before, await isServed(scene, workflow));
			hasWebhooks(anchor, 1);
		},
		{ needs: ['address'] },
	),
	audit(
		'8ac4',
		'MUST find its webhook again when the static data is lost',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			went(await workflow.activate());
			const before = copyOf(await isServed(scene, workflow));
			await workflow.writeStaticData!('{}');
			await n8n.restart();
			went(await workflow.activate());
			const after = await isServed(scene, workflow);
			strictEqual(after.id, before.id);
			notStrictEqual(after.secret, before.secret, 'a secret that nobody knows is replaced');
			hasWebhooks(anchor, 1);
		},
		{ needs: ['staticData'] },
	),
	audit('e10b', 'MUST go on with another API key of the same project', async (scene) => {
		const { anchor, n8n, workflow } = scene;
		went(await workflow.activate());
		const before = copyOf(await isServed(scene, workflow));
		const key = `sk-${'7b'.repeat(16)}`;
		anchor.addApiKey(key);
		anchor.revokeApiKey(anchor.apiKey);
		await n8n.setApiKey(key);
		await n8n.restart();
		went(await workflow.activate());
		const after = await isServed(scene, workflow);
		strictEqual(after.id, before.id);
		hasWebhooks(anchor, 1);
	}),
	audit('4fb2', 'MUST register afresh with an API key of another project', async (scene) => {
		const { anchor, n8n, workflow } = scene;
		went(await workflow.activate());
		const before = copyOf(await isServed(scene, workflow));
		const key = `sk-${'8c'.repeat(16)}`;
		const project = '99999999-9999-4999-8999-999999999999';
		anchor.addApiKey(key, project);
		await n8n.setApiKey(key);
		went(await workflow.activate());
		const mine = anchor.webhooks().filter(({ projectId }) => projectId === project);
		strictEqual(mine.length, 1);
		notStrictEqual(mine[0].id, before.id);
		await comesThrough(anchor, workflow, mine[0]);
	}),
	audit(
		'0a3f',
		'MUST refuse no delivery that arrives while a secret that n8n lost is rotated',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			went(await workflow.activate());
			const [webhook] = anchor.webhooks();
			await workflow.writeStaticData!('{}');
			const hold = anchor.hold('POST /v1/webhooks/:id/rotate-secret', 'after');
			const restarted = n8n.restart();
			await hold.arrived;
			// Anchor has the new secret and n8n does not have it yet.
			const during = anchor.emit('task.completed', { to: webhook.id });
			await during.attempted;
			hold.release();
			await restarted;
			const [{ status, attempts }] = await during.settled;
			strictEqual(status, 'succeeded', JSON.stringify(attempts.map((one) => one.status)));
			strictEqual(await workflow.runsOf(during.id), 1);
			strictEqual((await isServed(scene, workflow)).id, webhook.id);
			hasWebhooks(anchor, 1);
		},
		{ needs: ['staticData', 'answersWhileStarting'], anchor: { retryDelaysMs: [200] } },
	),
	audit(
		'e3a7',
		'MUST notice at a start that the database was restored from before a rotation',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			went(await workflow.activate());
			const before = copyOf(await isServed(scene, workflow));
			const backup = JSON.stringify(await workflow.readStaticData!());
			await workflow.writeStaticData!('{}');
			await n8n.restart();
			await comesUp(anchor);
			notStrictEqual((await isServed(scene, workflow)).secret, before.secret);
			await workflow.writeStaticData!(backup);
			await n8n.restart();
			await comesUp(anchor);
			strictEqual((await isServed(scene, workflow)).id, before.id);
			hasWebhooks(anchor, 1);
		},
		{ needs: ['staticData'] },
	),
	audit(
		'5c0e',
		'MUST NOT report success for other events while Anchor is down, and have them afterwards',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.activate());
			const before = copyOf(await isServed(scene, workflow));
			const outage = anchor.outage({ mode: 503 });
			await workflow.edit({ parameters: { events: ['task.completed', 'batch.failed'] } });
			refused(await workflow.activate());
			isUntouched(anchor, before);
			outage.lift();
			went(await workflow.activate());
			const after = await isServed(scene, workflow);
			deepStrictEqual([...after.subscribedEvents].sort(), ['batch.failed', 'task.completed']);
			isStill(before, after);
			hasWebhooks(anchor, 1);
		},
	),
	audit(
		'91d4',
		'MUST leave a webhook alone that somebody else made for its address',
		async (scene) => {
			const { anchor, workflow } = scene;
			const stranger = copyOf(
				anchor.addWebhook({
					url: workflow.addressOf(),
					subscribedEvents: ['task.completed'],
					description: 'made by hand',
				}),
			);
			went(await workflow.activate());
			isUntouched(anchor, stranger);
			hasWebhooks(anchor, 2);
			went(await workflow.deactivate());
			await comesDownTo(anchor, 1);
			isUntouched(anchor, stranger);
		},
	),
	audit(
		'b7f2',
		'MUST name the nearest event when one is published that nobody knows',
		async (scene) => {
			const { anchor, workflow } = scene;
			const { message } = refused(await workflow.activate());
			match(message, /"task\.compleeted".*"task\.completed"/);
			hasWebhooks(anchor, 0);
		},
		{ parameters: { events: ['task.compleeted'] } },
	),
];

const byHand: RegistrationAudit[] = [
	audit('6c08', 'MUST register afresh when the webhook was deleted at Anchor', async (scene) => {
		const { anchor, workflow } = scene;
		went(await workflow.activate());
		const { id } = await isServed(scene, workflow);
		anchor.removeWebhook(id);
		went(await workflow.activate());
		notStrictEqual((await isServed(scene, workflow)).id, id);
		hasWebhooks(anchor, 1);
	}),
	audit('bb5d', 'MUST switch on again what was disabled at Anchor', async (scene) => {
		const { anchor, workflow } = scene;
		went(await workflow.activate());
		const before = copyOf(await isServed(scene, workflow));
		anchor.changeWebhook(before.id, { enabled: false });
		went(await workflow.activate());
		const after = await isServed(scene, workflow);
		isStill(before, after);
		hasWebhooks(anchor, 1);
	}),
	audit('19e6', 'MUST repair in place what was edited at Anchor', async (scene) => {
		const { anchor, workflow } = scene;
		went(await workflow.activate());
		const before = copyOf(await isServed(scene, workflow));
		anchor.changeWebhook(before.id, {
			url: 'https://example.com/elsewhere',
			description: 'mine now',
			subscribedEvents: ['batch.completed'],
		});
		went(await workflow.activate());
		const after = await isServed(scene, workflow);
		isStill(before, after);
		deepStrictEqual(
			[after.description, [...after.subscribedEvents].sort()],
			[before.description, [...before.subscribedEvents].sort()],
		);
		hasWebhooks(anchor, 1);
	}),
	audit('537a', 'MUST take a webhook that is gone at Anchor for deactivated', async (scene) => {
		const { anchor, workflow } = scene;
		went(await workflow.activate());
		anchor.removeWebhook((await isServed(scene, workflow)).id);
		went(await workflow.deactivate());
		await comesDownTo(anchor, 0);
		went(await workflow.activate());
		await isServed(scene, workflow);
	}),
];

const OUTAGES: ReadonlyArray<[ids: [string, string, string], mode: number | 'close']> = [
	[['40c1', '9e2d', 'c7f0'], 503],
	[['b1a6', '2df4', '68e9'], 'close'],
];

const outages: RegistrationAudit[] = OUTAGES.flatMap(([[start, first, end], mode]) => {
	const how = mode === 'close' ? 'cannot be reached' : `answers ${mode}`;
	return [
		audit(
			start,
			`MUST keep a good registration when n8n starts while Anchor ${how}`,
			async (scene) => {
				const { anchor, n8n, workflow } = scene;
				went(await workflow.activate());
				const before = copyOf(await isServed(scene, workflow));
				const outage = anchor.outage({ mode });
				await n8n.restart();
				isUntouched(anchor, before);
				await isServed(scene, workflow);
				outage.lift();
				await n8n.restart();
				strictEqual((await isServed(scene, workflow)).id, before.id);
				hasWebhooks(anchor, 1);
			},
		),
		audit(
			first,
			`MUST fail a first publication while Anchor ${how}, and leave nothing behind`,
			async (scene) => {
				const { anchor, workflow } = scene;
				const outage = anchor.outage({ mode });
				const { message, description } = refused(await workflow.activate());
				match(`${message} ${description}`, /Anchor Browser/);
				ok(!message.includes(anchor.apiKey) && !description.includes(anchor.apiKey));
				hasWebhooks(anchor, 0);
				outage.lift();
				went(await workflow.activate());
				await isServed(scene, workflow);
				hasWebhooks(anchor, 1);
			},
		),
		audit(
			end,
			`MUST clean up at the next publication after a deactivation while Anchor ${how}`,
			async (scene) => {
				const { anchor, workflow } = scene;
				went(await workflow.activate());
				await isServed(scene, workflow);
				const outage = anchor.outage({ mode });
				await workflow.deactivate();
				outage.lift();
				hasWebhooks(anchor, 1);
				went(await workflow.activate());
				await isServed(scene, workflow);
				hasWebhooks(anchor, 1);
				went(await workflow.deactivate());
				await comesDownTo(anchor, 0);
			},
		),
	];
});

const lostAnswers: RegistrationAudit[] = [
	audit(
		'dd34',
		'MUST have one webhook after Anchor made it and its answer was lost',
		async (scene) => {
			const { anchor, workflow } = scene;
			anchor.outage({ mode: 'close', calls: 'POST /v1/webhooks', when: 'after', times: 1 });
			await workflow.activate();
			went(await workflow.activate());
			await isServed(scene, workflow);
			hasWebhooks(anchor, 1);
		},
	),
	audit(
		'81fc',
		'MUST be in order after Anchor rotated the secret and its answer was lost',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			went(await workflow.activate());
			const { id } = await isServed(scene, workflow);
			await workflow.writeStaticData!('{}');
			const calls = '/v1/webhooks/:id/rotate-secret';
			anchor.outage({ mode: 'close', calls, when: 'after', times: 1 });
			await n8n.restart();
			strictEqual((await isServed(scene, workflow)).id, id);
			hasWebhooks(anchor, 1);
		},
		{ needs: ['staticData'] },
	),
	audit(
		'a6b7',
		'MUST be in order after Anchor deleted the webhook and its answer was lost',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.activate());
			anchor.outage({ mode: 'close', calls: 'DELETE *', when: 'after', times: 1 });
			await workflow.deactivate();
			await comesDownTo(anchor, 0);
			went(await workflow.activate());
			await isServed(scene, workflow);
			hasWebhooks(anchor, 1);
		},
	),
];

const crashes: RegistrationAudit[] = [
	audit('34d5', 'MUST have the same one webhook after n8n was restarted', async (scene) => {
		const { anchor, n8n, workflow } = scene;
		went(await workflow.activate());
		const before = copyOf(await isServed(scene, workflow));
		for (let time = 0; time < 3; time++) await n8n.restart();
		strictEqual((await isServed(scene, workflow)).id, before.id);
		hasWebhooks(anchor, 1);
	}),
	...(
		[
			['f8e3', 'before Anchor made the webhook', 'before'],
			['15a0', 'after Anchor made the webhook', 'after'],
		] as const
	).map(([id, when, stage]) =>
		audit(
			id,
			`MUST have one webhook after n8n was killed during activation, ${when}`,
			async (scene) => {
				const { anchor, n8n, workflow } = scene;
				const hold = anchor.hold('POST /v1/webhooks', stage);
				const activating = workflow.activate().catch(() => {});
				await hold.arrived;
				await n8n.crash!();
				hold.release();
				await n8n.restart();
				went(await workflow.activate());
				await isServed(scene, workflow);
				hasWebhooks(anchor, 1);
				void activating;
			},
			{ needs: ['crash'] },
		),
	),
	audit(
		'c2b9',
		'MUST be in order after n8n was killed while the secret was rotated',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			went(await workflow.activate());
			const { id } = await isServed(scene, workflow);
			await workflow.writeStaticData!('{}');
			const hold = anchor.hold('POST /v1/webhooks/:id/rotate-secret', 'after');
			const restarting = n8n.restart();
			await hold.arrived;
			await n8n.crash!();
			hold.release();
			await n8n.restart();
			strictEqual((await isServed(scene, workflow)).id, id);
			hasWebhooks(anchor, 1);
			void restarting;
		},
		{ needs: ['crash', 'staticData', 'answersWhileStarting'] },
	),
	audit(
		'6f4d',
		'MUST be in order after n8n was killed during deactivation',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			went(await workflow.activate());
			const hold = anchor.hold('DELETE *', 'after');
			const ending = workflow.deactivate().catch(() => {});
			await hold.arrived;
			await n8n.crash!();
			hold.release();
			await n8n.restart();
			went(await workflow.activate());
			await isServed(scene, workflow);
			hasWebhooks(anchor, 1);
			void ending;
		},
		{ needs: ['crash'] },
	),
];

const company: RegistrationAudit[] = [
	audit('9c56', 'MUST serve a duplicated workflow beside the original', async (scene) => {
		const { anchor, workflow } = scene;
		went(await workflow.activate());
		const original = copyOf(await isServed(scene, workflow));
		const copy = await workflow.duplicate();
		went(await copy.activate());
		const copied = await isServed(scene, copy);
		notStrictEqual(copied.id, original.id);
		isUntouched(anchor, original);
		hasWebhooks(anchor, 2);
		went(await copy.deactivate());
		await comesDownTo(anchor, 1);
		isUntouched(anchor, original);
		await isServed(scene, workflow);
	}),
	audit('07eb', 'MUST leave the original alone when a copy was never active', async (scene) => {
		const { anchor, workflow } = scene;
		went(await workflow.activate());
		const original = copyOf(await isServed(scene, workflow));
		const copy = await workflow.duplicate();
		await copy.deactivate();
		isUntouched(anchor, original);
		await isServed(scene, workflow);
		hasWebhooks(anchor, 1);
	}),
	audit(
		'e492',
		'MUST serve a workflow that was imported into another n8n beside the original',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.activate());
			const original = copyOf(await isServed(scene, workflow));
			const elsewhere = await scene.anotherN8n();
			const imported = await elsewhere.importWorkflow(await workflow.exported());
			went(await imported.activate());
			notStrictEqual((await isServed(scene, imported)).id, original.id);
			isUntouched(anchor, original);
			hasWebhooks(anchor, 2);
			went(await imported.deactivate());
			await comesDownTo(anchor, 1);
			isUntouched(anchor, original);
			await isServed(scene, workflow);
		},
	),
	audit('5ad1', 'MUST NOT export a secret', async (scene) => {
		const { anchor, workflow } = scene;
		went(await workflow.activate());
		went(await workflow.activate());
		const webhook = await isServed(scene, workflow);
		const json = await workflow.exported();
		for (const secret of [webhook.secret, ...webhook.previousSecrets.map(({ value }) => value)]) {
			strictEqual(json.includes(secret), false, 'a signing secret');
		}
		strictEqual(json.includes(anchor.apiKey), false, 'the API key');
	}),
	audit(
		'2b83',
		'MUST NOT log a secret',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			anchor.outage({
				mode: 500,
				times: 1,
				message: `${'so long a text '.repeat(19)}${anchor.apiKey}`,
			});
			await workflow.activate();
			went(await workflow.activate());
			went(await workflow.activate());
			const webhook = await isServed(scene, workflow);
			const log = n8n.log!();
			for (const secret of [webhook.secret, anchor.apiKey]) {
				strictEqual(log.includes(secret), false);
			}
		},
		{ needs: ['log'] },
	),
	audit(
		'd07c',
		'MUST name the webhooks that fill the project, and touch none of them',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			const others = [1, 2, 3, 4].map((number) => strangers(anchor, number));
			const ours = await n8n.addWorkflow({ name: 'The fifth' });
			went(await ours.activate());
			const fifth = copyOf(await isServed(scene, ours));

			const { message, description } = refused(await workflow.activate());
			match(message, /5|five/i);
			for (const { id } of [...others, fifth]) ok(description.includes(id), `names ${id}`);
			ok(description.includes('The fifth'), 'says for which workflow n8n made it');
			for (const webhook of [...others, fifth]) isUntouched(anchor, webhook);
			hasWebhooks(anchor, 5);

			anchor.removeWebhook(others[0].id);
			went(await workflow.activate());
			await isServed(scene, workflow);
			hasWebhooks(anchor, 5);
		},
	),
	audit(
		'48f9',
		'MUST have one webhook after two processes activated at the same moment',
		async (scene) => {
			const { anchor, n8n, workflow } = scene;
			const endings = await workflow.activateTwice!();
			ok(endings.some(({ ok: fine }) => fine));
			hasWebhooks(anchor, 1);
			await isServed(scene, workflow);
			// Each process, and whichever comes after them, verifies with what the database holds.
			await n8n.restart();
			await isServed(scene, workflow);
			hasWebhooks(anchor, 1);
		},
		{ needs: ['processes'] },
	),
];

/** A sample that comes by itself would end listening before the audit has looked. */
const NO_SAMPLE = { parameters: { options: { sampleEvent: '' } } };

const listening: RegistrationAudit[] = [
	audit(
		'a31e',
		'MUST listen with a webhook of its own and leave production alone',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.activate());
			const production = copyOf(await isServed(scene, workflow));
			went(await workflow.listen());
			hasWebhooks(anchor, 2);
			isUntouched(anchor, production);
			await isServed(scene, workflow);

			const test = anchor.webhooks().find(({ url }) => url === workflow.testAddress())!;
			const forged = anchor.emit('task.completed', { to: test.id, sign: 'forged' });
			await forged.settled;
			strictEqual(forged.deliveries[0].attempts[0].status, 401);
			strictEqual(await workflow.isListening(), true, 'a refused request does not end listening');
			await comesThrough(anchor, workflow, test);
			await anchor.requested('DELETE *');
			strictEqual(await workflow.isListening(), false);
			hasWebhooks(anchor, 1);
			isUntouched(anchor, production);
			await isServed(scene, workflow);
		},
		NO_SAMPLE,
	),
	audit(
		'bc60',
		'MUST leave nothing behind when listening is cancelled',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.listen());
			hasWebhooks(anchor, 1);
			await workflow.stopListening();
			hasWebhooks(anchor, 0);
		},
		NO_SAMPLE,
	),
	audit(
		'd86b',
		'MUST leave production alone when somebody listens with no event selected',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.activate());
			const production = copyOf(await isServed(scene, workflow));
			const calls = madeOrRemoved(anchor);
			refused(await workflow.listen({ events: [] }));
			await workflow.outlivesItsEnd();
			strictEqual(madeOrRemoved(anchor), calls);
			isUntouched(anchor, production);
			await isServed(scene, workflow);
		},
	),
	audit(
		'2e59',
		'MUST leave production alone when listening ends while it still begins',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.activate());
			const production = copyOf(await isServed(scene, workflow));
			const hold = anchor.hold('POST /v1/webhooks', 'before');
			const listening = workflow.listen();
			await hold.arrived;
			const ended = workflow.stopListening();
			hold.release();
			await Promise.all([listening, ended]);
			await comesDownTo(anchor, 1);
			await workflow.outlivesItsEnd();
			isUntouched(anchor, production);
			await isServed(scene, workflow);
		},
		{ needs: ['endsListeningEarly'], ...NO_SAMPLE },
	),
	audit(
		'74e7',
		'MUST serve a publication while the editor listens',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.listen());
			went(await workflow.activate());
			await isServed(scene, workflow);
			hasWebhooks(anchor, 2);
			const test = anchor.webhooks().find(({ url }) => url === workflow.testAddress())!;
			await comesThrough(anchor, workflow, test);
			await anchor.requested('DELETE *');
			await isServed(scene, workflow);
			hasWebhooks(anchor, 1);
		},
		NO_SAMPLE,
	),
	audit(
		'0f1d',
		'MUST ask Anchor for the sample event while the editor listens, and never in production',
		async (scene) => {
			const { anchor, workflow } = scene;
			went(await workflow.activate());
			deepStrictEqual(anchor.requests({ calls: '/v1/webhooks/:id/test' }), []);
			went(await workflow.listen());
			const [sample] = await anchor.delivered({ type: 'task.failed' });
			strictEqual(sample.status, 'succeeded');
			strictEqual(await workflow.runsOf(sample.eventId), 1);
			await isServed(scene, workflow);
			strictEqual(anchor.requests({ calls: '/v1/webhooks/:id/test' }).length, 1);
		},
		{ parameters: { options: { sampleEvent: 'task.failed' } } },
	),
];

/** Words that a user can act on, for each way in which Anchor says no. */
const REFUSALS: ReadonlyArray<[id: string, status: number, says: RegExp]> = [
	['c911', 400, /address|events/i],
	['3f5a', 401, /API key/i],
	['87d0', 402, /credits/i],
	['ea4c', 403, /key|rights|limit/i],
	['d168', 404, /Base URL/i],
	['52fb', 409, /webhooks/i],
	['96a7', 422, /address|events/i],
	['1e02', 429, /7 seconds/i],
	['b3c8', 500, /again/i],
];

const refusals: RegistrationAudit[] = REFUSALS.map(([id, status, says]) =>
	audit(id, `MUST say what to do when Anchor answers ${status} to a publication`, async (scene) => {
		const { anchor, workflow } = scene;
		const outage = anchor.outage({
			mode: status,
			calls: 'POST /v1/webhooks',
			retryAfterSeconds: 7,
		});
		const { message, description } = refused(await workflow.activate());
		// n8n 1.x shows the description alone, its log the message alone: each must do by itself.
		match(description, says);
		match(message, /Anchor Browser|API key/);
		outage.lift();
		hasWebhooks(anchor, 0);
		went(await workflow.activate());
		await isServed(scene, workflow);
		hasWebhooks(anchor, 1);
	}),
);

/**
 * What a registration that keeps itself in order has to do, as runnable checks against Anchor's simulator. After each,
 * exactly one production webhook leads to the trigger and deliveries are still verified.
 */
export const registrationAudits: readonly RegistrationAudit[] = [
	...ordinary,
	...changes,
	...byHand,
	...outages,
	...lostAnswers,
	...crashes,
	...company,
	...listening,
	...refusals,
];
