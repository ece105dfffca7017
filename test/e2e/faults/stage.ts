/* eslint-disable @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n */
import {
	ensureN8n,
	N8nClient,
	NEWEST,
	startN8n,
	waitFor,
	type InstalledN8n,
	type N8n,
	type StartOptions,
	type Workflow,
	type WorkflowNode,
} from '../../support/n8n';
import {
	startSimulator,
	type Simulator,
	type SimulatorOptions,
	type Webhook,
} from '../../simulator';
import { startBalancer } from './balancer';

export const TRIGGER = 'Anchor Browser Trigger';

/** The node after the trigger: an event that reaches it has started the user's work. */
export const WORK = 'Work';

const TRIGGER_TYPE = 'n8n-nodes-anchorbrowser-webhooks.anchorBrowserTrigger';

/** What a workflow is added to: one n8n, or a cluster with an entrance of its own. */
export interface Venue {
	readonly client: N8nClient;
	readonly simulator: Simulator;
	readonly apiCredential: { id: string; name: string };
	/** Where webhooks are served, if that is not where the editor is. */
	readonly entrance?: string;
}

/** An n8n and an Anchor that know each other. */
export interface Stage extends Venue {
	readonly n8n: N8n;
	readonly installed: InstalledN8n;
	close(): Promise<void>;
}

/** A workflow that runs for every event, and its webhook at Anchor. */
export interface Act {
	readonly workflow: Workflow;
	readonly webhook: Webhook;
}

export interface StageOptions {
	/** A release; the newest unless told. */
	version?: string;
	/** Puts a reverse proxy between Anchor and n8n that checks n8n's health, as the README advises. */
	behindProxy?: boolean;
	n8n?: Omit<StartOptions, 'version'>;
	simulator?: SimulatorOptions;
}

/**
 * Starts a simulator and an n8n, and gives n8n the simulator's API key.
 *
 * The simulator keeps Anchor's ten seconds for an answer; its waits between attempts are short, so that the six
 * attempts outlast a restart of n8n and no test outlasts its patience.
 */
export async function setStage(options: StageOptions = {}): Promise<Stage> {
	const closers: Array<() => Promise<void>> = [];
	const close = async () => {
		for (const end of closers.splice(0).reverse()) await end();
	};
	try {
		const simulator = await startStageSimulator(options.simulator);
		closers.push(async () => await simulator.close());
		const installed = await ensureN8n(options.version ?? NEWEST);

		const served: string[] = [];
		const proxy = options.behindProxy ? await startBalancer(() => served) : undefined;
		if (proxy) closers.push(async () => await proxy.close());
		const n8n = await startN8n({
			...options.n8n,
			version: installed,
			...(proxy && { webhookUrl: `${proxy.url}/` }),
		});
		closers.push(async () => await n8n.stop());
		served.push(n8n.url);

		const client = new N8nClient(n8n);
		await client.setUpOwner();
		const apiCredential = await client.createCredential('anchorBrowserApi', {
			apiKey: simulator.apiKey,
			baseUrl: simulator.url,
		});
		return { n8n, installed, client, simulator, apiCredential, entrance: proxy?.url, close };
	} catch (thrown) {
		await close();
		throw thrown;
	}
}

/** A simulator whose retries fit into a test and whose webhooks may be on this machine. */
export async function startStageSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
	return await startSimulator({
		rules: 'local',
		maxWebhooks: 50,
		retryDelaysMs: [4_000, 8_000, 16_000, 24_000, 24_000],
		...options,
	});
}

/**
 * The node called WORK as one that takes its time.
 * @param seconds for how long; undefined for one that does nothing
 */
export function workOf(seconds: number | undefined): Partial<WorkflowNode> | undefined {
	if (seconds === undefined) return undefined;
	return {
		type: 'n8n-nodes-base.wait',
		typeVersion: 1.1,
		parameters: { resume: 'timeInterval', amount: seconds, unit: 'seconds' },
	};
}

/**
 * Makes and activates a workflow of the trigger and one node after it.
 *
 * @param parameters of the trigger, over the defaults of automatic registration
 * @param after what stands behind the trigger: the node called WORK, which does nothing unless told
 */
export async function addAct(
	{ client, simulator, apiCredential, entrance }: Venue,
	parameters: Record<string, unknown> = {},
	after: Partial<WorkflowNode> = { type: 'n8n-nodes-base.noOp', typeVersion: 1 },
): Promise<Act> {
	const created = await client.createWorkflow({
		name: `Faults ${simulator.webhooks({ deleted: true }).length + 1}`,
		nodes: [
			{
				name: TRIGGER,
				type: TRIGGER_TYPE,
				typeVersion: 1,
				parameters: { events: ['*'], ...parameters },
				credentials: { anchorBrowserApi: apiCredential },
			},
			{ name: WORK, type: '', typeVersion: 1, ...after },
		],
		connections: { [TRIGGER]: { main: [[{ node: WORK, type: 'main', index: 0 }]] } },
	});
	await client.activate(created.id);
	const workflow = await client.getWorkflow(created.id);
	const path = new URL(client.webhookUrl(workflow, TRIGGER)).pathname;
	const webhook = simulator.webhooks().find(({ url }) => new URL(url).pathname === path);
	if (webhook === undefined) throw new Error('The trigger did not register its webhook');
	const address = new URL(path, entrance ?? client.webhookUrl(workflow, TRIGGER)).href;
	await waitFor(async () => await client.isRegistered(address), { what: 'the webhook to be live' });
	return { workflow, webhook };
}
