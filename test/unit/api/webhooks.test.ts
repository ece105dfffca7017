import {
	createWebhook,
	deleteWebhook,
	getWebhook,
	listDeliveries,
	listWebhooks,
	rotateSecret,
	sendTestEvent,
	updateWebhook,
} from '../../../nodes/AnchorBrowser/api/webhooks';
import { AnchorInMemory } from '../registration/anchorInMemory';

let anchor: AnchorInMemory;
beforeEach(() => {
	anchor = new AnchorInMemory();
});

const FROM_THE_BEGINNING = { since: '1970-01-01T00:00:00.000Z', offset: 0 };
const calls = () => anchor.requests.map(({ call, body }) => [call, body]);
const page = (events: unknown[], total?: number) =>
	anchor.answer(/events/, {
		status: 200,
		body: { events, pagination: total === undefined ? undefined : { total } },
	});

/** What comes of each call whose answer is read. */
async function answersOfAll() {
	const context = anchor.context();
	return [
		await listWebhooks(context),
		await getWebhook(context, 'a'),
		await createWebhook(context, { url: '', description: '', subscribed_events: [] }),
		await updateWebhook(context, 'a', {}),
		await deleteWebhook(context, 'a'),
		await rotateSecret(context, 'a'),
		await listDeliveries(context, 'a', FROM_THE_BEGINNING),
	];
}

describe('the calls', () => {
	it('are those that Anchor documents', async () => {
		const context = anchor.context();
		const subscribed_events = ['task.failed'];
		const webhook = { url: 'https://a.example', description: 'd', subscribed_events };
		expect(await createWebhook(context, webhook)).toEqual({
			ok: true,
			body: { id: 'wh_001', project_id: 'p1', secret: 'secret-1-a' },
		});
		expect(await listWebhooks(context)).toMatchObject({ ok: true, body: [{ id: 'wh_001' }] });
		const { url } = webhook;
		expect(await getWebhook(context, 'wh_001')).toMatchObject({ body: { url } });
		const off = { enabled: false };
		expect(await updateWebhook(context, 'wh_001', off)).toMatchObject({ body: off });
		expect(await rotateSecret(context, 'wh_001')).toEqual({ ok: true, body: 'secret-1-a+' });
		expect(await deleteWebhook(context, 'wh_001')).toMatchObject({ ok: true });
		expect(calls()).toEqual([
			['POST /v1/webhooks', webhook],
			['GET /v1/webhooks', undefined],
			['GET /v1/webhooks/wh_001', undefined],
			['PATCH /v1/webhooks/wh_001', { enabled: false }],
			['POST /v1/webhooks/wh_001/rotate-secret', undefined],
			['DELETE /v1/webhooks/wh_001', undefined],
		]);
	});

	it('ask for a test event', async () => {
		anchor.answer(/test/, { status: 202, body: { external_event_id: 'evt_1' } });
		const sent = await sendTestEvent(anchor.context(), 'wh_1', 'task.failed');
		expect(sent.ok).toBe(true);
		expect(calls()).toEqual([['POST /v1/webhooks/wh_1/test', { event_type: 'task.failed' }]]);
	});

	it('cannot be led elsewhere by an odd id', async () => {
		await deleteWebhook(anchor.context(), '../sessions/all?x');
		expect(calls()[0][0]).toBe('DELETE /v1/webhooks/..%2Fsessions%2Fall%3Fx');
	});

	it('hand refusals on as they are', async () => {
		anchor.breakDown({ status: 503, body: { error: 'busy' } });
		const answers = [...(await answersOfAll()), await sendTestEvent(anchor.context(), 'a', 'b')];
		for (const answer of answers)
			expect(answer).toMatchObject({ ok: false, status: 503, message: 'busy' });
	});
});

describe('answers that are none', () => {
	it('a page with 200 in place of an answer is no success', async () => {
		anchor.breakDown({ status: 200, body: '<html>Sign in to the network</html>' });
		for (const answer of await answersOfAll()) {
			expect(answer).toMatchObject({ ok: false, status: 200 });
		}
	});

	it('an empty answer to a removal is one', async () => {
		anchor.breakDown({ status: 204, body: '' });
		expect(await deleteWebhook(anchor.context(), 'a')).toMatchObject({ ok: true });
	});

	it('entries without an id are passed over, missing fields filled', async () => {
		const body = { webhooks: [{ id: 'wh_1', subscribed_events: ['a', 7] }, {}, 'x', null] };
		anchor.breakDown({ status: 200, body });
		expect(await listWebhooks(anchor.context())).toEqual({
			ok: true,
			body: [
				{
					id: 'wh_1',
					project_id: '',
					url: '',
					description: null,
					subscribed_events: ['a'],
					enabled: true,
					created_at: null,
					updated_at: null,
				},
			],
		});
	});

	it('a new webhook without id and secret is a success all the same, a rotation without a secret is none', async () => {
		anchor.breakDown({ status: 201, body: { id: 7 } });
		const webhook = { url: '', description: '', subscribed_events: [] };
		expect(await createWebhook(anchor.context(), webhook)).toEqual({ ok: true, body: {} });
		expect((await rotateSecret(anchor.context(), 'a')).ok).toBe(false);
	});
});

describe('the history', () => {
	it('asks for payloads, from a time and a place on', async () => {
		page([], 0);
		await listDeliveries(anchor.context(), 'wh_1', { since: 'S', offset: 3 });
		const query = { limit: 100, offset: 3, since: 'S', include_payload: 'true' };
		expect(anchor.requests[0].query).toEqual(query);
	});

	it('reads rows, passes over unreadable ones and fills what is missing', async () => {
		const full = {
			id: 'row_1',
			webhookId: 'wh_1',
			external_event_id: 'evt_1',
			event_type: 'task.failed',
			status: 'failed',
			response_status: 410,
			attempt: 3,
			scheduled_at: '2026-05-24T12:00:00Z',
			completed_at: '2026-05-24T12:00:01Z',
			payload: { a: 1 },
		};
		const bare = { id: 'row_2', external_event_id: 'evt_2', event_type: 'x' };
		const filled = {
			...bare,
			webhookId: 'wh_1',
			status: '',
			response_status: null,
			attempt: 1,
			scheduled_at: null,
			completed_at: null,
		};
		page([full, { ...bare, payload: 'odd' }, { id: 'row_3' }]);
		expect(await listDeliveries(anchor.context(), 'wh_1', FROM_THE_BEGINNING)).toEqual({
			ok: true,
			body: { total: null, received: 3, rows: [full, filled] },
		});
	});

	it('keeps the digits of numbers in a payload', async () => {
		const row =
			'{"id":"r","external_event_id":"e","event_type":"t","payload":{"order":[12345678901234567890]}}';
		anchor.answer(/events/, { status: 200, body: `{"events":[${row}],"pagination":{"total":1}}` });
		expect(await listDeliveries(anchor.context(), 'wh_1', FROM_THE_BEGINNING)).toMatchObject({
			body: { total: 1, rows: [{ payload: { order: ['12345678901234567890'] } }] },
		});
	});
});
