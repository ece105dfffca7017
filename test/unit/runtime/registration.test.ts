import { liveSecret } from '../../../nodes/AnchorBrowser/delivery/signature';
import type { RegistrationState } from '../../../nodes/AnchorBrowser/registration/state';
import {
	forget,
	isInService,
	isSecretChanging,
	newestOf,
	recall,
	remember,
	setInService,
	setSecretChanging,
} from '../../../nodes/AnchorBrowser/runtime/registrations';
import type { TriggerIdentity } from '../../../nodes/AnchorBrowser/runtime/registrations';

const production: TriggerIdentity = { workflowId: 'wf1', nodeId: 'node-1', mode: 'production' };
const others: TriggerIdentity[] = [
	{ ...production, mode: 'test' },
	{ ...production, workflowId: 'wf2' },
	{ ...production, nodeId: 'node-2' },
];
const stateOf = (fields: Partial<RegistrationState> = {}): RegistrationState => ({
	webhookId: 'wh_1',
	url: 'https://n8n.example.com/webhook/1',
	events: ['task.failed'],
	unsupported: [],
	owner: 'production:a:b:c',
	secret: 'sealed',
	secretSince: 1_000,
	wants: 'digest',
	wantsSince: 1_000,
	...fields,
});

afterEach(() => {
	forget(production);
	setInService(production, false);
});

describe('of what the process knows and what n8n has stored, there counts', () => {
	it('the one that there is', () => {
		const stored = stateOf();
		expect(newestOf(production, undefined)).toBeUndefined();
		expect(newestOf(production, stored)).toBe(stored);
		const known = stateOf();
		remember(production, known, []);
		expect(newestOf(production, undefined)).toBe(known);
	});

	it.each([
		[
			'a later secret that is stored (another process rotated)',
			{ secret: 'sealed anew', secretSince: 1_001 },
			'stored',
		],
		['with the same secret, what is known', { webhookId: 'wh_2' }, 'known'],
		[
			'of two that are equally old, the stored one where another process keeps the webhook',
			{ secret: 'sealed anew' },
			'stored',
		],
		[
			'no older secret that is stored (a restored database)',
			{ secret: 'old', secretSince: 999 },
			'known',
		],
		[
			'nothing of another owner, however late (a copied workflow)',
			{ owner: 'production:a:d:c', secret: 'sealed anew', secretSince: 2_000 },
			'known',
		],
	])('%s', (_what, fields, counts) => {
		const [known, stored] = [stateOf(), stateOf(fields)];
		remember(production, known, []);
		expect(newestOf(production, stored)).toBe(counts === 'stored' ? stored : known);
	});
});

describe('what the process knows', () => {
	it('belongs to one workflow, node and mode', () => {
		const secrets = liveSecret('now', 'current');
		remember(production, stateOf(), secrets);
		setSecretChanging(production, true);
		setInService(production, true);
		expect(recall(production)?.secrets).toBe(secrets);
		expect([isSecretChanging(production), isInService(production)]).toEqual([true, true]);
		for (const other of others) {
			expect(recall(other)).toBeUndefined();
			expect([isSecretChanging(other), isInService(other)]).toEqual([false, false]);
		}
	});

	it('is forgotten together with a rotation under way, not whether n8n takes deliveries', () => {
		remember(production, stateOf(), []);
		setSecretChanging(production, true);
		setInService(production, true);
		forget(production);
		expect(recall(production)).toBeUndefined();
		expect([isSecretChanging(production), isInService(production)]).toEqual([false, true]);
	});

	it('of a rotation and of the service ends with it', () => {
		setSecretChanging(production, true);
		setSecretChanging(production, false);
		setInService(production, true);
		setInService(production, false);
		expect([isSecretChanging(production), isInService(production)]).toEqual([false, false]);
	});
});
