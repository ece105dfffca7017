import type { DeliveryRow } from '../../../nodes/AnchorBrowser/api/webhooks';
import { makeFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import { findMissed } from '../../../nodes/AnchorBrowser/recovery/missed';
import type { MissedInput } from '../../../nodes/AnchorBrowser/recovery/missed';

const T0 = Date.UTC(2026, 4, 24, 12);
const at = (seconds: number) => new Date(T0 + seconds * 1_000).toISOString();

const row = (id: string, more: Partial<DeliveryRow> = {}): DeliveryRow => ({
	id: `row_${id}`,
	external_event_id: id,
	event_type: 'task.completed',
	status: 'failed',
	response_status: 404,
	scheduled_at: at(10),
	completed_at: at(11),
	payload: { task_id: 'tsk_1' },
	...more,
});
const delivered = (id: string, seconds: number) =>
	row(id, {
		status: 'succeeded',
		response_status: 200,
		scheduled_at: at(seconds),
		completed_at: at(seconds),
	});
const find = (rows: DeliveryRow[], more: Partial<MissedInput> = {}) =>
	findMissed({
		rows,
		projectId: 'p',
		wanted: { events: ['task.completed'], filters: makeFilters() },
		sinceMs: T0,
		recoveredMs: undefined,
		secretSinceMs: T0,
		isKnown: () => false,
		isInHand: () => false,
		startedMs: undefined,
		isStart: false,
		...more,
	});
const ids = (list: ReadonlyArray<{ event: { id: string } }>) => list.map(({ event }) => event.id);

describe('what Anchor has given up', () => {
	it('is missing: failed and dead, oldest first, each once', () => {
		const rows = [
			row('c', { scheduled_at: at(30), status: 'dead' }),
			row('a'),
			row('a'),
			row('b', { scheduled_at: at(20) }),
		];
		expect(ids(find(rows).givenUp)).toEqual(['a', 'b', 'c']);
	});

	it.each(['pending', 'in_flight', 'succeeded', ''])(
		'is not what another row shows as %s',
		(status) => {
			expect(find([row('a'), row('a', { id: 'other', status })]).givenUp).toEqual([]);
		},
	);

	it('is not what this process has met, what is not selected, or what a filter drops', () => {
		const filters = makeFilters({ taskIds: 'tsk_2' });
		expect(find([row('a')], { isKnown: (id) => id === 'a' }).givenUp).toEqual([]);
		expect(find([row('a', { event_type: 'task.failed' })]).givenUp).toEqual([]);
		expect(find([row('a')], { wanted: { events: ['*'], filters } }).givenUp).toEqual([]);
	});

	it('is not what was scheduled before the trigger listened', () => {
		expect(find([row('a', { scheduled_at: at(-1) })]).givenUp).toEqual([]);
		expect(ids(find([row('a', { scheduled_at: at(0) })]).givenUp)).toEqual(['a']);
	});

	it('comes first when Anchor does not say when it was scheduled', () => {
		const timeless = { scheduled_at: null, completed_at: null };
		for (const rows of [
			[row('a'), row('b', timeless)],
			[row('b', timeless), row('a')],
		]) {
			expect(ids(find(rows, { sinceMs: 0 }).givenUp)).toEqual(['b', 'a']);
		}
		expect(find([row('b', timeless)], { sinceMs: 0 }).givenUpMs).toBe(0);
		expect(find([row('b', { completed_at: null })]).givenUpMs).toBe(T0 + 10_000);
	});

	it('is named and not made up when its row has no payload', () => {
		const missed = find([row('a', { payload: undefined }), row('b')]);
		expect(missed.withoutPayload).toEqual(['a']);
		expect(ids(missed.givenUp)).toEqual(['b']);
	});
});

describe('conditions', () => {
	it('that cannot be judged do not hold, and are named', () => {
		const conditions = { conditions: [{ leftValue: 'duration_ms', operator: 'number:gt' }] };
		const missed = find([row('a')], {
			wanted: { events: ['*'], filters: makeFilters({ conditions }) },
		});
		expect([missed.givenUp, missed.unjudged]).toEqual([[], ['duration_ms']]);
		expect(find([row('a')]).unjudged).toEqual([]);
	});
});

describe('an event from the history', () => {
	it('has its whole envelope, and the id of its delivery', () => {
		const [{ event, deliveryId }] = find([row('a')]).givenUp;
		expect(deliveryId).toBe('row_a');
		expect(event).toMatchObject({
			id: 'a',
			type: 'task.completed',
			created: at(10),
			project_id: 'p',
		});
	});
});

describe('what n8n has in hand', () => {
	it('is not missing yet, and not settled either', () => {
		const inHand = (id: string) => id === 'a';
		const missed = find([row('a'), row('b')], { isKnown: inHand, isInHand: inHand });
		expect(ids(missed.givenUp)).toEqual(['b']);
		expect(missed.isUnsettled).toBe(true);
		expect(find([row('b')], { isInHand: inHand }).isUnsettled).toBe(false);
	});
});

describe('what was recovered before', () => {
	it('is what Anchor had given up by then', () => {
		const rows = [
			row('before', { completed_at: at(100) }),
			row('then', { completed_at: at(200) }),
			row('since', { completed_at: at(201) }),
			row('last', { completed_at: at(300) }),
		];
		const missed = find(rows, { recoveredMs: T0 + 200_000 });
		expect(ids(missed.givenUp)).toEqual(['since', 'last']);
		expect(missed.givenUpMs).toBe(T0 + 300_000);
	});

	it('is nothing of which Anchor does not say when it was given up', () => {
		const rows = [row('a', { completed_at: null })];
		expect(ids(find(rows, { recoveredMs: T0 + 200_000 }).givenUp)).toEqual(['a']);
	});

	it('does not move on when nothing was given up', () => {
		expect(find([delivered('a', 5)]).givenUpMs).toBeUndefined();
	});
});

describe('what Anchor holds delivered', () => {
	it('is not doubted when nobody asks', () => {
		for (const isStart of [false, true]) {
			const { doubtful, witnesses } = find([delivered('a', 5)], { isStart });
			expect([doubtful, witnesses]).toEqual([[], []]);
		}
	});

	it('is doubted at a start from a minute before the last delivery before it', () => {
		const rows = [delivered('old', 100), delivered('dying', 140), delivered('last', 200)];
		const missed = find(rows, { isStart: true, startedMs: T0 + 3_600_000 });
		expect(ids(missed.doubtful)).toEqual(['dying', 'last']);
		expect(missed.witnesses).toEqual(['old']);
	});

	it('is doubted at a start whatever this process itself, or nobody yet, has taken', () => {
		const rows = [
			delivered('last', 200),
			delivered('known', 500),
			row('pending', { status: 'pending', completed_at: at(250) }),
		];
		const isKnown = (id: string) => id === 'known';
		const missed = find(rows, { isStart: true, startedMs: T0 + 3_600_000, isKnown });
		expect(ids(missed.doubtful)).toEqual(['last']);
	});

	it('is doubted at a start up to the last minute before it, which says nothing of when n8n died', () => {
		const rows = [150, 100, 60].map((seconds) => delivered(`${seconds}`, 3_600 - seconds));
		const missed = find(rows, { isStart: true, startedMs: T0 + 3_600_000 });
		expect(ids(missed.doubtful)).toEqual(['150', '100', '60']);
	});

	it('is doubted at a start also where n8n itself has answered while it started', () => {
		const rows = [delivered('old', 100), delivered('last', 200), delivered('starting', 3_590)];
		const missed = find(rows, { isStart: true, startedMs: T0 + 3_600_000 });
		expect(ids(missed.doubtful)).toEqual(['last', 'starting']);
	});

	it('is doubted later on only from the start on', () => {
		const rows = [delivered('before', 100), delivered('since', 300)];
		const missed = find(rows, { startedMs: T0 + 200_000 });
		expect(ids(missed.doubtful)).toEqual(['since']);
	});

	it('has ten witnesses at most, the youngest', () => {
		const rows = Array.from({ length: 30 }, (_, index) => delivered(`w${index}`, index));
		const missed = find([...rows, delivered('last', 1_000)], {
			isStart: true,
			startedMs: T0 + 3_600_000,
		});
		expect(missed.witnesses).toEqual(rows.slice(-10).map((one) => one.external_event_id));
	});
});

describe('a secret', () => {
	it('is wrong when a delivery was refused with 401 after it came into use', () => {
		const refused = row('a', { response_status: 401 });
		expect(find([refused], { secretSinceMs: T0 + 10_999 }).secretIsWrong).toBe(true);
		expect(find([refused], { secretSinceMs: T0 + 11_000 }).secretIsWrong).toBe(false);
		expect(find([row('a')]).secretIsWrong).toBe(false);
		expect(find([row('a'), refused, row('b')]).secretIsWrong).toBe(true);
		expect(find([{ ...refused, status: 'pending' }]).secretIsWrong).toBe(false);
	});
});
