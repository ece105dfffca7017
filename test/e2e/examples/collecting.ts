import { itemsOf, waitFor, type WorkflowFile } from '../../support/n8n';
import { TRIGGER } from '../trigger';
import { succeeded, type RunningExample } from './environment';
import { chooseTable, optionsOf, type Stage } from './stage';

/** Longer than a window of one minute, and than a run that writes 300 rows one by one on an n8n that is full. */
const PATIENCE_MS = 300_000;

/** What n8n calls a run that is over. */
const ENDED = ['success', 'error', 'crashed', 'canceled'];

/** 300 runs of 50 tasks, six of each: the first two fail, and so does the last of every tenth task. */
const BATCH = Array.from({ length: 300 }, (_, number) => {
	const fails = number < 100 || (number >= 250 && number % 10 === 0);
	return { type: fails ? 'task.failed' : 'task.completed', task: `task-${number % 50}` };
});

/** A test of the examples that collect events, in a window that ends by itself; those beside it end theirs early. */
export function describeCollecting(stage: Stage): void {
	/**
	 * The number of items of each run that a trigger has started, once these are all events of the batch.
	 * @throws for a run that did not end well
	 */
	async function sizesOfRuns({ workflow }: RunningExample): Promise<number[]> {
		const { client } = stage.environment;
		const sizes = async () => {
			const ended = await client.executions({ workflowId: workflow.id, status: ENDED });
			const runs = await Promise.all(
				ended.map(async ({ id }) => succeeded(await client.finishedExecution(id))),
			);
			const all = runs.map((run) => itemsOf(run, TRIGGER).length);
			return all.reduce((sum, size) => sum + size, 0) >= BATCH.length && all;
		};
		return await waitFor(sizes, {
			every: 1_000,
			timeout: PATIENCE_MS,
			what: `the run of ${workflow.name}`,
		});
	}

	it(
		'300 events of a minute are one message, one write to the sheet, and a row for each task',
		async () => {
			const { sheet } = stage.environment.world;
			const table = await stage.importTable('task-results.csv', 'collected results');
			sheet.rows = [];
			const before = { messages: stage.slackMessages().length, writes: sheet.inputModes.length };
			const use = async (file: string, fill?: (example: WorkflowFile) => void) =>
				await stage.use(file, (example) => {
					optionsOf(example.nodes, TRIGGER).collectMinutes = 1;
					fill?.(example);
				});
			const examples = [
				await use('digest-of-failures.json'),
				await use('log-results-google-sheets.json'),
				await use('latest-result-of-each-task.json', ({ nodes }) =>
					chooseTable(nodes, table.id, 'Add or Change the Row'),
				),
			];
			for (const { type, task } of BATCH) {
				await Promise.all(
					examples.map(async ({ send }) => await send(type, { data: { task_id: task } })),
				);
			}
			for (const example of examples) expect(await sizesOfRuns(example)).toEqual([300]);

			expect(stage.slackMessages()).toHaveLength(before.messages + 1);
			expect(stage.lastSlackMessage().text).toMatch(
				/^:rotating_light: \*Anchor Browser: 105 failed, 195 completed\*\n[^]+\n(• .+\n){20}and 85 more$/,
			);

			const tasks = BATCH.map(({ task }) => task);
			const column = sheet.rows[0].indexOf('task_id');
			expect(sheet.rows.slice(1).map((row) => row[column])).toEqual(tasks);
			const ids = sheet.rows.slice(1).map((row) => row[sheet.rows[0].indexOf('event_id')]);
			expect(new Set(ids).size).toBe(BATCH.length);
			// Once for the headings, once for the rows.
			expect(sheet.inputModes).toHaveLength(before.writes + 2);

			const rows = await table.rows();
			expect(rows.map((row) => [row.task_id, row.event_type])).toEqual(
				BATCH.slice(250).map(({ type, task }) => [task, type]),
			);
		},
		3 * PATIENCE_MS,
	);
}
