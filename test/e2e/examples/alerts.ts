import { startReceiver } from '../../simulator/receiver';
import { itemsOf, waitFor, type Execution } from '../../support/n8n';
import { TRIGGER } from '../trigger';
import type { RunningExample } from './environment';
import { TEAMS } from './outsideWorld';
import type { SeveralEvents } from './severalAtOnce';
import {
	added,
	chooseTable,
	DASHBOARD,
	optionsOf,
	parametersOf,
	RECORDING,
	type Stage,
} from './stage';

const FAILURES = [
	'task.failed',
	'session.failed',
	'batch.failed',
	'identity.authentication_failed',
];

/** Two failures of each kind, told apart by their ids. */
const TWO_OF_EACH: SeveralEvents = FAILURES.flatMap((type) => {
	const id = type === 'identity.authentication_failed' ? 'name' : `${type.split('.')[0]}_id`;
	return ['A', 'B'].map((letter) => [type, { data: { [id]: `${type} ${letter}` } }] as const);
});
const NAMES = TWO_OF_EACH.map(([, wish]) => Object.values(wish?.data ?? {})[0]);

/** A page that means no good. */
const HOSTILE =
	'The page said <!channel> & <https://evil.example|log in>, @everyone: `x` [y](z) _*';

/** The tests of the examples that tell somebody. */
export function describeAlerts(stage: Stage): void {
	const bodiesAt = <Body>(host: string) =>
		stage.environment.world.calls(host).map(({ body }) => body as Body);
	const telegrams = () => bodiesAt<{ chat_id: string; text: string }>('api.telegram.org');
	const slackTextsOf = async (work: () => Promise<unknown>) =>
		await added(() => stage.slackTexts(), work);
	const discordTexts = () => bodiesAt<{ content: string }>('discord.com').map((one) => one.content);

	it.each([
		['slack', () => stage.slackTexts(), /\*: (.+)\n/],
		['email', () => stage.mails().map(({ text }) => text), /What failed: (.+)\n/],
		['telegram', () => telegrams().map(({ text }) => text), /What failed:<\/b> (.+)\n/],
		['discord', discordTexts, /\*\*: (.+)\n/],
	])(
		'alert-%s-on-failure.json sends one message for each event of a run',
		async (to, texts, name) => {
			const example = await stage.use(`alert-${to}-on-failure.json`);
			const sent = await added(texts, () => example.together(...TWO_OF_EACH));
			expect(sent.map((text) => name.exec(text)?.[1])).toEqual(NAMES);
		},
	);

	describe('alert-slack-on-failure.json', () => {
		let example: RunningExample;

		beforeEach(async () => {
			example = await stage.use('alert-slack-on-failure.json');
		});

		it('posts failure type, dashboard link and recording of a failed task', async () => {
			await example.emit('task.failed', {
				data: { error: { type: 'timeout' }, recording_url: RECORDING },
			});

			expect(stage.lastSlackMessage()).toMatchObject({ channel: '#browser-alerts' });
			const { text } = stage.lastSlackMessage();
			expect(text).toContain('*task.failed*: tsk_4f8w9n2b');
			expect(text).toContain('*Failure type:* timeout\n');
			expect(text).toContain('*Details:* Login was rejected by the target site.\n');
			expect(text).toContain(`*Dashboard:* ${DASHBOARD}\n`);
			expect(text).toContain(`*Recording:* ${RECORDING}`);
		});

		it('says so when there is no recording yet', async () => {
			await example.emit('task.failed');

			expect(stage.lastSlackMessage().text).toMatch(/\*Recording:\* not ready yet$/);
		});

		it('names what failed for the other entities too', async () => {
			await example.emit('session.failed');
			expect(stage.lastSlackMessage().text).toMatch(
				/^:rotating_light: \*session\.failed\*: 550e8400[^]*type:\* browser_unreachable\n/,
			);
			await example.emit('identity.authentication_failed');
			expect(stage.lastSlackMessage().text).toMatch(
				/^:rotating_light: \*identity\.authentication_failed\*: My Work Account[^]*type:\* invalid_credentials\n\*Details:\* The username or password was rejected\.\n/,
			);
			await example.emit('batch.failed');
			expect(stage.lastSlackMessage().text).toMatch(
				/^:rotating_light: \*batch\.failed\*: 0b6f2b1e[^]*type:\* not given\n\*Details:\* .*failed: 0\/10 sessions succeeded\n/,
			);
		});

		it('lets no web page mention the channel', async () => {
			await example.emit('task.failed', { data: { error: { message: HOSTILE } } });

			expect(stage.lastSlackMessage().text).toContain('&lt;!channel> & &lt;https://evil');
			expect(stage.lastSlackMessage().text).not.toContain('<!');
		});

		it.each([0, false, 404])('shows %p where a text is usual', async (message) => {
			await example.emit('task.failed', { data: { error: { message } } });
			expect(stage.lastSlackMessage().text).toContain(`*Details:* ${message}\n`);
		});
	});

	it('alert-email-on-failure.json mails failure type, dashboard link and recording', async () => {
		const example = await stage.use('alert-email-on-failure.json');
		await example.emit('task.failed', { data: { recording_url: RECORDING } });

		const { from, to, subject, text } = stage.lastMail();
		expect({ from, to }).toEqual({ from: 'n8n@example.com', to: ['you@example.com'] });
		expect(subject).toBe('task.failed: tsk_4f8w9n2b (invalid_credentials)');
		expect(text).toContain('Failure type: invalid_credentials\n');
		expect(text).toContain('Details: Login was rejected by the target site.\n');
		expect(text).toContain(`Dashboard: ${DASHBOARD}\n`);
		expect(text).toContain(`Recording: ${RECORDING}\n`);
	});

	describe('alert-telegram-on-failure.json', () => {
		it('sends what Telegram takes: HTML, with links, without a preview and an advertisement', async () => {
			const example = await stage.use('alert-telegram-on-failure.json');
			await example.emit('task.failed', {
				data: { error: { type: 'agent_error', message: HOSTILE }, recording_url: RECORDING },
			});

			const [{ chat_id: chat, text }] = telegrams().slice(-1);
			expect(chat).toBe('PASTE-THE-ID-OF-YOUR-CHAT-HERE');
			expect(text).toMatch(
				/^🚨 <b>task\.failed<\/b>\n❌ Task <code>tsk_4f8w9n2b<\/code> failed: agent_error\n\n/,
			);
			expect(text).toContain(
				'<b>What failed:</b> tsk_4f8w9n2b\n<b>Failure type:</b> agent_error\n',
			);
			expect(text).toContain(
				'<b>Details:</b> The page said &lt;!channel&gt; &amp; &lt;https://evil.example|log in&gt;, @everyone',
			);
			expect(text).toContain(`<a href="${DASHBOARD}">Dashboard</a>\n`);
			expect(text).toContain(`<a href="${RECORDING.replace('&', '&amp;')}">Recording</a>`);
			expect(text).not.toContain('n8n');
		});

		it('cuts what is too long for Telegram, and never within a character', async () => {
			const example = await stage.use('alert-telegram-on-failure.json');
			const long = `.${'🙈'.repeat(5_000)}`;
			const data = { task_id: long, error: { type: long, message: long } };
			await example.emit('task.failed', { data, text: '`<&>'.repeat(5_000) });

			expect(telegrams().slice(-1)[0].text).toMatch(/Details:<\/b> \.(🙈){499}\n<a /u);
		});
	});

	it('alert-discord-on-failure.json lets no web page mention anybody, and keeps to the length', async () => {
		const example = await stage.use('alert-discord-on-failure.json');
		await example.emit('task.failed', {
			data: { error: { message: HOSTILE }, recording_url: RECORDING },
		});

		const [text] = discordTexts().slice(-1);
		expect(text).toContain(':rotating_light: **task.failed**: tsk_4f8w9n2b\n');
		expect(text).toContain(
			"```\nThe page said <!channel> & <https://evil.example|log in>, @everyone: 'x' [y](z) _*\n```\n",
		);
		expect(text).toContain(`**Dashboard:** ${DASHBOARD}\n**Recording:** ${RECORDING}`);

		const long = '@🙈'.repeat(5_000);
		const recording = `https://x.example/${long}`;
		await example.emit('task.failed', {
			data: { task_id: long, error: { message: long }, recording_url: recording },
		});
		expect(discordTexts().slice(-1)[0]).toMatch(/\*\*Recording:\*\* see the dashboard$/);
	});

	describe('alert-teams-on-failure.json', () => {
		interface Card {
			body: [{ text: string }, { facts: Array<{ title: string; value: string }> }];
			actions: Array<{ title: string; url: string }>;
		}
		const cards = () =>
			bodiesAt<{ attachments: [{ content: Card }] }>(TEAMS).map(
				({ attachments: [{ content }] }) => content,
			);
		const use = async () =>
			await stage.use('alert-teams-on-failure.json', ({ nodes }) => {
				parametersOf(nodes, 'Post to Teams').url = `https://${TEAMS}/workflows/1`;
			});

		it('posts a card of what failed, with buttons, in which nothing is formatted by a web page', async () => {
			const example = await use();
			await example.emit('task.failed', {
				data: { error: { message: HOSTILE }, recording_url: RECORDING },
			});

			const [{ body, actions }] = cards().slice(-1);
			expect(body[0].text).toBe('🚨 task.failed');
			expect(body[1].facts).toEqual([
				{ title: 'What failed', value: 'tsk\\_4f8w9n2b' },
				{ title: 'Failure type', value: 'invalid\\_credentials' },
				{
					title: 'Details',
					value:
						'The page said \\<!channel\\> & \\<https://evil.example|log in\\>, @everyone: \\`x\\` \\[y\\](z) \\_\\*',
				},
				{ title: 'Recording', value: 'ready' },
			]);
			expect(actions).toEqual([
				{ type: 'Action.OpenUrl', title: 'Dashboard', url: DASHBOARD },
				{ type: 'Action.OpenUrl', title: 'Recording', url: RECORDING },
			]);
		});

		it('posts one card for each event of a run', async () => {
			const example = await use();
			const sent = await added(cards, () => example.together(...TWO_OF_EACH));
			const names = sent.map(({ body }) => body[1].facts[0].value);
			// n8n's HTTP Request node calls for all items at once.
			expect(names.map((name) => name.replaceAll('\\', '')).sort()).toEqual([...NAMES].sort());
		});
	});

	it('alert-once-an-hour.json tells the first failure of each task in an hour, also of those in one run', async () => {
		const table = await stage.importTable('task-alerts.csv');
		const example = await stage.use('alert-once-an-hour.json', ({ nodes }) =>
			chooseTable(nodes, table.id, 'Told Within the Hour', 'Remember It'),
		);
		const told = async (work: () => Promise<unknown>) => {
			const texts = await slackTextsOf(work);
			return texts.map((text) => /\*: (.+)\n/.exec(text)?.[1]);
		};
		const failed = (task: string) => ['task.failed', { data: { task_id: task } }] as const;

		expect(await told(() => example.emit(...failed('one')))).toEqual(['one']);
		expect(await told(() => example.emit(...failed('one')))).toEqual([]);
		const several = ['two', 'one', 'two', 'three'].map(failed);
		expect(await told(() => example.together(...several))).toEqual(['two', 'three']);

		expect((await table.rows()).map((row) => row.task_id)).toEqual(['one', 'two', 'three']);
		await table.change('one', { alerted_at: minutesAgo(61) });
		await table.change('two', { alerted_at: minutesAgo(59) });
		expect(await told(() => example.together(failed('one'), failed('two')))).toEqual(['one']);
	});

	describe('digest-of-failures.json', () => {
		it('posts one message for all events of a run: counts, and the failures by name', async () => {
			const example = await stage.use('digest-of-failures.json');
			await example.emit('task.failed');
			expect(stage.lastSlackMessage().text).toBe(
				`:rotating_light: *Anchor Browser: 1 failed*\n*invalid_credentials:* 1\n• task.failed tsk_4f8w9n2b ${DASHBOARD}`,
			);

			const MANY = [...TWO_OF_EACH, ...TWO_OF_EACH, ...TWO_OF_EACH];
			const [text, ...others] = await slackTextsOf(() =>
				example.together(['task.completed'], ...MANY, ['task.cancelled'], ['task.completed']),
			);
			expect(others).toEqual([]);
			expect(text).toContain(
				'*Anchor Browser: 24 failed, 2 completed, 1 cancelled*\n*invalid_credentials:* 12, *browser_unreachable:* 6, *no type given:* 6\n',
			);
			const listed = [...text.matchAll(/^• \S+ (.+ [AB]) /gm)].map(([, name]) => name);
			expect(listed).toEqual([...NAMES, ...NAMES, ...NAMES].slice(0, 20));
			expect(text).toMatch(/\nand 4 more$/);
		});

		it('posts nothing when nothing failed', async () => {
			const example = await stage.use('digest-of-failures.json');
			const quiet = () => example.together(['task.completed'], ['task.cancelled']);
			expect(await slackTextsOf(quiet)).toEqual([]);
		});
	});

	describe('human-in-the-loop.json', () => {
		it('posts the question with the live-view link, and that it was answered', async () => {
			const example = await stage.use('human-in-the-loop.json');
			await example.emit('intervention.requested');

			expect(stage.lastSlackMessage()).toMatchObject({ channel: '#browser-alerts' });
			expect(stage.lastSlackMessage().text).toContain(
				'\nEnter the 6-digit code sent to your phone.\n',
			);
			expect(stage.lastSlackMessage().text).toContain(
				'*Take over:* https://live.anchorbrowser.io?sessionId=550e8400-e29b-41d4-a716-446655440000\n',
			);

			await example.emit('intervention.resolved');
			expect(stage.lastSlackMessage().text).toMatch(
				/^:white_check_mark: \*Answered[^]*\*Session:\* 550e8400/,
			);
		});

		it('posts one message for each event of a run', async () => {
			const example = await stage.use('human-in-the-loop.json');
			const types = ['intervention.requested', 'intervention.resolved'];
			const ids = types.flatMap((type) => [`${type} A`, `${type} B`]);
			const texts = await slackTextsOf(() =>
				example.together(
					...ids.map((id) => [id.slice(0, -2), { data: { session_id: id } }] as const),
				),
			);
			expect(texts.map((text) => /Session:\* (.+)/.exec(text)?.[1])).toEqual(ids);
		});
	});

	describe('answer-intervention.json', () => {
		let example: RunningExample;

		beforeEach(async () => {
			example = await stage.use('answer-intervention.json');
		});

		const answers = () =>
			stage.environment.simulator.requests({
				calls: 'POST /v1/sessions/*/agent/respond-to-human-intervention',
			});
		const ask = async (data: Record<string, unknown>) => {
			const run = await example.emit('intervention.requested', { data });
			const message = JSON.stringify(stage.slackMessages().slice(-1));
			return { run, message, form: formLink(message) };
		};

		it('hands the answer from Slack to the session as it was typed, less what was left out', async () => {
			const fields = [
				{ name: 'user', label: 'User <name>', type: 'email', required: true },
				{ name: 'code', label: 'Code', type: 'number' },
				{ name: 'note', label: 'Note', type: 'number' },
				{ name: 'more', label: 'More', type: 'text' },
			];
			const { run, message, form } = await ask({ fields, request_id: 'request-1' });
			expect(message).toContain('Enter the 6-digit code sent to your phone.');
			expect(message).toContain('https://live.anchorbrowser.io');
			const page = await (await fetch(form)).text();
			expect(page).toContain('1. User  name');
			await submit(form, ['jo@example.com', '012345', '', '']);
			await example.resumed(run);
			expect(answers().slice(-1)[0]).toMatchObject({
				path: expect.stringContaining('/550e8400-e29b-41d4-a716-446655440000/') as string,
				body: { requestId: 'request-1', response: { user: 'jo@example.com', code: '012345' } },
				status: 200,
			});
			const { response } = answers().slice(-1)[0].body as { response: Record<string, unknown> };
			expect(Object.keys(response)).toEqual(['user', 'code']);
			expect(stage.lastSlackMessage().text).toMatch(/^:white_check_mark: The session has its/);
		});

		it('hands on a no', async () => {
			const confirm = await ask({
				input_type: 'confirm',
				fields: undefined,
				request_id: 'request-2',
			});
			await submit(confirm.form, ['No']);
			await example.resumed(confirm.run);
			expect(answers().slice(-1)[0].body).toEqual({ requestId: 'request-2', response: false });
		});

		it('says so when nobody waits any more, and when Anchor refuses the answer', async () => {
			const { simulator } = stage.environment;
			const text = await ask({ input_type: 'text', fields: undefined, request_id: 'request-3' });
			simulator.emit('intervention.resolved', { data: { request_id: 'request-3' } });
			await submit(text.form, ['0042']);
			await example.resumed(text.run);
			expect(answers().slice(-1)[0]).toMatchObject({
				body: { requestId: 'request-3', response: '0042' },
				status: 400,
			});
			expect(stage.lastSlackMessage().text).toMatch(
				/no longer waits for this answer[^]*No pending human intervention request$/,
			);

			const refused = await ask({ input_type: 'text', fields: undefined, request_id: 'request-4' });
			const outage = simulator.outage({ calls: 'POST /v1/sessions/*', mode: 500 });
			await submit(refused.form, ['5']);
			await example.resumed(refused.run);
			outage.lift();
			expect(stage.lastSlackMessage().text).toMatch(/^:x: .*did not take the answer \(HTTP 500\)/);
		});

		it('asks for each request of a run, and hands each answer to its own session', async () => {
			const asText = { input_type: 'text', fields: undefined };
			const requests = ['A', 'B'].map((letter) => {
				const ids = { session_id: `session-${letter}`, request_id: `request-${letter}` };
				return ['intervention.requested', { data: { ...asText, ...ids } }] as const;
			});
			const texts = await slackTextsOf(async () => {
				const run = await example.together(...requests);
				await submit(formLink(JSON.stringify(stage.slackMessages().slice(-1))), ['for A']);
				await waitsAgain(run, 2);
				await submit(formLink(JSON.stringify(stage.slackMessages().slice(-1))), ['for B']);
				await example.resumed(run);
			});

			expect(answers().slice(-2)).toMatchObject(
				['A', 'B'].map((letter) => ({
					path: `/v1/sessions/session-${letter}/agent/respond-to-human-intervention`,
					body: { requestId: `request-${letter}`, response: `for ${letter}` },
				})),
			);
			const carriedOn = texts.map((text) => /carries on: (.+)$/.exec(text ?? '')?.[1]);
			expect(carriedOn.filter(Boolean)).toEqual(['session-A', 'session-B']);
		});

		/** Until a run has asked so many times and waits for the last answer. */
		async function waitsAgain({ id }: Execution, times: number): Promise<void> {
			await waitFor(
				async () => {
					const { status, data } = await stage.environment.client.finishedExecution(id);
					return status === 'waiting' && data.resultData.runData['Ask in Slack'].length === times;
				},
				{ what: `run ${id} to ask ${times} times` },
			);
		}
	});

	it('review-healed-task.json asks for a review and names the new version, for each event of a run', async () => {
		const example = await stage.use('review-healed-task.json');
		await example.emit('task.healed');

		expect(stage.lastSlackMessage()).toMatchObject({ channel: '#browser-alerts' });
		expect(stage.lastSlackMessage().text).toContain('*Task tsk_4f8w9n2b was healed');
		expect(stage.lastSlackMessage().text).toContain(
			'*New version:* e81f0a6b-5d24-47c9-b3a1-94d7c05f2e18\n',
		);

		const healed = (task: string) => ['task.healed', { data: { task_id: task } }] as const;
		const texts = await slackTextsOf(() => example.together(healed('A'), healed('B')));
		expect(texts.map((text) => /Task (.+) was healed/.exec(text)?.[1])).toEqual(['A', 'B']);
	});

	describe('watch-deliveries.json', () => {
		it('says once that events were lost, and else that all is well', async () => {
			const { simulator, n8n } = stage.environment;
			const example = await stage.use('watch-deliveries.json');
			const look = async () => {
				const [text, ...others] = await slackTextsOf(() => example.run('Every Hour'));
				expect(others).toEqual([]);
				return text;
			};
			const emit = async (id: string, to: string, type = 'task.failed') =>
				await simulator.emit(type, { id, to, maxAttempts: 1 }).settled;
			// What earlier examples left in the history.
			await look();
			expect(await look()).toMatch(/^:white_check_mark: Nothing was lost[^]*looked at: \d+$/);

			const webhookAt = (url: string) =>
				simulator.addWebhook({ url, subscribedEvents: ['task.failed', 'task.completed'] });
			const refusing = webhookAt(`${n8n.url}/webhook/nobody`);
			const down = webhookAt('http://127.0.0.1:9/down');
			await emit('evt_refused', refusing.id);
			await emit('evt_dead', down.id, 'task.completed');
			const text = await look();
			expect(text).toMatch(/^:rotating_light: \*2 Anchor Browser deliveries did not arrive\*\n/);
			expect(text).toMatch(/• task\.failed evt_refused of .*: refused with HTTP 404, attempts: 1/);
			expect(text).toMatch(/• task\.completed evt_dead of .*: given up, attempts: 1/);
			expect(await look()).toMatch(/^:white_check_mark: /);
		});

		it("takes a 200 for lost where the trigger's own answers are seen, and nowhere else", async () => {
			const { simulator } = stage.environment;
			const example = await stage.use('watch-deliveries.json');
			await example.run('Every Hour');
			const answers = new Map([
				['/ours', [202, 204, 200]],
				['/behind-a-proxy', [200, 200, 200]],
			]);
			const receiver = await startReceiver();
			receiver.reply = ({ path }) => answers.get(path)?.shift() ?? 500;
			for (const path of [...answers.keys()]) {
				const { id } = simulator.addWebhook({
					url: new URL(path, receiver.url).href,
					subscribedEvents: ['task.failed'],
				});
				for (const number of [1, 2, 3]) {
					await simulator.emit('task.failed', { id: `evt${path}${number}`, to: id }).settled;
				}
			}
			await receiver.close();
			await example.run('Every Hour');
			expect(stage.lastSlackMessage().text).toMatch(/^:rotating_light: \*1 Anchor Browser del/);
			expect(stage.lastSlackMessage().text).toContain('evt/ours3 of ');
			expect(stage.lastSlackMessage().text).toContain(': swallowed with HTTP 200, attempts: 1');
		});

		it('gives its sign of life once a day when it runs by itself', async () => {
			const { client } = stage.environment;
			const before = stage.slackTexts().length;
			const example = await stage.use('watch-deliveries.json', ({ nodes }) => {
				const rule = { interval: [{ field: 'seconds', secondsInterval: 5 }] };
				parametersOf(nodes, 'Every Hour').rule = rule;
			});
			const quiet = await waitFor(
				async () => {
					const runs = await client.executions({ workflowId: example.workflow.id });
					const over = runs.filter(({ status }) => status === 'success');
					const seen = await Promise.all(
						over.map(async ({ id }) => await client.finishedExecution(id)),
					);
					const without = seen.filter((run) => itemsOf(run, 'Anything Lost?', 1).length > 0);
					return without.length >= 2 && without;
				},
				{ what: 'two quiet looks', timeout: 60_000 },
			);
			await example.end();
			expect(quiet.length).toBeGreaterThanOrEqual(2);
			const texts = stage.slackTexts().slice(before);
			expect(texts.filter((text) => text.startsWith(':white_check_mark:'))).toHaveLength(1);
		});
	});

	it('daily-summary.json keeps a row for each task, and tells how many ended in which way', async () => {
		const table = await stage.importTable('task-results.csv', 'task-results of the summary');
		const example = await stage.use('daily-summary.json', ({ nodes }) =>
			chooseTable(nodes, table.id, 'Add the Row', 'Read the Rows'),
		);
		await example.run('Every Morning');
		expect(stage.lastSlackMessage().text).toBe(
			':bar_chart: *Tasks at Anchor Browser*\nYesterday: 0 completed, 0 failed, 0 cancelled\nToday so far: 0 completed, 0 failed, 0 cancelled',
		);

		await example.emit('task.completed', { id: 'evt_one' });
		await example.together(
			['task.completed', { id: 'evt_two' }],
			['task.failed', { id: 'evt_three', data: { error: { type: 'timeout' } } }],
			['task.failed', { id: 'evt_four', data: { error: { type: 'agent_error' } } }],
			['task.failed', { id: 'evt_five', data: { error: { type: 'timeout' } } }],
			['task.cancelled', { id: 'evt_six' }],
			['task.cancelled', { id: 'evt_seven' }],
		);
		expect((await table.rows()).map((row) => row.event_id)).toEqual(
			['one', 'two', 'three', 'four', 'five', 'six', 'seven'].map((number) => `evt_${number}`),
		);
		await example.run('Every Morning');
		expect(stage.lastSlackMessage().text).toMatch(
			/\nToday so far: 2 completed, 3 failed \(timeout: 2, agent_error: 1\), 2 cancelled$/,
		);
	});

	// n8n looks once a minute for runs that have waited long enough.
	it('answer-intervention.json goes on when nobody answers, with the next request of the run', async () => {
		const example = await stage.use('answer-intervention.json', ({ nodes }) => {
			const { limitWaitTime } = optionsOf(nodes, 'Ask in Slack') as {
				limitWaitTime: { values: Record<string, unknown> };
			};
			limitWaitTime.values.resumeAmount = 0.05;
		});
		const asked = (session: string) =>
			['intervention.requested', { data: { session_id: session } }] as const;
		const texts = await slackTextsOf(async () => {
			const run = await example.together(asked('A'), asked('B'));
			expect(itemsOf(run, TRIGGER)).toHaveLength(2);
			await example.resumed(run, 170_000);
		});
		expect(texts.filter((text) => text?.startsWith(':zzz:'))).toEqual(
			['A', 'B'].map((id) => `:zzz: Nobody answered within 45 minutes. Session ${id}`),
		);
	}, 240_000);
}

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

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
