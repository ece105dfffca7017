/* eslint-disable @n8n/community-nodes/no-restricted-globals -- measurements run in Node, not in n8n's sandbox */
import type { Database } from '../e2e/faults/database';
import type { Environment } from '../e2e/faults/environment';
import { missingServices } from '../e2e/faults/services';
import type { N8n } from '../support/n8n';
import { Entrants, type Entrant } from './entrants';
import { race, tableOf } from './heats';
import { withNullTrigger } from './nullTrigger/package';

const VOLLEYS = {
	rounds: Number(process.env.BENCH_ROUNDS) || 5,
	deliveries: Number(process.env.BENCH_DELIVERIES) || 200,
	lanes: 16,
};
const SETUPS = [
	{ processors: 1, workers: 1 },
	{ processors: 1, workers: 2 },
	{ processors: 2, workers: 1 },
	{ processors: 2, workers: 2 },
];

const countOf = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Lets so many of the processes run, and no others. */
async function letRun(processes: readonly N8n[], count: number): Promise<void> {
	for (const [index, n8n] of processes.entries()) {
		if (index < count && n8n.pid === undefined) await n8n.restart();
		if (index >= count) await n8n.shutDown();
	}
}

async function measure(
	environment: Environment,
	database: Database,
	entrants: readonly Entrant[],
	{ processors, workers }: (typeof SETUPS)[number],
): Promise<string> {
	await letRun(environment.processors, processors);
	await letRun(environment.workers, workers);
	const what = `${countOf(processors, 'webhook processor')}, ${countOf(workers, 'worker')}`;
	const served = entrants.map((entrant) => ({
		...entrant,
		urls: entrant.urls.slice(0, processors),
	}));
	const heats = await race(database, served, VOLLEYS);
	return [`#### ${what}`, '', tableOf(heats, { what, yardsticks: [served[0]] })].join('\n');
}

/**
 * Deliveries a second through queue mode (PostgreSQL, Redis, a main process that takes none), as it gets more processes:
 * this trigger beside one that only verifies and emits.
 * @returns Markdown
 */
export async function queueBench(): Promise<string> {
	const missing = missingServices();
	if (missing.length > 0) return `### Queue mode\n\nNot measured: no ${missing.join(' and no ')}.`;
	return await withNullTrigger({ queue: true }, async (environment, database) => {
		const make = new Entrants(environment, database);
		const entrants = [
			await make.nothing('null trigger'),
			await make.automatic('automatic'),
			await make.automatic('automatic, memory', { deduplicate: 'memory' }),
		];
		const tables: string[] = [];
		for (const setup of SETUPS) tables.push(await measure(environment, database, entrants, setup));
		const { rounds, deliveries, lanes } = VOLLEYS;
		return [
			`### Queue mode, n8n ${environment.n8n.version} (${rounds} rounds of ${deliveries}, ${lanes} at a time, 2 KB each; N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE=true)`,
			...tables,
		].join('\n\n');
	});
}
