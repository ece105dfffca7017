import { liveSecret } from '../../../nodes/AnchorBrowser/delivery/signature';
import type { RegistrationState } from '../../../nodes/AnchorBrowser/registration/state';
import { Registration } from '../../../nodes/AnchorBrowser/runtime/registration';
import { stateOf } from './storedState';

let registration: Registration;
beforeEach(() => {
	registration = new Registration();
});

describe('of what the process knows and what n8n has stored, there counts', () => {
	it('the one that there is', () => {
		const stored = stateOf();
		expect(registration.newest(undefined)).toBeUndefined();
		expect(registration.newest(stored)).toBe(stored);
		const known = stateOf();
		registration.remember(known, []);
		expect(registration.newest(undefined)).toBe(known);
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
		expect(registration.newest(stored)).toBe(counts === 'stored' ? stored : known);
	});
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

it('lets Anchor be asked ten times at once, and again every six seconds, also after the clock was set back', () => {
	const taken = (nowMs: number) => {
		let count = 0;
		while (registration.questions.take(nowMs)) count += 1;
		return count;
	};
	const counts = [0, 5_999, 6_000, -12_000, 1e9].map(taken);
	expect(counts).toEqual([10, 0, 1, 3, 10]);
});
