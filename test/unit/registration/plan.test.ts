import type { RemoteWebhook } from '../../../nodes/AnchorBrowser/api/webhooks';
import { formatMark } from '../../../nodes/AnchorBrowser/registration/mark';
import type { MarkOwner } from '../../../nodes/AnchorBrowser/registration/mark';
import { LISTENING_MS, plan } from '../../../nodes/AnchorBrowser/registration/plan';
import type { StoredRegistration } from '../../../nodes/AnchorBrowser/registration/plan';

const NOW = Date.parse('2026-05-24T12:00:00Z');
const before = (ms: number) => new Date(NOW - ms).toISOString();
const URL_HERE = 'https://n8n.example.com/webhook/0b6f/webhook';
const URL_OLD = 'https://old.example.com/webhook/0b6f/webhook';

const owner: MarkOwner = {
	workflowName: 'Invoices',
	instanceId: 'instance',
	workflowId: 'wf1',
	nodeId: 'node1',
	mode: 'production',
};
const tester: MarkOwner = { ...owner, mode: 'test' };
const EVENTS = ['task.completed', 'task.failed'];

const ours = (fields: Partial<RemoteWebhook> = {}, whose = owner): RemoteWebhook => ({
	id: 'wh_ours',
	project_id: 'p1',
	url: URL_HERE,
	description: formatMark(whose),
	subscribed_events: EVENTS,
	enabled: true,
	created_at: before(86_400_000),
	updated_at: before(86_400_000),
	...fields,
});
const foreign = (id: string): RemoteWebhook =>
	ours({ id, url: `https://${id}.example.com/hook`, description: null });
const stored = (fields: Partial<StoredRegistration> = {}): StoredRegistration => ({
	webhookId: 'wh_ours',
	hasUsableSecret: true,
	leftOut: [],
	...fields,
});
const decide = (
	remote: RemoteWebhook[],
	kept: StoredRegistration | undefined,
	wanted: Partial<Parameters<typeof plan>[0]['wanted']> = {},
) =>
	plan({
		remote,
		stored: kept,
		wanted: { owner, url: URL_HERE, events: EVENTS, rotate: false, ...wanted },
		nowMs: NOW,
	});
const NOTHING_ELSE = { sweep: [], strangers: [] };

describe('our id, same address, events and enabled; id and secret stored: keep', () => {
	it('keeps', () => {
		expect(decide([foreign('a'), ours()], stored())).toEqual({
			action: 'keep',
			id: 'wh_ours',
			tryEvents: undefined,
			...NOTHING_ELSE,
		});
	});

	it('keeps whatever the order and repetition of the events', () => {
		const remote = ours({ subscribed_events: ['task.failed', 'task.completed', 'task.failed'] });
		expect(decide([remote], stored()).action).toBe('keep');
	});

	it('keeps when Anchor spells the address otherwise', () => {
		const remote = ours({ url: URL_HERE.replace('n8n.example.com', 'N8N.example.com:443') });
		expect(decide([remote], stored()).action).toBe('keep');
	});
});

describe('our id, anything differs; id and secret stored: one PATCH', () => {
	it.each<[string, Partial<RemoteWebhook>, object]>([
		['the address', { url: URL_OLD }, { url: URL_HERE }],
		['an event too few', { subscribed_events: ['task.failed'] }, { subscribed_events: EVENTS }],
		[
			'an event too many',
			{ subscribed_events: [...EVENTS, 'task.healed'] },
			{ subscribed_events: EVENTS },
		],
		['switched off', { enabled: false }, { enabled: true }],
		['the description was emptied', { description: null }, { description: formatMark(owner) }],
		[
			'the description was written over',
			{ description: 'mine' },
			{ description: formatMark(owner) },
		],
		[
			'the workflow was renamed',
			{ description: formatMark({ ...owner, workflowName: 'Bills' }) },
			{ description: formatMark(owner) },
		],
		[
			'everything at once',
			{ url: URL_OLD, subscribed_events: [], enabled: false, description: 'mine' },
			{
				url: URL_HERE,
				subscribed_events: EVENTS,
				enabled: true,
				description: formatMark(owner),
			},
		],
	])('%s', (_what, fields, changes) => {
		expect(decide([ours(fields)], stored())).toEqual({
			action: 'update',
			id: 'wh_ours',
			changes,
			...NOTHING_ELSE,
		});
	});
});

describe('our id, and a new secret is asked for: rotate in place', () => {
	it('rotates', () => {
		expect(decide([ours()], stored(), { rotate: true })).toMatchObject({
			action: 'rotate',
			id: 'wh_ours',
			changes: undefined,
		});
	});

	it('changes what differs on the way', () => {
		expect(decide([ours({ enabled: false })], stored(), { rotate: true })).toMatchObject({
			action: 'rotate',
			changes: { enabled: true },
		});
	});
});

