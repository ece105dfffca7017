import fc from 'fast-check';
import { seal } from '../../../nodes/AnchorBrowser/registration/seal';
import {
	openSecrets,
	parseState,
	webhooksWithHistory,
	whileItLasts,
} from '../../../nodes/AnchorBrowser/registration/state';
import type { RegistrationState } from '../../../nodes/AnchorBrowser/registration/state';

const context = { apiKey: 'key-of-the-project', workflowId: 'wf', nodeId: 'node' };
const state: RegistrationState = {
	webhookId: 'wh_1',
	url: 'https://n8n.example.com/webhook/1',
	events: ['task.failed'],
	unsupported: ['session.ready'],
	owner: 'production:a:b:c',
	secret: seal('now', context),
	secretSince: 1_000,
	previous: { sealed: seal('before', context), expiresAt: 2_000 },
	wants: 'digest',
	wantsSince: 1_000,
	endedAt: 1_500,
	former: [{ webhookId: 'wh_0', expiresAt: 3_000 }],
};
/** What a state may be without. */
const LATER = ['previous', 'endedAt', 'former'] as const;

describe('a stored state', () => {
	it('reads back as it was written, through JSON', () => {
		expect(parseState(JSON.parse(JSON.stringify(state)))).toEqual(state);
	});

	it('reads back without what comes later or ends', () => {
		const first: Partial<RegistrationState> = { ...state };
		for (const key of LATER) delete first[key];
		expect(parseState(first)).toEqual(first);
	});

	it.each([undefined, null, 'text', 7, [], {}])('is none: %j', (value) => {
		expect(parseState(value)).toBeUndefined();
	});

	it.each(Object.keys(state).filter((key) => !(LATER as readonly string[]).includes(key)))(
		'is none without its %s',
		(key) => {
			expect(parseState({ ...state, [key]: undefined })).toBeUndefined();
		},
	);

	it.each<[string, unknown]>([
		['webhookId', ''],
		['owner', ''],
		['events', ['task.failed', 7]],
		['unsupported', { 0: 'session.ready' }],
		['secretSince', Number.NaN],
		['wantsSince', '1000'],
		['endedAt', null],
		['previous', null],
		['previous', { sealed: 'v1', expiresAt: null }],
		['previous', { sealed: 7, expiresAt: 2_000 }],
		['former', null],
		['former', { webhookId: 'wh_0', expiresAt: 3_000 }],
		['former', [{ webhookId: '', expiresAt: 3_000 }]],
		['former', [{ webhookId: 'wh_0' }]],
		['former', [{ webhookId: 'wh_0', expiresAt: 3_000 }, null]],
	])('is none with %s %j', (key, value) => {
		expect(parseState({ ...state, [key]: value })).toBeUndefined();
	});

	it('is none when anything in it is of another type, and reading it never throws', () => {
		const keys = Object.keys(state) as Array<keyof RegistrationState>;
		fc.assert(
			fc.property(fc.constantFrom(...keys), fc.anything(), (key, value) => {
				const read = parseState({ ...state, [key]: value });
				if (read === undefined || value === undefined) return;
				expect(typeof value).toBe(typeof state[key]);
			}),
		);
	});
});

describe('the webhooks in whose histories missed events are', () => {
	it('are the former one, while Anchor keeps its history, and the one that serves', () => {
		expect(webhooksWithHistory(state, 2_999)).toEqual(['wh_0', 'wh_1']);
		expect(webhooksWithHistory(state, 3_000)).toEqual(['wh_1']);
		expect(webhooksWithHistory({ ...state, former: undefined }, 2_999)).toEqual(['wh_1']);
	});
});

describe('the secrets of a state', () => {
	const current = { value: 'now', age: 'current' };
	const previous = { value: 'before', age: 'previous', expiresAt: 2_000 };

	it('are the current one and the previous one, with the time when it ends', () => {
		expect(openSecrets(state, context)).toEqual([current, previous]);
	});

	it('are without one that cannot be opened', () => {
		expect(openSecrets({ ...state, secret: '' }, context)).toEqual([previous]);
		expect(openSecrets(state, { ...context, apiKey: 'another' })).toEqual([]);
		expect(openSecrets({ ...state, secret: seal('', context) }, context)).toEqual([previous]);
	});

	it('are two until the previous one has ended', () => {
		expect(whileItLasts(state.previous, 1_999)).toBe(state.previous);
		expect(whileItLasts(state.previous, 2_000)).toBeUndefined();
		expect(whileItLasts(undefined, 1_999)).toBeUndefined();
	});
});
