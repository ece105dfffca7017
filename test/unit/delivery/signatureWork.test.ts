import crypto from 'node:crypto';
import { checkSignature } from '../../../nodes/AnchorBrowser/delivery/signature';
import { NOW, ONE_SECRET, TOLERANCE, TWO_SECRETS, delivery } from './signedRequest';
import type { Delivered } from './signedRequest';

const createHmac = jest.spyOn(crypto, 'createHmac');
const timingSafeEqual = jest.spyOn(crypto, 'timingSafeEqual');

/** Judges a delivery and counts the work that took: HMACs begun, and comparisons in constant time. */
function work(changes: Partial<Delivered>, secrets = ONE_SECRET) {
	const request = delivery(changes);
	createHmac.mockClear();
	timingSafeEqual.mockClear();
	const result = checkSignature(request, {
		secrets,
		toleranceSeconds: TOLERANCE,
		nowSeconds: NOW,
	});
	return {
		ok: result.ok,
		macs: createHmac.mock.calls.length,
		comparisons: timingSafeEqual.mock.calls.length,
	};
}

const THOUSAND = 1000;
const foreign = (count: number) =>
	Array.from({ length: count }, (_, index) => `v1=${index.toString(16).padStart(64, '0')}`);

describe('the work that one request can cause', () => {
	it.each([
		['first', 0],
		['in the middle', THOUSAND / 2],
		['last', THOUSAND - 1],
	])('a thousand signatures, the valid one %s: one HMAC', (_title, place) => {
		const signature = (hex: string, t: string) => {
			const parts = foreign(THOUSAND - 1);
			parts.splice(place, 0, `v1=${hex}`);
			return [`t=${t}`, ...parts].join(',');
		};
		expect(work({ signature })).toEqual({ ok: true, macs: 1, comparisons: THOUSAND });
	});

	it('a thousand signatures, none valid: no less work and no more', () => {
		const signature = (_hex: string, t: string) => [`t=${t}`, ...foreign(THOUSAND)].join(',');
		expect(work({ signature })).toEqual({ ok: false, macs: 1, comparisons: THOUSAND });
	});

	it('two secrets: one HMAC each, also when the first matches', () => {
		expect(work({}, TWO_SECRETS)).toEqual({ ok: true, macs: 2, comparisons: 2 });
	});

	it('the longest header that is read at all: one HMAC', () => {
		const signature = (_hex: string, t: string) => {
			const parts = foreign(2000);
			return [`t=${t}`, ...parts].join(',').slice(0, 100_000);
		};
		const { macs, comparisons } = work({ signature });
		expect(macs).toBe(1);
		expect(comparisons).toBeLessThan(1500);
	});

	it.each<[string, Partial<Delivered>]>([
		['no signature', { signature: undefined }],
		['a malformed header', { signature: 'v1=1' }],
		['a header too long to read', { signature: (hex, t) => `t=${t},v1=${hex},${'x'.repeat(1e5)}` }],
		['a stale timestamp', { timestamp: String(NOW - TOLERANCE - 1) }],
	])('%s: no HMAC at all', (_title, changes) => {
		expect(work(changes)).toEqual({ ok: false, macs: 0, comparisons: 0 });
	});
});
