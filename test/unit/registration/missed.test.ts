import type { DeliveryRow } from '../../../nodes/AnchorBrowser/api/webhooks';
import { countMissed, missedEvents } from '../../../nodes/AnchorBrowser/registration/missed';

let count = 0;
const row = (fields: Partial<DeliveryRow> = {}): DeliveryRow => {
	count += 1;
	return {
		id: `row_${count}`,
		external_event_id: `evt_${count}`,
		event_type: 'task.failed',
		status: 'dead',
		attempt: 6,
		response_status: 500,
		error_message: null,
		scheduled_at: '2026-05-24T12:00:00.000Z',
		completed_at: null,
		payload: { task_id: 'tsk_1' },
		...fields,
	};
};
const ids = (rows: DeliveryRow[]) => missedEvents(rows).events.map(({ id }) => id);

describe('what was missed', () => {
	it('comes in the shape of an event, with what a row holds and nothing made up', () => {
		expect(missedEvents([row({ external_event_id: 'evt_x', status: 'failed' })])).toEqual({
			events: [
				{
					id: 'evt_x',
					type: 'task.failed',
					created: '2026-05-24T12:00:00.000Z',
					data: { task_id: 'tsk_1' },
				},
			],
			withoutPayload: [],
		});
		expect(missedEvents([row({ scheduled_at: null })]).events[0]).not.toHaveProperty('created');
	});

	it.each(['succeeded', 'pending', 'in_flight', 'something new', ''])(
		'is not what is %j',
		(status) => {
			expect(missedEvents([row({ status })])).toEqual({ events: [], withoutPayload: [] });
		},
	);

	it.each(['succeeded', 'pending'])('is not what another row has as %s', (status) => {
		const lost = row();
		const other = row({ external_event_id: lost.external_event_id, status });
		expect(ids([lost, other])).toEqual([]);
		expect(ids([other, lost])).toEqual([]);
	});

	it('comes once, with the payload when any row of it has one', () => {
		const bare = row({ payload: undefined });
		const full = row({ external_event_id: bare.external_event_id });
		for (const rows of [
			[bare, full],
			[full, bare],
			[full, full],
		]) {
			expect(ids(rows)).toEqual([bare.external_event_id]);
			expect(missedEvents(rows).withoutPayload).toEqual([]);
		}
	});

	it('without a payload is named, not invented', () => {
		const bare = row({ external_event_id: 'evt_bare', payload: undefined });
		expect(missedEvents([bare])).toEqual({
			events: [],
			withoutPayload: [{ external_event_id: 'evt_bare', event_type: 'task.failed' }],
		});
	});

	it('comes oldest first, whatever the order of the rows', () => {
		const times = ['2026-05-24T12:00:02Z', '2026-05-24T12:00:01Z', '2026-05-24T12:00:03Z'];
		const rows = times.map((scheduled_at) => row({ scheduled_at }));
		expect(ids(rows)).toEqual([rows[1], rows[0], rows[2]].map((each) => each.external_event_id));
	});

	it('is counted by event and by how it ended', () => {
		const lost = row({ status: 'failed' });
		const rows = [
			lost,
			{ ...lost, id: 'again' },
			row(),
			row({ payload: undefined }),
			row({ status: 'succeeded' }),
			row({ status: 'pending' }),
		];
		expect(countMissed(rows)).toEqual({ failed: 1, dead: 2, total: 3 });
		expect(countMissed([])).toEqual({ failed: 0, dead: 0, total: 0 });
	});
});
