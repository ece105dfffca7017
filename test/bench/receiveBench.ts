import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';

import { withAim } from './aims';
import { built, builtGate } from './built';
import { makeDeliveries, SECRET, type SignedDelivery } from './deliveries';
import { race } from './interleave';
import { medianRatio, spread } from './statistics';
import { duration, table } from './table';

/** How much longer than the bare work `receive()` may take; beside Stripe's, it should take less. */
const SIZES = [
	{ name: '0.3 KB', bytes: 300, calls: 4_000, toBare: undefined },
	{ name: '2 KB', bytes: 2_000, calls: 2_000, toBare: 1.2 },
	{ name: '20 KB', bytes: 20_000, calls: 400, toBare: undefined },
	{ name: '200 KB', bytes: 200_000, calls: 40, toBare: 1.05 },
];
const TO_STRIPE = 0.8;
const ROUNDS = 25;

const KEY = createSecretKey(SECRET, 'utf8');

/** The least that anybody has to do: one HMAC, one comparison, one parse. */
function bareWork({ headers, body }: SignedDelivery): unknown {
	const timestamp = headers['anchor-timestamp'];
	const signature = headers['anchor-signature'];
	const mac = createHmac('sha256', KEY).update(`v0:${timestamp}:`).update(body).digest();
	const claimed = Buffer.from(signature.slice(signature.indexOf('v1=') + 3), 'hex');
	if (!timingSafeEqual(mac, claimed)) throw new Error('The measurement signs wrongly');
	return JSON.parse(body.toString('utf8'));
}

/**
 * One call of the receiving core beside the bare work that no receiver can do without, and beside what Stripe's library
 * and the one of the Standard Webhooks do with the same bodies, each signed in its own way. Those two verify and parse;
 * `receive()` also decides and remembers.
 * @returns Markdown
 */
export function receiveBench(): string {
	const { judge, EventMemory } = builtGate();
	const { makeFilters } =
		built<typeof import('../../nodes/AnchorBrowser/delivery/filters')>('delivery/filters');

	const settings = {
		events: ['task.completed', 'task.failed'],
		filters: makeFilters(),
		toleranceSeconds: 300,
	};
	const { webhooks } = Stripe;
	const standard = new Webhook(SECRET, { format: 'raw' });

	const rows = SIZES.map(({ name, bytes, calls, toBare }) => {
		// Signed anew for each size: the libraries take no other clock than the machine's.
		const nowMs = Date.now();
		const timestamp = Math.floor(nowMs / 1000);
		const deliveries = makeDeliveries(calls, bytes, timestamp);
		const ofStripe = deliveries.map(({ body }) =>
			webhooks.generateTestHeaderString({ payload: body.toString(), secret: SECRET, timestamp }),
		);
		const ofStandard = deliveries.map(({ body }, index) => ({
			'webhook-id': `msg_${index}`,
			'webhook-timestamp': String(timestamp),
			'webhook-signature': standard.sign(`msg_${index}`, new Date(timestamp * 1000), body),
		}));
		const [bare, ours, stripe, standardWebhooks] = race(
			[
				() => (index) => bareWork(deliveries[index]),
				() => {
					const seen = new EventMemory();
					return (index) => judge(deliveries[index], { settings, seen, nowMs });
				},
				() => (index) => webhooks.constructEvent(deliveries[index].body, ofStripe[index], SECRET),
				() => (index) => standard.verify(deliveries[index].body, ofStandard[index]),
			],
			{ rounds: ROUNDS, calls },
		);
		return [
			`${name} (${deliveries[0].body.length} bytes)`,
			duration(bare.perCall),
			`${duration(ours.perCall)} (${spread(ours.times, duration)})`,
			toBare === undefined
				? ours.ratio.toFixed(2)
				: withAim(`receive() to bare at ${name}`, ours.ratio, { atMost: toBare }),
			duration(stripe.perCall),
			withAim(`receive() to stripe at ${name}`, medianRatio(ours.times, stripe.times), {
				atMost: TO_STRIPE,
			}),
			duration(standardWebhooks.perCall),
			medianRatio(ours.times, standardWebhooks.times).toFixed(2),
		];
	});
	return [
		'### One delivery: `receive()` beside bare HMAC, comparison and `JSON.parse`, and beside two libraries',
		'',
		`Medians of ${ROUNDS} rounds in turn; in brackets where the middle half of the rounds lies, or the aim.`,
		'',
		table(
			[
				'Body',
				'Bare',
				'receive()',
				'To bare',
				'stripe',
				'To stripe',
				'standardwebhooks',
				'To standardwebhooks',
			],
			rows,
		),
	].join('\n');
}
