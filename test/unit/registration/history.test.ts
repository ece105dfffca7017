import { readMissed } from '../../../nodes/AnchorBrowser/registration/history';
import { AnchorInMemory } from './anchorInMemory';

const DAY = 86_400_000;
const rowOf = (status: string) => ({
	id: `row_${status}`,
	external_event_id: `evt_${status}`,
	event_type: 'task.failed',
	status,
	payload: { status },
});

describe('reading what a webhook missed', () => {
	it('asks for what failed and what died since then, and for the payload when wanted', async () => {
		const anchor = new AnchorInMemory();
		for (const status of ['failed', 'dead']) {
			anchor.answer(/events/, {
				status: 200,
				body: { events: [rowOf(status)], pagination: { total: 1 } },
			});
		}
		const report = await readMissed(anchor.context(), {
			webhookId: 'wh_1',
			sinceMs: anchor.nowMs - DAY,
			nowMs: anchor.nowMs,
			withPayload: true,
		});
		const since = new Date(anchor.nowMs - DAY).toISOString();
		expect(anchor.requests.map(({ query }) => query)).toEqual([
			{ limit: 100, offset: 0, since, status: 'failed', include_payload: 'true' },
			{ limit: 100, offset: 0, since, status: 'dead', include_payload: 'true' },
		]);
		expect(report).toMatchObject({
			ok: true,
			body: {
				count: { failed: 1, dead: 1, total: 2 },
				complete: true,
				events: [{ id: 'evt_failed' }, { id: 'evt_dead' }],
			},
		});
	});

	it('asks for no more than the 7 days that Anchor keeps', async () => {
		const anchor = new AnchorInMemory();
		anchor.answer(/events/, { status: 200, body: { events: [] } }, { times: 2 });
		await readMissed(anchor.context(), {
			webhookId: 'wh_1',
			sinceMs: 0,
			nowMs: anchor.nowMs,
			withPayload: false,
		});
		expect(anchor.requests[0].query).toEqual({
			limit: 100,
			offset: 0,
			since: new Date(anchor.nowMs - 7 * DAY).toISOString(),
			status: 'failed',
		});
	});

	it('answers with the trouble when Anchor cannot tell', async () => {
		const anchor = new AnchorInMemory();
		anchor.breakDown({ status: 503 });
		const request = { webhookId: 'wh_1', sinceMs: 0, nowMs: anchor.nowMs, withPayload: false };
		expect(await readMissed(anchor.context(), request)).toMatchObject({ ok: false, status: 503 });
	});
});
