import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { NOTHING_SEEN } from '../../../nodes/AnchorBrowser/delivery/dedupe';
import { makeFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import { answerOf, logLineOf } from '../../../nodes/AnchorBrowser/delivery/verdict';
import { receive } from '../../../nodes/AnchorBrowser/delivery/receive';
import type { DeliveryRequest } from '../../../nodes/AnchorBrowser/delivery/signature';
import { checkSignature, sign } from '../../../nodes/AnchorBrowser/delivery/signature';
import {
	CURRENT,
	NOW,
	TOLERANCE,
	TWO_SECRETS,
	bytesOf,
	delivery,
	eventText,
	macOf,
} from './signedRequest';

const check = (request: DeliveryRequest) =>
	checkSignature(request, {
		secrets: TWO_SECRETS,
		toleranceSeconds: TOLERANCE,
		nowSeconds: NOW,
	});

const judge = (request: DeliveryRequest) =>
	receive(request, {
		settings: { events: ['*'], filters: makeFilters(), toleranceSeconds: TOLERANCE },
		secrets: TWO_SECRETS,
		seen: NOTHING_SEEN,
		nowMs: NOW * 1000,
	});

/** Every copy of the bytes that differs in one bit. */
function* bitFlips(bytes: Uint8Array): Generator<Uint8Array> {
	for (let bit = 0; bit < bytes.length * 8; bit += 1) {
		const flipped = Uint8Array.from(bytes);
		flipped[bit >> 3] ^= 1 << (bit & 7);
		yield flipped;
	}
}

/** The same for a header's text, which Node reads as one character for each byte. */
function* textFlips(text: string): Generator<string> {
	for (const flipped of bitFlips(Buffer.from(text, 'latin1'))) {
		yield Buffer.from(flipped).toString('latin1');
	}
}

function withHeader(request: DeliveryRequest, name: string, value: string): DeliveryRequest {
	return { ...request, headers: { ...request.headers, [name]: value } };
}

describe('one bit changed', () => {
	const request = delivery();
	const header = (name: string) => String(request.headers[name]);

	it('anywhere in the body: refused', () => {
		for (const body of bitFlips(request.body)) {
			expect(check({ ...request, body }).ok).toBe(false);
		}
	});

	it.each(['anchor-signature', 'anchor-timestamp'])('anywhere in %s: refused', (name) => {
		for (const value of textFlips(header(name))) {
			expect({ value, ok: check(withHeader(request, name, value)).ok }).toEqual({
				value,
				ok: false,
			});
		}
	});

	it('anywhere in a signature header with blanks and parts that do not count: refused', () => {
		const hex = macOf(request.body, String(NOW));
		const value = `t=${NOW} , v1=${hex}`;
		expect(check(withHeader(request, 'anchor-signature', value)).ok).toBe(true);
		for (const flipped of textFlips(value)) {
			expect({ flipped, ok: check(withHeader(request, 'anchor-signature', flipped)).ok }).toEqual({
				flipped,
				ok: false,
			});
		}
	});

	it('in the same place of both timestamps: refused', () => {
		const timestamps = [...textFlips(String(NOW))];
		for (const timestamp of timestamps) {
			const changed = withHeader(request, 'anchor-timestamp', timestamp);
			const signature = header('anchor-signature').replace(String(NOW), timestamp);
			expect(check(withHeader(changed, 'anchor-signature', signature)).ok).toBe(false);
		}
	});

	it('anywhere in any body: refused', () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 1, maxLength: 4096 }), fc.nat(), (body, place) => {
				const genuine = delivery({ body });
				const changed = Uint8Array.from(body);
				changed[(place >> 3) % body.length] ^= 1 << (place & 7);
				expect(check(genuine).ok).toBe(true);
				expect(check({ ...genuine, body: changed }).ok).toBe(false);
			}),
			{ numRuns: 500 },
		);
	});
});

describe('any bytes', () => {
	it('are signed as an independent HMAC signs them', () => {
		fc.assert(
			fc.property(
				fc.uint8Array({ maxLength: 2048 }),
				fc.string({ minLength: 1, unit: 'binary' }),
				fc.nat(),
				(body, secret, timestamp) => {
					const key = createSecretKey(secret, 'utf8');
					expect(sign(key, String(timestamp), body)).toBe(macOf(body, String(timestamp), secret));
				},
			),
		);
	});

	it('equal JSON written in another way is refused', () => {
		fc.assert(
			fc.property(fc.json(), (text) => {
				const again = JSON.stringify(JSON.parse(text), null, 2);
				fc.pre(again !== text);
				expect(check({ ...delivery({ body: text }), body: bytesOf(again) }).ok).toBe(false);
			}),
		);
	});
});

describe('a request that nobody signed', () => {
	const headerValue = fc.oneof(
		fc.string({ unit: 'binary' }),
		fc.array(fc.string(), { maxLength: 3 }),
		fc.constant(undefined),
		fc.constant(String(NOW)),
		fc
			.array(fc.stringMatching(/^[0-9a-f]{64}$/), { maxLength: 4 })
			.map((hex) => [`t=${NOW}`, ...hex.map((digits) => `v1=${digits}`)].join(',')),
		fc.stringMatching(/^[ \t]*(t|v1|v0)?=?[0-9a-f]{0,70},[ \t]*(t|v1)=[0-9a-f]{0,70}$/),
	);
	const request = fc.record({
		method: fc.oneof(fc.constant('POST'), fc.string()),
		headers: fc
			.tuple(
				headerValue,
				headerValue,
				fc.dictionary(fc.string({ unit: 'binary' }), headerValue, { maxKeys: 4 }),
			)
			.map(([signature, timestamp, others]) => ({
				...others,
				'anchor-signature': signature,
				'anchor-timestamp': timestamp,
			})),
		body: fc.oneof(fc.uint8Array(), fc.json().map(bytesOf), fc.constant(bytesOf(eventText()))),
	});

	it('is never accepted, never throws, and always has a status and a line for the log', () => {
		fc.assert(
			fc.property(request, (made) => {
				const verdict = judge(made);
				expect(verdict.kind).toBe('rejected');
				expect([400, 401]).toContain(answerOf(verdict).status);
				expect(logLineOf(verdict)).toEqual(expect.stringMatching(/\.$/));
			}),
			{ numRuns: 3000 },
		);
	});

	it('is not accepted either when it repeats a genuine signature over another body', () => {
		const genuine = delivery();
		fc.assert(
			fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytesOf)), (body) => {
				expect(judge({ ...genuine, body }).kind).toBe('rejected');
			}),
		);
	});
});

describe('a body that Anchor did sign', () => {
	it('never makes the receiver throw, whatever it holds', () => {
		const almostEvent = fc.record(
			{ id: fc.anything(), type: fc.anything(), data: fc.anything(), text: fc.anything() },
			{ requiredKeys: [] },
		);
		const body = fc.oneof(
			fc.uint8Array(),
			fc.json().map(bytesOf),
			almostEvent.map((value) => bytesOf(jsonOf(value))),
		);
		fc.assert(
			fc.property(body, (bytes) => {
				const verdict = judge(delivery({ body: bytes, secret: CURRENT }));
				expect(['accepted', 'rejected']).toContain(verdict.kind);
				expect([202, 422]).toContain(answerOf(verdict).status);
			}),
			{ numRuns: 1000 },
		);
	});
});

/** What `fc.anything` makes, as far as JSON can hold it. */
function jsonOf(value: unknown): string {
	return (
		JSON.stringify(value, (_key, inner: unknown) =>
			typeof inner === 'bigint' ? String(inner) : inner,
		) ?? ''
	);
}
