/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
	N8nClient,
	startN8n,
	waitFor,
	type Execution,
	type N8n,
	type WorkflowFile,
} from '../../support/n8n';
import { startSimulator, type Simulator } from '../../simulator';
import { TRIGGER_TYPE } from '../trigger';
import { credentialTypeOf, EXAMPLE_FOLDER, exampleText } from './example';
import { startMailbox, type Mailbox } from './mailbox';
import {
	DISCORD_WEBHOOK,
	GOOGLE_TOKENS,
	startOutsideWorld,
	type OutsideWorld,
} from './outsideWorld';
import { SeveralAtOnce, type Published, type SeveralEvents } from './severalAtOnce';

/** An example that is imported, filled in and active: Anchor's five webhooks are for all examples together. */
export interface RunningExample extends Published {
	/**
	 * Lets one run carry several events. A trigger that collects does so, and its window ends with a deactivation; else a
	 * copy of the example gets the items that the trigger makes of each, on the outputs that it chooses.
	 *
	 * @returns the run, finished or waiting for somebody
	 * @throws as `emit` does
	 */
	together(...events: SeveralEvents): Promise<Execution>;
	/** The same as the editor's *Execute workflow* from one of the example's other triggers. */
	run(trigger: string): Promise<Execution>;
	/** A run that has waited, when it is over; throws as `emit` does. */
	resumed(run: Execution, timeout?: number): Promise<Execution>;
}

/** A deactivated example keeps its webhook for some seconds; the next one must not wait for it. */
const MANY = 50;

/** A real n8n with all that the examples talk to. */
export class ExampleEnvironment {
	private constructor(
		readonly n8n: N8n,
		readonly client: N8nClient,
		readonly simulator: Simulator,
		readonly world: OutsideWorld,
		readonly mailbox: Mailbox,
		/** A folder that n8n may write to. */
		readonly files: string,
		private readonly credentials: ReadonlyMap<string, { id: string; name: string }>,
		private readonly dispose: () => Promise<void>,
	) {}

	/** @param version of n8n */
	static async start(version: string): Promise<ExampleEnvironment> {
		const undo: Array<() => Promise<void> | void> = [];
		const dispose = async () => {
			for (const step of undo.reverse()) await step();
		};
		try {
			// n8n compares real paths; the temporary folder may be a link.
			const folder = realpathSync(mkdtempSync(join(tmpdir(), 'examples-')));
			undo.push(() => rmSync(folder, { recursive: true, force: true }));
			const files = join(folder, 'files');
			mkdirSync(files);
			const simulator = await startSimulator({ maxWebhooks: MANY });
			undo.push(async () => await simulator.close());
			const mailbox = await startMailbox();
			undo.push(async () => await mailbox.close());
			const world = await startOutsideWorld(folder, simulator.url);
			undo.push(async () => await world.close());
			const n8n = await startN8n({
				version,
				trustedCa: world.caFile,
				env: {
					HTTP_PROXY: world.proxyUrl,
					HTTPS_PROXY: world.proxyUrl,
					NO_PROXY: '127.0.0.1,localhost',
					N8N_RESTRICT_FILE_ACCESS_TO: files,
					// Hundreds of events have to arrive within a minute.
					N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE: 'true',
				},
			});
			undo.push(async () => await n8n.stop());
			const client = new N8nClient(n8n);
			await client.setUpOwner();
			const credentials = await createCredentials(client, { simulator, mailbox });
			return new ExampleEnvironment(
				n8n,
				client,
				simulator,
				world,
				mailbox,
				files,
				credentials,
				dispose,
			);
		} catch (thrown) {
			await dispose();
			throw thrown;
		}
	}

	/** An example with the credentials and the folder for files that its sticky note asks for. */
	filledIn(file: string): WorkflowFile {
		const example = JSON.parse(
			exampleText(file).replaceAll(EXAMPLE_FOLDER, JSON.stringify(this.files).slice(1, -1)),
		) as WorkflowFile;
		for (const node of example.nodes) {
			const type = credentialTypeOf(node);
			if (type === undefined) continue;
			const credential = this.credentials.get(type);
			if (credential === undefined) throw new Error(`There is no credential for ${node.name}`);
			node.credentials = { [type]: credential };
		}
		return example;
	}

	/**
	 * Imports an example and does what its sticky note tells the user to fill in, and nothing else.
	 *
	 * @param fill what the note asks for besides credentials and the folder for files
	 */
	async use(
		file: string,
		fill: (example: WorkflowFile) => void = () => {},
	): Promise<RunningExample> {
		const example = this.filledIn(file);
		fill(example);
		const published = await this.publish(example);
		const { workflow } = published;
		const several = new SeveralAtOnce(
			this.client,
			example,
			async (trigger) => await this.publish(trigger),
		);
		return {
			...published,
			...(collects(example)
				? {
						emit: async (type, wish) => await this.collect(published, [[type, wish]]),
						together: async (...events) => await this.collect(published, events),
					}
				: { together: async (...events) => succeeded(await several.run(events)) }),
			run: async (trigger) => {
				const id = await this.client.runManually(workflow.id, trigger);
				return succeeded(await this.client.finishedExecution(id));
			},
			resumed: async ({ id }, timeout) => {
				const over = async () => {
					const execution = await this.client.finishedExecution(id);
					return execution.status !== 'waiting' && execution;
				};
				return succeeded(await waitFor(over, { timeout, what: `run ${id} to go on` }));
			},
			end: async () => {
				await several.end();
				await published.end();
			},
		};
	}

