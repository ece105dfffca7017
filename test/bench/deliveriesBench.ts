/* eslint-disable @n8n/community-nodes/no-restricted-globals -- measurements run in Node, not in n8n's sandbox */
import { Entrants, refusing } from './entrants';
import { race, tableOf } from './heats';
import { withNullTrigger } from './nullTrigger/package';

const ROUNDS = Number(process.env.BENCH_ROUNDS) || 7;
const LANES = 8;

/** How n8n evaluates expressions, and what the trigger should reach beside the null trigger and n8n's Webhook node. */
interface Engine {
	name: string;
	lazy: 'true' | 'false';
	/**
	 * Deliveries a round: some seconds of them. What is still running at the last answer is no part of how fast a trigger
	 * is, and in a round of a second it is a third of the time.
	 */
	deliveries: number;
	aims: { durable: number; memory: number; toWebhook?: number; refused: number };
}

/** An isolate for an expression alone. */
export const LAZY: Engine = {
	name: 'N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE=true',
	lazy: 'true',
	deliveries: 400,
	aims: { durable: 0.9, memory: 0.95, toWebhook: 0.95, refused: 0.85 },
};

/** An isolate for each delivery. */
export const AS_IT_COMES: Engine = {
	name: 'as it comes',
	lazy: 'false',
	deliveries: 100,
	aims: { durable: 0.95, memory: 0.95, refused: 0.95 },
};

/**
 * Deliveries a second through a real n8n: this trigger against one that only verifies and emits, and against n8n's own
 * Webhook node, all in the same n8n.
 *
 * @param engine the way in which n8n evaluates expressions
 * @returns Markdown
 */
export async function deliveriesBench(engine: Engine): Promise<string> {
	const env = { N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE: engine.lazy };
	return await withNullTrigger({ env }, async (environment, database) => {
		const { durable, memory, toWebhook, refused } = engine.aims;
		const entrants = new Entrants(environment, database);
		const nothing = await entrants.nothing('null trigger');
		const webhook = await entrants.webhookNode('Webhook node');
		const aims = (toNull: number) => [
			{ against: nothing, atLeast: toNull },
			...(toWebhook === undefined ? [] : [{ against: webhook, atLeast: toWebhook }]),
		];
		const manual = await entrants.manual('manual');
		const automatic = await entrants.automatic('automatic');
		const accepting = [
			nothing,
			await entrants.nothing('null trigger with a credential', { withCredential: true }),
			webhook,
			{ ...manual, aims: aims(durable) },
			{ ...automatic, aims: aims(durable) },
			{
				...(await entrants.automatic('automatic, memory', { deduplicate: 'memory' })),
				aims: aims(memory),
			},
		];
		const yardstick = refusing(nothing);
		const refusal = [{ against: yardstick, atLeast: refused }];
		const refusals = [yardstick, refusing(manual, refusal), refusing(automatic, refusal)];

		const deliveries = Number(process.env.BENCH_DELIVERIES) || engine.deliveries;
		const volleys = { rounds: ROUNDS, deliveries, lanes: LANES };
		const accepted = await race(database, accepting, volleys);
		const turnedAway = await race(database, refusals, volleys);
		return [
			`### Deliveries through n8n ${environment.n8n.version}, ${engine.name} (SQLite; ${ROUNDS} rounds of ${deliveries}, ${LANES} at a time, 2 KB each)`,
			'',
			'Medians and the middle half; ratios are of runs, round by round. p50 and p99 are the answers to Anchor. The stores are full.',
			'',
			tableOf(accepted, {
				what: `accepted, ${engine.name}`,
				yardsticks: [nothing, webhook],
			}),
			'',
			'Refused with 401, forged signature:',
			'',
			tableOf(turnedAway, { what: `refused, ${engine.name}`, yardsticks: [yardstick] }),
		].join('\n');
	});
}
