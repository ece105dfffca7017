import type { RemoteWebhook } from '../../../nodes/AnchorBrowser/api/webhooks';
import { fingerprintOf, formatMark } from '../../../nodes/AnchorBrowser/registration/mark';
import type { MarkOwner } from '../../../nodes/AnchorBrowser/registration/mark';
import {
	byAge,
	isSameAddress,
	LISTENING_MS,
	plan,
	planEnding,
} from '../../../nodes/AnchorBrowser/registration/plan';
import type {
	StoredRegistration,
	WantedRegistration,
} from '../../../nodes/AnchorBrowser/registration/plan';
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
const unmarked = (fields: Partial<RemoteWebhook> = {}) => ours({ ...fields, description: null });
/** The plan, with webhooks as their ids. */
const decide = (
	remote: RemoteWebhook[],
	kept: StoredRegistration | undefined,
	wanted: Partial<WantedRegistration> = {},
) => {
	const { step, sweep, strangers } = plan({
		remote,
		stored: kept,
		wanted: {
			owner,
			url: URL_HERE,
			events: EVENTS,
			secretIs: 'trusted',
			occasion: 'publish',
			isTakenUp: false,
			latestMs: NOW,
			...wanted,
		},
		nowMs: NOW,
	});
	const ids = (webhooks: RemoteWebhook[]) => webhooks.map(({ id }) => id);
	const { webhook, ...rest } = { ...step };
	return { id: webhook?.id, ...rest, sweep: ids(sweep), strangers: ids(strangers) };
};
const CREATE = { sweep: [], strangers: [] };
const KEEP = { ...CREATE, id: 'wh_ours', changes: {} };

describe('our id, same address, events and enabled; id and secret stored: keep', () => {
	it.each<[string, Partial<RemoteWebhook>]>([
		['as it was made', {}],
		[
			'whatever the order and repetition of the events',
			{ subscribed_events: ['task.failed', 'task.completed', 'task.failed'] },
		],
		['with blanks around the mark', { description: ` ${MARK}\n` }],
		[
			'when Anchor spells the address otherwise',
			{ url: URL_HERE.replace('n8n.example.com', 'N8N.example.com:443') },
		],
		[
			'with what the mark notes',
			{ description: formatMark(owner, { fingerprint: FINGERPRINT, activatedMs: NOW }) },
		],
	])('%s', (_what, fields) => {
		expect(decide([foreign('a'), ours(fields)], stored())).toEqual(KEEP);
	});
});

describe('our id, anything differs; id and secret stored: one PATCH', () => {
	const subscribed = { subscribed_events: EVENTS };
	const marked = { description: MARK };
	const bills = { ...owner, workflowName: 'Bills' };

	it.each<[string, Partial<RemoteWebhook>, object]>([
		['the address', { url: URL_OLD }, { url: URL_HERE }],
		['an event too few', { subscribed_events: ['task.failed'] }, subscribed],
		['an event too many', { subscribed_events: [...EVENTS, 'task.healed'] }, subscribed],
		['another event of as many', { subscribed_events: ['task.failed', 'task.healed'] }, subscribed],
		['switched off', { enabled: false }, { enabled: true }],
		['the description was emptied', { description: null }, marked],
		['the description was written over', { description: 'mine' }, marked],
		['the workflow was renamed', ours({}, bills), marked],
		['the mark has no fingerprint yet', { description: formatMark(owner, {}) }, marked],
		[
			'everything at once',
			{ url: URL_OLD, subscribed_events: [], enabled: false, description: 'mine' },
			{ url: URL_HERE, ...subscribed, enabled: true, ...marked },
		],
	])('%s', (_what, fields, changes) => {
		expect(decide([ours(fields)], stored())).toEqual({ ...KEEP, changes });
	});
});

describe('what the mark noted last goes on', () => {
	const last = { recoveredMs: NOW - 2, checkedMs: NOW - 3, others: ['z1'] };
	const own = { fingerprint: FINGERPRINT, checkedMs: NOW - 1 };
	it.each([
		['where it was edited away', 'Ours, do not touch', { ...last, fingerprint: FINGERPRINT }],
		['unless there is one', formatMark({ ...owner, workflowName: 'Before' }, own), own],
	])('%s', (_, description, note) => {
		const { changes } = decide([ours({ description })], stored(), { note: last });
		expect(changes).toEqual({ description: formatMark(owner, note) });
	});
});

