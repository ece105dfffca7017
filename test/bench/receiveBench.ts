import { createHmac, timingSafeEqual } from 'node:crypto';

import { built } from './built';
import { makeDeliveries, SECRET, type SignedDelivery } from './deliveries';
import { race } from './interleave';
import { duration, ratio, table } from './table';

const SIZES = [
	{ name: '0.3 KB', bytes: 300, calls: 4_000, aim: '' },
	{ name: '2 KB', bytes: 2_000, calls: 2_000, aim: '1.25' },
	{ name: '20 KB', bytes: 20_000, calls: 400, aim: '' },
	{ name: '200 KB', bytes: 200_000, calls: 40, aim: '1.05' },
];

/** The least that anybody has to do: one HMAC, one comparison, one parse. */
function bareWork({ headers, body }: SignedDelivery): unknown {
	const timestamp = headers['anchor-timestamp'];
	const signature = headers['anchor-signature'];
	const mac = createHmac('sha256', SECRET).update(`v0:${timestamp}:`).update(body).digest();
	const claimed = Buffer.from(signature.slice(signature.indexOf('v1=') + 3), 'hex');
	if (!timingSafeEqual(mac, claimed)) throw new Error('The measurement signs wrongly');
	return JSON.parse(body.toString('utf8'));
}

/**
 * One call of the receiving core against the bare work that no receiver can do without, at several sizes.
 * @returns Markdown
 */
export function receiveBench(): string {
	const { receive } =
		built<typeof import('../../nodes/AnchorBrowser/delivery/receive')>('delivery/receive');
	const { liveSecret } =
		built<typeof import('../../nodes/AnchorBrowser/delivery/signature')>('delivery/signature');
	const { EventMemory } =
		built<typeof import('../../nodes/AnchorBrowser/delivery/dedupe')>('delivery/dedupe');
	const { makeFilters } =
		built<typeof import('../../nodes/AnchorBrowser/delivery/filters')>('delivery/filters');

	const nowMs = Date.now();
	const settings = {
		events: ['task.completed', 'task.failed'],
		filters: makeFilters(),
		toleranceSeconds: 120,
	};
	const secrets = liveSecret(SECRET, 'current');

	const rows = SIZES.map(({ name, bytes, calls, aim }) => {
		const deliveries = makeDeliveries(calls, bytes, Math.floor(nowMs / 1000));
		const [bare, ours] = race(
			[
				{ name: 'bare', prepare: () => (index) => bareWork(deliveries[index]) },
				{
					name: 'receive()',
					prepare: () => {
						const seen = new EventMemory();
						return (index) => {
							const { headers, body } = deliveries[index];
							const verdict = receive(
								{ method: 'POST', headers, body },
								{ settings, secrets, seen, nowMs },
							);
							if (verdict.kind !== 'accepted') throw new Error(`A delivery was ${verdict.kind}`);
							seen.commit(verdict.event.id, nowMs);
						};
					},
				},
			],
			{ rounds: 25, calls },
		);
		return [
			`${name} (${deliveries[0].body.length} bytes)`,
			duration(bare.perCall),
			duration(ours.perCall),
			ratio(ours.ratio),
			aim,
		];
	});
	return [
		'### One delivery: `receive()` against bare HMAC, comparison and `JSON.parse`',
		'',
		table(['Body', 'Bare', 'receive()', 'Ratio', 'Aim, at most'], rows),
	].join('\n');
}
