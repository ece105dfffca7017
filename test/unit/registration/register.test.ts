import { NodeApiError, UserError } from 'n8n-workflow';
import { EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import { formatMark, ownerKeyOf } from '../../../nodes/AnchorBrowser/registration/mark';
import type { MarkOwner } from '../../../nodes/AnchorBrowser/registration/mark';
import { ensureRegistered, inspect } from '../../../nodes/AnchorBrowser/registration/register';
import type {
	RegistrationOutcome,
	RegistrationRequest,
} from '../../../nodes/AnchorBrowser/registration/register';
import { openSecrets } from '../../../nodes/AnchorBrowser/registration/state';
import type { RegistrationState } from '../../../nodes/AnchorBrowser/registration/state';
import { AnchorInMemory, API_KEY } from './anchorInMemory';
import type { Answer } from './anchorInMemory';

const DAY = 86_400_000;
const URL_HERE = 'https://n8n.example.com/webhook/0b6f/webhook';
const URL_OLD = 'https://old.example.com/webhook/0b6f/webhook';
const EVENTS = ['task.completed', 'task.failed'];
const owner: MarkOwner = {
	workflowName: 'Invoices',
	instanceId: 'instance',
	workflowId: 'wf1',
	nodeId: 'node-1',
	mode: 'production',
};
const tester: MarkOwner = { ...owner, mode: 'test' };
const sealing = { apiKey: API_KEY, workflowId: 'wf1', nodeId: 'node-1' };
const OUTAGES: Array<[string, Answer]> = [
	['no answer in time', { code: 'ECONNABORTED' }],
	['Anchor cannot be reached', { code: 'ECONNREFUSED' }],
	['500', { status: 500 }],
	['503 with a page', { status: 503, body: '<html>busy</html>' }],
	['429', { status: 429, headers: { 'retry-after': '7' } }],
	['a page in place of an answer', { status: 200, body: '<html>maintenance</html>' }],
];
const REFUSALS: Array<[string, Answer]> = [401, 402, 403].map((status) => [
	String(status),
	{ status, body: { error: { message: `no, ${API_KEY}` } } },
]);

let anchor: AnchorInMemory;
beforeEach(() => {
	anchor = new AnchorInMemory();
});

const requestOf = (
	stored: RegistrationState | undefined,
	fields: Partial<RegistrationRequest> = {},
): RegistrationRequest => ({
	owner,
	url: URL_HERE,
	events: EVENTS,
	rotate: false,
	stored,
	nowMs: anchor.nowMs,
	...fields,
});
const register = async (
	stored?: RegistrationState,
	fields: Partial<RegistrationRequest> = {},
): Promise<RegistrationOutcome> =>
	await ensureRegistered(anchor.context(), requestOf(stored, fields));
const look = async (stored?: RegistrationState, fields: Partial<RegistrationRequest> = {}) =>
	await inspect(anchor.context(), requestOf(stored, fields));
/** A registration made in the ordinary way. */
const registered = async (
	fields: Partial<RegistrationRequest> = {},
): Promise<RegistrationState> => {
	const { state } = await register(undefined, fields);
	anchor.takeChanges();
	anchor.log.length = 0;
	return state as RegistrationState;
};
const secretsOf = (state: RegistrationState | undefined, nowMs = anchor.nowMs) =>
	state === undefined ? [] : openSecrets(state, sealing, nowMs);
/** Whether a delivery that Anchor signs now can be verified with what is stored. */
const verifies = ({ state }: RegistrationOutcome) => {
	const current = secretsOf(state).find(({ age }) => age === 'current');
	return current !== undefined && anchor.find(state?.webhookId ?? '')?.secret === current.value;
};
const thrown = async (promise: Promise<unknown>): Promise<NodeApiError> => {
	const error: unknown = await promise.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	expect(error).toBeInstanceOf(NodeApiError);
	return error as NodeApiError;
};
const fill = (count: number) => {
	for (let index = 0; index < count; index += 1) anchor.add();
};

describe('a first activation', () => {
	it('creates one webhook, marked, and stores its secret sealed', async () => {
		const outcome = await register();
		expect(anchor.webhooks).toHaveLength(1);
		expect(anchor.webhooks[0]).toMatchObject({
			url: URL_HERE,
			description: formatMark(owner),
			subscribed_events: EVENTS,
		});
		expect(outcome.action).toBe('created');
		expect(outcome.state).toEqual({
			webhookId: anchor.webhooks[0].id,
			url: URL_HERE,
			events: EVENTS,
			leftOut: [],
			owner: ownerKeyOf(owner),
			secret: expect.stringMatching(/^v1\./),
			registeredAt: anchor.nowMs,
			lastSeenAt: anchor.nowMs,
		});
		expect(verifies(outcome)).toBe(true);
		expect(JSON.stringify([outcome, anchor.log])).not.toContain(anchor.webhooks[0].secret);
	});

	it('takes * for every event that the catalogue has', async () => {
		await register(undefined, { events: ['*', 'task.failed'] });
		expect(anchor.webhooks[0].subscribed_events).toEqual(EVENT_TYPES);
	});

	it('asks Anchor nothing when Anchor would refuse the address, and names the setting', async () => {
		const url = 'http://localhost:5678/webhook/x/webhook';
		for (const attempt of [register(undefined, { url }), look(undefined, { url })]) {
			const error = await thrown(attempt);
			expect(error.message).toContain('WEBHOOK_URL');
			expect(error.description).toContain('WEBHOOK_URL');
		}
		expect(anchor.requests).toEqual([]);
	});

	it('with an API on this machine, takes the address as it is', async () => {
		anchor.credential = { apiKey: API_KEY, baseUrl: 'http://127.0.0.1:4010' };
		anchor.breakDown({ status: 401 });
		const error = await thrown(register(undefined, { url: 'http://localhost:5678/webhook/x' }));
		expect(error.httpCode).toBe('401');
	});
});

describe('an activation of what is in order', () => {
	it('is seen as in order, ten times over, and changes nothing', async () => {
		let state = await registered();
		for (let round = 0; round < 10; round += 1) {
			anchor.nowMs += 1_000;
			const seen = await look(state);
			expect(seen).toEqual({ upToDate: true, state: { ...state, lastSeenAt: anchor.nowMs } });
			const outcome = await register(state);
			expect(outcome.action).toBe('kept');
			state = outcome.state as RegistrationState;
		}
		expect(anchor.takeChanges()).toEqual([]);
		expect(anchor.webhooks).toHaveLength(1);
	});

	it('forgets the previous secret when its time is over', async () => {
		const first = await registered();
		const { state } = await register(first, { rotate: true });
		expect(secretsOf(state, anchor.nowMs + DAY - 1).map(({ age }) => age)).toEqual([
			'current',
			'previous',
		]);
		expect(secretsOf(state, anchor.nowMs + DAY).map(({ age }) => age)).toEqual(['current']);
		anchor.nowMs += DAY;
		expect((await register(state)).state).not.toHaveProperty('previous');
	});
});

describe('what was changed at Anchor by hand', () => {
	it.each<[string, object]>([
		['address', { url: URL_OLD }],
		['events', { subscribed_events: ['session.failed'] }],
		['switched off', { enabled: false }],
		['description', { description: 'edited' }],
		['all of it', { url: URL_OLD, subscribed_events: [], enabled: false, description: null }],
	])('%s: repaired with one PATCH; id, secret and history stay', async (_what, change) => {
		const state = await registered();
		Object.assign(anchor.webhooks[0], change);
		expect((await look(state)).upToDate).toBe(false);
		const outcome = await register(state);
		expect(outcome.action).toBe('updated');
		expect(anchor.takeChanges()).toEqual([`PATCH /v1/webhooks/${state.webhookId}`]);
		expect(anchor.webhooks[0]).toMatchObject({
			url: URL_HERE,
			subscribed_events: EVENTS,
			enabled: true,
			description: formatMark(owner),
		});
		expect(verifies(outcome)).toBe(true);
	});

	it('deleted: a new one is created', async () => {
		const state = await registered();
		anchor.remove(state.webhookId);
		expect((await look(state)).upToDate).toBe(false);
		const outcome = await register(state);
		expect(outcome.action).toBe('created');
		expect(anchor.webhooks).toHaveLength(1);
		expect(verifies(outcome)).toBe(true);
		expect(secretsOf(outcome.state)).toHaveLength(1);
	});

	it('deleted between looking and changing: looks again and creates', async () => {
		const state = await registered();
		anchor.webhooks[0].enabled = true;
		anchor.webhooks[0].subscribed_events = [];
		anchor.answer(/^PATCH/, { status: 404 }, { first: () => anchor.remove(state.webhookId) });
		const outcome = await register(state);
		expect(outcome.action).toBe('created');
		expect(verifies(outcome)).toBe(true);
	});

	it('found gone every time it is to be changed: gives up after three rounds, with words', async () => {
		const state = await registered();
		anchor.webhooks[0].subscribed_events = [];
		anchor.answer(/^PATCH/, { status: 404 }, { times: Infinity });
		expect((await thrown(register(state))).message).toContain('keep changing');
		expect(anchor.takeChanges()).toHaveLength(3);
	});
});

describe('a secret that is not known', () => {
	it.each<[string, (state: RegistrationState) => RegistrationState | undefined]>([
		['static data was wiped', () => undefined],
		[
			'the sealed secret is damaged',
			(state) => ({ ...state, secret: `${state.secret.slice(0, -2)}AA` }),
		],
		['it was never stored', (state) => ({ ...state, secret: '' })],
		['another id is stored', (state) => ({ ...state, webhookId: 'wh_gone' })],
	])('%s: rotated in place, nothing created', async (_what, damage) => {
		const state = await registered();
		const changing: boolean[] = [];
		expect((await look(damage(state))).upToDate).toBe(false);
		const outcome = await register(damage(state), { onSecretChanging: (on) => changing.push(on) });
		expect(outcome.action).toBe('rotated');
		expect(anchor.takeChanges()).toEqual([`POST /v1/webhooks/${state.webhookId}/rotate-secret`]);
		expect(anchor.webhooks).toHaveLength(1);
		expect(outcome.state?.webhookId).toBe(state.webhookId);
		expect(verifies(outcome)).toBe(true);
		expect(changing).toEqual([true]);
	});

	it('another API key: rotated in place, and nothing sealed under the old one is trusted', async () => {
		const state = (await register(await registered(), { rotate: true })).state as RegistrationState;
		anchor.credential = { apiKey: 'another-key', baseUrl: 'https://api.example.com' };
		const { action, state: fresh } = await register(state);
		expect(action).toBe('rotated');
		const opened = openSecrets(
			fresh as RegistrationState,
			{ ...sealing, apiKey: 'another-key' },
			anchor.nowMs,
		);
		expect(opened).toEqual([{ value: anchor.webhooks[0].secret, age: 'current' }]);
	});

	it('changes what differs first, so that the secret is stored the moment it is there', async () => {
		await registered();
		anchor.webhooks[0].url = URL_OLD;
		const outcome = await register();
		expect(anchor.takeChanges()).toEqual([
			'PATCH /v1/webhooks/wh_001',
			'POST /v1/webhooks/wh_001/rotate-secret',
		]);
		expect(anchor.webhooks[0].url).toBe(URL_HERE);
		expect(verifies(outcome)).toBe(true);
	});

	it.each(OUTAGES)(
		'%s: cannot be rotated, so the activation does not stand',
		async (_what, answer) => {
			await registered();
			anchor.answer(/rotate-secret/, answer, { times: Infinity });
			const changing: boolean[] = [];
			await thrown(register(undefined, { onSecretChanging: (on) => changing.push(on) }));
			expect(changing).toEqual([true, false]);
		},
	);

	it('an answer without the new secret does not stand either', async () => {
		await registered();
		anchor.answer(/rotate-secret/, { status: 200, body: { id: 'wh_001' } });
		await thrown(register());
	});

	it('one that is gone when its secret is to be rotated is created anew', async () => {
		await registered();
		anchor.answer(/rotate-secret/, { status: 404 }, { first: () => anchor.remove('wh_001') });
		expect(verifies(await register())).toBe(true);
	});
});

describe('a rotation that is asked for', () => {
	it('keeps the secret before for 24 hours', async () => {
		const before = await registered();
		const [old] = secretsOf(before);
		expect((await look(before, { rotate: true })).upToDate).toBe(false);
		const outcome = await register(before, { rotate: true });
		expect(outcome.action).toBe('rotated');
		expect(verifies(outcome)).toBe(true);
		expect(secretsOf(outcome.state)[1]).toEqual({ value: old.value, age: 'previous' });
		expect(outcome.state?.previous?.expiresAt).toBe(anchor.nowMs + DAY);
		expect(outcome.state?.registeredAt).toBe(before.registeredAt);
	});

	it('is the last thing that happens, after changes and sweeping', async () => {
		const state = await registered();
		anchor.webhooks[0].enabled = false;
		anchor.add({ description: formatMark(owner), url: URL_OLD });
		await register(state, { rotate: true });
		expect(anchor.takeChanges()).toEqual([
			'PATCH /v1/webhooks/wh_001',
			'DELETE /v1/webhooks/wh_002',
			'POST /v1/webhooks/wh_001/rotate-secret',
		]);
	});

	it('whose answer is lost is made again, so that the secret is known', async () => {
		const state = await registered();
		anchor.answer(/rotate-secret/, 'carried out, answer lost');
		const outcome = await register(state, { rotate: true });
		expect(outcome.action).toBe('rotated');
		expect(verifies(outcome)).toBe(true);
	});

	it.each(OUTAGES)(
		'%s: goes on with the secret in use, and rotates next time unasked',
		async (_what, answer) => {
			const state = await registered();
			anchor.answer(/rotate-secret/, answer, { times: Infinity });
			const changing: boolean[] = [];
			const outcome = await register(state, {
				rotate: true,
				onSecretChanging: (on) => changing.push(on),
			});
			expect(outcome.action).toBe('unchecked');
			expect(changing).toEqual([true, false]);
			expect(verifies(outcome)).toBe(true);
			expect(anchor.log.map(({ level }) => level)).toEqual(['warn']);

			anchor.recover();
			expect((await look(outcome.state)).upToDate).toBe(false);
			const next = await register(outcome.state);
			expect(next.action).toBe('rotated');
			expect(next.state).not.toHaveProperty('rotationUnsettled');
			expect(verifies(next)).toBe(true);
		},
	);
});

describe('an outage', () => {
	it.each(OUTAGES)(
		'%s: a complete registration is kept, with a line in the log',
		async (_what, answer) => {
			const state = await registered();
			anchor.breakDown(answer);
			expect(await look(state)).toEqual({ upToDate: true, state });
			expect(await register(state)).toEqual({ action: 'unchecked', state, leftOut: [] });
			expect(anchor.lines()).toHaveLength(2);
			expect(anchor.lines()[0]).toContain(`${state.webhookId} stays as it is`);
			expect(anchor.lines().join()).not.toContain(API_KEY);
		},
	);

	it.each(OUTAGES)(
		'%s: without a complete registration the activation does not stand',
		async (_what, answer) => {
			const state = await registered();
			anchor.breakDown(answer);
			const incomplete: Array<[RegistrationState | undefined, Partial<RegistrationRequest>]> = [
				[undefined, {}],
				[{ ...state, secret: '' }, {}],
				[{ ...state, disabled: true }, {}],
				[state, { url: URL_OLD }],
				[{ ...state, owner: 'of the original' }, {}],
			];
			for (const [kept, fields] of incomplete) {
				await thrown(register(kept, fields));
				await thrown(look(kept, fields));
			}
		},
	);

	it.each(OUTAGES)(
		'%s: begins after looking, while events change: kept, for it still delivers',
		async (_what, answer) => {
			const state = await registered();
			anchor.webhooks[0].subscribed_events = [];
			anchor.answer(/^PATCH/, answer);
			expect((await register(state)).action).toBe('unchecked');
		},
	);

	it('begins after looking, while it does not deliver to us: does not stand', async () => {
		const state = await registered();
		for (const change of [{ enabled: false }, { enabled: true, url: URL_OLD }]) {
			Object.assign(anchor.webhooks[0], change);
			anchor.answer(/^PATCH/, { status: 503 });
			await thrown(register(state));
		}
	});

	it('begins while the stored webhook, missing in the list, is looked for: kept', async () => {
		const state = await registered();
		anchor.webhooks[0].enabled = false;
		anchor.answer(/^GET .*wh_001/, { status: 503 });
		expect((await register(state)).action).toBe('unchecked');
	});
});

describe('a refusal that only a person can lift', () => {
	it.each(REFUSALS)(
		'%s always throws, complete or not, and says so to n8n',
		async (status, answer) => {
			const state = await registered();
			anchor.breakDown(answer);
			for (const attempt of [register(state), register(), look(state), look()]) {
				const error = await thrown(attempt);
				expect(error.httpCode).toBe(status);
				expect(error.cause).toBeInstanceOf(UserError);
				expect(JSON.stringify([error.message, error.description, error.messages])).not.toContain(
					API_KEY,
				);
			}
			expect(anchor.webhooks).toHaveLength(1);
		},
	);
});

describe('events that Anchor does not take', () => {
	const all = { events: ['*'] };
	const documented = EVENT_TYPES.filter((event) => event !== 'session.ready');
	const refuseReady = () => {
		anchor.takes = (event) => event !== 'session.ready';
	};

	it('are left out of a new webhook, named in the log, and returned', async () => {
		refuseReady();
		const outcome = await register(undefined, all);
		expect(outcome).toMatchObject({ action: 'created', leftOut: ['session.ready'] });
		expect(outcome.state).toMatchObject({ events: documented, leftOut: ['session.ready'] });
		expect(anchor.webhooks[0].subscribed_events).toEqual(documented);
		expect(anchor.lines().some((line) => line.includes('session.ready'))).toBe(true);
		expect(verifies(outcome)).toBe(true);
	});

	it('are asked for again on the next activation, without harm', async () => {
		refuseReady();
		const state = await registered(all);
		expect((await look(state, all)).upToDate).toBe(false);
		const outcome = await register(state, all);
		expect(outcome).toMatchObject({ action: 'kept', leftOut: ['session.ready'] });
		expect(anchor.webhooks[0].subscribed_events).toEqual(documented);
		expect(verifies(outcome)).toBe(true);
	});

	it.each<[string, Answer]>([...OUTAGES, ['400', { status: 400 }]])(
		'asking again and %s: without harm',
		async (_what, answer) => {
			refuseReady();
			const state = await registered(all);
			anchor.answer(/^PATCH/, answer, { times: Infinity });
			expect((await register(state, all)).action).toBe('kept');
		},
	);

	it('are added once Anchor takes them', async () => {
		refuseReady();
		const state = await registered(all);
		anchor.takes = () => true;
		const outcome = await register(state, all);
		expect(outcome).toMatchObject({ action: 'updated', leftOut: [] });
		expect(anchor.webhooks[0].subscribed_events).toEqual(EVENT_TYPES);
		expect((await look(outcome.state, all)).upToDate).toBe(true);
	});

	it('are left out of a change too', async () => {
		const state = await registered();
		refuseReady();
		const outcome = await register(state, all);
		expect(outcome).toMatchObject({ action: 'updated', leftOut: ['session.ready'] });
		expect((await look(outcome.state)).upToDate).toBe(false);
	});

	it('a documented one that Anchor names is left out as well', async () => {
		anchor.takes = (event) => event !== 'task.failed';
		anchor.refusal = (event) => ({ error: { message: `Unknown event type: ${event}` } });
		const outcome = await register();
		expect(outcome).toMatchObject({ action: 'created', leftOut: ['task.failed'] });
		expect(verifies(outcome)).toBe(true);
	});

	it('a 400 for another reason fails with the words of Anchor', async () => {
		anchor.answer(
			/^POST/,
			{ status: 400, body: { message: 'url is not reachable' } },
			{ times: Infinity },
		);
		const error = await thrown(register(undefined, all));
		expect(error.description).toContain('url is not reachable');
		expect(error.description).toContain('WEBHOOK_URL');
	});
});

describe('five webhooks', () => {
	it('all others: the message names them, and which n8n made them for which workflow', async () => {
		fill(3);
		anchor.add({
			url: URL_OLD,
			description: formatMark({ ...owner, workflowId: 'wf2', workflowName: 'Bills' }),
		});
		anchor.add({ description: formatMark({ ...tester, instanceId: 'other' }) });
		const { message, description, httpCode, cause } = await thrown(register());
		expect(httpCode).toBe('409');
		expect(cause).toBeInstanceOf(UserError);
		expect(message).toContain('All 5 webhooks');
		for (const part of [
			'1. other-1.example.com, not made by n8n, wh_001',
			'3. other-3.example.com',
			'4. old.example.com, made by this n8n for the workflow "Bills" (production), wh_004',
			'5. other-5.example.com, made by another n8n for the workflow "Invoices" (test), wh_005',
		]) {
			expect(description).toContain(part);
			expect(message).toContain(part);
		}
		expect(anchor.webhooks).toHaveLength(5);
	});

	it('disabled ones that Anchor does not list: the message says that there may be more', async () => {
		fill(5);
		anchor.webhooks[0].enabled = false;
		expect((await thrown(register())).description).toContain('may be missing here');
	});

	it('more than five, should Anchor allow it: created all the same', async () => {
		fill(5);
		anchor.maxWebhooks = 10;
		expect(verifies(await register())).toBe(true);
	});

	it('ours appears while we ask: it is adopted', async () => {
		fill(4);
		anchor.answer(
			/^POST \/v1\/webhooks$/,
			{ status: 409, body: { error: 'limit' } },
			{ first: () => anchor.add({ url: URL_HERE, description: formatMark(owner) }) },
		);
		const outcome = await register();
		expect(outcome).toMatchObject({ action: 'rotated', state: { webhookId: 'wh_005' } });
		expect(verifies(outcome)).toBe(true);
	});

	it('an ended test of ours among them is removed first', async () => {
		fill(4);
		anchor.add({ url: URL_OLD, description: formatMark(tester) });
		anchor.nowMs += DAY;
		const outcome = await register();
		expect(outcome.action).toBe('created');
		expect(anchor.find('wh_005')).toBeUndefined();
	});
});

describe('a creation that goes wrong', () => {
	it('throws, and the next one takes up what was made', async () => {
		anchor.answer(/^POST/, 'carried out, answer lost');
		await thrown(register());
		const outcome = await register();
		expect(outcome.action).toBe('rotated');
		expect(anchor.webhooks).toHaveLength(1);
		expect(verifies(outcome)).toBe(true);
	});

	it('answered without a secret: what was made is removed again', async () => {
		anchor.answer(/^POST/, { status: 201, body: { id: 'wh_001' } }, { first: () => anchor.add() });
		await thrown(register());
		expect(anchor.webhooks).toEqual([]);
	});

	it('answered without an id: found by its mark and removed again', async () => {
		anchor.add();
		anchor.answer(
			/^POST/,
			{ status: 201, body: {} },
			{
				first: () => anchor.add({ description: formatMark(owner) }),
			},
		);
		await thrown(register());
		expect(anchor.webhooks.map(({ id }) => id)).toEqual(['wh_001']);
	});

	it.each([500, 503, 422, 418])('%d throws', async (status) => {
		anchor.answer(/^POST/, { status }, { times: Infinity });
		expect((await thrown(register())).httpCode).toBe(String(status));
	});
});

describe('leftovers', () => {
	it('go after the webhook is in order', async () => {
		const state = await registered();
		anchor.add({ url: URL_OLD, description: formatMark(owner) });
		expect((await look(state)).upToDate).toBe(false);
		expect((await register(state)).action).toBe('kept');
		expect(anchor.webhooks.map(({ id }) => id)).toEqual([state.webhookId]);
	});

	it.each<[string, Answer]>([...OUTAGES, ...REFUSALS])(
		'%s on the way: logged, never fatal',
		async (_what, answer) => {
			const state = await registered();
			anchor.add({ url: URL_OLD, description: formatMark(owner) });
			anchor.answer(/^DELETE/, answer);
			expect((await register(state)).action).toBe('kept');
			expect(anchor.log).toMatchObject([{ level: 'warn', meta: { webhookId: 'wh_002' } }]);
		},
	);

	it('gone already: done', async () => {
		const state = await registered();
		anchor.add({ url: URL_OLD, description: formatMark(owner) });
		anchor.answer(/^DELETE/, { status: 404 });
		await register(state);
		expect(anchor.log.map(({ level }) => level)).toEqual(['info']);
	});
});

describe('others at our address', () => {
	it.each<[string, MarkOwner]>([
		['a copy of the workflow', { ...owner, workflowId: 'wf2' }],
		['an import into another n8n', { ...owner, instanceId: 'other' }],
	])('%s never takes over the original, though its static data came along', async (_what, copy) => {
		const original = await registered();
		const outcome = await register(original, { owner: copy });
		expect(outcome.action).toBe('created');
		expect(outcome.state?.webhookId).not.toBe(original.webhookId);
		expect(anchor.webhooks).toHaveLength(2);
		expect(anchor.webhooks[0].description).toBe(formatMark(owner));
		expect(verifies({ action: 'kept', state: original, leftOut: [] })).toBe(true);
		expect(anchor.lines()[0]).toContain(original.webhookId);
	});

	it('test and production of one node live side by side', async () => {
		const production = await registered();
		const test = await register(undefined, { owner: tester, url: URL_OLD });
		expect(test.action).toBe('created');
		expect((await register(production)).action).toBe('kept');
		expect(anchor.webhooks).toHaveLength(2);
	});
});

describe('two activations at the same moment', () => {
	it('in one process: the second goes on from the first', async () => {
		const [one, two] = await Promise.all([register(), register()]);
		expect([one.action, two.action]).toEqual(['created', 'kept']);
		expect(two.state?.secret).toBe(one.state?.secret);
		expect(anchor.webhooks).toHaveLength(1);
	});

	it('of two nodes: neither waits for the other, each gets its own', async () => {
		const other = { ...owner, nodeId: 'node-2' };
		await Promise.all([register(), register(undefined, { owner: other, url: URL_OLD })]);
		expect(anchor.webhooks).toHaveLength(2);
	});

	const rival = (ageMs: number) => () => {
		anchor.nowMs -= ageMs;
		anchor.add({ url: URL_HERE, description: formatMark(owner), secret: 'of the other process' });
		anchor.nowMs += ageMs;
	};
	const afterCreating = /^GET \/v1\/webhooks$/;
	/** Lets the first look pass and acts before the second. */
	const beforeSecondLook = (first: () => void) => {
		let looks = 0;
		const carryOn = anchor.context();
		const original = carryOn.helpers.httpRequestWithAuthentication;
		carryOn.helpers.httpRequestWithAuthentication = async function (type, options) {
			const isLook = afterCreating.test(
				`${options.method} ${options.url.replace('https://api.example.com', '')}`,
			);
			if (isLook && (looks += 1) === 2) first();
			return await original.call(this, type, options);
		};
		return carryOn;
	};

	it('in two processes, the other later: ours goes, and nothing is stored', async () => {
		const context = beforeSecondLook(rival(-1_000));
		const outcome = await ensureRegistered(context, requestOf(undefined));
		expect(outcome).toEqual({ action: 'yielded', state: undefined, leftOut: [] });
		expect(anchor.webhooks).toMatchObject([{ secret: 'of the other process' }]);
	});

	it('in two processes, the other earlier: the other goes, and ours is stored', async () => {
		const context = beforeSecondLook(rival(1_000));
		const outcome = await ensureRegistered(context, requestOf(undefined));
		expect(outcome.action).toBe('created');
		expect(anchor.webhooks).toHaveLength(1);
		expect(verifies(outcome)).toBe(true);
	});

	it('in two processes at one time: both come to the same decision, by id', async () => {
		const context = beforeSecondLook(rival(0));
		expect((await ensureRegistered(context, requestOf(undefined))).action).toBe('yielded');
		expect(anchor.webhooks).toMatchObject([{ id: 'wh_002' }]);
	});

	it('the other has removed ours already: yields', async () => {
		const context = beforeSecondLook(() => {
			rival(-1_000)();
			anchor.remove('wh_001');
		});
		expect((await ensureRegistered(context, requestOf(undefined))).action).toBe('yielded');
		expect(anchor.webhooks).toHaveLength(1);
	});

	it('Anchor cannot be asked a second time: ours is stored', async () => {
		const context = beforeSecondLook(() => anchor.answer(afterCreating, { status: 503 }));
		expect(verifies(await ensureRegistered(context, requestOf(undefined)))).toBe(true);
	});
});

describe('a webhook that was switched off on deactivation', () => {
	it('is switched on again though Anchor does not list it; id, secret and history stay', async () => {
		const state = await registered();
		anchor.webhooks[0].enabled = false;
		const disabled = { ...state, disabled: true };
		expect((await look(disabled)).upToDate).toBe(false);
		const outcome = await register(disabled);
		expect(outcome).toMatchObject({ action: 'updated', state: { webhookId: state.webhookId } });
		expect(outcome.state).not.toHaveProperty('disabled');
		expect(anchor.webhooks).toMatchObject([{ enabled: true }]);
		expect(verifies(outcome)).toBe(true);
	});
});
