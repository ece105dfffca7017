import { createHash } from 'node:crypto';

import type { NodeRun } from '../../support/n8n';
import { readFlatted } from '../../support/n8n/flatted';
import type { Database } from './database';
import { TRIGGER } from '../trigger';
import { WORK } from './environment';

/** An execution, as n8n's database tells of it. */
export interface Run {
	/** n8n's number of it. */
	id: string;
	/** What n8n says started it: `webhook` for a delivery, `trigger` for what the trigger emitted by itself. */
	mode: string;
	/** n8n's own: success, error, crashed, canceled, or one of UNFINISHED. */
	status: string;
	/** Events that it names, also where it never came to run the trigger. */
	eventIds: readonly string[];
	/** The event of each item that has passed the last node. */
	endedIds: readonly string[];
	/** In milliseconds since 1970; NaN while it runs. */
	stoppedAt: number;
	/**
	 * n8n 1.x writes the end of a run into SQLite in two steps, its status and then its data. Read or killed in between, it
	 * shows a success whose data are still those of the start, where the event waits for the trigger to begin.
	 */
	isHalfWritten: boolean;
}

const UNFINISHED = ['new', 'running', 'waiting', 'unknown'];

interface Row {
	id: number | string;
	createdAt: string;
	mode: string;
	status: string;
	stoppedAt: string | null;
	data: string | null;
}

/** How many executions are read in one statement. */
const AT_ONCE = 200;

/** After a database was restored, n8n gives the same numbers to other executions. */
const keyOf = ({ id, createdAt }: Row): string => `${id} ${createdAt}`;

/**
 * Reads the executions of one workflow, each finished one only once; it also remembers those that a restored database
 * does not know any more.
 */
export class RunReader {
	private readonly finished = new Map<string, Run>();
	private readonly claims = new Set<string>();

	/**
	 * @param open opens n8n's database; it is closed again after each look, because tests stop n8n and put other files
	 * in its place
	 */
	constructor(
		private readonly open: () => Promise<Database>,
		private readonly workflowId: string,
	) {}

	/** All runs so far, the unfinished ones too: those, and half-written ones, are read again the next time. */
	async read(): Promise<Run[]> {
		return await this.look(async (database) => {
			const rows = await database.query<Row>(
				`SELECT "id", "createdAt" FROM execution_entity WHERE "workflowId" = ?`,
				this.workflowId,
			);
			const ids = rows.filter((row) => !this.finished.has(keyOf(row))).map(({ id }) => Number(id));
			const unfinished: Run[] = [];
			while (ids.length > 0) {
				const found = await database.query<Row>(
					`SELECT e."id", e."createdAt", e."mode", e."status", e."stoppedAt", d."data"
					 FROM execution_entity e LEFT JOIN execution_data d ON d."executionId" = e."id"
					 WHERE e."id" IN (${ids.splice(0, AT_ONCE).join(', ')})`,
				);
				for (const row of found) {
					const run = toRun(row);
					if (UNFINISHED.includes(run.status) || run.isHalfWritten) unfinished.push(run);
					else this.finished.set(keyOf(row), run);
				}
			}
			return [...this.finished.values(), ...unfinished];
		});
	}

	/** How many runs have not ended. */
	async unfinished(): Promise<number> {
		return (await this.read()).filter(({ status }) => UNFINISHED.includes(status)).length;
	}

	/** How many runs that the trigger started by itself have come to a good end. */
	async recovered(): Promise<number> {
		const [{ n }] = await this.look(
			async (database) =>
				await database.query<{ n: number | string }>(
					`SELECT count(*) AS n FROM execution_entity
					 WHERE "workflowId" = ? AND "mode" = 'trigger' AND "status" = 'success'`,
					this.workflowId,
				),
		);
		return Number(n);
	}

	/**
	 * Reads n8n's store of processed entries, and remembers those that n8n forgets.
	 * @returns tells of an event whether a run of the trigger has claimed it there
	 */
	async readClaims(): Promise<(eventId: string) => boolean> {
		const rows = await this.look(
			async (database) =>
				await database.query<{ value: unknown }>(
					`SELECT "value" FROM processed_data WHERE "workflowId" = ?`,
					this.workflowId,
				),
		);
		const entries = rows
			.map(({ value }) => (typeof value === 'string' ? value : JSON.stringify(value)))
			.flatMap((text) => text.match(/[A-Za-z0-9+/]{22}==/g) ?? []);
		for (const entry of entries) this.claims.add(entry);
		// n8n keeps the MD5 sum of each entry.
		return (eventId) => this.claims.has(createHash('md5').update(eventId).digest('base64'));
	}

	private async look<T>(read: (database: Database) => Promise<T>): Promise<T> {
		const database = await this.open();
		try {
			return await read(database);
		} finally {
			await database.close();
		}
	}
}

function toRun({ id, mode, status, stoppedAt, data }: Row): Run {
	const runData =
		data === null
			? {}
			: (readFlatted(data) as { resultData: { runData: Record<string, NodeRun[]> } }).resultData
					.runData;
	const isHalfWritten = status === 'success' && runData[TRIGGER] === undefined;
	return {
		id: String(id),
		mode,
		status,
		// Also what waits on the stack of a run that never began names its event.
		eventIds: idsIn(data),
		endedIds: isHalfWritten ? idsIn(data) : itemsOf(runData[WORK]).flatMap(idsIn),
		stoppedAt: stoppedAt === null ? NaN : timeOf(stoppedAt),
		isHalfWritten,
	};
}

/** Each item that has left a node, as JSON. */
const itemsOf = (nodeRuns: readonly NodeRun[] = []): string[] =>
	nodeRuns
		.flatMap(({ data }) => (data?.main ?? []).flatMap((output) => output ?? []))
		.map((item) => JSON.stringify(item));

const idsIn = (text: string | null): string[] => [...new Set(text?.match(/evt_[0-9a-f]{24}/g))];

/** SQLite has times as text in UTC, without saying so. */
export const timeOf = (text: string): number =>
	Date.parse(text.includes('T') ? text : `${text.replace(' ', 'T')}Z`);
