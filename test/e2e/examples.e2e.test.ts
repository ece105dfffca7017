/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ExampleEnvironment, succeeded, type RunningExample } from './examples/environment';
import {
	boxOf,
	exampleFiles,
	exampleText,
	overlap,
	readExample,
	STICKY_NOTE,
} from './examples/example';
import { LOOKALIKE, STORAGE } from './examples/outsideWorld';
import { TRIGGER_TYPE } from './trigger';
import {
	isAtLeast,
	itemsOf,
	TESTED,
	waitFor,
	type Execution,
	type WorkflowNode,
} from '../support/n8n';

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
		// n8n puts a credential of any type that fits into an imported node.
		expect(note?.parameters?.content).toContain('your *Anchor Browser API* credential');
		expect(note?.parameters?.content).toMatch(/ry it: click \*Execute workflow\*/);
		const boxes = nodes.map((node) => ({ node: node.name, box: boxOf(node) }));
		const collisions = boxes.flatMap((one, index) =>
			boxes
				.slice(index + 1)
				.filter((other) => overlap(one.box, other.box))
				.map((other) => `${one.node} and ${other.node}`),
		);
		expect(collisions).toEqual([]);
	});

	it('stands in the list of examples', () => {
		expect(exampleText('README.md')).toContain(`[${file}](${file})`);
	});

	it('names how its trigger registers, so that the API key is what it asks for', () => {
		for (const { parameters } of nodes.filter(({ type }) => type === TRIGGER_TYPE)) {
			expect(parameters?.registration).toBe('automatic');
		}
	});

	it("sends the API key to Anchor's host only, and along no redirect", () => {
		const calls = nodes.filter(({ parameters }) => parameters?.nodeCredentialType !== undefined);
		for (const { name: nodeName, parameters } of calls) {
			// This one stands behind a condition on the same address, which is tried in a real n8n below.
			if (nodeName !== 'Fetch With the API Key') {
				expect(parameters?.url).toMatch(/^=?https:\/\/api\.anchorbrowser\.io\//);
			}
			expect(parameters?.options).toMatchObject({
				redirect: { redirect: { followRedirects: false } },
			});
		}
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

describe.each(TESTED)('the examples in n8n %s', (version) => {
	let environment: ExampleEnvironment;
	let example: RunningExample | undefined;

	beforeAll(async () => {
		environment = await ExampleEnvironment.start(version);
	}, 300_000);

	afterEach(async () => {
		await example?.end();
		example = undefined;
	});

	afterAll(async () => {
		await environment?.stop();
	});

	const slackMessages = () =>
		environment.world
			.calls('slack.com')
			.map((call) => call.body as { channel: string; text: string });
	const lastSlackMessage = () => slackMessages().slice(-1)[0];
	const lastMail = () => environment.mailbox.mails.slice(-1)[0];

	describe('alert-slack-on-failure.json', () => {
		beforeEach(async () => {
			example = await environment.use('alert-slack-on-failure.json');
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
		example = await environment.use('alert-email-on-failure.json');
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
			'error_type',
			'error_message',
			'result',
			'artifacts',
			'artifacts_count',
			'recording_url',
			'session_dashboard_url',
			'healed_task_version_id',
		];

		it('writes headings into an empty sheet, then one row an event under the right headings', async () => {
			const { sheet } = environment.world;
			example = await environment.use('log-results-google-sheets.json');
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
			// Completed and failed tasks have the same columns, so that the headings stay as they are.
			expect(sheet.rows[0]).toEqual([...COLUMNS, 'result_invoice_total']);
			expect(cell(sheet.rows[2], 'event_id')).toBe('evt_two');
			expect(cell(sheet.rows[2], 'error_type')).toBe('invalid_credentials');

			// USER_ENTERED takes the apostrophe for the mark of a text, and a number for a number.
			expect(cell(first, 'result_invoice_total')).toBe(`'${FORMULA}`);
			expect(new Set(sheet.inputModes)).toEqual(new Set(['USER_ENTERED']));
			// Google itself finds the next free row, so that two runs at once cannot write over each other.
			const appends = environment.world
				.calls('sheets.googleapis.com')
				.filter((call) => call.path.endsWith(':append'));
			expect(appends.length).toBeGreaterThanOrEqual(2);
			expect(appends[0].path).toMatch(/\/spreadsheets\/PASTE-[^/]+\/values\/Sheet1!/);
		});

		it('follows the order of headings that the user has chosen', async () => {
			const { sheet } = environment.world;
			sheet.rows = [['status', 'task_id', 'My notes', 'event_type']];
			example = await environment.use('log-results-google-sheets.json', ({ nodes }) => {
				// The note's way to keep one's columns.
				optionsOf(nodes, 'Add the Row').handlingExtraData = 'ignoreIt';
			});
			await example.emit('task.cancelled');

			expect(sheet.rows.slice(1)).toEqual([['cancelled', 'tsk_4f8w9n2b', null, 'task.cancelled']]);
		});
	});

	it('log-results-data-table.json adds one row an event to a data table', async () => {
		const table = await importTable('task-results.csv');
		example = await environment.use('log-results-data-table.json', ({ nodes }) => {
			chooseTable(nodes, 'Add the Row', table.id);
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
		example = await environment.use('log-results-csv-file.json');
		await example.emit('task.completed', { id: 'evt_one', data: withResult('Grüße, "twice"') });
		await example.emit('task.failed', { id: 'evt_two', data: { error: { message: FORMULA } } });
		await example.emit('task.cancelled', { id: 'evt_three' });

		const [file, ...others] = readdirSync(environment.files).filter((name) =>
			name.endsWith('.csv'),
		);
		expect(others).toEqual([]);
		expect(file).toMatch(/^anchor-task-results-\d{4}-\d\d-\d\d\.csv$/);
		const lines = readFileSync(join(environment.files, file), 'utf8').split('\r\n');
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
		const runs = () => environment.simulator.requests({ calls: 'POST /v2/tasks/*/run' });
		const failed = (type: string, task = 'tsk_4f8w9n2b') => ({
			data: { task_id: task, error: { type } },
		});

		beforeEach(async () => {
			example = await environment.use('branch-on-failure-type.json');
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
			const mails = environment.mailbox.mails.length;

			await example?.emit('task.failed', failed('timeout', 'tsk_slow'));
			expect(runs()).toHaveLength(before + 1);
			expect(environment.mailbox.mails).toHaveLength(mails + 1);
			expect(lastMail().subject).toBe('Anchor Browser: tsk_slow failed (timeout)');
			expect(lastMail().text).toContain(`Dashboard: ${DASHBOARD}`);

			await example?.emit('task.failed', failed('timeout', 'tsk_other'));
			expect(runs()).toHaveLength(before + 2);

			const midnight = await environment.client.runManually(
				example?.workflow.id ?? '',
				'Every Midnight',
			);
			await environment.client.finishedExecution(midnight);
			await example?.emit('task.failed', failed('timeout', 'tsk_slow'));
			expect(runs()).toHaveLength(before + 3);
		});

		it('tells the owner when the task cannot be started again', async () => {
			const outage = environment.simulator.outage({ calls: 'POST /v2/tasks/*', mode: 500 });
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
			const mails = environment.mailbox.mails.length;
			await example?.emit('task.failed', failed('system_error'));

			const [incident] = environment.world.calls('api.pagerduty.com').slice(-1);
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
			expect(environment.mailbox.mails).toHaveLength(mails);
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
		example = await environment.use('human-in-the-loop.json');
		await example.emit('intervention.requested');

		expect(lastSlackMessage()).toMatchObject({ channel: '#browser-alerts' });
		expect(lastSlackMessage().text).toContain('\nEnter the 6-digit code sent to your phone.\n');
		expect(lastSlackMessage().text).toContain(
			'*Take over:* https://live.anchorbrowser.io?sessionId=550e8400-e29b-41d4-a716-446655440000\n',
		);
	});

	it('keep-recordings.json stores the video that Anchor serves', async () => {
		example = await environment.use('keep-recordings.json');
		await example.emit('session.recording.ready', { data: { session_id: 'session-of-today' } });

		const video = readFileSync(join(environment.files, 'anchor-recording-session-of-today.mp4'));
		expect(video.subarray(4, 8).toString()).toBe('ftyp');
		expect(
			environment.simulator.requests({
				calls: 'GET /v1/sessions/session-of-today/recordings/primary/fetch',
				status: 200,
			}),
		).toHaveLength(1);
	});

	it('review-healed-task.json asks for a review and names the new version', async () => {
		example = await environment.use('review-healed-task.json');
		await example.emit('task.healed');

		expect(lastSlackMessage()).toMatchObject({ channel: '#browser-alerts' });
		expect(lastSlackMessage().text).toContain('*Task tsk_4f8w9n2b was healed');
		expect(lastSlackMessage().text).toContain(
			'*New version:* e81f0a6b-5d24-47c9-b3a1-94d7c05f2e18\n',
		);
	});

	it('answer-intervention.json hands the answer from Slack to the session, and says what became of it', async () => {
		example = await environment.use('answer-intervention.json');
		const answers = () =>
			environment.simulator.requests({
				calls: 'POST /v1/sessions/*/agent/respond-to-human-intervention',
			});
		const ask = async (data: Record<string, unknown>) => {
			const run = await example?.emit('intervention.requested', { data });
			const message = JSON.stringify(slackMessages().slice(-1));
			return { run: run as Execution, message, form: formLink(message) };
		};

		const fields = [
			{ name: 'user', label: 'User <name>', type: 'email', required: true },
			{ name: 'code', label: 'Code', type: 'text' },
		];
		const first = await ask({ fields, request_id: 'request-1' });
		expect(first.message).toContain('Enter the 6-digit code sent to your phone.');
		expect(first.message).toContain('https://live.anchorbrowser.io');
		const page = await (await fetch(first.form)).text();
		expect(page).toContain('1. User  name');
		await submit(first.form, ['jo@example.com', '123456']);
		await example.resumed(first.run);
		expect(answers().slice(-1)[0]).toMatchObject({
			path: expect.stringContaining('/550e8400-e29b-41d4-a716-446655440000/') as string,
			body: { requestId: 'request-1', response: { user: 'jo@example.com', code: '123456' } },
			status: 200,
		});
		expect(lastSlackMessage().text).toMatch(/^:white_check_mark: The session has its answer/);

		const confirm = await ask({
			input_type: 'confirm',
			fields: undefined,
			request_id: 'request-2',
		});
		await submit(confirm.form, ['No']);
		await example.resumed(confirm.run);
		expect(answers().slice(-1)[0].body).toEqual({ requestId: 'request-2', response: false });

		const text = await ask({ input_type: 'text', fields: undefined, request_id: 'request-3' });
		environment.simulator.emit('intervention.resolved', { data: { request_id: 'request-3' } });
		await submit(text.form, ['0042']);
		await example.resumed(text.run);
		expect(answers().slice(-1)[0]).toMatchObject({
			body: { requestId: 'request-3', response: '0042' },
			status: 400,
		});
		expect(lastSlackMessage().text).toMatch(
			/no longer waits for this answer[^]*No pending human intervention request$/,
		);

		const refused = await ask({ input_type: 'text', fields: undefined, request_id: 'request-4' });
		const outage = environment.simulator.outage({ calls: 'POST /v1/sessions/*', mode: 500 });
		await submit(refused.form, ['5']);
		await expect(example.resumed(refused.run)).rejects.toThrow(
			/did not take the answer \(HTTP 500\)/,
		);
		outage.lift();
	});

	it('retry-failed-batch.json retries the failed sessions three times, then alerts', async () => {
		example = await environment.use('retry-failed-batch.json');
		const retries = () =>
			environment.simulator.requests({ calls: 'POST /v1/batch-sessions/*/retry' });
		const alerts = slackMessages().length;
		const batch = { batch_id: 'b1a4b1a4-0000-4000-8000-000000000000' };

		await example.emit('batch.failed', { data: batch });
		await example.emit('batch.completed', { data: batch });
		await example.emit('batch.completed', { data: batch });
		expect(retries()).toHaveLength(3);
		for (const { body, status } of retries()) {
			expect(body).toEqual({ retry_failed_only: true, max_retries: 1 });
			expect(status).toBe(200);
		}
		expect(slackMessages()).toHaveLength(alerts);

		await example.emit('batch.completed', { data: batch });
		expect(retries()).toHaveLength(3);
		expect(lastSlackMessage().text).toContain(
			`*Batch ${batch.batch_id}*: 1 of 10 sessions failed\n`,
		);
		expect(lastSlackMessage().text).toContain(
			'*Retries so far:* 3\n*Reasons:* Browser unreachable\n',
		);

		// The last retry did it.
		await example.emit('batch.completed', { data: { ...batch, failed_requests: 0 } });
		expect(retries()).toHaveLength(3);
		expect(slackMessages()).toHaveLength(alerts + 1);

		// An Anchor that counts nothing, or takes nothing, starts no endless loop.
		const outage = environment.simulator.outage({ calls: 'POST /v1/batch-sessions/*', mode: 500 });
		const other = { batch_id: 'b1a4b1a4-0000-4000-8000-000000000001' };
		await example.emit('batch.failed', { data: other });
		expect(lastSlackMessage().text).toMatch(
			/\*Retries so far:\* 0\n[^]*\*Anchor Browser says:\* Internal server error$/,
		);
		outage.lift();
		await example.emit('batch.failed', { data: other });
		expect(retries()).toHaveLength(4);
		expect(slackMessages()).toHaveLength(alerts + 3);
	});

	it('reauthenticate-identity.json logs in again once a day, then tells the owner once', async () => {
		example = await environment.use('reauthenticate-identity.json');
		const logins = () =>
			environment.simulator.requests({ calls: 'POST /v1/identities/*/reauthenticate' });
		const mails = environment.mailbox.mails.length;
		const failed = async (id: string) =>
			await example?.emit('identity.authentication_failed', { data: { identity_id: id } });

		await failed('helped');
		expect(logins()).toEqual([expect.objectContaining({ body: { sync: true }, status: 200 })]);
		expect(environment.mailbox.mails).toHaveLength(mails);
		await failed('helped');
		expect(logins()).toHaveLength(1);
		expect(environment.mailbox.mails).toHaveLength(mails + 1);
		// The owner that Anchor has written down for this identity.
		expect(lastMail().to).toEqual(['owner@example.com']);
		expect(lastMail().subject).toBe('Anchor Browser: My Work Account cannot log in');
		expect(lastMail().text).toContain('The second try: failed earlier today\n');
		await failed('helped');
		expect(environment.mailbox.mails).toHaveLength(mails + 1);

		const outage = environment.simulator.outage({
			calls: 'POST /v1/identities/*',
			mode: 422,
			message: 'Authentication failed',
		});
		const lookups = environment.simulator.outage({ calls: 'GET /v1/identities/*', mode: 500 });
		await failed('not-helped');
		outage.lift();
		lookups.lift();
		expect(environment.mailbox.mails).toHaveLength(mails + 2);
		expect(lastMail().to).toEqual(['you@example.com']);
		expect(lastMail().text).toMatch(
			/Failure type: invalid_credentials\n[^]*The second try: .*Authentication failed/,
		);
	});

	describe('store-artifacts.json', () => {
		const stored = (name: string) => readFileSync(join(environment.files, name), 'utf8');

		beforeEach(async () => {
			example = await environment.use('store-artifacts.json');
		});

		it("stores one file each, by name and type, and shows the API key to Anchor's host alone", async () => {
			const run = await example?.emit('task.completed', {
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
			const files = run?.data.resultData.runData['Keep Name and Type'].flatMap(({ data }) =>
				(data?.main?.[0] ?? []).map(({ binary }) => [binary?.data.fileName, binary?.data.mimeType]),
			);
			expect(files).toEqual([
				['invoice.pdf', 'application/pdf'],
				['Grüße.csv', 'text/csv'],
				['../../Grüße.csv', 'application/octet-stream'],
			]);
			for (const host of [STORAGE, LOOKALIKE]) {
				expect(environment.world.calls(host).slice(-1)[0].headers).not.toHaveProperty(
					'anchor-api-key',
				);
			}
		});

		it('stores what stands behind the links of an event as it is sent', async () => {
			await example?.emit('task.completed', { data: { execution_id: 'run-0' } });
			expect(stored('anchor-run-0-1-invoice-2026-02.pdf')).toMatch(/^%PDF/);
			expect(stored('anchor-run-0-2-report.csv')).toMatch(/^name,total/);
		});

		it('ends quietly when there is nothing to store', async () => {
			const run = await example?.emit('task.failed');
			expect(Object.keys(run?.data.resultData.runData ?? {})).not.toContain('Store the File');
		});

		it('stores the others when one cannot be fetched, and then says which', async () => {
			const emitted = example?.emit('task.completed', {
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
				/at Say What Is Missing: Files of tsk_4f8w9n2b that could not be fetched: gone\.pdf, old\.csv\./,
			);
			expect(stored('anchor-run-2-3-new.csv')).toBe('the file /new');
		});
	});

	it('run-task-and-wait.json continues with the result of the very run that it started', async () => {
		const table = await importTable('task-runs.csv');
		example = await environment.use('run-task-and-wait.json', ({ nodes }) => {
			fillInRun(nodes, table.id);
		});

		const waiting = await example.run('Every Morning');
		expect(waiting.status).toBe('waiting');
		const [{ run_id: runId }] = itemsOf(waiting, 'Run the Task');
		expect(await table.rows()).toMatchObject([{ run_id: runId }]);
		// Somebody else's task ends meanwhile.
		await example.emit('task.completed', { data: { session_id: 'other', execution_id: 'other' } });
		expect((await environment.client.getExecution(waiting.id)).status).toBe('waiting');

		await example.emit('task.completed', {
			data: { execution_id: String(runId), session_id: undefined, result: { total: 7 } },
		});
		const over = await example.resumed(waiting);
		expect(itemsOf(over, 'Use the Result')).toEqual([
			{
				run_id: runId,
				status: 'success',
				result: expect.objectContaining({ total: 7 }),
				error: '',
			},
		]);
		expect(await table.rows()).toEqual([]);
	});

	// n8n looks once a minute for runs that have waited long enough, so both wait together.
	it('answer-intervention.json and run-task-and-wait.json go on when nobody is heard of', async () => {
		const asking = await environment.use('answer-intervention.json', ({ nodes }) => {
			const { limitWaitTime } = optionsOf(nodes, 'Ask in Slack') as {
				limitWaitTime: { values: Record<string, unknown> };
			};
			limitWaitTime.values.resumeAmount = 0.05;
		});
		const table = await importTable('task-runs.csv', 'task-runs of nobody');
		example = await environment.use('run-task-and-wait.json', ({ nodes }) => {
			fillInRun(nodes, table.id);
			Object.assign(parametersOf(nodes, 'Wait for the Result'), {
				resumeAmount: 3,
				resumeUnit: 'seconds',
			});
		});
		const asked = await asking.emit('intervention.requested');
		const waiting = await example.run('Every Morning');
		const [{ run_id: runId }] = itemsOf(waiting, 'Run the Task');
		// It has ended, and the event was lost.
		environment.simulator.emit('task.failed', {
			to: [],
			data: { execution_id: String(runId), error: { type: 'timeout', message: 'Too slow' } },
		});

		const over = await example.resumed(waiting, 90_000);
		expect(itemsOf(over, 'Use the Result')).toEqual([
			{ run_id: runId, status: 'timeout', result: {}, error: 'Too slow' },
		]);
		expect(await table.rows()).toEqual([]);
		await asking.resumed(asked, 90_000);
		expect(lastSlackMessage().text).toMatch(/^:zzz: Nobody answered within 45 minutes/);
		await asking.end();
	});

	it('hand-on-to-workflows.json hands each event on to the workflow that is for it', async () => {
		const others = await Promise.all(
			['by task', 'by project', 'the rest'].map(async (name) => {
				const { id } = await environment.client.createWorkflow({
					name,
					nodes: [
						{
							name: 'When Executed by Another Workflow',
							type: 'n8n-nodes-base.executeWorkflowTrigger',
							typeVersion: 1.1,
							parameters: { inputSource: 'passthrough' },
						},
					],
					connections: {},
				});
				// n8n 2 runs published workflows only; n8n 1 has nothing to publish here.
				if (isAtLeast(version, '2.0')) await environment.client.activate(id);
				return id;
			}),
		);
		example = await environment.use('hand-on-to-workflows.json', ({ nodes }) => {
			['Hand On by Task', 'Hand On by Project', 'Hand On the Rest'].forEach((name, index) => {
				parametersOf(nodes, name).workflowId = { __rl: true, mode: 'list', value: others[index] };
			});
		});
		const runsOf = async () =>
			await Promise.all(
				others.map(async (workflowId) => {
					const runs = await environment.client.executions({ workflowId });
					const executions = await Promise.all(
						runs.map(async ({ id }) => await environment.client.finishedExecution(id)),
					);
					return executions.map((run) => {
						const [event] = itemsOf(run, 'When Executed by Another Workflow');
						return (event._event as { id: string }).id;
					});
				}),
			);

		await example.emit('task.failed', { id: 'evt_task' });
		await example.emit('session.failed', { id: 'evt_project' });
		await example.emit('session.failed', {
			id: 'evt_rest',
			envelope: { project_id: '00000000-0000-4000-8000-000000000000' },
		});
		const all = await waitFor(
			async () => {
				const runs = await runsOf();
				return runs.every((ids) => ids.length > 0) && runs;
			},
			{ what: 'the three workflows to run' },
		);
		expect(all).toEqual([['evt_task'], ['evt_project'], ['evt_rest']]);
	});

	it('watch-deliveries.json alerts once when events were refused or given up', async () => {
		example = await environment.use('watch-deliveries.json');
		const alerts = slackMessages().length;
		await example.run('Every Hour');
		const before = slackMessages().length;
		// What earlier examples left in the history; nothing new since.
		await example.run('Every Hour');
		expect(slackMessages()).toHaveLength(before);
		expect(before).toBeLessThanOrEqual(alerts + 1);

		const refusing = environment.simulator.addWebhook({
			url: `${environment.n8n.url}/webhook/nobody`,
			subscribedEvents: ['task.failed'],
		});
		const down = environment.simulator.addWebhook({
			url: 'http://127.0.0.1:9/down',
			subscribedEvents: ['task.completed'],
		});
		await environment.simulator.emit('task.failed', { id: 'evt_refused', to: refusing.id }).settled;
		await environment.simulator.emit('task.completed', {
			id: 'evt_dead',
			to: down.id,
			maxAttempts: 1,
		}).settled;
		await example.run('Every Hour');
		expect(slackMessages()).toHaveLength(before + 1);
		const { text } = lastSlackMessage();
		expect(text).toMatch(/^:rotating_light: \*2 Anchor Browser deliveries did not arrive\*\n/);
		expect(text).toMatch(/• task\.failed evt_refused of .*: refused with HTTP 404, attempts: 1/);
		expect(text).toMatch(/• task\.completed evt_dead of .*: given up, attempts: 1/);

		await example.run('Every Hour');
		expect(slackMessages()).toHaveLength(before + 1);
	});

	it.each(exampleFiles())('%s without its credentials says what is missing', async (file) => {
		const imported = readExample(file);
		const { id } = await environment.client.createWorkflow(imported);
		const start = imported.nodes.find(({ type }) => type === TRIGGER_TYPE);
		const refused = start
			? environment.client.activate(id)
			: environment.client
					.finishedExecution(await environment.client.runManually(id, 'Every Hour'))
					.then(succeeded);
		await expect(refused).rejects.toThrow(/credential/i);
	});

	/** What *Import CSV* of n8n's data tables makes of a file that belongs to an example. */
	async function importTable(file: string, name = file) {
		const form = new FormData();
		form.append('file', new Blob([exampleText(file)], { type: 'text/csv' }), file);
		form.append('hasHeaders', 'true');
		const upload = await environment.client.rest<{
			id: string;
			columns: Array<{ name: string; type: string }>;
		}>('POST', '/data-tables/uploads', form);
		const projects = await environment.client.rest<{ id: string }>('GET', '/projects/personal');
		const path = `/projects/${projects.id}/data-tables`;
		const { id } = await environment.client.rest<{ id: string }>('POST', path, {
			name,
			columns: upload.columns.map((column) => ({ name: column.name, type: column.type })),
			fileId: upload.id,
			hasHeaders: true,
		});
		return {
			id,
			/** The rows that came after those of the file. */
			rows: async () =>
				(
					await environment.client.rest<{ data: Array<Record<string, unknown>> }>(
						'GET',
						`${path}/${id}/rows?sortBy=id:asc`,
					)
				).data.slice(1),
		};
	}
});

/** The address behind the button of a message that n8n sent to wait for an answer. */
function formLink(message: string): string {
	const [link] = /https?:[^"\\]*\/webhook-waiting\/[^"\\]+/.exec(message) ?? [''];
	return link.replaceAll('&amp;', '&');
}

/** Fills in n8n's form as a browser does. */
async function submit(form: string, values: readonly string[]): Promise<void> {
	const data = new FormData();
	values.forEach((value, index) => data.append(`field-${index}`, value));
	const response = await fetch(form, { method: 'POST', body: data });
	if (!response.ok) throw new Error(`The form was answered with ${response.status}`);
}

/** The example's data with another result in place of its own. */
function withResult(result: unknown) {
	return (example: Record<string, unknown>) => ({ ...example, result });
}

function parametersOf(nodes: WorkflowNode[], name: string): Record<string, unknown> {
	const parameters = nodes.find((node) => node.name === name)?.parameters;
	if (parameters === undefined) throw new Error(`There is no node ${name}`);
	return parameters;
}

function chooseTable(nodes: WorkflowNode[], name: string, id: string): void {
	parametersOf(nodes, name).dataTableId = { __rl: true, mode: 'list', value: id };
}

/** What the note of run-task-and-wait.json asks for. */
function fillInRun(nodes: WorkflowNode[], tableId: string): void {
	for (const name of ['Remember Who Waits', 'Find Who Waits', 'Forget It']) {
		chooseTable(nodes, name, tableId);
	}
	const run = parametersOf(nodes, 'Run the Task');
	run.url = String(run.url).replace(/PASTE-[^/]+/, 'tsk_4f8w9n2b');
}

function optionsOf(nodes: WorkflowNode[], name: string): Record<string, unknown> {
	return parametersOf(nodes, name).options as Record<string, unknown>;
}
