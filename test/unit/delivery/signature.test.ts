import Stripe from 'stripe';
import { checkSignature, liveSecret, sign } from '../../../nodes/AnchorBrowser/delivery/signature';
import type { DeliveryRequest } from '../../../nodes/AnchorBrowser/delivery/signature';
import knownAnswers from '../../fixtures/signatures.json';
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
	macOf,
} from './signedRequest';

const check = (
	request: DeliveryRequest,
	{ secrets = ONE_SECRET, toleranceSeconds = TOLERANCE, nowSeconds = NOW } = {},
) => checkSignature(request, { secrets, toleranceSeconds, nowSeconds });

const ACCEPTED = {
	ok: true,
	signedWith: 'current',
	timestampSeconds: NOW,
	deliveryId: '0c7a1f1e-0f5c-4a51-9a3c-3d8f1f5a4b11',
};
const refused = (reason: string) => ({ ok: false, reason });

describe('answers computed outside this code', () => {
	it.each(knownAnswers.vectors)('$title', ({ secretParts, timestamp, bodyBase64, expected }) => {
		const body = Buffer.from(bodyBase64, 'base64');
		const secrets = liveSecret(secretParts.join(''), 'current');
		expect(sign(secrets[0].key, timestamp, body)).toBe(expected);

		const request = delivery({ body, timestamp, signature: `t=${timestamp},v1=${expected}` });
		expect(check(request, { secrets, nowSeconds: Number(timestamp) })).toEqual({
			...ACCEPTED,
			timestampSeconds: Number(timestamp),
		});
	});

	it('has enough of them, among them an empty object and bytes that are not UTF-8', () => {
		const bodies = knownAnswers.vectors.map(({ bodyBase64 }) => Buffer.from(bodyBase64, 'base64'));
		expect(bodies.length).toBeGreaterThanOrEqual(6);
		expect(bodies.some((body) => body.toString() === '{}')).toBe(true);
		expect(bodies.some((body) => !Buffer.from(body.toString()).equals(body))).toBe(true);
	});

	it("reads the secret's text as bytes and does not decode its hex digits", () => {
		const [vector] = knownAnswers.vectors;
		const body = Buffer.from(vector.bodyBase64, 'base64');
		const [{ key }] = liveSecret(vector.secretParts.join(''), 'current');
		expect(sign(key, vector.timestamp, body)).not.toBe(
			'd7d3f860dc5a4af942a95129ca43bd9df8e95d8d39fee96669f4df1a908b7c28',
		);
	});
});

describe('a genuine delivery', () => {
	it('is accepted', () => {
		expect(check(delivery())).toEqual(ACCEPTED);
	});

	it('is accepted with a header as long as one may be, and not with a longer one', () => {
		const padded = (length: number) =>
			delivery({ signature: (hex, t) => `t=${t},v1=${hex},`.padEnd(length, 'x') });
		expect(check(padded(100_000))).toEqual(ACCEPTED);
		expect(check(padded(100_001))).toEqual(refused('header_malformed'));
	});

	it('is accepted whatever the case of the header names', () => {
		const { method, headers, body } = delivery();
		const shouted = Object.fromEntries(
			Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
		);
		expect(check({ method, headers: shouted, body })).toEqual(ACCEPTED);
	});

	it.each<[string, string | Uint8Array]>([
		['no bytes', ''],
		['a byte order mark', '\ufeff{"id":"evt_1"}'],
		['CRLF and indentation', '{\r\n\t"id": "evt_1"\r\n}\r\n'],
		['escapes', '{"id":"\\u0065vt_1","text":"\\ud83e\\uddf5"}'],
		['emoji', '{"text":"✅ 🧵"}'],
		['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0xc3, 0x28, 0x7d])],
		['a gzip stream', Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00])],
		['no JSON', 'hello'],
	])('is accepted with a body of %s', (_title, body) => {
		expect(check(delivery({ body }))).toEqual(ACCEPTED);
	});

	it('is judged by the bytes of its view alone when the body is a part of a larger buffer', () => {
		const { method, headers, body } = delivery();
		const larger = Buffer.concat([Buffer.from('before'), body, Buffer.from('after')]);
		const view = larger.subarray(6, 6 + body.length);
		expect(check({ method, headers, body: view })).toEqual(ACCEPTED);
	});
});