describe('another process may be about to end it: the mark says that it was taken up', () => {
	const taken = { fingerprint: FINGERPRINT, activatedMs: NOW };
	const noted = { recoveredMs: NOW - 1, others: ['z1'] };

	it.each<[string, Partial<RemoteWebhook>, object]>([
		['in order', {}, { description: formatMark(owner, taken) }],
		['disabled', { enabled: false }, { description: formatMark(owner, taken), enabled: true }],
		[
			'with all that was noted before',
			{ description: formatMark(owner, { ...taken, ...noted, activatedMs: NOW - 2 }) },
			{ description: formatMark(owner, { ...taken, ...noted }) },
		],
	])('%s', (_what, fields, changes) => {
		const planned = decide([ours(fields)], stored(), { isTakenUp: true });
		expect(planned).toEqual({ ...KEEP, changes });
	});
});

describe('ours, secret unknown or wrong: rotate in place, PATCH what differs', () => {
	const another = formatMark(owner, { fingerprint: fingerprintOf('the secret that n8n got last') });
	const gone = stored({ webhookId: 'wh_gone' });

	it.each<[string, Partial<RemoteWebhook>, StoredRegistration | undefined, object?, string?]>([
		['nothing stored, found by mark and address', {}, undefined],
		[
			'nothing stored, a mark without fingerprint',
			{ description: formatMark(owner, {}) },
			undefined,
		],
		['nothing stored, found by mark', { url: URL_OLD }, undefined, { url: URL_HERE }],
		['the secret cannot be opened', {}, stored({ fingerprint: undefined })],
		['the stored id is gone, another is there', {}, gone],
		['the mark names another secret', { description: another }, stored(), {}, 'outdated'],
		[
			'the mark names another secret, and something differs',
			{ description: another, enabled: false },
			stored(),
			{ enabled: true },
			'outdated',
		],
	])('%s', (_what, fields, kept, changes = {}, rotation = 'unknown') => {
		expect(decide([foreign('a'), ours(fields)], kept)).toEqual({ ...KEEP, changes, rotation });
	});

	it.each([
		['refused deliveries have shown that the stored one is wrong', MARK, 'wrong', 'wrong'],
		['they have, whatever the mark says', another, 'wrong', 'wrong'],
		['Anchor has not answered a rotation', MARK, 'doubtful', 'doubtful'],
		['it has not, and the mark names another', another, 'doubtful', 'outdated'],
	] as const)('%s', (_what, description, secretIs, rotation) => {
		expect(decide([ours({ description })], stored(), { secretIs })).toEqual({ ...KEEP, rotation });
	});

	it('a test that takes up an older one makes it look new so that no other test sweeps it while somebody listens', () => {
		expect(decide([ours({}, tester)], undefined, { owner: tester })).toEqual({
			...KEEP,
			rotation: 'unknown',
			changes: { description: formatMark(tester, {}) },
		});
	});
});

describe('nothing of ours: create', () => {
	const others = ['a', 'b', 'c', 'd'].map(foreign);

	it.each<[string, StoredRegistration | undefined]>([
		['nothing stored', undefined],
		['something stored that is gone', stored({ webhookId: 'wh_gone' })],
	])('%s', (_what, kept) => {
		expect(decide(others, kept)).toEqual(CREATE);
	});

	it('a full project: leftovers of our own are swept', () => {
		const ended = ours({ id: 'wh_test', url: URL_OLD }, tester);
		expect(decide([...others, ended], undefined)).toEqual({ ...CREATE, sweep: ['wh_test'] });
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
		const strangers = other === tester ? [] : ['wh_other'];
		expect(decide([remote], undefined)).toEqual({ ...CREATE, strangers });
	});

	it.each(others)(
		'%s: not even when its id is stored here (it came with the copy)',
		(_what, other) => {
			const remote = ours({ url: URL_OLD, created_at: before(1) }, other);
			expect(decide([remote], stored())).toEqual(CREATE);
		},
	);

	it('a webhook without a mark at our address, though nothing else is there', () => {
		const byHand = ours({ description: 'made in the dashboard' });
		expect(decide([byHand], undefined)).toEqual({ ...CREATE, strangers: ['wh_ours'] });
	});

	it('a second one at our address that nobody has marked is named and left alone', () => {
		const remote = [unmarked({ id: 'wh_by_hand' }), ours()];
		expect(decide(remote, stored())).toEqual({ ...KEEP, strangers: ['wh_by_hand'] });
	});
});

