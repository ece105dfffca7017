import { NodeApiError, UserError } from 'n8n-workflow';
import { formatMark } from '../../../nodes/AnchorBrowser/registration/mark';
import type { MarkOwner } from '../../../nodes/AnchorBrowser/registration/mark';
import { ensureRegistered } from '../../../nodes/AnchorBrowser/registration/register';
import type { RegistrationState } from '../../../nodes/AnchorBrowser/registration/state';
import { unregister } from '../../../nodes/AnchorBrowser/registration/unregister';
import { AnchorInMemory, API_KEY } from './anchorInMemory';
import type { Answer } from './anchorInMemory';

const URL_HERE = 'https://n8n.example.com/webhook/0b6f/webhook';
const TEST_URL_HERE = 'https://n8n.example.com/webhook-test/0b6f/webhook';
const owner: MarkOwner = {
	workflowName: 'Invoices',
	instanceId: 'instance',
	workflowId: 'wf1',
	nodeId: 'node-1',
	mode: 'production',
};
const tester: MarkOwner = { ...owner, mode: 'test' };
const TROUBLE: Array<[string, Answer]> = [
	['no answer', { code: 'ETIMEDOUT' }],
	...[500, 503, 429, 409, 401, 402, 403].map((status): [string, Answer] => [
		String(status),
		{ status },
	]),
];

let anchor: AnchorInMemory;
beforeEach(() => {
	anchor = new AnchorInMemory();
});

const register = async (whose = owner) => {
	const { state } = await ensureRegistered(anchor.context(), {
		owner: whose,
		url: URL_HERE,
		events: ['task.failed'],
		rotate: false,
		stored: undefined,
		nowMs: anchor.nowMs,
	});
	anchor.takeChanges();
	anchor.log.length = 0;
	return state as RegistrationState;
};
const end = async (
	stored: RegistrationState | undefined,
	onDeactivate: 'delete' | 'disable' = 'delete',
	whose = owner,
	url = URL_HERE,
) =>
	await unregister(anchor.context(), {
		owner: whose,
		url,
		stored,
		onDeactivate,
		nowMs: anchor.nowMs,
	});
const thrown = async (promise: Promise<unknown>): Promise<NodeApiError> => {
	const error: unknown = await promise.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	expect(error).toBeInstanceOf(NodeApiError);
	return error as NodeApiError;
};

describe('deactivation that deletes', () => {
	it('removes the webhook, and nothing is left to store', async () => {
		const state = await register();
		expect(await end(state)).toEqual({ action: 'deleted', state: undefined });
		expect(anchor.webhooks).toEqual([]);
	});

	it('is done when the webhook is gone already', async () => {
		const state = await register();
		anchor.remove(state.webhookId);
		expect(await end(state)).toEqual({ action: 'deleted', state: undefined });
	});

	it.each(TROUBLE)('%s: throws with id and address, and logs the same', async (_what, answer) => {
		const state = await register();
		anchor.breakDown(answer);
		const error = await thrown(end(state));
		for (const text of [error.message, error.description ?? '', anchor.lines()[0]]) {
			expect(text).toContain(state.webhookId);
			expect(text).toContain(URL_HERE);
			expect(text).not.toContain(API_KEY);
		}
	});

	it.each(TROUBLE)('%s: n8n is told whether trying again is of use', async (what, answer) => {
		const state = await register();
		anchor.breakDown(answer);
		const { cause } = await thrown(end(state));
		expect(cause instanceof UserError).toBe(['401', '402', '403'].includes(what));
	});

	it('without a credential: says what to remove by hand, and n8n need not try again', async () => {
		const state = await register();
		anchor.credential = undefined;
		const error = await thrown(end(state));
		expect(error.message).toContain(state.webhookId);
		expect(error.cause).toBeInstanceOf(UserError);
	});
});

