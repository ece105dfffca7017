import fc from 'fast-check';
import { seal } from '../../../nodes/AnchorBrowser/registration/seal';
import { openSecrets, parseState } from '../../../nodes/AnchorBrowser/registration/state';
import type { RegistrationState } from '../../../nodes/AnchorBrowser/registration/state';

const context = { apiKey: 'key-of-the-project', workflowId: 'wf', nodeId: 'node' };
const state: RegistrationState = {
	webhookId: 'wh_1',
	url: 'https://n8n.example.com/webhook/1',
	events: ['task.failed'],
	leftOut: ['session.ready'],
	owner: 'production:a:b:c:d',
	secret: seal('now', context),
	previous: { sealed: seal('before', context), expiresAt: 2_000 },
	rotationUnsettled: true,
	disabled: true,
	registeredAt: 1_000,
	lastSeenAt: 1_500,
};

describe('a stored state', () => {
	it('reads back as it was written, through JSON', () => {
		expect(parseState(JSON.parse(JSON.stringify(state)))).toEqual(state);
	});

	it.each([
		undefined,
		null,
		'text',
		7,
		[],
		{},
		{ webhookId: '', owner: 'x' },
		{ webhookId: 'wh_1' },
	])('is none: %j', (value) => {
		expect(parseState(value)).toBeUndefined();
	});

	it('whatever fills it, reading it does not throw, and what comes out is of the right types', () => {
		const anyState = fc.record({
			webhookId: fc.constant('wh_1'),
			owner: fc.constant('mine'),
			url: fc.anything(),
			events: fc.anything(),
			leftOut: fc.anything(),
			secret: fc.anything(),
			previous: fc.anything(),
			registeredAt: fc.anything(),
			lastSeenAt: fc.anything(),
			disabled: fc.anything(),
		});
		fc.assert(
			fc.property(anyState, (value) => {
				const read = parseState(value);
				expect(read).toMatchObject({
					url: expect.any(String),
					secret: expect.any(String),
					events: expect.any(Array),
					leftOut: expect.any(Array),
					registeredAt: expect.any(Number),
					lastSeenAt: expect.any(Number),
				});
				expect(openSecrets(read as RegistrationState, context, 0)).toEqual([]);
			}),
		);
	});

	it('leaves unknown keys behind', () => {
		expect(parseState({ ...state, extra: 1 })).toEqual(state);
	});
});

describe('the secrets of a state', () => {
	const current = { value: 'now', age: 'current' };
	const previous = { value: 'before', age: 'previous' };

	it('are the current one and, until it ends, the previous one', () => {
		expect(openSecrets(state, context, 1_999)).toEqual([current, previous]);
		expect(openSecrets(state, context, 2_000)).toEqual([current]);
	});

	it('are without one that cannot be opened', () => {
		expect(openSecrets({ ...state, secret: '' }, context, 0)).toEqual([previous]);
		expect(openSecrets(state, { ...context, apiKey: 'another' }, 0)).toEqual([]);
		expect(openSecrets({ ...state, secret: seal('', context) }, context, 9_999)).toEqual([]);
	});
});
