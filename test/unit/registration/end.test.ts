import { endRegistration } from '../../../nodes/AnchorBrowser/registration/end';
import type { EndRequest } from '../../../nodes/AnchorBrowser/registration/end';
import { formatMark } from '../../../nodes/AnchorBrowser/registration/mark';
import type { MarkOwner } from '../../../nodes/AnchorBrowser/registration/mark';
import { logLineOf } from '../../../nodes/AnchorBrowser/registration/report';
import { AnchorInMemory, API_KEY } from './anchorInMemory';
import type { Answer } from './anchorInMemory';
import { owner, tester, URL_HERE } from './owners';

const URL_TEST = 'https://n8n.example.com/webhook-test/0b6f/webhook';
const others: MarkOwner[] = [
	{ ...owner, workflowId: 'wf2' },
	{ ...owner, nodeId: 'node-2' },
	{ ...owner, instanceId: 'other' },
	tester,
];
const TROUBLE: Array<[string, Answer]> = [
	['no answer', { code: 'ETIMEDOUT' }],
	...[500, 503, 429, 409, 401, 402, 403].map((status): [string, Answer] => [
		String(status),
		{ status, body: { error: `no, ${API_KEY}` } },
	]),
];

let anchor: AnchorInMemory;
beforeEach(() => {
	anchor = new AnchorInMemory();
});

const add = (whose = owner, url = URL_HERE) =>
	anchor.add({ url, description: formatMark(whose, {}) });
const end = async (fields: Partial<EndRequest> = {}) => {
	const ended = await endRegistration(anchor.context(), {
		owner,
		url: URL_HERE,
		webhookId: undefined,
		isReplaced: false,
		onDeactivate: 'delete',
		askedAtMs: Date.now() - 10_000,
		...fields,
	});
	expect(JSON.stringify(ended.happened.map(logLineOf))).not.toContain(API_KEY);
	return ended;
};
const ids = () => anchor.webhooks.map(({ id }) => id);
const OVER = { isOver: true, isTakenUp: false, happened: [] };

describe('a registration that ends', () => {
	it('has its webhook removed', async () => {
		const { id } = add();
		expect(await end({ webhookId: id })).toEqual({
			...OVER,
			happened: [{ what: 'removed', id, role: 'served' }],
		});
		expect(anchor.webhooks).toEqual([]);
	});

	it.each([true, false])(
		'stays where another process has taken it up since, whose clock does not count (Anchor tells the time: %s)',
		async (tellsTime) => {
			anchor.tellsTime = tellsTime;
			const nowMs = tellsTime ? anchor.nowMs : Date.now();
			const at = (activatedMs: number) =>
				anchor.add({ url: URL_HERE, description: formatMark(owner, { activatedMs }) });
			const { id } = at(nowMs - 5_000);
			expect(await end({ webhookId: id })).toEqual({
				isOver: true,
				isTakenUp: true,
				happened: [{ what: 'takenUp', id }],
			});
			expect(anchor.webhooks).toHaveLength(1);
			expect((await end({ webhookId: id, askedAtMs: Date.now() })).isTakenUp).toBe(false);
			expect(anchor.webhooks).toEqual([]);
		},
	);

	it('has it removed though Anchor does not list it, because it is disabled', async () => {
		const { id } = add();
		anchor.webhooks[0].enabled = false;
		expect((await end({ webhookId: id })).isOver).toBe(true);
		expect(anchor.webhooks).toEqual([]);
	});

	it('has it disabled when that is wanted, and only it: doubles are removed', async () => {
		const { id } = add();
		const double = add();
		expect(await end({ webhookId: id, onDeactivate: 'disable' })).toEqual({
			...OVER,
			happened: [
				{ what: 'disabled', id },
				{ what: 'removed', id: double.id, role: 'leftover' },
			],
		});
		expect(anchor.webhooks).toMatchObject([{ id, enabled: false }]);
	});

	it.each(['delete', 'disable'] as const)(
		'is over when the webhook is gone already, or goes between looking and acting (%s)',
		async (onDeactivate) => {
			const absent = (id: string) => ({ ...OVER, happened: [{ what: 'absent', id }] });
			expect(await end({ webhookId: 'wh_gone', onDeactivate })).toEqual(absent('wh_gone'));
			const { id } = add();
			anchor.answer(/^(DELETE|PATCH)/, { status: 404 });
			expect(await end({ webhookId: id, onDeactivate })).toEqual(absent(id));
		},
	);

	it('with nothing stored, has what carries our mark removed, doubles included', async () => {
		add();
		add(owner, 'https://old.example.com/webhook/1');
		expect((await end()).isOver).toBe(true);
		expect(anchor.webhooks).toEqual([]);
	});

	it('with nothing stored and nothing at Anchor, changes nothing', async () => {
		anchor.add({ url: URL_HERE });
		expect(await end()).toEqual(OVER);
		expect(anchor.webhooks).toHaveLength(1);
	});

	it('leaves the webhook with which it has been replaced', async () => {
		const { id } = add();
		const next = add();
		await end({ webhookId: id, isReplaced: true });
		expect(ids()).toEqual([next.id]);
	});
});

