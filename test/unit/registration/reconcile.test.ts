import type { IHookFunctions } from 'n8n-workflow';
import type { Refusal } from '../../../nodes/AnchorBrowser/api/explain';
import { EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import { DOCUMENTED_EVENTS } from '../../simulator/events';
import {
	fingerprintOf,
	formatMark,
	ownerKeyOf,
	parseMark,
} from '../../../nodes/AnchorBrowser/registration/mark';
import { LISTENING_MS } from '../../../nodes/AnchorBrowser/registration/plan';
import { reconcile } from '../../../nodes/AnchorBrowser/registration/reconcile';
import type {
	Reconciled,
	ReconcileRequest,
} from '../../../nodes/AnchorBrowser/registration/reconcile';
import { logLineOf } from '../../../nodes/AnchorBrowser/registration/report';
import type { Happening } from '../../../nodes/AnchorBrowser/registration/report';
import { seal } from '../../../nodes/AnchorBrowser/registration/seal';
import { openSecrets } from '../../../nodes/AnchorBrowser/registration/state';
import type { RegistrationState } from '../../../nodes/AnchorBrowser/registration/state';
import { AnchorInMemory, API_KEY } from './anchorInMemory';
import type { Answer } from './anchorInMemory';
import { owner, tester, URL_HERE, URL_OLD } from './owners';

const DAY = 86_400_000;
const EVENTS = ['task.completed', 'task.failed'];
/** After which events from before are not wanted. */
const WANTED_ANEW: Array<[string, Partial<ReconcileRequest>]> = [
	['other settings', { wants: 'another digest' }],
	['a trigger that was out of service', { wasEnded: true }],
];
const sealing = { apiKey: API_KEY, workflowId: 'wf1', nodeId: 'node-1' };
const OUTAGES: Array<[string, Answer]> = [
	['no answer in time', { code: 'ECONNABORTED' }],
	['Anchor cannot be reached', { code: 'ECONNREFUSED' }],
	['500', { status: 500 }],
	['503 with a page', { status: 503, body: '<html>busy</html>' }],
	['429', { status: 429, headers: { 'retry-after': '7' } }],
	['a page in place of an answer', { status: 200, body: '<html>maintenance</html>' }],
];
const REFUSALS: Array<[number, Answer]> = [401, 402, 403].map((status) => [
	status,
	{ status, body: { error: { message: `no, ${API_KEY}` } } },
]);

let anchor: AnchorInMemory;
/** What the caller was told about a secret that changes. */
let changing: boolean[];
beforeEach(() => {
	anchor = new AnchorInMemory();
	changing = [];
});

type Asked = [
	stored?: RegistrationState,
	fields?: Partial<ReconcileRequest>,
	context?: IHookFunctions,
];
/** A reconciliation. Nothing that a user or the log is told may hold a secret. */
const reconciled = async (...[stored, fields, context]: Asked): Promise<Reconciled> => {
	const outcome = await reconcile(context ?? anchor.context(), {
		owner,
		url: URL_HERE,
		events: EVENTS,
		wants: 'digest',
		stored,
		occasion: 'publish',
		wasEnded: false,
		isTakenUp: false,
		secretIs: 'trusted',
		nowMs: anchor.nowMs,
		clockOffsetMs: 0,
		onSecretChanging: (isChanging) => changing.push(isChanging),
		...fields,
	});
	const refusal = outcome.ok ? undefined : outcome.refusal;
	const told = JSON.stringify([outcome.happened.map(logLineOf), refusal]);
	for (const hidden of [API_KEY, ...anchor.webhooks.map(({ secret }) => secret)]) {
		expect(told).not.toContain(hidden);
	}
	return outcome;
};
type Stands = Extract<Reconciled, { ok: true }> & { state: RegistrationState };
/** One that stands, and its state. */
const stands = async (...asked: Asked): Promise<Stands> => {
	const outcome = await reconciled(...asked);
	expect(outcome).toMatchObject({ ok: true, state: { url: asked[1]?.url ?? URL_HERE } });
	return outcome as Stands;
};
/** One that does not stand, and why. */
const refused = async (...asked: Asked): Promise<Refusal> => {
	const outcome = await reconciled(...asked);
	expect(outcome.ok).toBe(false);
	return (outcome as Extract<Reconciled, { ok: false }>).refusal;
};
/** One that stands, what Anchor signs now can be verified with what is stored, and the mark tells of that secret. */
const serves = async (...asked: Asked): Promise<Stands> => {
	const outcome = await stands(...asked);
	const webhook = anchor.find(outcome.state.webhookId);
	const secret = webhook?.secret ?? '';
	expect(secretsOf(outcome.state)).toContainEqual({ value: secret, age: 'current' });
	expect(parseMark(webhook?.description)?.fingerprint).toBe(fingerprintOf(secret));
	return outcome;
};
/** A registration made in the ordinary way. */
const registered = async (fields: Partial<ReconcileRequest> = {}): Promise<RegistrationState> => {
	const { state } = await stands(undefined, fields);
	anchor.takeChanges();
	return state;
};
const what = ({ happened }: { happened: Happening[] }) => happened.map((each) => each.what);
const secretsOf = (state: RegistrationState) => openSecrets(state, sealing);
const fill = (count: number) => {
	for (let index = 0; index < count; index += 1) anchor.add();
};

describe('nothing of ours at Anchor: created', () => {
	it('one webhook, marked with the fingerprint of its secret, which is stored sealed', async () => {
		const outcome = await serves();
		const [webhook] = anchor.webhooks;
		expect(anchor.webhooks).toHaveLength(1);
		expect(webhook).toMatchObject({
			url: URL_HERE,
			description: formatMark(owner, { fingerprint: fingerprintOf(webhook.secret) }),
			subscribed_events: EVENTS,
		});
		expect(outcome).toEqual({
			ok: true,
			projectId: 'p1',
			mark: parseMark(anchor.webhooks[0].description),
			anchorMs: anchor.nowMs,
			happened: [{ what: 'created', id: webhook.id }],
			state: {
				webhookId: webhook.id,
				url: URL_HERE,
				events: EVENTS,
				unsupported: [],
				owner: ownerKeyOf(owner),
				secret: expect.stringMatching(/^v1\./),
				secretSince: anchor.nowMs + 1_000,
				wants: 'digest',
				wantsSince: anchor.nowMs,
			},
		});
		expect(JSON.stringify(outcome)).not.toContain(webhook.secret);
	});

	it("times are Anchor's, not this machine's", async () => {
		anchor.tellsTime = true;
		const { state, anchorMs } = await stands(undefined, { nowMs: anchor.nowMs + 60_000 });
		expect([anchorMs, state.wantsSince]).toEqual([anchor.nowMs, anchor.nowMs]);
		expect(state.secretSince).toBe(anchor.nowMs + 1_000);
	});

	it('* stands for every event that the catalogue has', async () => {
		await stands(undefined, { events: ['*', 'task.failed'] });
		expect(anchor.webhooks[0].subscribed_events).toEqual(EVENT_TYPES);
	});

	it('a test gets no fingerprint, and one request less', async () => {
		await stands(undefined, { owner: tester });
		expect(anchor.takeChanges()).toEqual(['POST /v1/webhooks']);
		expect(anchor.webhooks[0].description).toBe(formatMark(tester, {}));
	});

	it.each(OUTAGES)('%s when the mark gets its fingerprint: it stands', async (_, answer) => {
		anchor.answer(/^PATCH/, answer);
		const outcome = await stands();
		expect(what(outcome)).toEqual(['created', 'unmarked']);
		const next = await serves(outcome.state);
		expect(next.happened).toMatchObject([{ what: 'changed', fields: ['description'] }]);
	});

	it('an address that Anchor would refuse: nothing is asked, and the setting is named', async () => {
		const { words, permanent } = await refused(undefined, { url: 'http://localhost:5678/webhook' });
		expect(words.message).toContain('WEBHOOK_URL');
		expect(permanent).toBe(true);
		expect(anchor.requests).toEqual([]);
	});

	it('without a credential, throws the words of n8n', async () => {
		anchor.credential = undefined;
		await expect(reconciled()).rejects.toThrow('does not have any credentials');
	});
});

describe('a creation that goes wrong', () => {
	it.each([500, 503, 422, 400, 418])(
		'%d does not stand, on no occasion, even when what was stored would serve',
		async (status) => {
			const state = await registered();
			anchor.remove(state.webhookId);
			anchor.answer(/^POST/, { status }, { times: Infinity });
			for (const occasion of ['publish', 'start', 'look'] as const) {
				expect(await refused(state, { occasion })).toMatchObject({ status, permanent: false });
			}
			expect(await refused()).toMatchObject({ status });
		},
	);

	it('when its answer is lost, does not stand; the next one takes up what was made', async () => {
		anchor.answer(/^POST/, 'carried out, answer lost');
		expect(await refused()).toMatchObject({ status: null });
		const outcome = await serves();
		expect(outcome.happened).toMatchObject([{ what: 'rotated', reason: 'unknown' }]);
		expect(anchor.webhooks).toHaveLength(1);
	});

	it.each([{ id: 'wh_001' }, {}])(
		'answered with %j alone: what was made is found by its mark',
		async (body) => {
			const first = () => anchor.add({ url: URL_HERE, description: formatMark(owner, {}) });
			anchor.answer(/^POST \/v1\/webhooks$/, { status: 201, body }, { first });
			const outcome = await serves();
			expect(outcome.state.webhookId).toBe('wh_001');
			expect(anchor.webhooks).toHaveLength(1);
		},
	);
});

describe('what is in order', () => {
	it.each(['publish', 'start', 'look'] as const)(
		'is kept ten times over, and nothing is asked but what is there (%s)',
		async (occasion) => {
			const state = await registered();
			for (let round = 0; round < 10; round += 1) {
				anchor.nowMs += 60_000;
				expect(await stands(state, { occasion })).toMatchObject({ state, happened: [] });
			}
			expect(anchor.requests.map(({ call }) => call)).toEqual(
				Array.from({ length: 10 }, () => 'GET /v1/webhooks'),
			);
		},
	);

	it.each(WANTED_ANEW)('%s: events from before now are not wanted', async (_, fields) => {
		const state = await registered();
		anchor.nowMs += 60_000;
		const { state: next } = await stands({ ...state, endedAt: anchor.nowMs - 1 }, fields);
		expect(next.wantsSince).toBe(anchor.nowMs);
		expect(next.secretSince).toBe(state.secretSince);
		expect(next).not.toHaveProperty('endedAt');
	});
});

describe('times that cannot be, because Anchor or a proxy once named a wrong one', () => {
	const registeredAhead = async (ms: number) => {
		anchor.tellsTime = true;
		anchor.nowMs += ms;
		const state = await registered();
		anchor.nowMs -= ms;
		return state;
	};

	it('are the present one from then on', async () => {
		const state = await registeredAhead(DAY);
		const present = { wantsSince: anchor.nowMs, secretSince: anchor.nowMs };
		expect((await serves(state)).state).toMatchObject(present);
	});

	it.each([
		['a little later: clocks differ', 50_000, 0, true],
		['not later than the clock here', DAY, DAY, true],
		['later, while Anchor does not say what time it is', DAY, 0, false],
	])('are none: %s', async (_, aheadMs, hereMs, tellsTime) => {
		const state = await registeredAhead(aheadMs);
		anchor.tellsTime = tellsTime;
		expect((await serves(state, { nowMs: anchor.nowMs + hereMs })).state).toEqual(state);
	});

	it.each<[string, Partial<ReconcileRequest>]>([
		['as it is', {}],
		['with a new secret', { secretIs: 'wrong' }],
	])('are left out of the mark, %s', async (_, fields) => {
		const state = await registered();
		anchor.tellsTime = true;
		const [webhook] = anchor.webhooks;
		const note = { fingerprint: fingerprintOf(webhook.secret), checkedMs: anchor.nowMs };
		webhook.description = formatMark(owner, { ...note, recoveredMs: anchor.nowMs + DAY });
		const { mark } = await serves(state, fields);
		expect(mark).toMatchObject({ checkedMs: anchor.nowMs });
		expect(mark).not.toHaveProperty('recoveredMs');
	});
});

describe('what differs at Anchor is changed with one PATCH; id, secret and history stay', () => {
	it.each<[string, object, string[]]>([
		['the description, written over', { description: 'edited' }, ['description']],
		[
			'all of it, so that it is not listed',
			{ url: URL_OLD, subscribed_events: [], enabled: false, description: null },
			['url', 'description', 'subscribed_events', 'enabled'],
		],
	])('%s', async (_, change, fields) => {
		const state = await registered();
		Object.assign(anchor.webhooks[0], change);
		const outcome = await serves(state);
		expect(outcome.happened).toEqual([{ what: 'changed', id: state.webhookId, fields }]);
		expect(anchor.takeChanges()).toEqual([`PATCH /v1/webhooks/${state.webhookId}`]);
		expect(anchor.webhooks).toMatchObject([
			{ url: URL_HERE, subscribed_events: EVENTS, enabled: true },
		]);
	});

	it('deleted: a new one is created, and what the former one missed is looked for in its history for 7 days', async () => {
		const state = await registered();
		anchor.remove(state.webhookId);
		anchor.nowMs += 60_000;
		const expiresAt = anchor.nowMs + 7 * DAY;
		const outcome = await serves(state);
		const { state: next } = outcome;
		expect(what(outcome)).toEqual(['created']);
		expect(secretsOf(next)).toHaveLength(1);
		const former = [{ webhookId: state.webhookId, expiresAt }];
		expect(next).toMatchObject({ wantsSince: state.wantsSince, former });
		anchor.nowMs = expiresAt - 1;
		expect((await stands(next)).state.former).toEqual(next.former);
		anchor.nowMs = expiresAt;
		expect((await stands(next)).state).not.toHaveProperty('former');
	});

	it.each([400, 403, 410])(
		'deleted, or of another project, and Anchor answers %d for its ID: a new one is created',
		async (status) => {
			const state = await registered();
			anchor.remove(state.webhookId);
			anchor.answer(/^GET .*wh_001/, { status });
			expect(what(await serves(state))).toEqual(['created']);
		},
	);

	it.each([true, false])(
		'deleted, and Anchor still shows it, enabled: %s: a new one is created',
		async (enabled) => {
			const state = await registered();
			const body = { ...anchor.webhooks[0], enabled };
			anchor.remove(state.webhookId);
			anchor.answer(/^GET .*wh_001/, { status: 200, body }, { times: Infinity });
			expect(what(await serves(state))).toEqual(['created']);
		},
	);

	it('deleted again: those before are looked for, too, the last three', async () => {
		let state = await registered();
		const ids = [];
		for (let time = 0; time < 4; time++) {
			ids.unshift(state.webhookId);
			anchor.remove(state.webhookId);
			({ state } = await stands(state));
		}
		expect(state.former?.map(({ webhookId }) => webhookId)).toEqual(ids.slice(0, 3));
	});

	it.each(WANTED_ANEW)('%s: the history of a former one is of no interest', async (_, fields) => {
		const state = await registered();
		anchor.remove(state.webhookId);
		const { state: next } = await stands(state);
		anchor.remove(next.webhookId);
		anchor.nowMs += 60_000;
		const wanted = { wantsSince: anchor.nowMs };
		for (const before of [state, next]) {
			const { state: last } = await stands(before, fields);
			expect(last).toMatchObject(wanted);
			expect(last).not.toHaveProperty('former');
		}
	});

	it('taken up from another process: one PATCH, a rotation or a creation says so in the mark', async () => {
		const state = await registered();
		const isTakenUp = true;
		const noted = () => parseMark(anchor.webhooks[0].description)?.activatedMs;
		anchor.nowMs += 60_000;
		await stands(state, { isTakenUp });
		expect(anchor.takeChanges()).toEqual([`PATCH /v1/webhooks/${state.webhookId}`]);
		expect(noted()).toBe(anchor.nowMs);
		await stands(state);
		await stands();
		expect(noted()).toBe(anchor.nowMs);
		anchor.nowMs += 60_000;
		await stands(undefined, { isTakenUp });
		expect(noted()).toBe(anchor.nowMs);
		anchor.remove(state.webhookId);
		await stands(undefined, { isTakenUp });
		expect(noted()).toBe(anchor.nowMs);
	});

	it('deleted between looking and changing: looks again and creates', async () => {
		const state = await registered();
		anchor.webhooks[0].subscribed_events = [];
		anchor.answer(/^PATCH/, { status: 404 }, { first: () => anchor.remove(state.webhookId) });
		const outcome = await serves(state);
		expect(what(outcome)).toEqual(['created']);
	});

	it('gone every time it is to be changed: gives up after three rounds, with words', async () => {
		const state = await registered();
		anchor.webhooks[0].subscribed_events = [];
		anchor.answer(/^PATCH/, { status: 404 }, { times: Infinity });
		const { words, permanent } = await refused(state);
		expect(words.message).toContain('keep changing');
		expect(permanent).toBe(false);
		expect(anchor.takeChanges()).toHaveLength(3);
	});
});

describe('a secret that is not known, or is wrong, is rotated in place', () => {
	const CHANGES = ['POST /v1/webhooks/wh_001/rotate-secret', 'PATCH /v1/webhooks/wh_001'];

	it.each<[string, (state: RegistrationState) => RegistrationState | undefined]>([
		['static data was wiped', () => undefined],
		['the sealed secret is damaged', (state) => ({ ...state, secret: `${state.secret}A` })],
		['it was never stored', (state) => ({ ...state, secret: '' })],
		['another id is stored', (state) => ({ ...state, webhookId: 'wh_gone' })],
		['an older secret was restored', (state) => ({ ...state, secret: seal('older', sealing) })],
	])('%s', async (_, damage) => {
		const state = await registered();
		const outcome = await serves(damage(state));
		expect(what(outcome)).toEqual(['rotated']);
		expect(anchor.takeChanges()).toEqual(CHANGES);
		expect(outcome.state.webhookId).toBe(state.webhookId);
		expect(changing).toEqual([true]);
		expect((await stands(outcome.state)).happened).toEqual([]);
	});

	it('refused deliveries have shown it', async () => {
		const state = await registered();
		anchor.webhooks[0].secret = 'rotated in the dashboard';
		const outcome = await serves(state, { secretIs: 'wrong', occasion: 'look' });
		expect(outcome.happened).toEqual([{ what: 'rotated', id: 'wh_001', reason: 'wrong' }]);
		expect(anchor.takeChanges()).toEqual(CHANGES);
		expect(outcome.state.wantsSince).toBe(state.wantsSince);
	});

	it('proven wrong: neither it nor the one before it is accepted any more', async () => {
		const { state } = await stands(await registered(), { secretIs: 'doubtful' });
		expect(secretsOf(state)).toHaveLength(2);
		expect(secretsOf((await stands(state, { secretIs: 'wrong' })).state)).toEqual([
			{ value: anchor.webhooks[0].secret, age: 'current' },
		]);
	});

	it('replaced by another process, or in a database that was restored since: the stored one counts for a day from when it began', async () => {
		const state = await registered();
		const outdated = { ...state, secret: seal('older', sealing) };
		const at = async (nowMs: number) => {
			anchor.nowMs = nowMs;
			return secretsOf((await stands(outdated)).state)[1];
		};
		const expiresAt = state.secretSince + DAY;
		expect(await at(expiresAt - 1)).toEqual({ value: 'older', age: 'previous', expiresAt });
		expect(await at(expiresAt)).toBeUndefined();
	});

	it('the new one is the newer, and the one before lasts 24 hours', async () => {
		const state = await registered();
		const [{ value }] = secretsOf(state);
		anchor.nowMs += 60_000;
		const outcome = await stands(state, { secretIs: 'doubtful' });
		expect(outcome.state.secretSince).toBe(anchor.nowMs + 1_000);
		const expiresAt = anchor.nowMs + DAY;
		expect(secretsOf(outcome.state)[1]).toEqual({ value, age: 'previous', expiresAt });
		anchor.nowMs += DAY - 1;
		expect((await stands(outcome.state)).state).toHaveProperty('previous');
		anchor.nowMs += 1;
		expect((await stands(outcome.state)).state).not.toHaveProperty('previous');
	});

	it('the one before lasts 24 hours by the clock of Anchor, whatever the clock here says', async () => {
		let state = await registered();
		anchor.tellsTime = true;
		for (const minutes of [-1, 1]) {
			const nowMs = anchor.nowMs + minutes * 60_000;
			({ state } = await stands(state, { secretIs: 'doubtful', nowMs }));
			expect(state.previous?.expiresAt).toBe(anchor.nowMs + DAY);
		}
	});

	it('another API key: nothing sealed under the old one is trusted', async () => {
		const { state } = await stands(await registered(), { secretIs: 'doubtful' });
		anchor.credential = { apiKey: 'another-key', baseUrl: 'https://api.example.com' };
		const { state: next } = await stands(state);
		expect(openSecrets(next, { ...sealing, apiKey: 'another-key' })).toEqual([
			{ value: anchor.webhooks[0].secret, age: 'current' },
		]);
	});

	it('another API key: the secret that the process has opened before is still accepted for 24 hours', async () => {
		const state = await registered();
		const [{ value }] = secretsOf(state);
		anchor.credential = { apiKey: 'another-key', baseUrl: 'https://api.example.com' };
		const { state: next } = await stands(state, { opened: value });
		const expiresAt = anchor.nowMs + DAY;
		expect(openSecrets(next, { ...sealing, apiKey: 'another-key' })).toEqual([
			{ value: anchor.webhooks[0].secret, age: 'current' },
			{ value, age: 'previous', expiresAt },
		]);
	});

	it('what differs is changed before, so that the secret is stored the moment it is there', async () => {
		await registered();
		anchor.webhooks[0].url = URL_OLD;
		await serves();
		expect(anchor.takeChanges()).toEqual(['PATCH /v1/webhooks/wh_001', ...CHANGES]);
		expect(anchor.webhooks[0].url).toBe(URL_HERE);
	});

	it('when the answer is lost, again, so that the secret is known', async () => {
		await registered();
		anchor.answer(/rotate-secret/, 'carried out, answer lost');
		await serves();
	});

	it('gone when its secret is to be rotated: created anew', async () => {
		await registered();
		anchor.answer(/rotate-secret/, { status: 404 }, { first: () => anchor.remove('wh_001') });
		await serves();
		expect(changing).toEqual([true, false]);
	});

	it.each<[string, Answer]>([
		...OUTAGES,
		['an answer without the secret', { status: 200, body: { id: 'wh_001' } }],
	])('%s: does not stand while no secret is known', async (_, answer) => {
		await registered();
		anchor.answer(/rotate-secret/, answer, { times: Infinity });
		await refused();
		// Only a refusal says that the secret has not changed.
		const { status = 0 } = answer as { status?: number };
		const isRefusal = status >= 400 && status < 500;
		expect(changing).toEqual(isRefusal ? [true, false] : [true]);
	});
});

describe('an outage', () => {
	it.each(OUTAGES)('%s: what is stored and serves is kept, unchecked', async (_, answer) => {
		const state = await registered();
		anchor.breakDown(answer);
		for (const occasion of ['publish', 'start', 'look'] as const) {
			const outcome = await stands(state, { occasion });
			expect(outcome.state).toEqual(state);
			expect(outcome.happened).toMatchObject([{ what: 'unchecked', id: state.webhookId }]);
		}
	});

	it('fewer events are served as well, wanted since now by the clock that Anchor last showed', async () => {
		const state = await registered();
		anchor.breakDown({ status: 503 });
		const fewer = { events: ['task.failed'], wants: 'other', clockOffsetMs: -60_000 };
		const outcome = await stands(state, fewer);
		expect(what(outcome)).toEqual(['unchecked']);
		expect(outcome.state.wantsSince).toBe(anchor.nowMs - 60_000);
	});

	it.each(OUTAGES)('%s: what does not serve is refused', async (_, answer) => {
		const state = await registered();
		anchor.breakDown(answer);
		const inadequate: Array<[RegistrationState | undefined, Partial<ReconcileRequest>]> = [
			[undefined, {}],
			[state, { events: [...EVENTS, 'task.healed'] }],
			[state, { events: ['*'] }],
			[state, { url: URL_OLD }],
			[state, { wasEnded: true }],
			[{ ...state, secret: '' }, {}],
			[{ ...state, owner: 'of the original' }, {}],
			[state, { owner: { ...owner, workflowId: 'copy' } }],
		];
		for (const [stored, fields] of inadequate) {
			expect((await refused(stored, fields)).permanent).toBe(false);
			expect((await refused(stored, { ...fields, occasion: 'start' })).permanent).toBe(false);
		}
	});

	it.each<[string, object, boolean]>([
		['whose mark alone differs', { description: null }, true],
		['that sends more events than wanted', { subscribed_events: EVENT_TYPES }, true],
		['that lacks an event', { subscribed_events: ['task.failed'] }, false],
		['that is disabled', { enabled: false }, false],
		['that sends elsewhere', { url: URL_OLD }, false],
	])('begins after looking at a webhook %s', async (_, change, isKept) => {
		const state = await registered();
		Object.assign(anchor.webhooks[0], change);
		anchor.answer(/^PATCH/, { status: 503 });
		if (isKept) expect(what(await stands(state))).toEqual(['unchecked']);
		else expect((await refused(state)).status).toBe(503);
	});

	it('begins while the stored webhook, missing in the list, is looked for: kept', async () => {
		const state = await registered();
		anchor.webhooks[0].enabled = false;
		anchor.answer(/^GET .*wh_001/, { status: 503 });
		expect(what(await stands(state))).toEqual(['unchecked']);
	});

	it('begins between a change and a rotation: what serves since the change is kept', async () => {
		const state = await registered();
		anchor.webhooks[0].enabled = false;
		anchor.answer(/rotate-secret/, { status: 503 });
		expect(what(await stands(state, { secretIs: 'doubtful' }))).toEqual(['unchecked']);
	});
});

describe('a refusal that only a person can lift', () => {
	it.each(REFUSALS)(
		'%d ends a publish and is named, but no registration that serves while n8n starts',
		async (status, answer) => {
			const state = await registered();
			anchor.breakDown(answer);
			const named = { status, permanent: true };
			expect(await refused(state)).toMatchObject(named);
			for (const occasion of ['start', 'look'] as const) {
				const outcome = await stands(state, { occasion });
				expect([outcome.state, what(outcome)]).toEqual([state, ['unchecked']]);
				expect(await refused(undefined, { occasion })).toMatchObject(named);
			}
		},
	);
});

describe('events that Anchor does not take', () => {
	const all = { events: ['*'] };
	const documented = EVENT_TYPES.filter((event) => DOCUMENTED_EVENTS.includes(event));
	const newer = EVENT_TYPES.filter((event) => !DOCUMENTED_EVENTS.includes(event));
	const refuse = (...refused: string[]) => {
		anchor.takes = (event) => !refused.includes(event);
	};

	it('what no page of Anchor’s documents is left out of a new webhook, and named', async () => {
		refuse(...newer);
		const outcome = await serves(undefined, all);
		expect(outcome.happened).toEqual([
			{ what: 'created', id: 'wh_001' },
			{ what: 'unsupported', events: newer },
		]);
		expect(outcome.state).toMatchObject({ events: documented, unsupported: newer });
		expect(anchor.webhooks[0].subscribed_events).toEqual(documented);
	});

	it.each([400, 422])('%d to a change: left out there, too', async (status) => {
		const state = await registered();
		anchor.answer(/^PATCH/, { status });
		const outcome = await stands(state, all);
		expect(outcome.state.unsupported).toEqual(newer);
		expect(anchor.webhooks[0].subscribed_events).toEqual(documented);
	});

	it('is asked for again at the next activation, not at a regular look', async () => {
		refuse(...newer);
		const state = await registered(all);
		expect((await stands(state, { ...all, occasion: 'look' })).happened).toEqual([]);
		expect(anchor.takeChanges()).toEqual([]);
		const again = await stands(state, all);
		expect(again.state.unsupported).toEqual(newer);
		anchor.takes = () => true;
		const { state: taken } = await stands(again.state, all);
		expect(taken).toMatchObject({ events: EVENT_TYPES, unsupported: [] });
		expect(anchor.webhooks[0].subscribed_events).toEqual(EVENT_TYPES);
	});

	it('is forgotten once nobody wants it', async () => {
		refuse(...newer);
		const state = await registered(all);
		const outcome = await stands(state, { events: documented });
		expect(outcome).toMatchObject({ state: { ...state, unsupported: [] }, happened: [] });
	});

	it('serves without it in an outage', async () => {
		refuse(...newer);
		const state = await registered(all);
		anchor.answer(/^PATCH/, { status: 503 }, { times: Infinity });
		const outcome = await stands(state, all);
		expect(what(outcome)).toEqual(['unchecked', 'unsupported']);
		expect(outcome.state).toEqual(state);
	});

	it('alone is not left out: nothing would remain', async () => {
		refuse(...newer);
		expect(await refused(undefined, { events: newer })).toMatchObject({ status: 400 });
		expect(anchor.takeChanges()).toEqual(['POST /v1/webhooks']);
	});

	it('an unknown one is refused with the nearest that there is', async () => {
		refuse('task.complete');
		const events = ['task.failed', 'task.complete'];
		const { words, permanent } = await refused(undefined, { events });
		expect(permanent).toBe(true);
		expect(words.message).toContain(
			'(400). Anchor Browser says: "invalid subscribed_events". There is no event "task.complete"; the',
		);
		expect(anchor.webhooks).toEqual([]);
	});

	it('a 400 for another reason is refused with the words of Anchor', async () => {
		const body = { message: 'url is not reachable' };
		anchor.answer(/^POST/, { status: 400, body }, { times: Infinity });
		const { words } = await refused(undefined, all);
		for (const text of Object.values(words)) expect(text).toContain('url is not reachable');
		expect(words.description).toContain('WEBHOOK_URL');
	});
});

describe('five webhooks', () => {
	it('of others: the words name them, and which n8n made them', async () => {
		fill(4);
		anchor.add({ description: formatMark({ ...tester, instanceId: 'other' }, {}) });
		const { words, ...refusal } = await refused();
		expect(refusal).toEqual({ permanent: true, status: 409 });
		expect(words.message).toContain('1. other-1.example.com, not made by n8n, wh_001');
		expect(words.message).toContain(
			'made by another n8n for the workflow "Invoices" (test), wh_005',
		);
		expect(anchor.webhooks).toHaveLength(5);
	});

	it('ours appears while we ask: it is adopted', async () => {
		fill(4);
		const first = () => anchor.add({ url: URL_HERE, description: formatMark(owner, {}) });
		anchor.answer(/^POST \/v1\/webhooks$/, { status: 409 }, { first });
		const outcome = await serves();
		expect(outcome.state.webhookId).toBe('wh_005');
	});

	it('an ended test of ours among them is removed first', async () => {
		fill(4);
		anchor.add({ url: URL_OLD, description: formatMark(tester, {}) });
		anchor.nowMs += LISTENING_MS + 1;
		const outcome = await stands();
		expect(outcome.happened.slice(0, 2)).toEqual([
			{ what: 'removed', id: 'wh_005', role: 'leftover' },
			{ what: 'created', id: outcome.state.webhookId },
		]);
	});
});

describe('two with our mark', () => {
	it('one is kept, the other swept', async () => {
		const state = await registered();
		const { id } = anchor.add({ url: URL_OLD, description: formatMark(owner, {}) });
		const outcome = await stands(state);
		expect(outcome.happened).toEqual([{ what: 'removed', id, role: 'leftover' }]);
		expect(outcome.state).toEqual(state);
		expect(anchor.webhooks).toHaveLength(1);
	});

	it.each(OUTAGES)('%s: a leftover that cannot be removed is no harm', async (_, answer) => {
		const state = await registered();
		anchor.add({ url: URL_OLD, description: formatMark(owner, {}) });
		anchor.answer(/^DELETE/, answer);
		expect(what(await stands(state))).toEqual(['stayed']);
	});
});

describe('two processes that create at the same moment', () => {
	const rival = (laterMs: number) => () => {
		const created_at = new Date(anchor.nowMs + laterMs).toISOString();
		const description = formatMark(owner, {});
		anchor.add({ url: URL_HERE, description, created_at, secret: 'of the other process' });
	};
	/** Lets the first look pass and acts before the second. */
	const beforeSecondLook = (act: () => void) => {
		const context = anchor.context();
		const original = context.helpers.httpRequestWithAuthentication;
		let looks = 0;
		context.helpers.httpRequestWithAuthentication = async function (type, options) {
			if (options.method === 'GET' && (looks += 1) === 2) act();
			return await original.call(this, type, options);
		};
		return context;
	};

	it.each<[string, () => void]>([
		['the other later', rival(1_000)],
		['both at one time, the other with the later id', rival(0)],
		[
			'the other later, and it has removed ours already',
			() => {
				rival(1_000)();
				anchor.remove('wh_001');
			},
		],
	])('%s: the other stays, and nothing is stored', async (_, act) => {
		const outcome = await reconciled(undefined, {}, beforeSecondLook(act));
		const happened = [{ what: 'yielded', id: 'wh_002' }];
		expect(outcome).toMatchObject({ ok: true, state: undefined, happened });
		expect(anchor.find('wh_002')?.secret).toBe('of the other process');
	});

	it('the other earlier: the other goes, and ours is stored', async () => {
		const outcome = await serves(undefined, {}, beforeSecondLook(rival(-1_000)));
		expect(what(outcome)).toEqual(['removed', 'created']);
		expect(anchor.webhooks).toHaveLength(1);
	});

	it('Anchor cannot be asked a second time: ours is stored', async () => {
		const context = beforeSecondLook(() => anchor.answer(/^GET/, { status: 503 }));
		await serves(undefined, {}, context);
	});
});
