import type { WorkflowFile, WorkflowNode } from '../../support/n8n';
import type { ExampleEnvironment, RunningExample } from './environment';
import { exampleText } from './example';
import type { Mail } from './mailbox';

/** What the tests of the examples share: the n8n that they run in, and the examples that the test at hand has active. */
export class Stage {
	private running: RunningExample[] = [];
	private started: ExampleEnvironment | undefined;

	begin(environment: ExampleEnvironment): void {
		this.started = environment;
	}

	get environment(): ExampleEnvironment {
		if (this.started === undefined) throw new Error('No n8n was started');
		return this.started;
	}

	/** See `ExampleEnvironment.use`; it is deactivated when the test is over. */
	async use(file: string, fill?: (example: WorkflowFile) => void): Promise<RunningExample> {
		const example = await this.environment.use(file, fill);
		this.running.push(example);
		return example;
	}

	async clear(): Promise<void> {
		for (const example of this.running.splice(0)) await example.end();
	}

	async stop(): Promise<void> {
		await this.started?.stop();
	}

	/** What Slack was asked to post, oldest first. */
	slackMessages(): Array<{ channel: string; text: string }> {
		const calls = this.environment.world.calls('slack.com');
		return calls.map(({ body }) => body as { channel: string; text: string });
	}

	/** What stood in each of them; undefined in one that asks for an answer. */
	slackTexts(): string[] {
		return this.slackMessages().map(({ text }) => text);
	}

	lastSlackMessage(): { channel: string; text: string } {
		return this.slackMessages().slice(-1)[0];
	}

	/** What was mailed, oldest first. */
	mails(): readonly Mail[] {
		return this.environment.mailbox.mails;
	}

	lastMail(): Mail {
		return this.mails().slice(-1)[0];
	}

	/** What *Import CSV* of n8n's data tables makes of a file that belongs to an example, less its example row. */
	async importTable(file: string, name = file) {
		const { client } = this.environment;
		const form = new FormData();
		form.append('file', new Blob([exampleText(file)], { type: 'text/csv' }), file);
		form.append('hasHeaders', 'true');
		const upload = await client.rest<{
			id: string;
			columns: Array<{ name: string; type: string }>;
		}>('POST', '/data-tables/uploads', form);
		const projects = await client.rest<{ id: string }>('GET', '/projects/personal');
		const path = `/projects/${projects.id}/data-tables`;
		const { id } = await client.rest<{ id: string }>('POST', path, {
			name,
			columns: upload.columns.map((column) => ({ name: column.name, type: column.type })),
			fileId: upload.id,
			hasHeaders: true,
		});
		// As many as a page has on n8n 1.
		const rows = async () =>
			(
				await client.rest<{ data: Array<Record<string, unknown>> }>(
					'GET',
					`${path}/${id}/rows?sortBy=id:asc&take=50`,
				)
			).data;
		const where = (columnName: string, value: unknown) => ({
			type: 'and',
			filters: [{ columnName, condition: 'eq', value }],
		});
		// The notes ask for it.
		const [{ id: exampleRow }] = await rows();
		const query = new URLSearchParams({ filter: JSON.stringify(where('id', exampleRow)) });
		await client.rest('DELETE', `${path}/${id}/rows?${query}`);
		return {
			id,
			rows,
			/** Changes the rows of a task. */
			change: async (taskId: string, data: Record<string, unknown>) => {
				await client.rest('PATCH', `${path}/${id}/rows`, {
					filter: where('task_id', taskId),
					data,
				});
			},
		};
	}
}

/** What a growing list, such as that of the mails, has got by something that happens. */
export async function added<T>(
	list: () => readonly T[],
	work: () => Promise<unknown>,
): Promise<T[]> {
	const { length: before } = list();
	await work();
	return list().slice(before);
}

export function parametersOf(nodes: WorkflowNode[], name: string): Record<string, unknown> {
	const parameters = nodes.find((node) => node.name === name)?.parameters;
	if (parameters === undefined) throw new Error(`There is no node ${name}`);
	return parameters;
}

export function optionsOf(nodes: WorkflowNode[], name: string): Record<string, unknown> {
	return parametersOf(nodes, name).options as Record<string, unknown>;
}

export function chooseTable(nodes: WorkflowNode[], id: string, ...names: string[]): void {
	for (const name of names) {
		parametersOf(nodes, name).dataTableId = { __rl: true, mode: 'list', value: id };
	}
}

/** The example's data with another result in place of its own. */
export function withResult(result: unknown) {
	return (example: Record<string, unknown>) => ({ ...example, result });
}

export const DASHBOARD =
	'https://app.anchorbrowser.io/sessions/550e8400-e29b-41d4-a716-446655440000';
export const RECORDING =
	'https://storage.example.com/recordings/primary.mp4?X-Amz-Expires=3600&X-Amz-Date=1';
/** What a spreadsheet would run. */
export const FORMULA = '=HYPERLINK("https://evil.example","click")';