describe('what belongs to others stays', () => {
	it.each(others)('of $instanceId, $workflowId, $nodeId, $mode', async (other) => {
		const { id } = add(other);
		for (const webhookId of [undefined, id]) {
			for (const onDeactivate of ['delete', 'disable'] as const) {
				expect((await end({ webhookId, onDeactivate })).isOver).toBe(true);
			}
		}
		expect(anchor.webhooks).toMatchObject([{ id, enabled: true }]);
		expect(anchor.takeChanges()).toEqual([]);
	});
});

describe('the end of a test', () => {
	it.each(['delete', 'disable'] as const)(
		'removes its webhook, whatever a deactivation does (%s), and never production',
		async (onDeactivate) => {
			const production = add();
			const test = add(tester, URL_TEST);
			const ended = await end({ owner: tester, url: URL_TEST, onDeactivate });
			expect(ended.happened).toEqual([{ what: 'removed', id: test.id, role: 'served' }]);
			expect(ids()).toEqual([production.id]);
		},
	);

	it('leaves a test at another address: somebody else may be listening there', async () => {
		const elsewhere = add(tester, 'https://other.example.com/webhook-test/1');
		await end({ owner: tester, url: URL_TEST });
		expect(ids()).toEqual([elsewhere.id]);
	});
});

describe('trouble', () => {
	it.each(TROUBLE)('%s while looking: not over, and the webhook is named', async (_, answer) => {
		const { id } = add();
		anchor.breakDown(answer);
		expect(await end({ webhookId: id })).toMatchObject({
			isOver: false,
			isTakenUp: false,
			happened: [{ what: 'stayed', id }],
		});
		expect(anchor.webhooks).toHaveLength(1);
	});

	it.each(TROUBLE)('%s while removing or disabling: not over', async (_, answer) => {
		const { id } = add();
		anchor.answer(/^(DELETE|PATCH)/, answer, { times: Infinity });
		for (const onDeactivate of ['delete', 'disable'] as const) {
			const { isOver, happened } = await end({ webhookId: id, onDeactivate });
			expect(isOver).toBe(false);
			expect(happened).toMatchObject([{ what: 'stayed', id }]);
		}
	});

	it('with a double alone: not over', async () => {
		const { id } = add();
		const double = add();
		anchor.answer(new RegExp(`^DELETE .*${double.id}`), { status: 503 }, { times: Infinity });
		for (const onDeactivate of ['disable', 'delete'] as const) {
			expect((await end({ webhookId: id, onDeactivate })).isOver).toBe(false);
		}
	});

	it('without a credential, throws the words of n8n', async () => {
		anchor.credential = undefined;
		await expect(end()).rejects.toThrow('does not have any credentials');
	});
});
