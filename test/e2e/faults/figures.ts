import { table } from '../../bench/table';
import type { Account } from './ledger';

const HEADINGS = [
	'What happened',
	'Events',
	'Requests',
	'Lost',
	'Ran twice',
	'Given up by Anchor',
	'Crashed, to retry',
	'Repeats stopped: at the gate',
	'in the run',
	'Also',
];

/** The rows of the table that the README shows, collected while the tests run. */
export class Figures {
	private readonly rows: string[][] = [];

	/**
	 * @param what happened, as the table says it
	 * @param also what else is worth a figure
	 */
	add(what: string, account: Account, also = ''): void {
		this.rows.push(
			[
				what,
				account.events,
				account.attempts,
				account.lost.length,
				account.ranTwice.length,
				account.refused.length + account.dead.length,
				account.crashed.length,
				account.stoppedAtGate,
				account.stoppedInRun,
				also,
			].map(String),
		);
	}

	toString(): string {
		return table(HEADINGS, this.rows);
	}
}

/** Counts as text: `200: 40, 503: 3`. */
export function counts(answers: Readonly<Record<string, number>>): string {
	return Object.entries(answers)
		.map(([status, count]) => `${status}: ${count}`)
		.join(', ');
}