describe('headers', () => {
	it.each<[string, DeliveryRequest['headers'], string]>([
		['no signature', { 'anchor-signature': undefined }, 'header_missing'],
		['no timestamp', { 'anchor-timestamp': undefined }, 'header_missing'],
		['an empty signature', { 'anchor-signature': '' }, 'header_missing'],
		['a blank signature', { 'anchor-signature': '  ' }, 'header_missing'],
		['an empty timestamp', { 'anchor-timestamp': '' }, 'header_missing'],
		['a signature header sent twice', { 'anchor-signature': ['a', 'b'] }, 'header_missing'],
		[
			'a timestamp sent twice',
			{ 'anchor-timestamp': [String(NOW), String(NOW)] },
			'header_missing',
		],
		['a second spelling of the timestamp', { 'Anchor-Timestamp': String(NOW) }, 'header_missing'],
		['timestamps joined by a proxy', { 'anchor-timestamp': `${NOW}, ${NOW}` }, 'header_malformed'],
		['a timestamp other than t', { 'anchor-timestamp': String(NOW - 1) }, 'header_malformed'],
		['a timestamp with a sign', { 'anchor-timestamp': `+${NOW}` }, 'header_malformed'],
		['a timestamp with a blank', { 'anchor-timestamp': ` ${NOW}` }, 'header_malformed'],
		['a timestamp padded beside t', { 'anchor-timestamp': `0${NOW}` }, 'header_malformed'],
	])('%s: refused', (_title, headers, reason) => {
		expect(check(delivery({ headers }))).toEqual(refused(reason));
	});

	it.each<[string, (hex: string, t: string) => string]>([
		['t missing', (hex) => `v1=${hex}`],
		['t empty', (hex) => `t=,v1=${hex}`],
		['t twice', (hex, t) => `t=${t},t=${t},v1=${hex}`],
		['t twice, with different values', (hex, t) => `t=${t},t=${Number(t) + 1},v1=${hex}`],
		['two whole headers joined', (hex, t) => `t=${t},v1=${hex}, t=${t},v1=${hex}`],
		['t with a decimal point', (hex, t) => `t=${t}.0,v1=${hex}`],
		['t padded', (hex, t) => `t=0${t},v1=${hex}`],
		['t in upper case', (hex, t) => `T=${t},v1=${hex}`],
		['t with a blank behind the equals sign', (hex, t) => `t= ${t},v1=${hex}`],
		['a no-break space before a part', (hex, t) => `t=${t},\u00a0v1=${hex}`],
		['no signature', (_hex, t) => `t=${t}`],
		['an empty signature', (_hex, t) => `t=${t},v1=`],
		['another scheme only', (hex, t) => `t=${t},v0=${hex}`],
		['V1 in upper case', (hex, t) => `t=${t},V1=${hex}`],
		['upper-case hex', (hex, t) => `t=${t},v1=${hex.toUpperCase()}`],
		['63 hex digits', (hex, t) => `t=${t},v1=${hex.slice(1)}`],
		['65 hex digits', (hex, t) => `t=${t},v1=${hex}0`],
		['62 hex digits', (hex, t) => `t=${t},v1=${hex.slice(2)}`],
		['128 hex digits', (hex, t) => `t=${t},v1=${hex}${hex}`],
		['64 characters that are not all hex', (hex, t) => `t=${t},v1=g${hex.slice(1)}`],
		['64 blanks', (_hex, t) => `t=${t},v1=${' '.repeat(64)}`],
		['semicolons', (hex, t) => `t=${t};v1=${hex}`],
		['the bare hex digits', (hex) => hex],
		['quotes around it', (hex, t) => `"t=${t},v1=${hex}"`],
		['a line break at its end', (hex, t) => `t=${t},v1=${hex}\n`],
	])('a signature with %s: malformed', (_title, signature) => {
		expect(check(delivery({ signature }))).toEqual(refused('header_malformed'));
	});

	it.each<[string, (hex: string, t: string) => string]>([
		['blanks and tabs around parts', (hex, t) => ` \tt=${t} ,\t v1=${hex}\t `],
		['parts in another order', (hex, t) => `v1=${hex},t=${t}`],
		['unknown parts', (hex, t) => `v2=abc,t=${t},k,=,x=1=2,v1=${hex},v0=00`],
		['empty parts', (hex, t) => `,t=${t},,v1=${hex},`],
		['a v1 beside it that cannot be one', (hex, t) => `t=${t},v1=zz,v1=,v1=${hex}`],
		['the same v1 twice', (hex, t) => `t=${t},v1=${hex},v1=${hex}`],
		['another v1 before it', (hex, t) => `t=${t},v1=${'0'.repeat(64)},v1=${hex}`],
		['another v1 behind it', (hex, t) => `t=${t},v1=${hex},v1=${'0'.repeat(64)}`],
	])('a signature with %s: accepted', (_title, signature) => {
		expect(check(delivery({ signature }))).toEqual(ACCEPTED);
	});

	it('a header written by the generator of the stripe package: accepted', () => {
		const body = eventText();
		const signature = Stripe.webhooks.generateTestHeaderString({
			payload: body,
			secret: CURRENT,
			timestamp: NOW,
			scheme: 'v1',
			signature: macOf(bytesOf(body), String(NOW)),
		});
		expect(check(delivery({ body, signature }))).toEqual(ACCEPTED);
	});

	it("the stripe package's own signature over t.body: refused", () => {
		const body = eventText();
		const signature = Stripe.webhooks.generateTestHeaderString({
			payload: body,
			secret: CURRENT,
			timestamp: NOW,
		});
		expect(check(delivery({ body, signature }))).toEqual(refused('signature_mismatch'));
	});
});

