/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RunningExample } from './environment';
import { LOOKALIKE, STORAGE } from './outsideWorld';
import type { SeveralEvents } from './severalAtOnce';
import { chooseTable, DASHBOARD, FORMULA, optionsOf, withResult, type Stage } from './stage';

const COLUMNS = [
	'event_id',
	'event_type',
	'created',
	'project_id',
	'text',
	'task_id',
	'task_version_id',
	'execution_id',
	'session_id',
	'status',
	'duration_ms',
	'error_type',
	'error_message',
	'result',
	'artifacts',
	'artifacts_count',
	'recording_url',
	'session_dashboard_url',
	'healed_task_version_id',
	'more',
];

/** Two of each way in which a task ends, with results of different keys. */
const TWO_OF_EACH: SeveralEvents = [
	['task.completed', { id: 'evt_a', data: withResult({ total: 1 }) }],
	['task.completed', { id: 'evt_b', data: withResult({ count: 2 }) }],
	['task.failed', { id: 'evt_c' }],
	['task.failed', { id: 'evt_d' }],
	['task.cancelled', { id: 'evt_e' }],
	['task.cancelled', { id: 'evt_f' }],
];
const IDS = TWO_OF_EACH.map(([, wish]) => wish?.id);

/** The tests of the examples that keep results and files. */
export function describeResults(stage: Stage): void {
	describe('log-results-google-sheets.json', () => {
		const cell = (row: unknown[], column: string) =>
			row[stage.environment.world.sheet.rows[0].indexOf(column)];

		beforeEach(() => {
			stage.environment.world.sheet.rows = [];
		});

		it('writes headings into an empty sheet, then one row an event under the right headings', async () => {
			const { sheet } = stage.environment.world;
			const example = await stage.use('log-results-google-sheets.json');
			await example.emit('task.completed', {
				id: 'evt_one',
				data: withResult({ invoice_total: FORMULA }),
			});
			const [headings, first] = sheet.rows;
			expect(headings).toEqual(COLUMNS);
			expect(first.slice(0, 2)).toEqual(['evt_one', 'task.completed']);
			expect(cell(first, 'duration_ms')).toBe(4200);
			expect(cell(first, 'artifacts_count')).toBe(2);
			expect(cell(first, 'result')).toBe(JSON.stringify({ invoice_total: FORMULA }));

			await example.emit('task.failed', { id: 'evt_two', data: { error: { message: FORMULA } } });
			expect(sheet.rows).toHaveLength(3);
			expect(sheet.rows[0]).toEqual(COLUMNS);
			expect(cell(sheet.rows[2], 'event_id')).toBe('evt_two');
			expect(cell(sheet.rows[2], 'error_type')).toBe('invalid_credentials');

			// USER_ENTERED takes the apostrophe for the mark of a text, and a number for a number.
			expect(cell(sheet.rows[2], 'error_message')).toBe(`'${FORMULA}`);
			expect(new Set(sheet.inputModes)).toEqual(new Set(['USER_ENTERED']));
			// Google itself finds the next free row, so that two runs at once cannot write over each other.
			const appends = stage.environment.world
				.calls('sheets.googleapis.com')
				.filter((call) => call.path.endsWith(':append'));
			expect(appends.length).toBeGreaterThanOrEqual(2);
			expect(appends[0].path).toMatch(/\/spreadsheets\/PASTE-[^/]+\/values\/Sheet1!/);
		});

		it('writes all events of a run in one go, each under the same headings', async () => {
			const { sheet } = stage.environment.world;
			const example = await stage.use('log-results-google-sheets.json');
			const before = sheet.inputModes.length;
			await example.together(...TWO_OF_EACH);

			expect(sheet.rows[0]).toEqual(COLUMNS);
			expect(sheet.rows.slice(1).map((row) => cell(row, 'event_id'))).toEqual(IDS);
			expect(sheet.rows.slice(1).map((row) => cell(row, 'result') ?? null)).toEqual([
				'{"total":1}',
				'{"count":2}',
				null,
				null,
				null,
				null,
			]);
			// Once for the headings, once for the rows.
			expect(sheet.inputModes).toHaveLength(before + 2);
		});

		it('follows the headings of a sheet that exists, and adds what it misses unless told to ignore it', async () => {
			const { sheet } = stage.environment.world;
			const HEADINGS = ['status', 'task_id', 'My notes', 'event_type'];
			sheet.rows = [HEADINGS];
			const adding = await stage.use('log-results-google-sheets.json');
			await adding.emit('task.cancelled');
			// What the note says of columns that somebody has deleted or renamed.
			expect(sheet.rows[0]).toEqual([
				...HEADINGS,
				...COLUMNS.filter((column) => !HEADINGS.includes(column)),
			]);

			sheet.rows = [HEADINGS];
			const ignoring = await stage.use('log-results-google-sheets.json', ({ nodes }) => {
				optionsOf(nodes, 'Add the Row').handlingExtraData = 'ignoreIt';
			});
			await ignoring.emit('task.cancelled');
			expect(sheet.rows[0]).toEqual(HEADINGS);
			expect(sheet.rows.slice(1)).toEqual([['cancelled', 'tsk_4f8w9n2b', null, 'task.cancelled']]);
		});
	});

	describe('log-results-data-table.json', () => {
		it('adds one row an event to a data table, also for several in one run', async () => {
			const table = await stage.importTable('task-results.csv');
			const example = await stage.use('log-results-data-table.json', ({ nodes }) =>
				chooseTable(nodes, table.id, 'Add the Row'),
			);
			await example.emit('task.completed', { id: 'evt_one', data: withResult({ total: 12.5 }) });
			await example.emit('task.failed', {
				id: 'evt_two',
				data: { error: { message: FORMULA }, duration_ms: undefined },
			});

			const rows = await table.rows();
			expect(rows).toHaveLength(2);
			expect(rows[0]).toMatchObject({
				event_id: 'evt_one',
				event_type: 'task.completed',
				task_id: 'tsk_4f8w9n2b',
				status: 'success',
				duration_ms: 4200,
				error_type: '',
				result: '{"total":12.5}',
				session_dashboard_url: DASHBOARD,
			});
			expect(Date.parse(String(rows[0].created))).toBeGreaterThan(Date.now() - 600_000);
			expect(rows[1]).toMatchObject({
				event_type: 'task.failed',
				error_type: 'invalid_credentials',
				error_message: `'${FORMULA}`,
				duration_ms: null,
				result: '',
			});

			await example.together(...TWO_OF_EACH);
			expect((await table.rows()).slice(2).map((row) => row.event_id)).toEqual(IDS);
		});
	});

	it('latest-result-of-each-task.json keeps one row for each task, the last event of a run', async () => {
		const table = await stage.importTable('task-results.csv', 'latest results');
		const example = await stage.use('latest-result-of-each-task.json', ({ nodes }) =>
			chooseTable(nodes, table.id, 'Add or Change the Row'),
		);
		const shown = async () =>
			(await table.rows()).map((row) => [row.task_id, row.event_type, row.error_type]);
		await example.emit('task.completed', { data: { task_id: 'one' } });
		expect(await shown()).toEqual([['one', 'task.completed', '']]);
		await example.together(
			['task.failed', { data: { task_id: 'one' } }],
			['task.failed', { data: { task_id: 'two' } }],
			['task.completed', { data: { task_id: 'three' } }],
			['task.completed', { data: { task_id: 'two' } }],
			['task.cancelled', { data: { task_id: 'four' } }],
			['task.cancelled', { data: { task_id: 'three' } }],
		);
		expect(await shown()).toEqual([
			['one', 'task.failed', 'invalid_credentials'],
			['two', 'task.completed', ''],
			['three', 'task.cancelled', ''],
			['four', 'task.cancelled', ''],
		]);
	});

	describe('log-results-csv-file.json', () => {
		const csvFiles = () =>
			readdirSync(stage.environment.files).filter((name) => name.endsWith('.csv'));

		it('writes one file a day: headings, then one line an event, also for several in one run', async () => {
			const example = await stage.use('log-results-csv-file.json');
			await example.together(
				['task.completed', { id: 'evt_one', data: withResult('Grüße, "twice"') }],
				['task.failed', { id: 'evt_two', data: { error: { message: FORMULA } } }],
			);
			await example.emit('task.cancelled', { id: 'evt_three' });
			await example.together(...TWO_OF_EACH);

			const [file, ...others] = csvFiles();
			expect(others).toEqual([]);
			expect(file).toMatch(/^anchor-task-results-\d{4}-\d\d-\d\d\.csv$/);
			const lines = readFileSync(join(stage.environment.files, file), 'utf8').split('\r\n');
			// The mark by which Excel knows UTF-8 stands once, at the beginning of the file.
			expect(lines[0]).toBe(
				'\uFEFFevent_id,event_type,created,task_id,status,duration_ms,error_type,error_message,result,session_dashboard_url',
			);
			expect(lines[1]).toMatch(
				/^"evt_one","task\.completed","2[^,]+","tsk_4f8w9n2b","success","4200","","",/,
			);
			expect(lines[1]).toContain(',"Grüße, ""twice""","https://app.');
			expect(lines[2]).toContain(`,"invalid_credentials","'=HYPERLINK(""https://evil.example"",`);
			expect(lines.slice(1, -1).map((line) => /^"(.*?)"/.exec(line)?.[1])).toEqual([
				'evt_one',
				'evt_two',
				'evt_three',
				...IDS,
			]);
			expect(lines.slice(-1)).toEqual(['']);
		});
	});

	describe('keep-recordings.json', () => {
		const isVideo = (session: string) =>
			readFileSync(join(stage.environment.files, `anchor-recording-${session}.mp4`))
				.subarray(4, 8)
				.toString() === 'ftyp';

		it('stores the video that Anchor serves', async () => {
			const example = await stage.use('keep-recordings.json');
			await example.emit('session.recording.ready', { data: { session_id: 'session-of-today' } });

			expect(isVideo('session-of-today')).toBe(true);
			expect(
				stage.environment.simulator.requests({
					calls: 'GET /v1/sessions/session-of-today/recordings/primary/fetch',
					status: 200,
				}),
			).toHaveLength(1);
		});

		it('stores each one of a run, and says which could not be fetched', async () => {
			const example = await stage.use('keep-recordings.json', ({ nodes }) => {
				// Three tries, five seconds apart, are n8n's and not what is tried here.
				for (const node of nodes) delete node.retryOnFail;
			});
			const ready = (id: string) =>
				['session.recording.ready', { data: { session_id: id } }] as const;
			const outage = stage.environment.simulator.outage({
				calls: 'GET /v1/sessions/gone-*/recordings/primary/fetch',
				mode: 404,
			});
			await expect(
				example.together(ready('gone-A'), ready('kept-A'), ready('gone-B'), ready('kept-B')),
			).rejects.toThrow(
				/at Say What Is Missing: Recordings that could not be fetched, by session: gone-A, gone-B\./,
			);
			outage.lift();
			expect([isVideo('kept-A'), isVideo('kept-B')]).toEqual([true, true]);
		});
	});

	describe('store-artifacts.json', () => {
		let example: RunningExample;
		const stored = (name: string) => readFileSync(join(stage.environment.files, name), 'utf8');

		beforeEach(async () => {
			example = await stage.use('store-artifacts.json');
		});

		it("stores one file each, by name and type, and shows the API key to Anchor's host alone", async () => {
			const run = await example.emit('task.completed', {
				data: {
					execution_id: 'run-1',
					artifacts: [
						{
							name: 'invoice.pdf',
							url: 'https://api.anchorbrowser.io/v1/sessions/550e8400-e29b-41d4-a716-446655440000/downloads/invoice.pdf',
							content_type: 'application/pdf',
						},
						{ name: 'Grüße.csv', url: `https://${STORAGE}/one?sig=1`, content_type: 'text/csv' },
						{ name: '../../Grüße.csv', url: `https://${LOOKALIKE}/two` },
					],
				},
			});

			expect(stored('anchor-run-1-1-invoice.pdf')).toMatch(/^%PDF/);
			expect(stored('anchor-run-1-2-Grüße.csv')).toBe('the file /one');
			expect(stored('anchor-run-1-3-.._.._Grüße.csv')).toBe('the file /two');
			const files = run.data.resultData.runData['Keep Name and Type'].flatMap(({ data }) =>
				(data?.main?.[0] ?? []).map(({ binary }) => [binary?.data.fileName, binary?.data.mimeType]),
			);
			expect(files).toEqual([
				['invoice.pdf', 'application/pdf'],
				['Grüße.csv', 'text/csv'],
				['../../Grüße.csv', 'application/octet-stream'],
			]);
			for (const host of [STORAGE, LOOKALIKE]) {
				expect(stage.environment.world.calls(host).slice(-1)[0].headers).not.toHaveProperty(
					'anchor-api-key',
				);
			}
		});

		it('stores what stands behind the links of an event as it is sent', async () => {
			await example.emit('task.completed', { data: { execution_id: 'run-0' } });
			expect(stored('anchor-run-0-1-invoice-2026-02.pdf')).toMatch(/^%PDF/);
			expect(stored('anchor-run-0-2-report.csv')).toMatch(/^name,total/);
		});

		it('ends quietly when there is nothing to store', async () => {
			const run = await example.emit('task.failed', { data: { artifacts: undefined } });
			expect(Object.keys(run.data.resultData.runData)).not.toContain('Store the File');
		});

		const files = (run: string, ...names: string[]) => ({
			data: {
				task_id: `task of ${run}`,
				execution_id: run,
				artifacts: names.map((name) => ({ name, url: `https://${STORAGE}/${run}/${name}` })),
			},
		});

		it('stores the others when one cannot be fetched, and then says which', async () => {
			const emitted = example.emit('task.completed', {
				data: {
					execution_id: 'run-2',
					artifacts: [
						{
							name: 'gone.pdf',
							url: 'https://api.anchorbrowser.io/v1/sessions/nobody/downloads/gone.pdf',
						},
						{ name: 'old.csv', url: `https://${STORAGE}/expired` },
						{ name: 'new.csv', url: `https://${STORAGE}/new` },
					],
				},
			});

			await expect(emitted).rejects.toThrow(
				/at Say What Is Missing: Files that could not be fetched: gone\.pdf of tsk_4f8w9n2b, old\.csv of tsk_4f8w9n2b\./,
			);
			expect(stored('anchor-run-2-3-new.csv')).toBe('the file /new');
		});

		it("stores each task's files under its own run, for several in one run", async () => {
			await example.together(
				['task.completed', files('A', 'one.txt', 'two.txt')],
				['task.completed', files('B', 'one.txt')],
				['task.failed', files('C', 'one.txt')],
				['task.failed', { data: { artifacts: undefined } }],
				['task.cancelled', files('D', 'one.txt')],
				['task.cancelled', files('E', 'one.txt')],
			);
			const names = readdirSync(stage.environment.files).filter((name) => /-[A-E]-/.test(name));
			expect(names.sort()).toEqual([
				'anchor-A-1-one.txt',
				'anchor-A-2-two.txt',
				...['B', 'C', 'D', 'E'].map((run) => `anchor-${run}-1-one.txt`),
			]);
			for (const run of ['A', 'B', 'C', 'D', 'E']) {
				expect(stored(`anchor-${run}-1-one.txt`)).toBe(`the file /${run}/one.txt`);
			}

			await expect(
				example.together(
					['task.completed', files('F', 'expired.txt', 'one.txt')],
					['task.completed', files('G', 'expired.txt')],
				),
			).rejects.toThrow(/: expired\.txt of task of F, expired\.txt of task of G\./);
			expect(stored('anchor-F-2-one.txt')).toBe('the file /F/one.txt');
		});
	});
}
