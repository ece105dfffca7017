/**
 * Another process with n8n's database open, told what to do over IPC. It uses n8n's own sqlite3, so that no machine needs
 * another one. Arguments: n8n's start script (its packages are found from there), the database file.
 */
const { createRequire } = require('node:module');

const [, , n8n, file] = process.argv;
const sqlite3 = createRequire(n8n)('sqlite3');
const database = new sqlite3.Database(file, sqlite3.OPEN_READWRITE, (error) => {
	if (error) throw error;
	database.configure('busyTimeout', 60_000);
	process.send({ ready: true });
});

process.on('message', ({ id, sql, values }) => {
	database.all(sql, values, (error, rows) => {
		process.send(error ? { id, error: error.message } : { id, rows });
	});
});
process.on('disconnect', () => process.exit(0));
