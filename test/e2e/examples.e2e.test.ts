/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Bench, type RunningExample } from './examples/bench';
import {
	boxOf,
	exampleFiles,
	exampleText,
	overlap,
	readExample,
	STICKY_NOTE,
} from './examples/example';
import type { WorkflowNode } from '../support/n8n';

const DASHBOARD = 'https://app.anchorbrowser.io/sessions/550e8400-e29b-41d4-a716-446655440000';
const RECORDING = 'https://storage.example.com/recordings/primary.mp4?X-Amz-Expires=3600';
const FORMULA = '=HYPERLINK("https://evil.example","click")';

describe.each(exampleFiles())('%s as a file', (file) => {
	const { name, nodes, connections, settings, pinData } = readExample(file);

	it('is complete and holds nothing of one n8n: no credentials, pinned data, instance or addresses', () => {
		expect(name).toMatch(/^Anchor Browser: /);
		expect(settings).toEqual({ executionOrder: 'v1' });
		expect(pinData).toEqual({});
		for (const node of nodes) {
			expect(node.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
			expect(node).not.toHaveProperty('credentials');
			expect(node).not.toHaveProperty('webhookId');
		}
		expect(new Set(nodes.map((node) => node.id)).size).toBe(nodes.length);
		expect(exampleText(file)).not.toMatch(/instanceId|cachedResult|"staticData"/);
		const names = nodes.map((node) => node.name);
		const ends = Object.values(
			connections as Record<string, { main: Array<Array<{ node: string }>> }>,
		);
		expect(names).toEqual(expect.arrayContaining(Object.keys(connections)));
		expect(names).toEqual(
			expect.arrayContaining(ends.flatMap(({ main }) => main.flat().map((end) => end.node))),
		);
	});

	it('opens tidily: a note that says what to fill in, and no two things on top of each other', () => {
		const note = nodes.find((node) => node.type === STICKY_NOTE);
		expect(note?.parameters?.content).toMatch(/^## .+[^]+\*\*Fill in\*\*\n1\. /);
		const boxes = nodes.map((node) => ({ node: node.name, box: boxOf(node) }));
		const collisions = boxes.flatMap((one, index) =>
			boxes
				.slice(index + 1)
				.filter((other) => overlap(one.box, other.box))
				.map((other) => `${one.node} and ${other.node}`),
		);
		expect(collisions).toEqual([]);
	});

	it('runs from left to right', () => {
		const left = (nodeName: string) =>
			nodes.find((node) => node.name === nodeName)?.position?.[0] ?? Number.NaN;
		for (const [from, { main }] of Object.entries(
			connections as Record<string, { main: Array<Array<{ node: string }>> }>,
		)) {
			for (const { node } of main.flat()) expect(left(node)).toBeGreaterThan(left(from));
		}
	});
});

describe('the examples in a real n8n', () => {
	let bench: Bench;
	let example: RunningExample | undefined;

	beforeAll(async () => {
		bench = await Bench.start();
	}, 300_000);

	afterEach(async () => {
		await example?.end();
		example = undefined;
	});

	afterAll(async () => {
		await bench?.stop();
	});

	const slackMessages = () =>
		bench.world.calls('slack.com').map((call) => call.body as { channel: string; text: string });
	const lastSlackMessage = () => slackMessages().slice(-1)[0];
	const lastMail = () => bench.mailbox.mails.slice(-1)[0];

	describe('alert-slack-on-failure.json', () => {
		beforeEach(async () => {
			example = await bench.use('alert-slack-on-failure.json');
		});

		it('posts failure type, dashboard link and recording of a failed task', async () => {
			await example?.emit('task.failed', {
				data: { error: { type: 'timeout' }, recording_url: RECORDING },
			});

			expect(lastSlackMessage()).toMatchObject({ channel: '#browser-alerts' });
			const { text } = lastSlackMessage();
			expect(text).toContain('*task.failed*: tsk_4f8w9n2b');
			expect(text).toContain('*Failure type:* timeout\n');
			expect(text).toContain('*Details:* Login was rejected by the target site.\n');
			expect(text).toContain(`*Dashboard:* ${DASHBOARD}\n`);
			expect(text).toContain(`*Recording:* ${RECORDING}`);
		});

		it('says so when there is no recording yet', async () => {
			await example?.emit('task.failed');

			expect(lastSlackMessage().text).toMatch(/\*Recording:\* not ready yet$/);
		});

		it('names what failed for the other entities too', async () => {
			await example?.emit('session.failed');
			expect(lastSlackMessage().text).toMatch(
				/^:rotating_light: \*session\.failed\*: 550e8400[^]*type:\* browser_unreachable\n/,
			);
			await example?.emit('identity.authentication_failed');
			expect(lastSlackMessage().text).toMatch(
				/^:rotating_light: \*identity\.authentication_failed\*: My Work Account[^]*type:\* invalid_credentials\n\*Details:\* The username or password was rejected\.\n/,
			);
			await example?.emit('batch.failed');
			expect(lastSlackMessage().text).toMatch(
				/^:rotating_light: \*batch\.failed\*: 0b6f2b1e[^]*type:\* not given\n\*Details:\* none given\n/,
			);
		});

		it('lets no web page mention the channel', async () => {
			await example?.emit('task.failed', {
				data: { error: { message: 'The page said <!channel> <https://evil.example|log in>' } },
			});

			expect(lastSlackMessage().text).toContain('The page said &lt;!channel> &lt;https://evil');
			expect(lastSlackMessage().text).not.toContain('<!');
		});
	});

	it('alert-email-on-failure.json mails failure type, dashboard link and recording', async () => {
		example = await bench.use('alert-email-on-failure.json');
		await example.emit('task.failed', { data: { recording_url: RECORDING } });

		const { from, to, subject, text } = lastMail();
		expect({ from, to }).toEqual({ from: 'n8n@example.com', to: ['you@example.com'] });
		expect(subject).toBe('task.failed: tsk_4f8w9n2b (invalid_credentials)');
		expect(text).toContain('Failure type: invalid_credentials\n');
		expect(text).toContain('Details: Login was rejected by the target site.\n');
		expect(text).toContain(`Dashboard: ${DASHBOARD}\n`);
		expect(text).toContain(`Recording: ${RECORDING}\n`);
	});

	describe('log-results-google-sheets.json', () => {
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
			'artifacts',
			'artifacts_count',
			'recording_url',
			'session_dashboard_url',
		];

		it('writes headings into an empty sheet, then one row an event under the right headings', async () => {
			const { sheet } = bench.world;
			example = await bench.use('log-results-google-sheets.json');
			await example.emit('task.completed', {
				id: 'evt_one',
				data: withResult({ invoice_total: FORMULA }),
			});
			const [headings, first] = sheet.rows;
			expect(headings).toEqual([...COLUMNS, 'result_invoice_total']);
			const cell = (row: unknown[], column: string) => row[sheet.rows[0].indexOf(column)];
			expect(first.slice(0, 2)).toEqual(['evt_one', 'task.completed']);
			expect(cell(first, 'duration_ms')).toBe(4200);
			expect(cell(first, 'artifacts_count')).toBe(2);

			await example.emit('task.failed', { id: 'evt_two' });
			expect(sheet.rows).toHaveLength(3);
			expect(sheet.rows[0]).toEqual([
				...COLUMNS,
				'result_invoice_total',
				'error_type',
				'error_message',
			]);
			expect(cell(sheet.rows[2], 'event_id')).toBe('evt_two');
			expect(cell(sheet.rows[2], 'error_type')).toBe('invalid_credentials');

			// USER_ENTERED takes the apostrophe for the mark of a text, and a number for a number.
			expect(cell(first, 'result_invoice_total')).toBe(`'${FORMULA}`);
			expect(new Set(sheet.inputModes)).toEqual(new Set(['USER_ENTERED']));
			// Google itself finds the next free row, so that two runs at once cannot write over each other.
			const appends = bench.world
				.calls('sheets.googleapis.com')
				.filter((call) => call.path.endsWith(':append'));
			expect(appends.length).toBeGreaterThanOrEqual(2);
			expect(appends[0].path).toMatch(/\/spreadsheets\/PASTE-[^/]+\/values\/Sheet1!/);
		});

		it('follows the order of headings that the user has chosen', async () => {
			const { sheet } = bench.world;
			sheet.rows = [['status', 'task_id', 'My notes', 'event_type']];
			example = await bench.use('log-results-google-sheets.json', ({ nodes }) => {
				// The note's way to keep one's columns.
				optionsOf(nodes, 'Add the Row').handlingExtraData = 'ignoreIt';
			});
			await example.emit('task.cancelled');

			expect(sheet.rows.slice(1)).toEqual([['cancelled', 'tsk_4f8w9n2b', null, 'task.cancelled']]);
		});
	});

	it('log-results-data-table.json adds one row an event to a data table', async () => {
		const table = await createTable();
		example = await bench.use('log-results-data-table.json', ({ nodes }) => {
			parametersOf(nodes, 'Add the Row').dataTableId = {
				__rl: true,
				mode: 'list',
				value: table.id,
			};
		});
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
			result: '{"result_total":12.5}',
			session_dashboard_url: DASHBOARD,
		});
		expect(Date.parse(String(rows[0].created))).toBeGreaterThan(Date.now() - 600_000);
		expect(rows[1]).toMatchObject({
			event_type: 'task.failed',
			error_type: 'invalid_credentials',
			error_message: `'${FORMULA}`,
			duration_ms: null,
			result: '{}',
		});
	});

	it('log-results-csv-file.json writes one file a day: headings, then one line an event', async () => {
		example = await bench.use('log-results-csv-file.json');
		await example.emit('task.completed', { id: 'evt_one', data: withResult('Grüße, "twice"') });
		await example.emit('task.failed', { id: 'evt_two', data: { error: { message: FORMULA } } });
		await example.emit('task.cancelled', { id: 'evt_three' });

		const [file, ...others] = readdirSync(bench.files).filter((name) => name.endsWith('.csv'));
		expect(others).toEqual([]);
		expect(file).toMatch(/^anchor-task-results-\d{4}-\d\d-\d\d\.csv$/);
		const lines = readFileSync(join(bench.files, file), 'utf8').split('\r\n');
		// The mark by which Excel knows UTF-8 stands once, at the beginning of the file.
		expect(lines[0]).toBe(
			'\uFEFFevent_id,event_type,created,task_id,status,duration_ms,error_type,error_message,result,session_dashboard_url',
		);
		expect(lines).toHaveLength(5);
		expect(lines[1]).toMatch(
			/^"evt_one","task\.completed","2[^,]+","tsk_4f8w9n2b","success","4200","","",/,
		);
		expect(lines[1]).toContain(',"{""result"":""Grüße, \\""twice\\""""}","https://app.');
		expect(lines[2]).toContain(`,"invalid_credentials","'=HYPERLINK(""https://evil.example"",`);
		expect(lines[3]).toMatch(/^"evt_three","task\.cancelled",/);
		expect(lines[4]).toBe('');
	});

	describe('branch-on-failure-type.json', () => {
		const runs = () => bench.simulator.requests({ calls: 'POST /v2/tasks/*/run' });
		const failed = (type: string, task = 'tsk_4f8w9n2b') => ({
			data: { task_id: task, error: { type } },
		});

		beforeEach(async () => {
			example = await bench.use('branch-on-failure-type.json');
		});

		it('runs a task that timed out again, once; then tells the owner, until the next day', async () => {
			const before = runs().length;
			await example?.emit('task.failed', failed('timeout', 'tsk_slow'));
			expect(runs()).toHaveLength(before + 1);
			expect(runs()[before]).toMatchObject({
				path: '/v2/tasks/tsk_slow/run',
				body: { input_params: {} },
				status: 200,
			});
			const mails = bench.mailbox.mails.length;

			await example?.emit('task.failed', failed('timeout', 'tsk_slow'));
			expect(runs()).toHaveLength(before + 1);
			expect(bench.mailbox.mails).toHaveLength(mails + 1);
			expect(lastMail().subject).toBe('Anchor Browser: tsk_slow failed (timeout)');
			expect(lastMail().text).toContain(`Dashboard: ${DASHBOARD}`);

			await example?.emit('task.failed', failed('timeout', 'tsk_other'));
			expect(runs()).toHaveLength(before + 2);

			const midnight = await bench.client.runManually(example?.workflow.id ?? '', 'Every Midnight');
			await bench.client.finishedExecution(midnight);
			await example?.emit('task.failed', failed('timeout', 'tsk_slow'));
			expect(runs()).toHaveLength(before + 3);
		});

		it('tells the owner when the task cannot be started again', async () => {
			const outage = bench.simulator.outage({ calls: 'POST /v2/tasks/*', mode: 500 });
			await example?.emit('task.failed', failed('timeout', 'tsk_gone'));
			outage.lift();

			expect(lastMail().subject).toBe('Anchor Browser: tsk_gone failed (timeout)');
		});

		it('tells the owner of a rejected login, by task and by identity', async () => {
			await example?.emit('task.failed', failed('invalid_credentials'));
			expect(lastMail().to).toEqual(['you@example.com']);
			expect(lastMail().subject).toBe('Anchor Browser: the login of tsk_4f8w9n2b was rejected');
			await example?.emit('identity.authentication_failed');
			expect(lastMail().subject).toBe('Anchor Browser: the login of My Work Account was rejected');
		});

		it('opens an incident on a system error', async () => {
			const mails = bench.mailbox.mails.length;
			await example?.emit('task.failed', failed('system_error'));

			const [incident] = bench.world.calls('api.pagerduty.com').slice(-1);
			expect(incident.headers).toMatchObject({
				from: 'you@example.com',
				authorization: `Token token=${'pd'.repeat(10)}`,
			});
			expect(incident.body).toEqual({
				incident: {
					type: 'incident',
					title: 'Anchor Browser: tsk_4f8w9n2b failed with system_error',
					service: { id: 'PXXXXXX', type: 'service_reference' },
					body: {
						type: 'incident_body',
						details: expect.stringContaining(`Dashboard: ${DASHBOARD}`) as string,
					},
					incident_key: ['anchor', 'tsk_4f8w9n2b'].join('-'),
				},
			});
			expect(bench.mailbox.mails).toHaveLength(mails);
		});

		it.each(['automation_failure', 'agent_error', 'something_new'])(
			'asks the owner to have a look on %s',
			async (type) => {
				await example?.emit('task.failed', failed(type));
				expect(lastMail().subject).toBe(`Anchor Browser: tsk_4f8w9n2b failed (${type})`);
				expect(lastMail().text).toContain('tsk_4f8w9n2b failed and was not started again.\n');
			},
		);
	});

	it('human-in-the-loop.json posts the question with the live-view link', async () => {
		example = await bench.use('human-in-the-loop.json');
		await example.emit('intervention.requested');

		expect(lastSlackMessage()).toMatchObject({ channel: '#browser-alerts' });
		expect(lastSlackMessage().text).toContain('\nEnter the 6-digit code sent to your phone.\n');
		expect(lastSlackMessage().text).toContain(
			'*Take over:* https://live.anchorbrowser.io?sessionId=550e8400-e29b-41d4-a716-446655440000\n',
		);
	});

	it('keep-recordings.json stores the video that Anchor serves', async () => {
		example = await bench.use('keep-recordings.json');
		await example.emit('session.recording.ready', { data: { session_id: 'session-of-today' } });

		const video = readFileSync(join(bench.files, 'anchor-recording-session-of-today.mp4'));
		expect(video.subarray(4, 8).toString()).toBe('ftyp');
		expect(
			bench.simulator.requests({
				calls: 'GET /v1/sessions/session-of-today/recordings/primary/fetch',
				status: 200,
			}),
		).toHaveLength(1);
	});

	it('review-healed-task.json asks for a review and names the new version', async () => {
		example = await bench.use('review-healed-task.json');
		await example.emit('task.healed');

		expect(lastSlackMessage()).toMatchObject({ channel: '#browser-alerts' });
		expect(lastSlackMessage().text).toContain('*Task tsk_4f8w9n2b was healed');
		expect(lastSlackMessage().text).toContain(
			'*New version:* e81f0a6b-5d24-47c9-b3a1-94d7c05f2e18\n',
		);
	});

	/** The table that the example's note describes, column by column. */
	async function createTable() {
		const strings =
			'event_id event_type task_id status error_type error_message result session_dashboard_url';
		const columns = [
			...strings.split(' ').map((name) => ({ name, type: 'string' })),
			{ name: 'created', type: 'date' },
			{ name: 'duration_ms', type: 'number' },
		];
		const projects = await bench.client.rest<{ id: string }>('GET', '/projects/personal');
		const path = `/projects/${projects.id}/data-tables`;
		const { id } = await bench.client.rest<{ id: string }>('POST', path, {
			name: 'Anchor task results',
			columns,
		});
		return {
			id,
			rows: async () =>
				(
					await bench.client.rest<{ data: Array<Record<string, unknown>> }>(
						'GET',
						`${path}/${id}/rows?sortBy=id:asc`,
					)
				).data,
		};
	}
});

/** The example's data with another result in place of its own. */
function withResult(result: unknown) {
	return (example: Record<string, unknown>) => ({ ...example, result });
}

function parametersOf(nodes: WorkflowNode[], name: string): Record<string, unknown> {
	const parameters = nodes.find((node) => node.name === name)?.parameters;
	if (parameters === undefined) throw new Error(`There is no node ${name}`);
	return parameters;
}

function optionsOf(nodes: WorkflowNode[], name: string): Record<string, unknown> {
	return parametersOf(nodes, name).options as Record<string, unknown>;
}
