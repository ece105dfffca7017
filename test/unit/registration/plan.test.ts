import type { RemoteWebhook } from '../../../nodes/AnchorBrowser/api/webhooks';
import { fingerprintOf, formatMark } from '../../../nodes/AnchorBrowser/registration/mark';
import type { MarkOwner } from '../../../nodes/AnchorBrowser/registration/mark';
import {
	byAge,
	describeSlots,
	isSameAddress,
	LISTENING_MS,
	plan,
	planEnding,
} from '../../../nodes/AnchorBrowser/registration/plan';
import type { StoredRegistration } from '../../../nodes/AnchorBrowser/registration/plan';
import { owner, tester, URL_HERE, URL_OLD } from './owners';

const NOW = Date.parse('2026-05-24T12:00:00Z');
const before = (ms: number) => new Date(NOW - ms).toISOString();

const EVENTS = ['task.completed', 'task.failed'];
const FINGERPRINT = fingerprintOf('the secret that n8n has stored');
const MARK = formatMark(owner, { fingerprint: FINGERPRINT });

const ours = (fields: Partial<RemoteWebhook> = {}, whose = owner): RemoteWebhook => ({
	id: 'wh_ours',
	project_id: 'p1',
	url: URL_HERE,
	description: formatMark(whose, { fingerprint: FINGERPRINT }),
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
	fingerprint: FINGERPRINT,
	unsupported: [],
	...fields,
});
/** The plan, with webhooks as their ids. */
const decide = (
	remote: RemoteWebhook[],
	kept: StoredRegistration | undefined,
	wanted: Partial<Parameters<typeof plan>[0]['wanted']> = {},
) => {
	const { step, sweep, strangers } = plan({
		remote,
		stored: kept,
		wanted: {
			owner,
			url: URL_HERE,
			events: EVENTS,
			secretIs: 'trusted',
			retryUnsupported: true,
			isTakenUp: false,
			...wanted,
		},
		nowMs: NOW,
	});
	const ids = (webhooks: RemoteWebhook[]) => webhooks.map(({ id }) => id);
	const { action } = step;
	return {
		action,
		...('reason' in step ? { reason: step.reason } : {}),
		...('webhook' in step ? { id: step.webhook.id } : {}),
		...('changes' in step ? { changes: step.changes } : {}),
		sweep: ids(sweep),
		strangers: ids(strangers),
	};
};
const NOTHING_ELSE = { sweep: [], strangers: [] };

describe('our id, same address, events and enabled; id and secret stored: keep', () => {
	it('keeps', () => {
		expect(decide([foreign('a'), ours()], stored())).toEqual({
			action: 'keep',
			id: 'wh_ours',
			...NOTHING_ELSE,
		});
	});

	it('keeps whatever the order and repetition of the events', () => {
		const remote = ours({ subscribed_events: ['task.failed', 'task.completed', 'task.failed'] });
		expect(decide([remote], stored()).action).toBe('keep');
	});

	it('keeps with blanks around the mark', () => {
		expect(decide([ours({ description: ` ${MARK}\n` })], stored()).action).toBe('keep');
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
		[
			'another event of as many',
			{ subscribed_events: ['task.failed', 'task.healed'] },
			{ subscribed_events: EVENTS },
		],
		['switched off', { enabled: false }, { enabled: true }],
		['the description was emptied', { description: null }, { description: MARK }],
		['the description was written over', { description: 'mine' }, { description: MARK }],
		[
			'the workflow was renamed',
			{
				description: formatMark({ ...owner, workflowName: 'Bills' }, { fingerprint: FINGERPRINT }),
			},
			{ description: MARK },
		],
		[
			'the mark has no fingerprint yet',
			{ description: formatMark(owner, {}) },
			{ description: MARK },
		],
		[
			'everything at once',
			{ url: URL_OLD, subscribed_events: [], enabled: false, description: 'mine' },
			{
				url: URL_HERE,
				subscribed_events: EVENTS,
				enabled: true,
				description: MARK,
			},
		],
	])('%s', (_what, fields, changes) => {
		expect(decide([ours(fields)], stored())).toEqual({
			action: 'change',
			id: 'wh_ours',
			changes,
			...NOTHING_ELSE,
		});
	});
});

describe('another process may be about to end it: the mark says that it was taken up', () => {
	const taken = { fingerprint: FINGERPRINT, activatedMs: NOW };

	it.each<[string, Partial<RemoteWebhook>, object]>([
		['in order', {}, { description: formatMark(owner, taken) }],
		['disabled', { enabled: false }, { description: formatMark(owner, taken), enabled: true }],
		[
			'with all that was noted before',
			{
				description: formatMark(owner, {
					fingerprint: FINGERPRINT,
					recoveredMs: NOW - 1,
					activatedMs: NOW - 2,
					others: ['z1'],
				}),
			},
			{ description: formatMark(owner, { ...taken, recoveredMs: NOW - 1, others: ['z1'] }) },
		],
	])('%s', (_what, fields, changes) => {
		expect(decide([ours(fields)], stored(), { isTakenUp: true })).toMatchObject({
			action: 'change',
			changes,
		});
	});

	it('and keeps what it says', () => {
		expect(decide([ours({ description: formatMark(owner, taken) })], stored()).action).toBe('keep');
	});
});

