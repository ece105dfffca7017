import type { RunningExample } from './environment';
import { SEVERAL_EVENTS } from './severalAtOnce';
import { added, DASHBOARD, type Stage } from './stage';

/** The tests of the examples that let something be tried again. */
export function describeRetries(stage: Stage): void {
	/** The subjects of the mails that something causes. */
	const subjectsOf = async (work: () => Promise<unknown>) =>
		(await added(() => stage.mails(), work)).map(({ subject }) => subject);

	describe('branch-on-failure-type.json', () => {
		let example: RunningExample;
		const runs = () => stage.environment.simulator.requests({ calls: 'POST /v2/tasks/*/run' });
		const failed = (type: string, task = 'tsk_4f8w9n2b') =>
			['task.failed', { data: { task_id: task, error: { type } } }] as const;

		beforeEach(async () => {
			example = await stage.use('branch-on-failure-type.json');
		});

		it('runs a task that timed out again, once; then tells the owner, until the next day', async () => {
			const before = runs().length;
			await example.emit(...failed('timeout', 'tsk_slow'));
			expect(runs().slice(before)).toMatchObject([
				{ path: '/v2/tasks/tsk_slow/run', body: { input_params: {} }, status: 200 },
			]);

			const again = () => example.emit(...failed('timeout', 'tsk_slow'));
			expect(await subjectsOf(again)).toEqual(['Anchor Browser: tsk_slow failed (timeout)']);
			expect(runs()).toHaveLength(before + 1);
			expect(stage.lastMail().text).toContain(`Dashboard: ${DASHBOARD}`);

			await example.emit(...failed('timeout', 'tsk_other'));
			expect(runs()).toHaveLength(before + 2);

			await example.run('Every Midnight');
			await example.emit(...failed('timeout', 'tsk_slow'));
			expect(runs()).toHaveLength(before + 3);
		});

		it('tells the owner when the task cannot be started again', async () => {
			const outage = stage.environment.simulator.outage({ calls: 'POST /v2/tasks/*', mode: 500 });
			await example.emit(...failed('timeout', 'tsk_gone'));
			outage.lift();

			expect(stage.lastMail().subject).toBe('Anchor Browser: tsk_gone failed (timeout)');
		});

		it('tells the owner of a rejected login, by task and by identity', async () => {
			await example.emit(...failed('invalid_credentials'));
			expect(stage.lastMail().to).toEqual(['you@example.com']);
			expect(stage.lastMail().subject).toBe(
				'Anchor Browser: the login of tsk_4f8w9n2b was rejected',
			);
			await example.emit('identity.authentication_failed');
			expect(stage.lastMail().subject).toBe(
				'Anchor Browser: the login of My Work Account was rejected',
			);
		});

		it('opens an incident on a system error', async () => {
			const subjects = await subjectsOf(() => example.emit(...failed('system_error')));
			expect(subjects).toEqual([]);
			const [incident] = stage.environment.world.calls('api.pagerduty.com').slice(-1);
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
		});

		it.each(['automation_failure', 'agent_error', 'something_new'])(
			'asks the owner to have a look on %s',
			async (type) => {
				await example.emit(...failed(type));
				expect(stage.lastMail().subject).toBe(`Anchor Browser: tsk_4f8w9n2b failed (${type})`);
				expect(stage.lastMail().text).toContain('tsk_4f8w9n2b failed and was not started again.\n');
			},
		);

		it('does the right thing for each of the events in one run', async () => {
			const pathsOf = async (work: () => Promise<unknown>) =>
				(await added(runs, work)).map(({ path }) => path);
			const incidents = () => stage.environment.world.calls('api.pagerduty.com');
			const opened = incidents().length;
			const types = ['system_error', 'invalid_credentials', 'agent_error', 'something_new'];
			let subjects: string[] = [];
			const paths = await pathsOf(async () => {
				subjects = await subjectsOf(() =>
					example.together(
						failed('timeout', 'tsk_one'),
						failed('timeout', 'tsk_two'),
						failed('timeout', 'tsk_one'),
						...types.flatMap((type) => [failed(type, `${type} A`), failed(type, `${type} B`)]),
						['identity.authentication_failed', { data: { name: 'A' } }],
						['identity.authentication_failed', { data: { name: 'B' } }],
					),
				);
			});

			expect(paths).toEqual(['/v2/tasks/tsk_one/run', '/v2/tasks/tsk_two/run']);
			expect(subjects.sort()).toEqual(
				[
					'tsk_one failed (timeout)',
					...['A', 'B'].flatMap((letter) => [
						`agent_error ${letter} failed (agent_error)`,
						`something_new ${letter} failed (something_new)`,
						`the login of invalid_credentials ${letter} was rejected`,
						`the login of ${letter} was rejected`,
					]),
				]
					.map((rest) => `Anchor Browser: ${rest}`)
					.sort(),
			);
			expect(incidents().slice(opened)).toMatchObject(
				['A', 'B'].map((letter) => ({
					body: { incident: { incident_key: `anchor-system_error ${letter}` } },
				})),
			);

			// A later run that brings both again, and a new one.
			const later = ['tsk_two', 'tsk_one', 'tsk_three'].map((task) => failed('timeout', task));
			expect(
				await pathsOf(async () => {
					expect(await subjectsOf(() => example.together(...later))).toEqual([
						'Anchor Browser: tsk_two failed (timeout)',
						'Anchor Browser: tsk_one failed (timeout)',
					]);
				}),
			).toEqual(['/v2/tasks/tsk_three/run']);
		});
	});

	describe('retry-failed-batch.json', () => {
		const retries = () =>
			stage.environment.simulator.requests({ calls: 'POST /v1/batch-sessions/*/retry' });

		it('retries the failed sessions three times, then alerts', async () => {
			const example = await stage.use('retry-failed-batch.json');
			const alerts = stage.slackMessages().length;
			const batch = { batch_id: 'b1a4b1a4-0000-4000-8000-000000000000' };

			await example.emit('batch.failed', { data: batch });
			await example.emit('batch.completed', { data: batch });
			await example.emit('batch.completed', { data: batch });
			expect(retries()).toHaveLength(3);
			for (const { body, status } of retries()) {
				expect(body).toEqual({ retry_failed_only: true, max_retries: 1 });
				expect(status).toBe(200);
			}
			expect(stage.slackMessages()).toHaveLength(alerts);

			await example.emit('batch.completed', { data: batch });
			expect(retries()).toHaveLength(3);
			expect(stage.lastSlackMessage().text).toContain(
				`*Batch ${batch.batch_id}*: 1 of 10 sessions failed\n`,
			);
			expect(stage.lastSlackMessage().text).toContain(
				'*Retries so far:* 3\n*Reasons:* Browser unreachable\n',
			);

			// The last retry did it.
			await example.emit('batch.completed', { data: { ...batch, failed_requests: 0 } });
			expect(retries()).toHaveLength(3);
			expect(stage.slackMessages()).toHaveLength(alerts + 1);

			// An Anchor that counts nothing, or takes nothing, starts no endless loop.
			const outage = stage.environment.simulator.outage({
				calls: 'POST /v1/batch-sessions/*',
				mode: 500,
			});
			const other = { batch_id: 'b1a4b1a4-0000-4000-8000-000000000001' };
			await example.emit('batch.failed', { data: other });
			expect(stage.lastSlackMessage().text).toMatch(
				/\*Retries so far:\* 0\n[^]*\*Anchor Browser says:\* Internal server error$/,
			);
			outage.lift();
			await example.emit('batch.failed', { data: other });
			expect(retries()).toHaveLength(4);
			expect(stage.slackMessages()).toHaveLength(alerts + 3);
			expect(stage.lastSlackMessage().text).toMatch(
				/\*Retries so far:\* 0\n\*Reasons:\* Browser unreachable\n/,
			);
		});

		it('takes each batch of a run once, retries or names each, and leaves one at work alone', async () => {
			const example = await stage.use('retry-failed-batch.json');
			const before = { retries: retries().length, alerts: stage.slackMessages().length };
			const batchId = (number: number) => `b2a4b1a4-0000-4000-8000-00000000000${number}`;
			const failed = (number: number) =>
				['batch.failed', { data: { batch_id: batchId(number) } }] as const;
			const completed = (number: number) =>
				['batch.completed', { data: { batch_id: batchId(number) } }] as const;
			await example.together(failed(1), failed(2), completed(1), completed(3));
			expect(
				retries()
					.slice(before.retries)
					.map(({ path }) => path),
			).toEqual([1, 2, 3].map((number) => `/v1/batch-sessions/${batchId(number)}/retry`));
			expect(stage.slackMessages()).toHaveLength(before.alerts);

			const outage = stage.environment.simulator.outage({
				calls: 'GET /v1/batch-sessions/*',
				mode: 404,
				message: 'Batch not found',
			});
			await example.together(failed(4), completed(5));
			outage.lift();
			const alerts = stage.slackMessages().slice(before.alerts);
			expect(alerts.map(({ text }) => /\*Batch (.+)\*: (\S+) of/.exec(text)?.slice(1))).toEqual([
				[batchId(4), '10'],
				[batchId(5), '1'],
			]);
			for (const { text } of alerts)
				expect(text).toMatch(/Anchor Browser says:\* Batch not found$/);

			// The same events once more: Anchor is at work on the retry already.
			const again = await example.together(failed(6));
			expect(retries()).toHaveLength(before.retries + 4);
			const { client } = stage.environment;
			const id = await client.runManually(again.workflowId, SEVERAL_EVENTS);
			expect((await client.finishedExecution(id)).status).toBe('success');
			expect(retries()).toHaveLength(before.retries + 4);
			expect(stage.slackMessages()).toHaveLength(before.alerts + 2);
		});
	});

	describe('reauthenticate-identity.json', () => {
		const logins = () =>
			stage.environment.simulator.requests({ calls: 'POST /v1/identities/*/reauthenticate' });
		const refuseLogins = () =>
			stage.environment.simulator.outage({
				calls: 'POST /v1/identities/*',
				mode: 422,
				message: 'Authentication failed',
			});
		const failed = (id: string, data: Record<string, unknown> = {}) =>
			['identity.authentication_failed', { data: { identity_id: id, name: id, ...data } }] as const;

		it('logs in again once a day, then tells the owner once', async () => {
			const example = await stage.use('reauthenticate-identity.json');
			const tried = logins().length;
			const helped = () => example.emit(...failed('helped'));

			expect(await subjectsOf(helped)).toEqual([]);
			expect(logins().slice(tried)).toMatchObject([{ body: { sync: true }, status: 200 }]);
			expect(await subjectsOf(helped)).toEqual(['Anchor Browser: helped cannot log in']);
			expect(logins()).toHaveLength(tried + 1);
			// The owner that Anchor has written down for this identity.
			expect(stage.lastMail().to).toEqual(['owner@example.com']);
			expect(stage.lastMail().text).toContain('The second try: failed earlier today\n');
			expect(await subjectsOf(helped)).toEqual([]);

			const outage = refuseLogins();
			const lookups = stage.environment.simulator.outage({
				calls: 'GET /v1/identities/*',
				mode: 500,
			});
			const notHelped = () => example.emit(...failed('not-helped', { error: { code: 7 } }));
			expect(await subjectsOf(notHelped)).toHaveLength(1);
			outage.lift();
			lookups.lift();
			expect(stage.lastMail().to).toEqual(['you@example.com']);
			expect(stage.lastMail().text).toMatch(
				/Failure type: invalid_credentials\nDetails: none given\nThe second try: .*Authentication failed/,
			);

			await example.run('Every Midnight');
			await helped();
			expect(logins()).toHaveLength(tried + 3);
		});

		it('takes the identities of a run one by one, and may be tried in the editor again and again', async () => {
			const example = await stage.use('reauthenticate-identity.json');
			const refused = refuseLogins();
			for (const attempt of [1, 2]) {
				const tried = logins().length;
				const run = () => example.together(failed('A'), failed('B'), failed('A'));
				expect(await subjectsOf(run)).toEqual([
					'Anchor Browser: A cannot log in',
					'Anchor Browser: B cannot log in',
				]);
				expect({ attempt, tries: logins().length - tried }).toEqual({ attempt, tries: 2 });
			}
			refused.lift();
		});

		it('begins anew after a mail that could not be sent, and tells the owners of the others', async () => {
			const example = await stage.use('reauthenticate-identity.json');
			const refused = refuseLogins();
			stage.environment.mailbox.refuseNext();
			const told = await subjectsOf(() =>
				expect(example.together(failed('A'), failed('B'))).rejects.toThrow(
					/at Say That a Mail Is Missing: The owner could not be told by mail: /,
				),
			);
			expect(told).toEqual(['Anchor Browser: B cannot log in']);

			stage.environment.mailbox.refuseNext();
			await expect(example.emit(...failed('C'))).rejects.toThrow(/could not be told by mail/);
			const again = () => example.emit(...failed('C'));
			expect(await subjectsOf(again)).toEqual(['Anchor Browser: C cannot log in']);
			refused.lift();
		});
	});
}