describe('our address or our mark, secret unknown: rotate in place, PATCH what differs', () => {
	it.each<[string, RemoteWebhook, StoredRegistration | undefined, object | undefined]>([
		['nothing stored, found by mark and address', ours(), undefined, undefined],
		['nothing stored, found by mark', ours({ url: URL_OLD }), undefined, { url: URL_HERE }],
		[
			'nothing stored, found by address',
			ours({ description: 'made in the dashboard' }),
			undefined,
			{ description: formatMark(owner) },
		],
		['the secret cannot be opened', ours(), stored({ hasUsableSecret: false }), undefined],
		[
			'the stored id is gone, another is there',
			ours(),
			stored({ webhookId: 'wh_gone' }),
			undefined,
		],
	])('%s', (_what, remote, kept, changes) => {
		expect(decide([foreign('a'), remote], kept)).toEqual({
			action: 'rotate',
			id: 'wh_ours',
			changes,
			...NOTHING_ELSE,
		});
	});

	it('a test that takes up an older one makes it look new, lest it be swept while somebody listens', () => {
		const remote = ours({ id: 'wh_test' }, tester);
		expect(decide([remote], undefined, { owner: tester })).toMatchObject({
			action: 'rotate',
			id: 'wh_test',
			changes: { description: formatMark(tester) },
		});
	});
});

describe('nothing of ours: create', () => {
	it.each<[string, StoredRegistration | undefined]>([
		['nothing stored', undefined],
		['something stored that is gone', stored({ webhookId: 'wh_gone' })],
	])('%s', (_what, kept) => {
		expect(decide(['a', 'b', 'c', 'd'].map(foreign), kept)).toEqual({
			action: 'create',
			...NOTHING_ELSE,
		});
	});
});

describe('five webhooks, none ours: fail, naming the five and which n8n made', () => {
	it('names them', () => {
		const remote = [
			foreign('a'),
			ours(
				{ id: 'b', url: 'https://n8n.example.com/webhook/1' },
				{ ...owner, workflowId: 'wf2', workflowName: 'Bills' },
			),
			ours(
				{ id: 'c', url: 'https://else.example.com/webhook/1' },
				{ ...owner, instanceId: 'other', mode: 'test' },
			),
			ours({ id: 'd', url: 'no address', description: 'by hand' }),
			foreign('e'),
		];
		expect(decide(remote, undefined)).toEqual({
			action: 'full',
			taken: [
				{ id: 'a', host: 'a.example.com', madeBy: 'someone else' },
				{
					id: 'b',
					host: 'n8n.example.com',
					madeBy: 'this n8n',
					workflowName: 'Bills',
					mode: 'production',
				},
				{
					id: 'c',
					host: 'else.example.com',
					madeBy: 'another n8n',
					workflowName: 'Invoices',
					mode: 'test',
				},
				{ id: 'd', host: 'no address', madeBy: 'someone else' },
				{ id: 'e', host: 'e.example.com', madeBy: 'someone else' },
			],
			...NOTHING_ELSE,
		});
	});

	it('a leftover of our own among them makes room', () => {
		const ended = ours({ id: 'wh_test', url: URL_OLD }, tester);
		expect(decide([...['a', 'b', 'c', 'd'].map(foreign), ended], undefined)).toMatchObject({
			action: 'create',
			sweep: ['wh_test'],
		});
	});

	it('ours among them is taken up as ever', () => {
		expect(decide([...['a', 'b', 'c', 'd'].map(foreign), ours()], stored()).action).toBe('keep');
	});
});

describe('what is not ours', () => {
	const others: Array<[string, MarkOwner]> = [
		['a copy in another workflow', { ...owner, workflowId: 'wf2' }],
		['a duplicate of the node', { ...owner, nodeId: 'node2' }],
		['an import into another n8n', { ...owner, instanceId: 'other' }],
		['the test of the same node', tester],
	];

	it.each(others)('%s: neither adopted by its address nor swept', (_what, other) => {
		const remote = ours({ id: 'wh_other', created_at: before(1), updated_at: before(1) }, other);
		expect(decide([remote], undefined)).toEqual({
			action: 'create',
			sweep: [],
			strangers: ['wh_other'],
		});
	});

	it.each(others)(
		'%s: not even when its id is stored here (it came with the copy)',
		(_what, other) => {
			const remote = ours({ url: URL_OLD, created_at: before(1) }, other);
			expect(decide([remote], stored())).toEqual({ action: 'create', ...NOTHING_ELSE });
		},
	);

	it('a webhook without a mark at another address', () => {
		expect(decide([foreign('a')], undefined).action).toBe('create');
	});

	it('a second one at our address that nobody has marked is named and left alone', () => {
		const unmarked = ours({ id: 'wh_by_hand', description: null });
		expect(decide([unmarked, ours()], stored())).toMatchObject({
			action: 'keep',
			sweep: [],
			strangers: ['wh_by_hand'],
		});
	});
});

