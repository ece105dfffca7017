import { isAtLeast, itemsOf, waitFor, type Execution, type WorkflowFile } from '../../support/n8n';
import { chooseTable, parametersOf, type Stage } from './stage';

/** The tests of the examples that other workflows are built on. */
export function describeBlocks(stage: Stage, version: string): void {
	describe('run-task-and-wait.json', () => {
		/** What the note asks for. */
		const use = async (
			tableId: string,
			change: (nodes: WorkflowFile['nodes']) => void = () => {},
		) =>
			await stage.use('run-task-and-wait.json', ({ nodes }) => {
				chooseTable(nodes, tableId, 'Remember Who Waits', 'Find Who Waits', 'Forget It');
				const run = parametersOf(nodes, 'Run the Task');
				run.url = String(run.url).replace(/PASTE-[^/]+/, 'tsk_4f8w9n2b');
				// Here the row is written long before the event is sent.
				parametersOf(nodes, 'Let It Be Written Down').amount = 1;
				change(nodes);
			});
		const runIdOf = (waiting: Execution) => String(itemsOf(waiting, 'Run the Task')[0].run_id);
		const ends = (runId: string, result: unknown) => ({
			data: (example: Record<string, unknown>) => ({
				...example,
				execution_id: runId,
				session_id: undefined,
				result,
			}),
		});

		it('continues with the result of the very run that it started, of whatever kind', async () => {
			const table = await stage.importTable('task-runs.csv');
			const example = await use(table.id);
			for (const result of [{ total: 7 }, [1, 2], 'done', 0, null]) {
				const waiting = await example.run('Every Morning');
				expect(waiting.status).toBe('waiting');
				const runId = runIdOf(waiting);
				expect(await table.rows()).toMatchObject([{ run_id: runId }]);
				await example.emit('task.completed', ends(runId, result));
				const over = await example.resumed(waiting);
				expect(itemsOf(over, 'Use the Result')).toEqual([
					{ run_id: runId, status: 'success', result, error: '' },
				]);
				expect(await table.rows()).toEqual([]);
			}
		});

		it('wakes each run with its own result, when their tasks end in one run of the trigger', async () => {
			const table = await stage.importTable('task-runs.csv', 'task-runs of two');
			const example = await use(table.id);
			const waiting = [await example.run('Every Morning'), await example.run('Every Morning')];
			const [one, two] = waiting.map(runIdOf);
			// Somebody else's task ends meanwhile.
			await example.emit('task.completed', {
				data: { session_id: 'other', execution_id: 'other' },
			});
			for (const { id } of waiting) {
				expect((await stage.environment.client.getExecution(id)).status).toBe('waiting');
			}

			await example.together(
				['task.completed', ends('other', 'not asked for')],
				[
					'task.failed',
					{ data: { execution_id: two, error: { type: 'timeout', message: 'Slow' } } },
				],
				['task.completed', ends(one, 'the result of one')],
				['task.cancelled', ends('another', null)],
			);
			const over = [await example.resumed(waiting[0]), await example.resumed(waiting[1])];
			expect(over.flatMap((run) => itemsOf(run, 'Use the Result'))).toMatchObject([
				{ run_id: one, status: 'success', result: 'the result of one', error: '' },
				{ run_id: two, status: 'timeout', error: 'Slow' },
			]);
			expect(await table.rows()).toEqual([]);
		});

		it('takes no result from whoever wakes it: it asks Anchor, and again until the task is over', async () => {
			const table = await stage.importTable('task-runs.csv', 'task-runs of a stranger');
			const example = await use(table.id, (nodes) => {
				Object.assign(parametersOf(nodes, 'Wait a Minute'), { amount: 1, unit: 'seconds' });
			});
			const waiting = await example.run('Every Morning');
			const [{ resume_url: address }] = await table.rows();
			const forged = { _event: { type: 'task.completed' }, status: 'success', result: 'forged' };
			const answer = await fetch(String(address), {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify(forged),
			});
			expect(answer.status).toBe(200);
			const looks = () =>
				stage.environment.simulator.requests({
					calls: `GET /v2/tasks/runs/${runIdOf(waiting)}/status`,
				});
			await waitFor(() => looks().length >= 2, { what: 'the run to look twice' });
			stage.environment.simulator.emit('task.completed', {
				to: [],
				...ends(runIdOf(waiting), 'the true result'),
			});
			const over = await example.resumed(waiting);
			expect(itemsOf(over, 'Use the Result')).toMatchObject([{ result: 'the true result' }]);
		});

		// n8n looks once a minute for runs that have waited long enough.
		it('goes on when nothing is heard', async () => {
			const table = await stage.importTable('task-runs.csv', 'task-runs of nobody');
			const example = await use(table.id, (nodes) => {
				Object.assign(parametersOf(nodes, 'Wait for the Result'), {
					resumeAmount: 3,
					resumeUnit: 'seconds',
				});
			});
			const waiting = await example.run('Every Morning');
			const runId = runIdOf(waiting);
			// It has ended, and the event was lost.
			stage.environment.simulator.emit('task.failed', {
				to: [],
				data: { execution_id: runId, error: { type: 'timeout', message: 'Too slow' } },
			});

			const over = await example.resumed(waiting, 90_000);
			expect(itemsOf(over, 'Use the Result')).toEqual([
				{ run_id: runId, status: 'timeout', result: null, error: 'Too slow' },
			]);
			expect(await table.rows()).toEqual([]);
		});
	});

	it('hand-on-to-workflows.json hands each event on to the workflow that is for it', async () => {
		const { client } = stage.environment;
		const others: string[] = [];
		for (const name of ['by task', 'by project', 'the rest']) {
			const { id } = await client.createWorkflow({
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
			if (isAtLeast(version, '2.0')) await client.activate(id);
			others.push(id);
		}
		const example = await stage.use('hand-on-to-workflows.json', ({ nodes }) => {
			['Hand On by Task', 'Hand On by Project', 'Hand On the Rest'].forEach((name, index) => {
				parametersOf(nodes, name).workflowId = { __rl: true, mode: 'list', value: others[index] };
			});
		});
		/** The events of each of the workflows, a list for each of its runs, oldest first. */
		const runs = async () =>
			await Promise.all(
				others.map(async (workflowId) => {
					const found = await client.executions({ workflowId });
					const over = await Promise.all(
						found.map(async ({ id }) => await client.finishedExecution(id)),
					);
					return over
						.sort((one, other) => Number(one.id) - Number(other.id))
						.map((run) =>
							itemsOf(run, 'When Executed by Another Workflow').map(
								({ _event }) => (_event as { id: string }).id,
							),
						);
				}),
			);
		const runsOnceThereAre = async (count: number) =>
			await waitFor(
				async () => {
					const seen = await runs();
					return seen.flat().length >= count && seen;
				},
				{ what: `${count} runs of the other workflows` },
			);

		const rest = { project_id: '00000000-0000-4000-8000-000000000000' };
		await example.emit('task.failed', { id: 'evt_task' });
		await example.emit('session.failed', { id: 'evt_project' });
		await example.emit('session.failed', { id: 'evt_rest', envelope: rest });
		expect(await runsOnceThereAre(3)).toEqual([[['evt_task']], [['evt_project']], [['evt_rest']]]);

		await example.together(
			['session.failed', { id: 'evt_rest_2', envelope: rest }],
			['task.failed', { id: 'evt_task_2' }],
			['session.failed', { id: 'evt_project_2' }],
			['task.completed', { id: 'evt_task_3' }],
			['batch.failed', { id: 'evt_project_3' }],
			['batch.failed', { id: 'evt_rest_3', envelope: rest }],
		);
		const all = await runsOnceThereAre(9);
		expect(all.map((list) => [...list].sort())).toEqual([
			[['evt_task'], ['evt_task_2'], ['evt_task_3']],
			[['evt_project'], ['evt_project_2'], ['evt_project_3']],
			[['evt_rest'], ['evt_rest_2'], ['evt_rest_3']],
		]);
	});
}
