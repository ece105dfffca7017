import type { IDataObject, IHookFunctions } from 'n8n-workflow';
import { liveSecret } from '../../../nodes/AnchorBrowser/delivery/signature';
import type { RegistrationState } from '../../../nodes/AnchorBrowser/registration/state';
import { Registration } from '../../../nodes/AnchorBrowser/runtime/registration';
import { Allowance } from '../../../nodes/AnchorBrowser/runtime/signingSecrets';
import { stateOf } from './storedState';

let registration: Registration;
beforeEach(() => {
	registration = new Registration('production', 'workflow', 'node');
});

/** A call from n8n, which has this in static data. */
const contextWith = (data: IDataObject) =>
	({
		getWorkflowStaticData: (type: string) => (type === 'global' ? data : {}),
		getWorkflow: () => ({ name: 'Tasks' }),
		getInstanceId: () => 'instance',
	}) as unknown as IHookFunctions;
const storing = (state?: RegistrationState) => contextWith({ node: state as never });

describe('of what the process knows and what n8n has stored, there counts', () => {
	it('the one that there is', () => {
		const stored = stateOf();
		expect(registration.newest(storing())).toBeUndefined();
		expect(registration.newest(storing(stored))).toBe(stored);
		const known = stateOf();
		registration.remember(known, []);
		expect(registration.newest(storing())).toBe(known);
	});

	it.each<[string, Partial<RegistrationState>, boolean, 'stored' | 'known']>([
		[
			'a later secret that is stored (another process rotated)',
			{ secret: 'new', secretSince: 1_001 },
			true,
			'stored',
		],
		['with the same secret, what is known', { webhookId: 'wh_2' }, false, 'known'],
		[
			'of two that are equally old, the stored one where another process keeps it',
			{ secret: 'new' },
			false,
			'stored',
		],
		[
			'of two that are equally old, the known one where this process keeps it',
			{ secret: 'new' },
			true,
			'known',
		],
		['no older secret (a restored database)', { secret: 'old', secretSince: 999 }, false, 'known'],
		[
			'nothing of another owner (a copied workflow)',
			{ owner: 'production:a:d:c', secret: 'new', secretSince: 2_000 },
			false,
			'known',
		],
	])('%s', (_what, fields, isInService, counts) => {
		const [known, stored] = [stateOf(), stateOf(fields)];
		registration.remember(known, []);
		registration.isInService = isInService;
		expect(registration.newest(storing(stored))).toBe(counts === 'stored' ? stored : known);
	});
});

it('lies under the node in what the whole workflow has, and leaves the rest alone', () => {
	const data: IDataObject = { counter: 41, other: 'not a state' };
	const context = contextWith(data);
	const state = stateOf();
	expect(registration.stored(context)).toBeUndefined();
	expect(new Registration('test', 'workflow', 'other').stored(context)).toBeUndefined();
	registration.store(context, state);
	expect(registration.stored(context)).toEqual(state);
	expect(data).toEqual({ counter: 41, other: 'not a state', node: state });
	registration.store(context, undefined);
	expect(data).toEqual({ counter: 41, other: 'not a state' });
});

it('notes its end and that it is wanted again, here and in n8n, with the secrets as they are known', () => {
	const [state, secrets] = [stateOf(), liveSecret('now', 'current')];
	const context = storing();
	registration.remember(state, secrets);
	registration.noteEnd(context, state, 5_000);
	expect(registration.stored(context)).toEqual({ ...state, endedAt: 5_000 });
	registration.noteEnd(context, { ...state, endedAt: 5_000 }, undefined);
	expect(registration.stored(context)).toStrictEqual(state);
	expect([registration.state, registration.secrets]).toEqual([state, secrets]);
});

it('tells in clear the current secret of the state that it has opened, and of no other', () => {
	const [state, current] = [stateOf(), liveSecret('now', 'current')];
	registration.remember(state, [...liveSecret('before', 'previous'), ...current]);
	expect(registration.openedOf(stateOf())).toBe('now');
	expect(registration.openedOf(stateOf({ secret: 'another' }))).toBeUndefined();
	registration.remember(state, liveSecret('before', 'previous'));
	expect(registration.openedOf(state)).toBeUndefined();
	registration.forget();
	expect(registration.openedOf(undefined)).toBeUndefined();
});

it('forgets a webhook together with a rotation under way, not whether n8n takes deliveries', () => {
	registration.remember(stateOf(), liveSecret('now', 'current'));
	Object.assign(registration, { isChanging: true, isUnsaved: true, isInService: true });
	registration.forget();
	const { state, secrets, isChanging, isUnsaved, isInService } = registration;
	expect([state, secrets, isChanging, isUnsaved, isInService]).toEqual([
		undefined,
		[],
		false,
		false,
		true,
	]);
});

it('lets something be asked so many times at once, and again each while, also after the clock was set back', () => {
	const allowance = new Allowance(10, 6_000);
	const taken = (nowMs: number) => {
		let count = 0;
		while (allowance.take(nowMs)) count += 1;
		return count;
	};
	const counts = [0, 5_999, 6_000, -12_000, 1e9].map(taken);
	expect(counts).toEqual([10, 0, 1, 3, 10]);
});
