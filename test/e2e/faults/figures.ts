/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { table } from '../../bench/table';
import type { Result } from './runScenario';

const HEADINGS = [
	'What happened',
	'n8n',
	'Events',
	'Requests',
	'Lost',
	'Doubled',
	'Runs',
	'Recovered',
	'Seconds until the last one',
	'Slowest 2xx, seconds',
	'Empty runs',
	'Crashed in a run',
];

/** The rows of the table that the README shows, collected while the tests run. */
export class Figures {
	private readonly rows: string[][] = [];
	private readonly notes: string[] = [];

	/**
	 * @param what happened, as the table says it
	 * @param version of n8n
	 */
	add(what: string, version: string, result: Result): void {
		const row = [
			what,
			version,
			result.events,
			result.requests,
			result.lost.length,
			result.doubled.length,
			result.carryingRuns,
			result.recovered,
			result.secondsToRecover?.toFixed(0) ?? '-',
			(result.slowestMs / 1_000).toFixed(1),
			result.emptyRuns,
			result.crashed.length,
		].map(String);
		this.rows.push(row);
		this.notes.push(...result.notes);
		// A full run takes hours, and jest shows nothing before its end.
		process.stderr.write(`${[row.join(' | '), ...result.notes].join('\n')}\n`);
	}

	toString(): string {
		return [table(HEADINGS, this.rows), ...this.notes].join('\n\n');
	}
}