describe('ours, secret unknown or wrong: rotate in place, PATCH what differs', () => {
	const another = formatMark(owner, { fingerprint: fingerprintOf('the secret that n8n got last') });

	it.each<[string, RemoteWebhook, StoredRegistration | undefined, object | undefined, string?]>([
		['nothing stored, found by mark and address', ours(), undefined, undefined],
		[
			'nothing stored, found by a mark without a fingerprint',
			ours({ description: formatMark(owner, {}) }),
			undefined,
			undefined,
		],
		['nothing stored, found by mark', ours({ url: URL_OLD }), undefined, { url: URL_HERE }],
		['the secret cannot be opened', ours(), stored({ fingerprint: undefined }), undefined],
		[
			'the stored id is gone, another is there',
			ours(),
			stored({ webhookId: 'wh_gone' }),
			undefined,
		],
		[
			'the mark names another secret',
			ours({ description: another }),
			stored(),
			undefined,
			'outdated',
		],
		[
			'the mark names another secret, and something differs',
			ours({ description: another, enabled: false }),
			stored(),
			{ enabled: true },
			'outdated',
		],
	])('%s', (_what, remote, kept, changes, reason = 'unknown') => {
		expect(decide([foreign('a'), remote], kept)).toEqual({
			action: 'rotate',
			id: 'wh_ours',
			reason,
			changes,
			...NOTHING_ELSE,
		});
	});

	it.each([
		['refused deliveries have shown that the stored one is wrong', MARK, 'wrong', 'wrong'],
		['they have, whatever the mark says', another, 'wrong', 'wrong'],
		['Anchor has not answered a rotation', MARK, 'doubtful', 'doubtful'],
		['it has not, and the mark names another', another, 'doubtful', 'outdated'],
	] as const)('%s', (_what, description, secretIs, reason) => {
		expect(decide([ours({ description })], stored(), { secretIs })).toMatchObject({
			action: 'rotate',
			reason,
		});
	});

	it('a test that takes up an older one makes it look new so that no other test sweeps it while somebody listens', () => {
		const remote = ours({ id: 'wh_test' }, tester);
		expect(decide([remote], undefined, { owner: tester })).toMatchObject({
			action: 'rotate',
			id: 'wh_test',
			changes: { description: formatMark(tester, {}) },
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

describe('a full project', () => {
	it('is described by host, and by which n8n made each webhook', () => {
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
		expect(describeSlots(remote, owner)).toEqual([
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
		]);
	});

	it('shows the beginning of an address that is none', () => {
		const [slot] = describeSlots([ours({ url: 'x'.repeat(100) })], owner);
		expect(slot.host).toBe('x'.repeat(60));
	});

	it('has its leftovers of our own swept', () => {
		const ended = ours({ id: 'wh_test', url: URL_OLD }, tester);
		expect(decide([...['a', 'b', 'c', 'd'].map(foreign), ended], undefined)).toMatchObject({
			action: 'create',
			sweep: ['wh_test'],
		});
	});
});

describe('what is not ours', () => {
	const others: Array<[string, MarkOwner]> = [
		['a copy in another workflow', { ...owner, workflowId: 'wf2' }],
		['a duplicate of the node', { ...owner, nodeId: 'node-2' }],
		['an import into another n8n', { ...owner, instanceId: 'other' }],
		['the test of the same node', tester],
	];

	it.each(others)('%s: neither adopted by its address nor swept', (_what, other) => {
		const remote = ours({ id: 'wh_other', created_at: before(1), updated_at: before(1) }, other);
		expect(decide([remote], undefined)).toEqual({
			action: 'create',
			sweep: [],
			strangers: other === tester ? [] : ['wh_other'],
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

	it('a webhook without a mark at our address, though nothing else is there', () => {
		expect(decide([ours({ description: 'made in the dashboard' })], undefined)).toEqual({
			action: 'create',
			sweep: [],
			strangers: ['wh_ours'],
		});
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
			action: 'change',
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

	it('in the same order in every process', () => {
		const [one, other, older] = [
			ours({ id: 'a' }),
			ours({ id: 'b' }),
			ours({ id: 'c', created_at: null }),
		];
		const compared = [byAge(one, other), byAge(other, one), byAge(one, one)];
		expect(compared).toEqual([-1, 1, 0]);
		expect([byAge(older, one), byAge(one, older)].map(Math.sign)).toEqual([-1, 1]);
	});

	it('a marked one, and never one that has only the address', () => {
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
		const unchanged = test('wh_unchanged', 86_400_000, { updated_at: null });
		expect(decide([ours(), unchanged], stored())).toMatchObject({ sweep: ['wh_unchanged'] });
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
			strangers: [],
		});
	});

	it('leaves the tests and webhooks of other nodes', () => {
		const remote = [
			ours(),
			ours({ id: 'x', url: URL_OLD }, { ...tester, nodeId: 'node-2' }),
			ours({ id: 'y', url: URL_OLD }, { ...owner, workflowId: 'wf2' }),
		];
		expect(decide(remote, stored())).toMatchObject({ sweep: [] });
	});
});

describe('events that Anchor refused earlier', () => {
	const kept = stored({ unsupported: ['task.failed'] });
	const remote = ours({ subscribed_events: ['task.completed'] });

	it('are tried again at an activation', () => {
		expect(decide([remote], kept)).toMatchObject({
			action: 'change',
			changes: { subscribed_events: EVENTS },
		});
	});

	it('do not count as a difference otherwise', () => {
		expect(decide([remote], kept, { retryUnsupported: false }).action).toBe('keep');
	});

	it('are forgotten once nobody wants them', () => {
		expect(decide([remote], kept, { events: ['task.completed'] }).action).toBe('keep');
	});
});

describe('addresses', () => {
	it('are the same however they are spelled, and two that are none are not', () => {
		expect(isSameAddress('https://N8N.example.com:443/a', 'https://n8n.example.com/a')).toBe(true);
		expect(isSameAddress('https://n8n.example.com/a', 'https://n8n.example.com/A')).toBe(false);
		expect(isSameAddress('nowhere', 'elsewhere')).toBe(false);
		expect(isSameAddress('nowhere', 'nowhere')).toBe(true);
	});
});

describe('what ends', () => {
	type Ending = Parameters<typeof planEnding>[1];
	const planned = (remote: RemoteWebhook[], more: Partial<Ending>) =>
		planEnding(
			remote,
			{ owner, url: URL_HERE, webhookId: 'wh_ours', isReplaced: false, ...more },
			NOW,
		);
	const ending = (remote: RemoteWebhook[], more: Partial<Ending> = {}) => {
		const { served, doubles } = planned(remote, more);
		return [served?.id, doubles.map(({ id }) => id)];
	};
	const taken = (activatedMs: number, fields: Partial<RemoteWebhook> = {}, whose = owner) =>
		ours({ ...fields, description: formatMark(whose, { activatedMs }) });
	/** The webhook that was taken up since n8n asked for the end. */
	const takenUp = (remote: RemoteWebhook[], more: Partial<Ending> = {}) =>
		planned(remote, more).takenUp?.id;

	it('is nothing that was taken up since: the stored one, or another that serves now', () => {
		expect(takenUp([ours()])).toBeUndefined();
		expect(takenUp([ours({ description: null })])).toBeUndefined();
		expect(takenUp([taken(NOW + 1)])).toBe('wh_ours');
		expect(takenUp([taken(NOW + 1, { id: 'wh_b' })])).toBe('wh_b');
		expect(takenUp([ours(), taken(NOW + 1, { id: 'wh_b' })])).toBe('wh_b');
	});

	it('in the same second, is not: times of Anchor have whole seconds', () => {
		expect(takenUp([taken(NOW - 999)])).toBe('wh_ours');
		expect(takenUp([taken(NOW - 1_000)])).toBeUndefined();
	});

	it('takes no notice of what others, or a listener, have taken up', () => {
		const elsewhere = { ...owner, workflowId: 'wf2' };
		expect(takenUp([ours(), taken(NOW + 1, { id: 'wh_b' }, elsewhere)])).toBeUndefined();
		const test = { owner: tester, webhookId: undefined };
		expect(takenUp([taken(NOW + 1, {}, tester)], test)).toBeUndefined();
	});

	it('is the stored webhook, and every other one with our mark', () => {
		const remote = [foreign('a'), ours({ url: URL_OLD }), ours({ id: 'wh_b' })];
		expect(ending(remote)).toEqual(['wh_ours', ['wh_b']]);
		expect(ending(remote, { webhookId: 'wh_gone' })).toEqual(['wh_b', ['wh_ours']]);
	});

	it('is nothing of others, not even under the stored id', () => {
		const other = { ...owner, workflowId: 'wf2' };
		expect(ending([ours({}, other), ours({ id: 'x', description: null })])).toEqual([
			undefined,
			[],
		]);
	});

	it('is the stored webhook alone when another one is in service', () => {
		const remote = [ours(), ours({ id: 'wh_new' })];
		expect(ending(remote, { isReplaced: true })).toEqual(['wh_ours', []]);
		expect(ending([ours({ id: 'wh_new' })], { isReplaced: true })).toEqual([undefined, []]);
	});

	it('of a test lies at its very address', () => {
		const here = ours({ id: 'wh_here' }, tester);
		const elsewhere = ours({ id: 'wh_else', url: URL_OLD }, tester);
		const test = { owner: tester, webhookId: undefined };
		expect(ending([ours(), elsewhere, here], test)).toEqual(['wh_here', []]);
		expect(ending([ours(), elsewhere], test)).toEqual([undefined, []]);
		expect(ending([elsewhere], { ...test, webhookId: 'wh_else' })).toEqual(['wh_else', []]);
	});
});
