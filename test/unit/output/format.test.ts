import fc from 'fast-check';
import { EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import type { AnchorEvent } from '../../../nodes/AnchorBrowser/events/event';
import type { DeliveryNote, ItemFormat } from '../../../nodes/AnchorBrowser/output/format';
import { formatItem } from '../../../nodes/AnchorBrowser/output/format';
import { toRow } from '../../../nodes/AnchorBrowser/output/row';
import { fixture } from '../../fixtures/events';

const FORMATS: ItemFormat[] = ['data', 'envelope', 'row'];

const delivery: DeliveryNote = {
	deliveryId: '0b6f2b1e-8d0d-4b7c-9a3e-5f2f7f0f9c11',
	timestamp: 1716544084,
	receivedAt: Date.UTC(2024, 4, 24, 9, 48, 5),
	signedWith: 'current',
	webhookId: null,
};

const shown = { ...delivery, receivedAt: '2024-05-24T09:48:05.000Z' };

const format = (event: AnchorEvent, as: ItemFormat, note?: DeliveryNote) =>
	formatItem(event, { format: as, escapeFormulas: true, delivery: note });

describe('formatItem', () => {
	it.each(EVENT_TYPES)('%s: data gives the keys of data after _event', (type) => {
		const { data, ...envelope } = fixture(type);
		const item = format(fixture(type), 'data');
		expect(item).toEqual({ _event: envelope, ...data });
		expect(Object.keys(item)).toEqual(['_event', ...Object.keys(data)]);
	});

	it('data gives only what was delivered of the envelope', () => {
		const event = { id: 'evt_1', type: 'task.failed', text: 'x', data: { a: 1 } };
		const item = format(event, 'data');
		expect(Object.keys(item._event as object)).toEqual(['id', 'type', 'text']);
	});

	it('data passes on under _event what Anchor adds beside the data', () => {
		const event = { ...fixture('task.failed'), region: 'eu', recovered: true as const };
		const { data, ...envelope } = event;
		expect(format(event, 'data')).toEqual({ _event: envelope, ...data });
	});

	it('data leaves a nested value and a formula as they are', () => {
		const data = { result: { cell: '=1+1', list: [1, { a: null }] } };
		expect(format({ id: 'evt_1', type: 'task.completed', data }, 'data')).toMatchObject(data);
	});

	it.each(EVENT_TYPES)('%s: envelope gives what was delivered', (type) => {
		const event = { ...fixture(type), api_version: '2027-01-01' };
		expect(format(event, 'envelope')).toEqual(event);
		expect(Object.keys(format(event, 'envelope'))).toEqual(Object.keys(event));
	});

	it.each(EVENT_TYPES)('%s: row gives the row', (type) => {
		const row = toRow(fixture(type), { escapeFormulas: true });
		expect(Object.entries(format(fixture(type), 'row'))).toEqual(Object.entries(row));
	});

	it('row minds escapeFormulas', () => {
		const event = fixture('task.failed', { status: '=1' });
		const cells = (escapeFormulas: boolean) => formatItem(event, { format: 'row', escapeFormulas });
		expect(cells(true)).toHaveProperty('status', "'=1");
		expect(cells(false)).toHaveProperty('status', '=1');
	});

	it.each(FORMATS)('%s: says nothing of the delivery unless asked', (as) => {
		expect(Object.keys(format(fixture('task.failed'), as)).join()).not.toContain('_delivery');
	});

	it.each(['data', 'envelope'] as const)('%s: puts the delivery last, under one key', (as) => {
		const item = format(fixture('task.failed'), as, delivery);
		expect(item._delivery).toEqual(shown);
		expect(Object.keys(item)).toEqual([
			...Object.keys(format(fixture('task.failed'), as)),
			'_delivery',
		]);
	});

	it('row: has columns for the delivery, also of a recovered event', () => {
		const facts = {
			delivery_id: delivery.deliveryId,
			delivery_timestamp: 1716544084,
			delivery_received_at: '2024-05-24T09:48:05.000Z',
			delivery_signed_with: 'current',
			delivery_webhook_id: null,
		};
		const cells = Object.entries(format(fixture('task.failed'), 'row')).slice(0, -1);
		const expected = [...cells, ...Object.entries(facts), ['more', null]];
		expect(Object.entries(format(fixture('task.failed'), 'row', delivery))).toEqual(expected);
		const recovered = format(fixture('task.failed'), 'row', { ...delivery, recovered: true });
		expect(Object.entries(recovered)).toEqual(expected);
	});

	it('row: defuses a delivery id, which nobody signed', () => {
		const note = { ...delivery, deliveryId: '=1', timestamp: -1 };
		expect(format(fixture('task.failed'), 'row', note)).toMatchObject({
			delivery_id: "'=1",
			delivery_timestamp: -1,
		});
	});

	it('row: has the columns for a result that are asked for', () => {
		const event = fixture('task.completed', { result: { total: 1 } });
		const options = { format: 'row', escapeFormulas: true, resultColumns: ['total'] } as const;
		expect(formatItem(event, options)).toHaveProperty('result_total', 1);
	});

	it.each(['data', 'envelope'] as const)('%s: cuts nothing and marks nothing', (as) => {
		const event = fixture('task.completed', { result: 'x'.repeat(100_000), status: '04001' });
		const item = format(event, as);
		expect(as === 'data' ? item : item.data).toMatchObject(event.data);
	});

	it('keeps a delivered key that is named like one of ours, beside ours', () => {
		const event = fixture('task.healed', {
			_event: 1,
			_event_2: 2,
			_delivery: 3,
		});
		expect(format(event, 'data', delivery)).toMatchObject({
			_event: { id: event.id },
			_event_3: 1,
			_event_2: 2,
			_delivery: shown,
			_delivery_2: 3,
		});
		expect(format(event, 'data')).toMatchObject({ _delivery: 3 });
		expect(format({ ...event, _delivery: 5 }, 'envelope', delivery)).toMatchObject({
			_delivery: shown,
			_delivery_2: 5,
		});
	});

	it.each(FORMATS)('%s: leaves the event itself unchanged', (as) => {
		const event = fixture('task.completed');
		const item = format(event, as, delivery);
		item.extra = 1;
		expect(event).toEqual(fixture('task.completed'));
	});

	it.each(FORMATS)('%s: leaves prototypes alone', (as) => {
		const event = JSON.parse(
			'{"id":"a","type":"b.c","__proto__":{"polluted":1},"data":{"__proto__":{"polluted":1},"constructor":2}}',
		) as AnchorEvent;
		const item = format(event, as, delivery);
		expect(Object.getPrototypeOf(item)).toBe(Object.prototype);
		expect(item.polluted).toBeUndefined();
		expect(({} as Record<string, unknown>).polluted).toBeUndefined();
	});

	it('loses nothing of any data', () => {
		fc.assert(
			fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
				const event = { id: 'evt_1', type: 'b.c', data };
				const { _event, ...rest } = format(event, 'data');
				expect(_event).toEqual({ id: 'evt_1', type: 'b.c' });
				expect(Object.values(rest)).toEqual(Object.values(data));
			}),
		);
	});
});
