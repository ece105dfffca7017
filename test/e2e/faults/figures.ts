import { table } from '../../bench/table';
import type { Result } from './runScenario';

const HEADINGS = [
	'What happened',
	'n8n',
	'Events',
	'Requests',
	'Lost',
	'Doubled',
	'Recovered',
	'Seconds until the last one',
	'Slowest 2xx, seconds',
	'Empty runs',
	'Crashed in a run',
];

/** The rows of the table that the README shows, collected while the tests run. */
export class Figures {
	private readonly rows: string[][] = [];

	/**
	 * @param what happened, as the table says it
	 * @param version of n8n
	 */
	add(what: string, version: string, result: Result): void {
		this.rows.push(
			[
				what,
				version,
				result.events,
				result.requests,
				result.lost.length,
				result.doubled.length,
				result.recovered,
				result.secondsToRecover?.toFixed(0) ?? '-',
				(result.slowestMs / 1_000).toFixed(1),
				result.emptyRuns,
				result.crashed.length,
			].map(String),
		);
	}

	toString(): string {
		return table(HEADINGS, this.rows);
	}
}