describe('deactivation that switches off', () => {
	it('keeps the webhook and its state', async () => {
		const state = await register();
		expect(await end(state, 'disable')).toEqual({
			action: 'disabled',
			state: { ...state, disabled: true },
		});
		expect(anchor.webhooks).toMatchObject([{ id: state.webhookId, enabled: false }]);
	});

	it('is done when the webhook is gone already', async () => {
		const state = await register();
		anchor.remove(state.webhookId);
		expect(await end(state, 'disable')).toEqual({ action: 'deleted', state: undefined });
	});

	it('deletes all the same when it was a test', async () => {
		const state = await register(tester);
		expect((await end(state, 'disable', tester)).action).toBe('deleted');
		expect(anchor.webhooks).toEqual([]);
	});

	it.each(TROUBLE)('%s: throws with id and address', async (_what, answer) => {
		const state = await register();
		anchor.breakDown(answer);
		expect((await thrown(end(state, 'disable'))).message).toContain(
			`${state.webhookId} (${URL_HERE})`,
		);
	});
});

describe('deactivation with nothing stored', () => {
	it('and nothing at Anchor is done', async () => {
		anchor.add({ url: URL_HERE });
		expect(await end(undefined)).toEqual({ action: 'nothing', state: undefined });
		expect(anchor.webhooks).toHaveLength(1);
	});

	it('removes what a broken-off activation left, doubles included', async () => {
		await register();
		anchor.add({ url: URL_HERE, description: formatMark(owner) });
		expect((await end(undefined)).action).toBe('deleted');
		expect(anchor.webhooks).toEqual([]);
	});

	it.each(['delete', 'disable'] as const)(
		'tells a test from production by the address alone, and removes the one of a test (%s)',
		async (onDeactivate) => {
			const production = await register();
			anchor.add({ url: TEST_URL_HERE, description: formatMark(tester) });
			expect(await end(undefined, onDeactivate, owner, TEST_URL_HERE)).toEqual({
				action: 'deleted',
				state: undefined,
			});
			expect(anchor.webhooks.map(({ id }) => id)).toEqual([production.webhookId]);
		},
	);

	it('leaves copies and imports alone', async () => {
		for (const other of [
			{ ...owner, workflowId: 'wf2' },
			{ ...owner, nodeId: 'node-2' },
			{ ...owner, instanceId: 'other' },
		]) {
			anchor.add({ url: URL_HERE, description: formatMark(other) });
		}
		expect((await end(undefined)).action).toBe('nothing');
		expect(anchor.webhooks).toHaveLength(3);
	});

	it('switches off what is found, and keeps its id for the next activation', async () => {
		const { webhookId } = await register();
		const { action, state } = await end(undefined, 'disable');
		expect(action).toBe('disabled');
		expect(state).toMatchObject({ webhookId, secret: '', disabled: true });
		const outcome = await ensureRegistered(anchor.context(), {
			owner,
			url: URL_HERE,
			events: ['task.failed'],
			rotate: false,
			stored: state,
			nowMs: anchor.nowMs,
		});
		expect(outcome).toMatchObject({ action: 'rotated', state: { webhookId } });
		expect(anchor.webhooks).toMatchObject([{ id: webhookId, enabled: true }]);
	});

	it.each(TROUBLE)(
		'%s: nothing is known to exist, so a line in the log is enough',
		async (_what, answer) => {
			anchor.breakDown(answer);
			expect(await end(undefined)).toEqual({ action: 'nothing', state: undefined });
			expect(anchor.log).toMatchObject([{ level: 'warn' }]);
		},
	);

	it('without a credential: the same', async () => {
		anchor.credential = undefined;
		expect((await end(undefined)).action).toBe('nothing');
	});

	it('found but not removed: throws', async () => {
		const { webhookId } = await register();
		anchor.answer(/^DELETE/, { status: 503 });
		expect((await thrown(end(undefined))).message).toContain(webhookId);
	});

	it('what is stored came with a copied workflow: the original stays', async () => {
		const original = await register();
		const copy = { ...owner, workflowId: 'wf2' };
		expect((await end(original, 'delete', copy)).action).toBe('nothing');
		expect(anchor.webhooks).toHaveLength(1);
	});
});

describe('deactivation during an activation', () => {
	it('waits for it, and removes what it made', async () => {
		const [, ended] = await Promise.all([register(), end(undefined)]);
		expect(ended.action).toBe('deleted');
		expect(anchor.webhooks).toEqual([]);
	});

	it('waits for it, and switches off what it made without losing its secret', async () => {
		const [state, ended] = await Promise.all([register(), end(undefined, 'disable')]);
		expect(ended.state).toEqual({ ...state, disabled: true });
	});
});
