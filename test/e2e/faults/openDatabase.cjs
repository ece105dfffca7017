/**
 * Another process with n8n's database open, told what to do over IPC. It uses the drivers that n8n brings along, so that
 * no machine needs others. Arguments: n8n's start script (its packages are found from there), and as JSON either the
 * path of a SQLite file or what pg's client takes.
 */
const { createRequire } = require('node:module');

const [, , n8n, place] = process.argv;
const load = createRequire(n8n);
const target = JSON.parse(place);

/** @returns a function that runs one statement, its values marked by `?`, and answers the rows */
async function open() {
	if (typeof target === 'string') {
		const sqlite3 = load('sqlite3');
		const database = new sqlite3.Database(target, sqlite3.OPEN_READWRITE, (error) => {
			if (error) throw error;
		});
		database.configure('busyTimeout', 60_000);
		return async (sql, values) =>
			await new Promise((resolve, reject) => {
				database.all(sql, values, (error, rows) => (error ? reject(error) : resolve(rows)));
			});
	}
	const { Client } = load('pg');
	const client = new Client(target);
	await client.connect();
	return async (sql, values) => {
		let place = 0;
		return (
			await client.query(
				sql.replace(/\?/g, () => `$${++place}`),
				values,
			)
		).rows;
	};
}

open().then((query) => {
	process.on('message', async ({ id, sql, values }) => {
		try {
			process.send({ id, rows: await query(sql, values) });
		} catch (error) {
			process.send({ id, error: error.message });
		}
	});
	process.send({ ready: true });
});
process.on('disconnect', () => process.exit(0));