describe('which of several of ours', () => {
	it('the stored one before all, although another has the address', () => {
		const remote = [ours({ id: 'wh_a' }), ours({ url: URL_OLD })];
		expect(decide(remote, stored())).toEqual({
			...KEEP,
			changes: { url: URL_HERE },
			sweep: ['wh_a'],
		});
	});

	it('else the one with our address, then the oldest, then the smallest id', () => {
		const old = before(3 * 86_400_000);
		const [c, b] = [ours({ id: 'wh_c' }), ours({ id: 'wh_b' })];
		const elsewhere = ours({ id: 'wh_z', url: URL_OLD, created_at: old });
		const found = (...remote: RemoteWebhook[]) => decide(remote, undefined).id;
		expect(found(c, b, elsewhere)).toBe('wh_b');
		expect(found(c, ours({ id: 'wh_old', created_at: old }))).toBe('wh_old');
		expect(found(elsewhere, ours({ id: 'wh_y', url: URL_OLD }))).toBe('wh_z');
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
		const remote = [unmarked({ id: 'wh_unmarked' }), ours({ url: URL_OLD })];
		expect(decide(remote, undefined)).toMatchObject({ id: 'wh_ours', strangers: ['wh_unmarked'] });
	});
});

describe('leftovers', () => {
	const test = (id: string, ageMs: number, fields: Partial<RemoteWebhook> = {}) =>
		ours(
			{ id, url: URL_OLD, created_at: before(ageMs), updated_at: before(ageMs), ...fields },
			tester,
		);

	const swept = (remote: RemoteWebhook[]) => decide([ours(), ...remote], stored()).sweep;

	it('production sweeps its doubles and old addresses at once', () => {
		const [double, old] = [ours({ id: 'wh_double' }), ours({ id: 'wh_old', url: URL_OLD })];
		expect(swept([double, old])).toEqual(['wh_double', 'wh_old']);
	});

	it('production sweeps an ended test, and leaves one to which somebody may be listening', () => {
		const tests = [test('wh_ended', LISTENING_MS + 1), test('wh_live', LISTENING_MS)];
		expect(swept(tests)).toEqual(['wh_ended']);
	});

	it('a test taken up again lately is live, however old it is; one without times may be', () => {
		const tests = [
			test('wh_again', 86_400_000, { updated_at: before(60_000) }),
			test('wh_timeless', 0, { created_at: null, updated_at: null }),
			test('wh_unchanged', 86_400_000, { updated_at: null }),
		];
		expect(swept(tests)).toEqual(['wh_unchanged']);
	});

	it('a test sweeps ended tests and never production', () => {
		const remote = [
			ours(),
			ours({ id: 'wh_double' }),
			ours({ id: 'wh_mine', url: URL_HERE }, tester),
			test('wh_ended', 86_400_000),
			test('wh_live', 60_000),
		];
		const { id, sweep, strangers } = decide(remote, undefined, { owner: tester });
		expect([id, sweep, strangers]).toEqual(['wh_mine', ['wh_ended'], []]);
	});

	it('leaves the tests and webhooks of other nodes', () => {
		const others = [
			ours({ id: 'x', url: URL_OLD }, { ...tester, nodeId: 'node-2' }),
			ours({ id: 'y', url: URL_OLD }, { ...owner, workflowId: 'wf2' }),
		];
		expect(swept(others)).toEqual([]);
	});
});

describe('events that Anchor refused earlier', () => {
	const all = { subscribed_events: EVENTS };

	it.each<[string, Partial<WantedRegistration>, object]>([
		['are tried again at an activation', { occasion: 'start' }, all],
		['do not count as a difference otherwise', { occasion: 'look' }, {}],
	])('%s', (_what, wanted, changes) => {
		const remote = ours({ subscribed_events: ['task.completed'] });
		const kept = stored({ unsupported: ['task.failed'] });
		expect(decide([remote], kept, wanted)).toEqual({ ...KEEP, changes });
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
		expect(takenUp([unmarked()])).toBeUndefined();
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
		expect(ending([ours({}, other), unmarked({ id: 'x' })])).toEqual([undefined, []]);
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