describe('window', () => {
	const at = (timestamp: number | string, options = {}) =>
		check(delivery({ timestamp: String(timestamp) }), options);

	it.each([
		['now', 0],
		['exactly the limit old', -TOLERANCE],
		['exactly the limit ahead', TOLERANCE],
	])('%s: accepted', (_title, offset) => {
		expect(at(NOW + offset)).toEqual({ ...ACCEPTED, timestampSeconds: NOW + offset });
	});

	it.each([
		['one second older than the limit', -TOLERANCE - 1],
		['one second further ahead than the limit', TOLERANCE + 1],
		['a day old', -86_400],
		['a day ahead', 86_400],
	])('%s: stale, with the seconds', (_title, offset) => {
		expect(at(NOW + offset)).toEqual({ ...refused('stale'), skewSeconds: 0 - offset });
	});

	it.each([
		['0', '0'],
		['milliseconds', String(NOW * 1000)],
		['400 digits', '9'.repeat(400)],
	])('%s: stale', (_title, timestamp) => {
		expect(at(timestamp)).toMatchObject(refused('stale'));
	});

	it.each(['-1', '1e9', '0x6b00f000', 'NaN', 'Infinity', '1795334400.5', '١٧٩٥'])(
		'a timestamp of %s: malformed',
		(timestamp) => {
			expect(at(timestamp)).toEqual(refused('header_malformed'));
		},
	);

	it('has the width that the user set', () => {
		expect(at(NOW - 600, { toleranceSeconds: 600 })).toMatchObject({ ok: true });
		expect(at(NOW - 1, { toleranceSeconds: 0 })).toMatchObject(refused('stale'));
		expect(at(NOW, { toleranceSeconds: 0 })).toEqual(ACCEPTED);
	});

	it.each([
		['tolerance that is no number', { toleranceSeconds: NaN }],
		['negative tolerance', { toleranceSeconds: -1 }],
		['clock that is no number', { nowSeconds: NaN }],
	])('a %s refuses', (_title, options) => {
		expect(at(NOW, options)).toMatchObject(refused('stale'));
	});

	it('is judged before the signature: an old delivery is stale whoever signed it', () => {
		const request = delivery({ secret: FOREIGN, timestamp: String(NOW - 500) });
		expect(check(request)).toMatchObject(refused('stale'));
	});

	it('cannot be moved: a fresh timestamp on an old signature is refused', () => {
		const old = delivery({ timestamp: String(NOW - 500) });
		const signature = String(old.headers['anchor-signature']).replace(/t=\d+/, `t=${NOW}`);
		expect(check(delivery({ signature }))).toEqual(refused('signature_mismatch'));
	});
});

