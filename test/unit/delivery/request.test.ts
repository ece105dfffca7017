import { headerOf } from '../../../nodes/AnchorBrowser/delivery/request';
import type { DeliveryRequest } from '../../../nodes/AnchorBrowser/delivery/request';

const requestWith = (headers: DeliveryRequest['headers']): DeliveryRequest => ({
	method: 'POST',
	headers,
	body: new Uint8Array(),
});

describe('headerOf', () => {
	it.each(['anchor-event', 'Anchor-Event', 'ANCHOR-EVENT', 'aNCHOR-eVENT'])(
		'finds a header spelled %s',
		(spelling) => {
			const request = requestWith({ host: 'a', [spelling]: 'task.failed' });
			expect(headerOf(request, 'anchor-event')).toBe('task.failed');
		},
	);

	it('gives the value as it came, white space included', () => {
		expect(headerOf(requestWith({ 'anchor-event': ' a ' }), 'anchor-event')).toBe(' a ');
	});

	it.each([
		['missing', {}],
		['undefined', { 'anchor-event': undefined }],
		['empty', { 'anchor-event': '' }],
		['blank', { 'anchor-event': ' \t' }],
		['a list of several values', { 'anchor-event': ['a', 'b'] }],
		['a list of one value', { 'anchor-event': ['a'] }],
		['an empty list', { 'anchor-event': [] }],
		['there in two spellings', { 'anchor-event': 'a', 'Anchor-Event': 'a' }],
		['there as another and longer one alone', { 'anchor-event-id': 'a' }],
	])('gives nothing when the header is %s', (_title, headers) => {
		expect(headerOf(requestWith(headers), 'anchor-event')).toBeUndefined();
	});

	it('takes no notice of a spelling that is undefined', () => {
		const headers = { 'Anchor-Event': undefined, 'anchor-event': 'a' };
		expect(headerOf(requestWith(headers), 'anchor-event')).toBe('a');
	});

	it('does not take a header of the same length, nor an inherited one, for it', () => {
		const headers = Object.create({ 'anchor-event': 'inherited' }) as Record<string, string>;
		headers['anchor-evens'] = 'a';
		expect(headerOf(requestWith(headers), 'anchor-event')).toBeUndefined();
	});
});
