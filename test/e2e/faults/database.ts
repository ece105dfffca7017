/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions -- tests run in Node, not in n8n's sandbox, and start processes */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import type { InstalledN8n } from '../../support/n8n';

/** n8n's database, opened by a process that is neither n8n nor this one. */
export interface Database {
	/** Runs one statement, its values marked by `?`, and answers its rows. */
	query<Row = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<Row[]>;
	/** Ends the process; a transaction that it holds open is rolled back. */
	close(): Promise<void>;
}

/** Where a PostgreSQL is, as its client for Node takes it. */
export interface PostgresPlace {
	host: string;
	port: number;
	user: string;
	database: string;
}

interface Reply {
	id: number;
	rows?: unknown[];
	error?: string;
}

/** The SQLite database of an n8n that keeps it in its user folder. */
export const sqliteFile = (userFolder: string): string =>
	join(userFolder, '.n8n', 'database.sqlite');

/**
 * Opens the database of an n8n.
 *
 * @param installed the n8n whose drivers are used
 * @param place its user folder, or where its PostgreSQL is
 */
export async function openDatabase(
	installed: InstalledN8n,
	place: string | PostgresPlace,
): Promise<Database> {
	const target = typeof place === 'string' ? sqliteFile(place) : place;
	const child = fork(join(__dirname, 'openDatabase.cjs'), [installed.bin, JSON.stringify(target)], {
		execPath: installed.nodeBin,
		execArgv: [],
		env: {},
	});
	const waiting = new Map<number, { resolve(rows: unknown[]): void; reject(why: Error): void }>();
	await once(child, 'message');
	child.on('message', (message) => {
		const { id, rows, error } = message as Reply;
		const asker = waiting.get(id);
		waiting.delete(id);
		if (error === undefined) asker?.resolve(rows ?? []);
		else asker?.reject(new Error(error));
	});
	child.once('exit', () => {
		for (const { reject } of waiting.values()) reject(new Error('The database process has ended'));
	});

	let last = 0;
	return {
		query: async <Row>(sql: string, ...values: unknown[]) =>
			await new Promise<Row[]>((resolve, reject) => {
				last += 1;
				waiting.set(last, { resolve: (rows) => resolve(rows as Row[]), reject });
				child.send({ id: last, sql, values });
			}),
		close: async () => {
			if (child.exitCode !== null || child.signalCode !== null) return;
			const gone = once(child, 'exit');
			child.disconnect();
			await gone;
		},
	};
}