describe('a header', () => {
	const deliveryIdWith = (headers: DeliveryRequest['headers']) =>
		check(delivery({ headers: { 'anchor-delivery-id': undefined, ...headers } }));

	it.each(['anchor-delivery-id', 'Anchor-Delivery-Id', 'ANCHOR-DELIVERY-ID', 'aNCHOR-dELIVERY-iD'])(
		'is found spelled %s, whatever else is there undefined',
		(spelling) => {
			expect(deliveryIdWith({ [spelling]: 'a' })).toMatchObject({ deliveryId: 'a' });
		},
	);

	it('keeps its value as it came, white space included', () => {
		expect(deliveryIdWith({ 'anchor-delivery-id': ' a ' })).toMatchObject({ deliveryId: ' a ' });
	});

	it.each([
		['missing', {}],
		['undefined', { 'anchor-delivery-id': undefined }],
		['empty', { 'anchor-delivery-id': '' }],
		['blank', { 'anchor-delivery-id': ' \t' }],
		['a list of several values', { 'anchor-delivery-id': ['a', 'b'] }],
		['a list of one value', { 'anchor-delivery-id': ['a'] }],
		['an empty list', { 'anchor-delivery-id': [] }],
		['there in two spellings', { 'anchor-delivery-id': 'a', 'Anchor-Delivery-Id': 'a' }],
		['there as another and longer one alone', { 'anchor-delivery-id-2': 'a' }],
		['there as another one of the same length', { 'anchor-delivery-ip': 'a' }],
	])('counts for nothing when it is %s', (_title, headers) => {
		expect(deliveryIdWith(headers)).toEqual({ ...ACCEPTED, deliveryId: null });
	});

	it('that is inherited counts for nothing', () => {
		const { headers, ...request } = delivery();
		const inherited = Object.create(headers) as DeliveryRequest['headers'];
		expect(check({ ...request, headers: inherited })).toEqual(refused('header_missing'));
	});
});