	/** Saves and activates a workflow whose trigger, if it has one, is ours. */
	private async publish(file: WorkflowFile): Promise<Published> {
		const workflow = await this.client.createWorkflow(file);
		await this.client.activate(workflow.id);
		const { nodes } = await this.client.getWorkflow(workflow.id);
		const address = nodes.find(({ type }) => type === TRIGGER_TYPE)?.webhookId;
		const send: Published['send'] = async (type, wish) => {
			const webhook = this.simulator.webhooks().find(({ url }) => url.includes(String(address)));
			const { attempted } = this.simulator.emit(type, { ...wish, to: webhook?.id ?? '' });
			const [delivery] = await attempted;
			if (delivery?.status !== 'succeeded') {
				throw new Error(`${file.name} did not take ${type}: ${JSON.stringify(delivery?.attempts)}`);
			}
		};
		return {
			workflow,
			send,
			emit: async (type, wish) =>
				await this.nextRun(workflow.id, 'webhook', async () => await send(type, wish)),
			end: async () => await this.client.deactivate(workflow.id),
		};
	}

	/** Lets a trigger collect events, and ends its window at once, as each deactivation does. */
	private async collect({ workflow, send }: Published, events: SeveralEvents): Promise<Execution> {
		for (const [type, wish] of events) await send(type, wish);
		const run = await this.nextRun(
			workflow.id,
			'trigger',
			async () => await this.client.deactivate(workflow.id),
		);
		await this.client.activate(workflow.id);
		return run;
	}

	/**
	 * The run that something causes, once it is over or waits.
	 * @param mode n8n's word for what starts a run: a delivery (`webhook`), or the trigger by itself (`trigger`)
	 */
	private async nextRun(
		workflowId: string,
		mode: string,
		cause: () => Promise<void>,
	): Promise<Execution> {
		const runs = async () => await this.client.executions({ workflowId, mode });
		const { length: before } = await runs();
		await cause();
		const newest = await waitFor(
			async () => {
				const all = await runs();
				return all.length > before && all[0];
			},
			{ what: `another run of workflow ${workflowId}` },
		);
		return succeeded(await this.client.finishedExecution(newest.id));
	}

	async stop(): Promise<void> {
		await this.dispose();
	}
}

/** Whether the trigger of an example runs the events of some minutes together. */
function collects({ nodes }: WorkflowFile): boolean {
	const trigger = nodes.find(({ type }) => type === TRIGGER_TYPE);
	const { collectMinutes } = (trigger?.parameters?.options ?? {}) as { collectMinutes?: number };
	return collectMinutes !== undefined;
}

/** @throws for a run that ended otherwise, with the words that its user sees */
export function succeeded(execution: Execution): Execution {
	if (['success', 'waiting'].includes(execution.status)) return execution;
	const { error, lastNodeExecuted } = execution.data.resultData;
	const words = [error?.message, error?.description].filter(Boolean).join(' ');
	throw new Error(
		`Run ${execution.id} ended with ${execution.status} at ${lastNodeExecuted}: ${words}`,
	);
}

/** One credential of each type that the examples ask for, all of them made up. */
async function createCredentials(
	client: N8nClient,
	{ simulator, mailbox }: { simulator: Simulator; mailbox: Mailbox },
): Promise<ReadonlyMap<string, { id: string; name: string }>> {
	const wanted: Record<string, Record<string, unknown>> = {
		anchorBrowserApi: { apiKey: simulator.apiKey, baseUrl: simulator.url },
		slackApi: { accessToken: `xoxb-${'0'.repeat(12)}` },
		pagerDutyApi: { apiToken: 'pd'.repeat(10) },
		telegramApi: { accessToken: '1:telegram', baseUrl: 'https://api.telegram.org' },
		discordWebhookApi: { webhookUri: DISCORD_WEBHOOK },
		smtp: {
			user: '',
			password: '',
			host: '127.0.0.1',
			port: mailbox.port,
			secure: false,
			disableStartTls: true,
		},
		googleSheetsOAuth2Api: {
			clientId: 'client',
			clientSecret: 'ab'.repeat(12),
			// What the user's login with Google leaves behind; an hour later the access token has run out.
			oauthTokenData: {
				access_token: GOOGLE_TOKENS.expired,
				refresh_token: 'cd'.repeat(12),
				token_type: 'Bearer',
				expires_in: 3599,
			},
		},
	};
	const made = new Map<string, { id: string; name: string }>();
	for (const [type, data] of Object.entries(wanted)) {
		made.set(type, await client.createCredential(type, data));
	}
	return made;
}
