import type { Database } from './database';
import { RunReader } from './runs';

/** Answers as n8n's database would: one execution, whose data are what stands there at the moment. */
const databaseWith = (now: { status: string; data: string }): Database => ({
	async query<Row>(sql: string) {
		const row = { id: 7, createdAt: '2026-11-28 12:00:00', mode: 'trigger', stoppedAt: null };
		return (sql.includes('execution_data') ? [{ ...row, ...now }] : [row]) as Row[];
	},
	async close() {},
});

const EVENT = `evt_${'0'.repeat(24)}`;
/** In n8n's own form of JSON: the first entry names the others by their numbers. */
const beforeTheRun = `[{"resultData":"1"},{"runData":"2","waiting":"3"},{},"${EVENT}"]`;
const ofAnEmptyRun = `[{"resultData":"1"},{"runData":"2"},{"Anchor Browser Trigger":"3"},[]]`;

test('a run of which n8n 1 has written the status and not yet the data is read again', async () => {
	const now = { status: 'success', data: beforeTheRun };
	const reader = new RunReader(async () => databaseWith(now), 'workflow');
	expect(await reader.read()).toMatchObject([{ endedIds: [EVENT], isHalfWritten: true }]);
	now.data = ofAnEmptyRun;
	expect(await reader.read()).toMatchObject([{ endedIds: [], isHalfWritten: false }]);
});

test('a run that has ended is read once', async () => {
	const now = { status: 'success', data: ofAnEmptyRun };
	const reader = new RunReader(async () => databaseWith(now), 'workflow');
	await reader.read();
	now.status = 'error';
	expect(await reader.read()).toMatchObject([{ id: '7', status: 'success' }]);
});
