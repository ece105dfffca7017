/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { gzipSync } from 'node:zlib';
import { EventMemory, NOTHING_SEEN } from '../../../nodes/AnchorBrowser/delivery/dedupe';
import type { SeenEvents } from '../../../nodes/AnchorBrowser/delivery/dedupe';
import { makeFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import type { RawFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import { answerOf, logLineOf } from '../../../nodes/AnchorBrowser/delivery/verdict';
import type { Doubt, Verdict } from '../../../nodes/AnchorBrowser/delivery/verdict';
import { receive, refuseByHead, refuseByTime } from '../../../nodes/AnchorBrowser/delivery/receive';
import type { DeliveryRequest, LiveSecret } from '../../../nodes/AnchorBrowser/delivery/signature';
import {
	CURRENT,
	FOREIGN,
	NOW,
	ONE_SECRET,
	PREVIOUS,
	TOLERANCE,
	TWO_SECRETS,
	bytesOf,
	delivery,
	eventText,
} from './signedRequest';

interface Circumstances {
	events: string[];
	filters: RawFilters;
	sampleEvent: string;
	secrets: LiveSecret[];
	doubt: Doubt;
	seen: SeenEvents;
	nowMs: number;
}

function judge(request: DeliveryRequest, circumstances: Partial<Circumstances> = {}): Verdict {
	const {
		events = ['*'],
		filters = {},
		sampleEvent,
		secrets = ONE_SECRET,
		...rest
	} = circumstances;
	return receive(request, {
		settings: { events, filters: makeFilters(filters), toleranceSeconds: TOLERANCE, sampleEvent },
		secrets,
		seen: NOTHING_SEEN,
		nowMs: NOW * 1000,
		...rest,
	});
}

const rejected = (reason: string) => ({ kind: 'rejected', reason });
const ignored = (reason: string) => ({ kind: 'ignored', reason });

/** A memory that tells whether it was asked. */
function watchedMemory() {
	const memory = new EventMemory();
	return { memory, reserve: jest.spyOn(memory, 'reserve') };
}

describe('a genuine event', () => {
	it('is accepted, with its facts', () => {
		const verdict = judge(delivery({ timestamp: String(NOW - 3) }), { nowMs: NOW * 1000 + 250 });
		expect(verdict).toEqual({
			kind: 'accepted',
			event: JSON.parse(eventText()),
			facts: {
				deliveryId: '0c7a1f1e-0f5c-4a51-9a3c-3d8f1f5a4b11',
				timestamp: NOW - 3,
				receivedAt: NOW * 1000 + 250,
				signedWith: 'current',
			},
		});
	});

	it('holds neither a signature nor a secret in what becomes of it', () => {
		const request = delivery();
		const text = JSON.stringify(judge(request));
		expect(text).not.toContain(CURRENT);
		expect(text).not.toContain(String(request.headers['anchor-signature']).split('v1=')[1]);
	});

	it('says so when the previous secret signed it', () => {
		const verdict = judge(delivery({ secret: PREVIOUS }), { secrets: TWO_SECRETS });
		expect(verdict).toMatchObject({ kind: 'accepted', facts: { signedWith: 'previous' } });
	});

	it.each([undefined, '', ['a', 'b']])('has no delivery id when the header is %j', (value) => {
		const verdict = judge(delivery({ headers: { 'anchor-delivery-id': value } }));
		expect(verdict).toMatchObject({ kind: 'accepted', facts: { deliveryId: null } });
	});

	it('is named by its signed body: the unsigned Anchor-Event header decides nothing', () => {
		const request = delivery({ headers: { 'anchor-event': 'task.failed' } });
		expect(judge(request, { events: ['task.completed'] })).toMatchObject({ kind: 'accepted' });
		expect(judge(request, { events: ['task.failed'] })).toMatchObject(ignored('not_subscribed'));
	});

	it('is left out with a line in the log where an expression selects nothing at all', () => {
		const verdict = judge(delivery(), { events: [] });
		expect(verdict).toMatchObject({ ...ignored('not_subscribed'), isNothingSelected: true });
		expect(logLineOf(verdict)).toMatch(/expression under Events/);
		expect(logLineOf(judge(delivery(), { events: ['task.failed'] }))).toBeUndefined();
	});

	it('of a type that nobody knows is accepted under *', () => {
		const request = delivery({ body: eventText({ type: 'task.paused' }) });
		expect(judge(request)).toMatchObject({ kind: 'accepted' });
		expect(judge(request, { events: ['task.completed'] })).toMatchObject(ignored('not_subscribed'));
	});

	it('that the user has just asked for in the editor is accepted whatever is selected', () => {
		const request = delivery({ body: eventText({ type: 'task.failed' }) });
		const selected = { events: ['task.completed'], filters: { taskIds: 'another' } };
		expect(judge(request, { ...selected, sampleEvent: 'task.failed' }).kind).toBe('accepted');
		expect(judge(request, { ...selected, sampleEvent: 'task.healed' })).toMatchObject(
			ignored('not_subscribed'),
		);
	});
});

describe('a request that is not authenticated', () => {
	it.each<[string, DeliveryRequest]>([
		['wrong_method', delivery({ method: 'GET' })],
		['wrong_method', delivery({ method: 'PUT' })],
		['wrong_method', delivery({ method: 'post' })],
		['wrong_method', delivery({ method: '' })],
		['header_missing', { method: 'POST', headers: {}, body: bytesOf(eventText()) }],
		['header_missing', { method: 'POST', headers: {}, body: new Uint8Array() }],
		['header_malformed', delivery({ signature: 'sha256=00' })],
		['stale', delivery({ timestamp: String(NOW - TOLERANCE - 1) })],
		['stale', delivery({ timestamp: String(NOW + TOLERANCE + 1) })],
		['stale', delivery({ timestamp: String(NOW * 1000) })],
		['signature_mismatch', delivery({ secret: FOREIGN })],
		['signature_mismatch', { ...delivery(), body: new Uint8Array() }],
		['signature_mismatch', { ...delivery(), body: gzipSync(delivery().body) }],
	])('is rejected: %s', (reason, request) => {
		const { memory, reserve } = watchedMemory();
		const verdict = judge(request, { seen: memory });
		expect(verdict).toMatchObject(rejected(reason));
		expect(answerOf(verdict).status).toBe(reason === 'signature_mismatch' ? 401 : 400);
		expect(reserve).not.toHaveBeenCalled();
		// By its method and headers alone, if they are not those of a delivery.
		const { method, headers } = request;
		const isByHead = ['wrong_method', 'header_missing', 'header_malformed'].includes(reason);
		expect(refuseByHead({ method, headers })).toEqual(isByHead ? rejected(reason) : undefined);
		// And by the time that they claim, before the body is read.
		const window = { toleranceSeconds: TOLERANCE, nowMs: NOW * 1000 };
		if (reason === 'stale') expect(refuseByTime({ method, headers }, window)).toEqual(verdict);
		if (reason === 'signature_mismatch') {
			expect(refuseByTime({ method, headers }, window)).toBeUndefined();
		}
	});

	it('has its body left unread: no JSON is parsed before the signature is good', () => {
		const parse = jest.spyOn(JSON, 'parse');
		try {
			judge(delivery({ secret: FOREIGN }));
			expect(parse).not.toHaveBeenCalled();
		} finally {
			parse.mockRestore();
		}
	});

	it('for its form, carries nothing else', () => {
		expect(judge(delivery({ signature: undefined }))).toEqual(rejected('header_missing'));
	});

	it('stale, carries the seconds and what would have been allowed', () => {
		expect(judge(delivery({ timestamp: String(NOW - 312) }))).toEqual({
			...rejected('stale'),
			skewSeconds: 312,
			allowedSeconds: TOLERANCE,
		});
	});

	it('a timestamp at the limit is still good in the last millisecond of its second', () => {
		const request = delivery({ timestamp: String(NOW - TOLERANCE) });
		expect(judge(request, { nowMs: NOW * 1000 + 999 }).kind).toBe('accepted');
		expect(judge(request, { nowMs: NOW * 1000 + 1000 })).toMatchObject(rejected('stale'));
	});
});

describe('secrets', () => {
	it('none: Anchor is asked to come again, since one may be on its way', () => {
		const { memory, reserve } = watchedMemory();
		const verdict = judge(delivery(), { secrets: [], seen: memory });
		expect(verdict).toEqual({ kind: 'retryLater', reason: 'no_secret' });
		expect(reserve).not.toHaveBeenCalled();
	});

	it.each<Doubt>(['secret_changing', 'secret_outdated', 'secret_sealed'])(
		'in doubt (%s): what matches none of them is asked to come again',
		(doubt) => {
			const later = { kind: 'retryLater', reason: doubt };
			expect(judge(delivery({ secret: FOREIGN }), { doubt })).toEqual(later);
			expect(judge(delivery(), { secrets: [], doubt })).toEqual(later);
		},
	);

	it('in doubt: what matches is accepted, what is malformed or stale is refused', () => {
		const doubt = 'secret_changing';
		expect(judge(delivery(), { doubt }).kind).toBe('accepted');
		expect(judge(delivery({ signature: 'v1=1' }), { doubt })).toMatchObject(
			rejected('header_malformed'),
		);
		expect(judge(delivery({ timestamp: '1' }), { doubt })).toMatchObject(rejected('stale'));
	});
});

describe('a genuine body that is no event', () => {
	const secretText = 'the-payload-itself';
	it.each<[string, string | Uint8Array]>([
		['no bytes', ''],
		['no JSON', `${secretText} {`],
		['data that is a list', eventText({ data: [secretText] })],
	])('%s: 422, and the log holds nothing of it', (_title, body) => {
		const { memory, reserve } = watchedMemory();
		const verdict = judge(delivery({ body }), { seen: memory });
		expect(verdict).toMatchObject(rejected('not_an_event'));
		expect(answerOf(verdict).status).toBe(422);
		expect(logLineOf(verdict)).not.toContain(secretText);
		expect(reserve).not.toHaveBeenCalled();
	});
});

describe('an event that the user did not ask for', () => {
	it('is ignored when it is not selected', () => {
		const { memory, reserve } = watchedMemory();
		const verdict = judge(delivery(), { events: ['task.failed'], seen: memory });
		expect(verdict).toMatchObject({
			...ignored('not_subscribed'),
			event: { type: 'task.completed' },
		});
		expect(reserve).not.toHaveBeenCalled();
	});

	it('is ignored when a filter drops it', () => {
		const { memory, reserve } = watchedMemory();
		const filters = { taskIds: 'tsk_other' };
		expect(judge(delivery(), { filters, seen: memory })).toMatchObject(ignored('filtered'));
		expect(reserve).not.toHaveBeenCalled();
	});

	it('is accepted when the filter fits', () => {
		const filters = { taskIds: 'tsk_other, tsk_4f8w9n2b' };
		expect(judge(delivery(), { filters }).kind).toBe('accepted');
	});

	it('is not_subscribed rather than filtered when it is both', () => {
		const verdict = judge(delivery(), { events: [], filters: { taskIds: 'tsk_other' } });
		expect(verdict).toMatchObject(ignored('not_subscribed'));
	});
});

describe('an event that comes again', () => {
	it('while the first copy is being accepted: later; afterwards: a duplicate', () => {
		const seen = new EventMemory();
		expect(judge(delivery(), { seen }).kind).toBe('accepted');
		const meanwhile = judge(delivery(), { seen });
		expect(meanwhile).toEqual({ kind: 'retryLater', reason: 'in_flight' });
		seen.commit('evt_56a4c6e7f11e4b44eafce28a', NOW * 1000);
		expect(judge(delivery(), { seen })).toMatchObject(ignored('duplicate'));
	});

	it('under the same delivery id but with another event id, is another event', () => {
		const seen = new EventMemory();
		judge(delivery(), { seen });
		const other = delivery({ body: eventText({ id: 'evt_2' }) });
		expect(judge(other, { seen }).kind).toBe('accepted');
	});
});
