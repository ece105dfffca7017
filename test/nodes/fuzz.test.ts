/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, no-console -- tests run in Node, not in n8n's sandbox, and print their figures */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Host } from '../support/host';
import { manualTrigger } from '../support/manualTrigger';
import { send } from '../support/send';
import type { Sent } from '../support/send';
import { eventOf, EVENT_NAMES, signedNow } from '../support/signedRequests';

let host: Host;

beforeAll(async () => {
	host = await Host.start();
});
afterAll(async () => await host.close());

/** mulberry32: the same numbers in every run, so that a find can be found again. */
function numbers(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
	};
}

const SIGNED_HEADERS = ['anchor-signature', 'anchor-timestamp'] as const;

/** One change that the signature must notice: of the body, of a signed header, or of what stands around them. */
function mutated(request: Sent, random: (below: number) => number): Sent {
	const name = SIGNED_HEADERS[random(2)];
	const value = String(request.headers[name]);
	const withHeader = (text: string | readonly string[]): Sent => ({
		...request,
		headers: { ...request.headers, [name]: text },
	});
	const at = random(value.length);
	const body = Buffer.from(request.body);
	switch (random(11)) {
		case 0:
			body[random(body.length)] ^= 1 << random(8);
			return { ...request, body };
		case 1:
			return { ...request, body: body.subarray(0, random(body.length)) };
		case 2:
			return { ...request, body: Buffer.concat([body, Buffer.from([random(256)])]) };
		case 3: {
			const changed = String.fromCharCode(0x21 + random(94));
			const other = changed === value[at] ? '~' : changed;
			return withHeader(value.slice(0, at) + other + value.slice(at + 1));
		}
		case 4:
			return withHeader(value.slice(0, at) + value.slice(at + 1));
		case 5:
			return withHeader([value, value]);
		case 6: {
			const others = Object.entries(request.headers).filter(([header]) => header !== name);
			return { ...request, headers: Object.fromEntries(others) };
		}
		case 7:
			return withHeader(String.fromCharCode(...Array.from({ length: 20 }, () => 32 + random(95))));
		case 8:
			return withHeader(value.slice(0, at) + value.slice(at).toUpperCase() + '0');
		case 9: {
			const type = 'multipart/form-data; boundary=x';
			return { ...request, headers: { ...request.headers, 'content-type': type } };
		}
		default:
			return {
				...request,
				body: Buffer.from(Array.from({ length: random(200) }, () => random(256))),
			};
	}
}

/** `npm run fuzz` asks for a million, which takes some ten minutes. */
const { mutations: MUTATIONS = 2_000 } = globalThis as { mutations?: number };
const AT_ONCE = 20;
const REFUSALS = [
	{ status: 400, body: { received: false, message: 'Bad Request' } },
	{ status: 401, body: { received: false, message: 'Unauthorized' } },
];
/**
 * What the heap may grow by once the first tenth is over: two kilobytes of each of 2,000 deliveries, four bytes of each
 * of a million.
 */
const ROOM_BYTES = 4 * 1024 * 1024;

/** Bytes that are still needed after a garbage collection. */
function heapInUse(): number {
	setFlagsFromString('--expose-gc');
	(runInNewContext('gc') as () => void)();
	return process.memoryUsage().heapUsed;
}

describe(`${MUTATIONS} mutated deliveries`, () => {
	it(
		'are all answered, none with an execution, nothing throws, and nothing of them is kept',
		async () => {
			const { row, deliver, runs } = await manualTrigger(host);
			let warm = 0;
			const random = numbers(20_261_122);
			const url = host.urlOf(row);
			for (let sent = 0; sent < MUTATIONS; sent += AT_ONCE) {
				const batch = Array.from({ length: AT_ONCE }, () => {
					const event = eventOf(EVENT_NAMES[random(EVENT_NAMES.length)]);
					return mutated(signedNow(event), random);
				});
				const answers = await Promise.all(batch.map(async (request) => await send(url, request)));
				for (const { status, body } of answers) {
					expect(REFUSALS).toContainEqual({ status, body });
				}
				// The host's own records would be all that grows.
				host.responses.length = 0;
				expect(host.calls.splice(0).filter(({ threw }) => threw !== undefined)).toEqual([]);
				if (warm === 0 && sent >= MUTATIONS / 10) warm = heapInUse();
			}
			const growth = heapInUse() - warm;
			console.log(
				`${MUTATIONS} mutated deliveries: the heap grew by ${Math.round(growth / 1024)} KiB`,
			);
			expect(growth).toBeLessThan(ROOM_BYTES);
			expect(await runs()).toEqual([]);

			expect((await deliver(eventOf('task.completed'))).status).toBe(202);
			expect(await runs()).toHaveLength(1);
		},
		60_000 + MUTATIONS * 10,
	);
});
