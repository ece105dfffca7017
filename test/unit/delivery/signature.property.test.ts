import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { NOTHING_SEEN } from '../../../nodes/AnchorBrowser/delivery/dedupe';
import { makeFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import { answerOf, logLineOf } from '../../../nodes/AnchorBrowser/delivery/verdict';
import { receive } from '../../../nodes/AnchorBrowser/delivery/receive';
import type { DeliveryRequest } from '../../../nodes/AnchorBrowser/delivery/signature';
import { checkSignature, sign } from '../../../nodes/AnchorBrowser/delivery/signature';
import { NOW, TOLERANCE, TWO_SECRETS, bytesOf, delivery, eventText, macOf } from './signedRequest';

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
});

it('any bytes are signed as an independent HMAC signs them', () => {
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

it('a request that nobody signed is never accepted, never throws, and always has a status and a line for the log', () => {
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