describe('which of several of ours', () => {
	it('the stored one before all, although another has the address', () => {
		const remote = [ours({ id: 'wh_a' }), ours({ url: URL_OLD })];
		expect(decide(remote, stored())).toMatchObject({
			action: 'update',
			id: 'wh_ours',
			sweep: ['wh_a'],
		});
	});

	it('else the one with our address, then the oldest, then the smallest id', () => {
		const old = before(3 * 86_400_000);
		const remote = [
			ours({ id: 'wh_c' }),
			ours({ id: 'wh_b' }),
			ours({ id: 'wh_z', url: URL_OLD, created_at: old }),
		];
		expect(decide(remote, undefined)).toMatchObject({ id: 'wh_b', sweep: ['wh_c', 'wh_z'] });
		expect(decide([remote[0], ours({ id: 'wh_old', created_at: old })], undefined)).toMatchObject({
			id: 'wh_old',
		});
		expect(decide([remote[2], ours({ id: 'wh_y', url: URL_OLD })], undefined)).toMatchObject({
			id: 'wh_z',
		});
	});

	it('a marked one before one that has only the address', () => {
		const remote = [ours({ id: 'wh_unmarked', description: null }), ours({ url: URL_OLD })];
		expect(decide(remote, undefined)).toMatchObject({ id: 'wh_ours', strangers: ['wh_unmarked'] });
	});
});

describe('leftovers', () => {
	const test = (id: string, ageMs: number, fields: Partial<RemoteWebhook> = {}) =>
		ours(
			{ id, url: URL_OLD, created_at: before(ageMs), updated_at: before(ageMs), ...fields },
			tester,
		);

	it('production sweeps its doubles and old addresses at once', () => {
		const remote = [ours(), ours({ id: 'wh_double' }), ours({ id: 'wh_old', url: URL_OLD })];
		expect(decide(remote, stored())).toMatchObject({
			action: 'keep',
			sweep: ['wh_double', 'wh_old'],
		});
	});

	it('production sweeps an ended test, and leaves one to which somebody may be listening', () => {
		const remote = [ours(), test('wh_ended', LISTENING_MS + 1), test('wh_live', LISTENING_MS)];
		expect(decide(remote, stored())).toMatchObject({ sweep: ['wh_ended'] });
	});

	it('a test taken up again lately is live, however old it is; one without times may be', () => {
		const remote = [
			ours(),
			test('wh_again', 86_400_000, { updated_at: before(60_000) }),
			test('wh_timeless', 0, { created_at: null, updated_at: null }),
		];
		expect(decide(remote, stored())).toMatchObject({ sweep: [] });
	});

	it('a test sweeps ended tests and never production', () => {
		const remote = [
			ours(),
			ours({ id: 'wh_double' }),
			ours({ id: 'wh_mine', url: URL_HERE }, tester),
			test('wh_ended', 86_400_000),
			test('wh_live', 60_000),
		];
		expect(decide(remote, undefined, { owner: tester })).toMatchObject({
			id: 'wh_mine',
			sweep: ['wh_ended'],
			strangers: ['wh_ours', 'wh_double'],
		});
	});

	it('leaves the tests and webhooks of other nodes', () => {
		const remote = [
			ours(),
			ours({ id: 'x', url: URL_OLD }, { ...tester, nodeId: 'node2' }),
			ours({ id: 'y', url: URL_OLD }, { ...owner, workflowId: 'wf2' }),
		];
		expect(decide(remote, stored())).toMatchObject({ sweep: [] });
	});
});

describe('events that Anchor refused earlier', () => {
	const kept = stored({ leftOut: ['task.failed'] });
	const remote = ours({ subscribed_events: ['task.completed'] });

	it('do not count as a difference, and are tried again', () => {
		expect(decide([remote], kept)).toMatchObject({ action: 'keep', tryEvents: EVENTS });
	});

	it('are tried again along with any other change', () => {
		expect(decide([{ ...remote, enabled: false }], kept)).toMatchObject({
			action: 'update',
			changes: { enabled: true, subscribed_events: EVENTS },
		});
	});

	it('are forgotten once nobody wants them', () => {
		expect(decide([remote], kept, { events: ['task.completed'] })).toMatchObject({
			action: 'keep',
			tryEvents: undefined,
		});
	});
});
