import { randomBytes } from 'node:crypto';

import type { Database } from '../e2e/faults/database';
import { timeOf } from '../e2e/faults/runs';
import { waitFor } from '../support/n8n';
import { withAim } from './aims';
import { headersOf, makeDeliveries } from './deliveries';
import type { Entrant } from './entrants';
import { volley, type Shot } from './post';
import { median, quantile, ratios, spread } from './statistics';
import { table } from './table';

/** How long each delivery is. */
export const BODY_BYTES = 2_000;

/** One volley of deliveries to one entrant. */
interface Heat {
	/** Answers a second, from the first request to the last answer. */
	answered: number;
	/** Runs a second, from the first request to the end of the last run; undefined where none came of it. */
	run: number | undefined;
	shots: Shot[];
}

export type Heats = ReadonlyMap<Entrant, readonly Heat[]>;

/** How many rounds, and what each entrant is sent in one. */
export interface Volley {
	rounds: number;
	deliveries: number;
	/** How many deliveries wait for their answer at once. */
	lanes: number;
}

/**
 * Sends a volley to each entrant in turn, round by round, so that whatever slows the machine slows all of them; every
 * second round the other way about. One round before the measured ones warms n8n up.
 *
 * @param database of the n8n, where the runs are counted: to ask n8n itself would slow down what is measured
 */
export async function race(
	database: Database,
	entrants: readonly Entrant[],
	volleys: Volley,
): Promise<Heats> {
	const heats = new Map(entrants.map((entrant) => [entrant, [] as Heat[]]));
	for (let round = -1; round < volleys.rounds; round++) {
		for (const entrant of round % 2 === 0 ? entrants : [...entrants].reverse()) {
			const heat = await sendVolley(database, entrant, volleys);
			if (round >= 0) heats.get(entrant)?.push(heat);
		}
	}
	return heats;
}

async function sendVolley(
	database: Database,
	{ name, urls, workflow, secret, isRefused }: Entrant,
	{ deliveries, lanes }: Volley,
): Promise<Heat> {
	const timestamp = Math.floor(Date.now() / 1000);
	const parcels = makeDeliveries(deliveries, BODY_BYTES, timestamp).map(({ body: example }) => {
		const id = `evt_${randomBytes(12).toString('hex')}`;
		const body = Buffer.from(example.toString().replace(/evt_[0-9a-f]{24}/, id));
		return { body, headers: headersOf(body, timestamp, secret) };
	});
	const before = await lastRun(database, workflow.id);

	const startedAt = Date.now();
	const started = performance.now();
	const shots = await volley(urls, { posts: deliveries, lanes }, (index) => parcels[index]);
	const answered = (deliveries * 1000) / (performance.now() - started);
	const wrong = shots.find(({ status }) =>
		isRefused ? status !== 401 : status < 200 || status > 299,
	);
	if (wrong) throw new Error(`${name} answered ${wrong.status}`);

	await waitFor(async () => (await unfinished(database, workflow.id)) === 0, {
		timeout: 120_000,
		what: 'all runs to end',
	});
	const { count, endedAt } = await runsSince(database, workflow.id, before);
	return { answered, run: count === 0 ? undefined : (count * 1000) / (endedAt - startedAt), shots };
}

async function lastRun(database: Database, workflowId: string): Promise<number> {
	const [{ id }] = await database.query<{ id: number | null }>(
		'SELECT max("id") AS id FROM execution_entity WHERE "workflowId" = ?',
		workflowId,
	);
	return Number(id);
}

async function unfinished(database: Database, workflowId: string): Promise<number> {
	const [{ n }] = await database.query<{ n: number | string }>(
		`SELECT count(*) AS n FROM execution_entity
		 WHERE "workflowId" = ? AND "status" IN ('new', 'running', 'waiting', 'unknown')`,
		workflowId,
	);
	return Number(n);
}

async function runsSince(
	database: Database,
	workflowId: string,
	before: number,
): Promise<{ count: number; endedAt: number }> {
	const [{ n, last }] = await database.query<{ n: number | string; last: string | null }>(
		`SELECT count(*) AS n, max("stoppedAt") AS last FROM execution_entity
		 WHERE "workflowId" = ? AND "id" > ?`,
		workflowId,
		before,
	);
	return { count: Number(n), endedAt: last === null ? NaN : timeOf(last) };
}

const inTenths = (value: number) => value.toFixed(1);
const inHundredths = (value: number) => value.toFixed(2);

/**
 * One row for each entrant: its speed, beside that of others, and how long the answers took. What counts is the speed of
 * the runs, where there were any: what is answered faster than it runs piles up. Beside it stands that of the answers.
 *
 * @param what is measured, for the list of missed aims
 * @returns a Markdown table: medians, with the middle half of the rounds
 */
export function tableOf(
	heats: Heats,
	{ what, yardsticks }: { what: string; yardsticks: readonly Entrant[] },
): string {
	const of = (entrant: Entrant) => heats.get(entrant) ?? [];
	const answersOf = (entrant: Entrant) => of(entrant).map(({ answered }) => answered);
	const runsOf = (entrant: Entrant) => of(entrant).map(({ answered, run }) => run ?? answered);
	const rows = [...heats].map(([entrant, own]) => {
		const times = own.flatMap(({ shots }) => shots.map(({ ms }) => ms));
		const answered = own.map((heat) => heat.answered);
		const run = own.flatMap((heat) => heat.run ?? []);
		return [
			entrant.name,
			`${inTenths(median(answered))} (${spread(answered, inTenths)})`,
			run.length === 0 ? '-' : `${inTenths(median(run))} (${spread(run, inTenths)})`,
			...yardsticks.flatMap((yardstick) => {
				const runs = ratios(runsOf(entrant), runsOf(yardstick));
				const answers = ratios(answersOf(entrant), answersOf(yardstick));
				const aim = entrant.aims.find(({ against }) => against === yardstick);
				const title = `${what}, ${entrant.name} to ${yardstick.name}`;
				const middle = aim ? withAim(title, median(runs), aim) : inHundredths(median(runs));
				return [
					entrant === yardstick ? middle : `${middle}, ${spread(runs, inHundredths)}`,
					inHundredths(median(answers)),
				];
			}),
			`${quantile(times, 0.5).toFixed(0)} ms`,
			`${quantile(times, 0.99).toFixed(0)} ms`,
		];
	});
	const headings = yardsticks.flatMap(({ name }) => [`To ${name}`, 'in answers']);
	return table(['Trigger', 'Answered a second', 'Run a second', ...headings, 'p50', 'p99'], rows);
}