describe('secrets', () => {
	it.each<[string, unknown]>([
		['empty text', ''],
		['blank text', ' \r\n\t'],
		['nothing', undefined],
		['null', null],
		['an object', { toString: () => CURRENT }],
		['a list', [CURRENT]],
	])('%s is none: nothing is trusted', (_title, text) => {
		const secrets = [...liveSecret(text, 'current'), ...liveSecret(text, 'previous')];
		expect(secrets).toEqual([]);
		expect(check(delivery(), { secrets })).toEqual(refused('no_secret'));
		expect(check(delivery({ secret: '' }), { secrets })).toEqual(refused('no_secret'));
	});

	it('a number that an expression gave is the text of its digits', () => {
		const secrets = liveSecret(1234567890, 'current');
		expect(check(delivery({ secret: '1234567890' }), { secrets })).toEqual(ACCEPTED);
	});

	it('a blank one beside a good one does not count', () => {
		const secrets = [...liveSecret(' ', 'current'), ...liveSecret(PREVIOUS, 'previous')];
		expect(check(delivery({ secret: PREVIOUS }), { secrets })).toMatchObject({ ok: true });
		expect(check(delivery({ secret: '' }), { secrets })).toEqual(refused('signature_mismatch'));
		expect(check(delivery({ secret: ' ' }), { secrets })).toEqual(refused('signature_mismatch'));
	});

	it.each([`${CURRENT}\n`, ` ${CURRENT}`, `\t${CURRENT}\r\n`])(
		'white space around one is no part of it (%j)',
		(text) => {
			expect(check(delivery(), { secrets: liveSecret(text, 'current') })).toEqual(ACCEPTED);
		},
	);

	it('one that ends counts for what Anchor signed until then, whatever our clock says', () => {
		const secrets = liveSecret(CURRENT, 'previous', NOW * 1000);
		for (const nowSeconds of [NOW - 60, NOW, NOW + 60]) {
			expect(check(delivery(), { secrets, nowSeconds })).toMatchObject({ ok: true });
			const later = delivery({ timestamp: String(NOW + 1) });
			expect(check(later, { secrets, nowSeconds })).toEqual(refused('signature_mismatch'));
		}
	});

	it('the previous one counts, and is reported', () => {
		expect(check(delivery({ secret: PREVIOUS }), { secrets: TWO_SECRETS })).toEqual({
			...ACCEPTED,
			signedWith: 'previous',
		});
	});

	it('the current one is reported when both signed, whichever comes first', () => {
		const theirs = macOf(bytesOf(eventText()), String(NOW), PREVIOUS);
		for (const signature of [
			(hex: string, t: string) => `t=${t},v1=${hex},v1=${theirs}`,
			(hex: string, t: string) => `t=${t},v1=${theirs},v1=${hex}`,
		]) {
			for (const secrets of [TWO_SECRETS, [...TWO_SECRETS].reverse()]) {
				expect(check(delivery({ signature }), { secrets })).toEqual(ACCEPTED);
			}
		}
	});

	it('a foreign one is refused', () => {
		expect(check(delivery({ secret: FOREIGN }), { secrets: TWO_SECRETS })).toEqual(
			refused('signature_mismatch'),
		);
	});

	it('without any, a stale or malformed delivery is refused for good all the same', () => {
		const stale = delivery({ timestamp: String(NOW - 500) });
		expect(check(stale, { secrets: [] })).toMatchObject(refused('stale'));
		expect(check(delivery({ signature: 'v1=1' }), { secrets: [] })).toEqual(
			refused('header_malformed'),
		);
	});
});

describe('the body', () => {
	it('re-serialised to equal JSON: refused', () => {
		const pretty = '{ "id": "evt_1", "n": 1.0, "text": "\\u2705" }';
		const { method, headers } = delivery({ body: pretty });
		const again = bytesOf(JSON.stringify(JSON.parse(pretty)));
		expect(check({ method, headers, body: again })).toEqual(refused('signature_mismatch'));
	});

	it.each<[string, (body: Uint8Array) => Uint8Array]>([
		['with a line break added', (body) => Buffer.concat([body, Buffer.from('\n')])],
		['with a byte order mark added', (body) => Buffer.concat([Buffer.from('\ufeff'), body])],
		['without its last byte', (body) => body.subarray(0, -1)],
		['emptied', () => new Uint8Array()],
		['decoded and encoded again', (body) => Buffer.from(Buffer.from(body).toString('utf8'))],
	])('%s: refused', (_title, change) => {
		const { method, headers, body } = delivery({ body: Buffer.from([0x7b, 0xff, 0x7d]) });
		expect(check({ method, headers, body: change(body) })).toEqual(refused('signature_mismatch'));
	});

	it('with line breaks of another kind: refused', () => {
		const { method, headers } = delivery({ body: '{\r\n}' });
		expect(check({ method, headers, body: bytesOf('{\n}') })).toEqual(
			refused('signature_mismatch'),
		);
	});

	it('cannot borrow from the timestamp: moving the colon is refused', () => {
		const { method, headers } = delivery({ body: '1:{}' });
		const moved = { ...headers, 'anchor-timestamp': `${NOW}:1` };
		expect(check({ method, headers: moved, body: bytesOf('{}') })).toEqual(
			refused('header_malformed'),
		);
	});
});
