import { startSimulator, type Simulator } from '../simulator';
import {
	itemsOf,
	N8nClient,
	startN8n,
	TESTED,
	waitFor,
	type N8n,
	type Workflow,
} from '../support/n8n';
import { TRIGGER, TRIGGER_TYPE } from './trigger';

/** Longer than a window of one minute, and than a start and its first look. */
const PATIENCE_MS = 100_000;

interface CollectedItem {
	_event: { id: string };
}

describe.each(TESTED)('a trigger that collects for a minute in n8n %s', (version) => {
	let n8n: N8n;
	let client: N8nClient;
	let anchor: Simulator;
	let workflow: Workflow;

	beforeAll(async () => {
		anchor = await startSimulator();
		n8n = await startN8n({
			version,
			env: { N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE: 'true' },
		});
		client = new N8nClient(n8n);
		await client.setUpOwner();
		const { url: baseUrl, apiKey } = anchor;
		const credential = await client.createCredential('anchorBrowserApi', { apiKey, baseUrl });
		workflow = await client.createWorkflow({
			name: 'Collects',
			nodes: [
				{
					name: TRIGGER,
					type: TRIGGER_TYPE,
					typeVersion: 2,
					parameters: { events: ['*'], options: { collectMinutes: 1 } },
					credentials: { anchorBrowserApi: credential },
				},
			],
			connections: {},
		});
		await client.activate(workflow.id);
		const url = client.webhookUrl(await client.getWorkflow(workflow.id), TRIGGER);
		await waitFor(async () => await client.isRegistered(url), { what: 'the webhook to be live' });
	}, 600_000);

	afterAll(async () => {
		await n8n?.stop();
		await anchor?.close();
	});

	/** The ids of the events of each run that has ended with items, in the order of the runs. */
	async function runs(): Promise<string[][]> {
		const ended = await client.executions({ workflowId: workflow.id, status: ['success'] });
		const whole = await Promise.all(
			ended.map(async ({ id }) => await client.finishedExecution(id)),
		);
		return whole
			.map((execution) => itemsOf(execution, TRIGGER).flat() as unknown as CollectedItem[])
			.map((items) => items.map(({ _event: about }) => about.id))
			.filter(({ length }) => length > 0);
	}

	async function sent(count: number): Promise<string[]> {
		const [{ id: to }] = anchor.webhooks();
		const ids: string[] = [];
		for (let number = 0; number < count; number++) {
			const emission = anchor.emit('task.completed', { to });
			await emission.settled;
			ids.push(emission.id);
		}
		return ids;
	}

	it(
		'runs 300 events in few runs, each once',
		async () => {
			const ids = await sent(300);
			const ran = await waitFor(
				async () => {
					const found = await runs();
					return found.flat().length >= ids.length && found;
				},
				{ every: 1_000, timeout: PATIENCE_MS, what: 'the run of the window' },
			);
			expect(ran.flat().sort()).toEqual([...ids].sort());
			// One, where the machine takes them within the minute.
			expect(ran.length).toBeLessThanOrEqual(4);
		},
		3 * PATIENCE_MS,
	);
});
