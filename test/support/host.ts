/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HookContext, WebhookContext } from 'n8n-core';
import { NodeHelpers } from 'n8n-workflow';
import type {
	IDataObject,
	IHookFunctions,
	INode,
	INodeExecutionData,
	IWebhookData,
	IWebhookResponseData,
	IWorkflowExecuteAdditionalData,
	WebhookSetupMethodNames,
	Workflow,
	WorkflowActivateMode,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { loadPackage, setInstance, TRIGGER_TYPE } from './core';
import type { LoadedPackage } from './core';
import { CredentialStore } from './credentials';
import { runWorkflow } from './execution';
import type { Run } from './execution';
import { processedData } from './processedData';
import { asHostRequest, asHostResponse } from './response';
import type { HostRequest, HostResponse } from './response';
import { openWorkflow, saveStaticData } from './workflowRow';
import type { WorkflowRow } from './workflowRow';

export interface HostOptions {
	/** n8n's own id of the instance. */
	instanceId?: string;
	/** Leaves `rawBody` out until the node asks for it. */
	readBodiesLazily?: boolean;
	/** Freezes the items that `execute()` gets, through and through. */
	freezeItems?: boolean;
}

/** One answer of `webhook()`, with what the host saw around it. */
export interface Call {
	result?: IWebhookResponseData;
	/** What it threw; n8n would make a failed execution of it. */
	threw?: unknown;
	wroteStaticData: boolean;
}

/** One call of `checkExists`, `create` or `delete`. */
interface HookCall {
	workflow: Workflow;
	nodeName: string;
	mode: WorkflowExecuteMode;
	activation: WorkflowActivateMode;
	isTest?: boolean;
	process?: LoadedPackage;
}

/** In which words n8n calls `delete`, whatever the occasion. */
const TEARDOWN = { mode: 'internal', activation: 'update' } as const;

interface Listener {
	row: WorkflowRow;
	nodeName: string;
	staticData: string;
}

/** A gate through which every run must pass before n8n has accepted it. */
export interface Acceptance {
	/** Resolves when the first run waits. */
	readonly arrived: Promise<void>;
	/** Lets what waits, and all later runs, in, or refuses them as n8n does when its database does not answer. */
	settle(how: 'accept' | 'refuse'): void;
}

/**
 * n8n in miniature: the parts around n8n-core that are not published, and so have to be acted out. Contexts, loader,
 * engine, expressions and request helpers are n8n's own; what it does between them follows webhook.service,
 * webhook-trigger-registrar, test-webhooks and webhook-helpers of n8n 2.41. One process and its database.
 */
export class Host {
	readonly credentials = new CredentialStore(() => this.loaded);
	readonly rows = new Map<string, WorkflowRow>();
	/** Every execution that was started, in order; each resolves with what came of it. */
	readonly executions: Array<Promise<Run>> = [];
	/** Every call of `webhook()`. */
	readonly calls: Call[] = [];
	/** n8n's table of processed entries, which outlives the process. */
	readonly processedData = processedData;
	/** Every response, to see how it ended. */
	readonly responses: ServerResponse[] = [];
	/** What n8n answers to in public, WEBHOOK_URL. */
	baseUrl = '';
	loaded!: LoadedPackage;
	private readonly server: Server;
	private readonly routes = new Map<string, { row: WorkflowRow; nodeName: string }>();
	private readonly listeners = new Map<string, Listener>();
	private acceptance: Promise<'accept' | 'refuse'> | undefined;
	private down = false;
	/** Counts the lives of the process: what an earlier one still has under way never hears an answer. */
	private life = 0;
	private arrived = () => {};

	private constructor(private readonly options: HostOptions) {
		this.server = createServer({ maxHeaderSize: 400_000 }, (request, response) => {
			void this.serve(request, response);
		});
	}

	/** Starts the process and its server, on any free port of 127.0.0.1. */
	static async start(options: HostOptions = {}): Promise<Host> {
		const host = new Host(options);
		await new Promise<void>((resolve) => host.server.listen(0, '127.0.0.1', resolve));
		host.baseUrl = host.address;
		host.loaded = await loadPackage();
		return host;
	}

	/** Where the server really is, whatever `baseUrl` says. */
	get address(): string {
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		this.server.closeAllConnections();
		await new Promise((resolve) => this.server.close(resolve));
	}

	addWorkflow(nodes: INode[], { id = 'wf1', name = 'My workflow' } = {}): WorkflowRow {
		const row: WorkflowRow = { id, name, nodes, active: false, staticData: '{}' };
		this.rows.set(id, row);
		return row;
	}

	/**
	 * Publishes a workflow: for each trigger the local route, then `checkExists`, then perhaps `create`. When either
	 * throws, `delete` cleans up and the activation fails.
	 * @param process another process of the same n8n (see `anotherProcess`) in place of this one
	 * @throws what the node threw
	 */
	async activate(
		row: WorkflowRow,
		activation: WorkflowActivateMode = 'activate',
		process: LoadedPackage = this.loaded,
	): Promise<void> {
		const workflow = this.open(row);
		const { life } = this;
		row.active = true;
		try {
			for (const node of this.triggersOf(row)) {
				this.routes.set(pathOf(row, node), { row, nodeName: node.name });
				const call = { workflow, nodeName: node.name, process };
				let isInOrder = false;
				try {
					isInOrder = await this.hook('checkExists', { ...call, mode: 'trigger', activation });
					if (!isInOrder) await this.hook('create', { ...call, mode: 'trigger', activation });
					isInOrder = true;
				} finally {
					if (!isInOrder) {
						row.active = activation === 'init';
						await this.cleanUp(row, workflow, node);
					}
				}
			}
		} finally {
			if (life === this.life) saveStaticData(row, workflow);
		}
	}

	/** Another main of the same n8n: the same database, a memory of its own. */
	async anotherProcess(): Promise<LoadedPackage> {
		return await loadPackage();
	}

	/**
	 * Takes a workflow out of service: `delete` for each trigger, always in mode `internal` and activation `update`.
	 * @throws what the node threw; n8n then keeps the static data as the node left it
	 */
	async deactivate(row: WorkflowRow): Promise<void> {
		const workflow = this.open(row);
		const { life } = this;
		row.active = false;
		try {
			for (const node of this.triggersOf(row)) {
				this.routes.delete(pathOf(row, node));
				await this.hook('delete', { workflow, nodeName: node.name, ...TEARDOWN });
			}
		} finally {
			if (life === this.life) saveStaticData(row, workflow);
		}
	}

	/** Saves and publishes again, as every save of an active workflow did up to n8n 2.40. */
	async republish(row: WorkflowRow): Promise<void> {
		await this.deactivate(row);
		await this.activate(row, 'update');
	}

	/** Ends the process without a word (kill -9): memory is lost, the database stays, nothing answers. */
	crash(): void {
		this.down = true;
		this.life += 1;
		this.listeners.clear();
	}

	/**
	 * Ends the process and starts it again. Every active workflow is activated anew, with `init`: n8n 2.41 does so for a
	 * trigger that also has `trigger()`, n8n 1 for every one.
	 * @throws what the activation threw; n8n tries again later
	 */
	async restart(): Promise<void> {
		this.crash();
		this.loaded = await loadPackage();
		this.down = false;
		for (const row of this.rows.values()) if (row.active) await this.activate(row, 'init');
	}

	/** The editor listens for a test event: a registration of its own, which begins with empty static data. */
	async listen(row: WorkflowRow, nodeName = this.triggersOf(row)[0].name): Promise<string> {
		const workflow = this.open(row, {});
		const node = nodeOf(workflow, nodeName);
		const path = pathOf(row, node);
		const listener: Listener = { row, nodeName, staticData: '{}' };
		this.listeners.set(path, listener);
		const call = {
			workflow,
			nodeName,
			mode: 'manual',
			activation: 'manual',
			isTest: true,
		} as const;
		let isInOrder = false;
		try {
			if (!(await this.hook('checkExists', call))) await this.hook('create', call);
			isInOrder = true;
		} finally {
			listener.staticData = JSON.stringify(workflow.staticData);
			if (!isInOrder) await this.stopListening(path).catch(() => {});
		}
		return path;
	}

	/** The listener is cancelled, times out or has had its run. */
	async stopListening(path: string): Promise<void> {
		const listener = this.listeners.get(path);
		if (listener === undefined) return;
		this.listeners.delete(path);
		const workflow = this.open(listener.row, {});
		workflow.staticData = JSON.parse(listener.staticData) as IDataObject;
		const { nodeName } = listener;
		await this.hook('delete', { workflow, nodeName, ...TEARDOWN, isTest: true });
	}

	isListening(path: string): boolean {
		return this.listeners.has(path);
	}

	/** The public address of a trigger's production or test webhook. */
	urlOf(row: WorkflowRow, { nodeName, test = false }: { nodeName?: string; test?: boolean } = {}) {
		const node = row.nodes.find(({ name }) => name === nodeName) ?? this.triggersOf(row)[0];
		return `${this.baseUrl}/${test ? 'webhook-test' : 'webhook'}/${pathOf(row, node)}`;
	}

	/** Holds every run back before it is accepted, until settled. */
	holdRuns(): Acceptance {
		let settle!: (how: 'accept' | 'refuse') => void;
		const arrived = new Promise<void>((resolve) => (this.arrived = resolve));
		this.acceptance = new Promise((resolve) => (settle = resolve));
		return {
			arrived,
			settle: (how) => {
				this.acceptance = undefined;
				this.arrived = () => {};
				settle(how);
			},
		};
	}

	/** Runs the workflow from given data, as a retry, or as an execution taken up again, does. */
	async execute(
		row: WorkflowRow,
		workflowData: INodeExecutionData[][],
		{
			mode = 'webhook',
			executionId,
			process = this.loaded,
		}: { mode?: WorkflowExecuteMode; executionId?: string; process?: LoadedPackage } = {},
	): Promise<Run> {
		const id = executionId ?? String(this.executions.length + 1);
		const workflow = this.open(row, undefined, process);
		const [{ name }] = this.triggersOf(row);
		if (this.options.freezeItems) for (const { json } of workflowData.flat()) deepFreeze(json);
		const run = runWorkflow({
			workflow,
			nodeName: name,
			additionalData: this.additionalData(),
			mode,
			executionId: id,
			workflowData,
		});
		this.executions.push(run);
		return await run;
	}

	/** All runs so far, finished; those of one workflow when it is named. */
	async runs(row?: WorkflowRow): Promise<Run[]> {
		const runs = await Promise.all(this.executions);
		return row === undefined ? runs : runs.filter(({ workflowId }) => workflowId === row.id);
	}

	/** What HookContext, WebhookContext and the engine want to know of the process. */
	additionalData(): IWorkflowExecuteAdditionalData {
		return {
			credentialsHelper: this.credentials,
			currentNodeExecutionIndex: 0,
			webhookBaseUrl: `${this.baseUrl}/webhook`,
			webhookTestBaseUrl: `${this.baseUrl}/webhook-test`,
			webhookWaitingBaseUrl: `${this.baseUrl}/webhook-waiting`,
			formWaitingBaseUrl: `${this.baseUrl}/form-waiting`,
			instanceBaseUrl: this.baseUrl,
			restApiUrl: `${this.baseUrl}/rest`,
			variables: {},
		} as unknown as IWorkflowExecuteAdditionalData;
	}

	private open(row: WorkflowRow, staticData?: IDataObject, process = this.loaded): Workflow {
		setInstance(this.options.instanceId ?? 'a1'.repeat(32));
		return openWorkflow(row, process.nodeTypes, staticData);
	}

	private triggersOf(row: WorkflowRow): INode[] {
		return row.nodes.filter(({ type, disabled }) => type === TRIGGER_TYPE && disabled !== true);
	}

	private async hook(method: WebhookSetupMethodNames, call: HookCall): Promise<boolean> {
		const { workflow, nodeName, mode, activation, isTest = false, process = this.loaded } = call;
		const context = new HookContext(
			workflow,
			nodeOf(workflow, nodeName),
			this.additionalData(),
			mode,
			activation,
			this.webhookData(workflow, nodeName, isTest),
		);
		this.endWithProcess(context);
		return (await process.trigger.webhookMethods?.default?.[method]?.call(context)) ?? false;
	}

	/** What a process that was killed had under way never comes to an end. */
	private endWithProcess(context: HookContext): void {
		const { life } = this;
		const whileItLives = async () => {
			if (life !== this.life) await new Promise(() => {});
		};
		const { helpers } = context as unknown as IHookFunctions;
		const request = helpers.httpRequestWithAuthentication;
		helpers.httpRequestWithAuthentication = async function (...rest) {
			await whileItLives();
			try {
				return (await request.call(this, ...rest)) as unknown;
			} finally {
				await whileItLives();
			}
		};
	}

	private webhookData(workflow: Workflow, nodeName: string, isTest: boolean): IWebhookData {
		const [webhookDescription] = this.loaded.trigger.description.webhooks ?? [];
		return {
			httpMethod: 'POST',
			node: nodeName,
			path: '',
			webhookDescription,
			workflowId: workflow.id,
			workflowExecuteAdditionalData: this.additionalData(),
			isTest,
		};
	}

	private async cleanUp(row: WorkflowRow, workflow: Workflow, node: INode): Promise<void> {
		this.routes.delete(pathOf(row, node));
		try {
			await this.hook('delete', { workflow, nodeName: node.name, ...TEARDOWN });
		} catch {
			// n8n logs it and reports what `create` threw.
		}
	}

	private async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
		if (this.down) return void incoming.destroy();
		const [, kind, ...rest] = (incoming.url ?? '').split('?')[0].split('/');
		const path = rest.join('/');
		const response = asHostResponse(outgoing);
		this.responses.push(outgoing);
		const listener = kind === 'webhook-test' ? this.listeners.get(path) : undefined;
		const route = listener ?? (kind === 'webhook' ? this.routes.get(path) : undefined);
		try {
			const request = await asHostRequest(incoming, this.options.readBodiesLazily ?? false);
			if (route === undefined) return void response.status(404).json({ code: 404 });
			await this.receive(route, { request, response, path, listener });
		} catch {
			// The sender closed the connection before all of it had come.
			response.destroy();
		}
	}

	private async receive(
		{ row, nodeName }: { row: WorkflowRow; nodeName: string },
		exchange: {
			request: HostRequest;
			response: HostResponse;
			path: string;
			listener: Listener | undefined;
		},
	): Promise<void> {
		const { request, response, path, listener } = exchange;
		const workflow = this.open(row, listener && {});
		if (listener) workflow.setTestStaticData(JSON.parse(listener.staticData) as IDataObject);
		const additionalData = this.additionalData();
		Object.assign(additionalData, { httpRequest: request, httpResponse: response });
		const mode = listener ? 'manual' : 'webhook';
		const context = new WebhookContext(
			workflow,
			nodeOf(workflow, nodeName),
			additionalData,
			mode,
			this.webhookData(workflow, nodeName, listener !== undefined),
			[],
			null,
		);

		const call: Call = { wroteStaticData: false };
		this.calls.push(call);
		const before = JSON.stringify(workflow.testStaticData ?? workflow.staticData);
		try {
			call.result = await this.loaded.trigger.webhook?.call(context);
		} catch (threw) {
			call.threw = threw;
			this.executions.push(Promise.resolve(this.failedRun(row, threw)));
			return void response.status(500).json({ code: 0, message: 'Workflow could not be started!' });
		}
		call.wroteStaticData =
			JSON.stringify(workflow.testStaticData ?? workflow.staticData) !== before;

		const { webhookResponse, workflowData, noWebhookResponse } = call.result ?? {};
		if (workflowData === undefined) {
			// What webhook() writes without starting a run is saved.
			if (!listener) saveStaticData(row, workflow);
			if (noWebhookResponse) return;
			return void response
				.status(200)
				.json(webhookResponse ?? { message: 'Webhook call received' });
		}

		// A run: what webhook() wrote is lost, and the answer waits until n8n has taken it.
		this.arrived();
		if ((await this.acceptance) === 'refuse') {
			if (!noWebhookResponse)
				response.status(500).json({ code: 0, message: 'There was a problem' });
			return;
		}
		const carried = JSON.parse(JSON.stringify(workflowData)) as INodeExecutionData[][];
		void this.execute(row, carried, { mode });
		if (!noWebhookResponse) {
			response.status(200).json(this.onReceived(webhookResponse));
		}
		if (listener) await this.stopListening(path);
	}

	/** What n8n makes of a `webhook()` that threw. */
	private failedRun(row: WorkflowRow, threw: unknown): Run {
		return {
			id: String(this.executions.length + 1),
			workflowId: row.id,
			mode: 'webhook',
			status: 'error',
			outputs: [],
			items: [],
			error: threw as Error,
			wroteStaticData: false,
		};
	}

	/** n8n answers a run with the node's object only if the description's `responseData` is empty text. */
	private onReceived(webhookResponse: unknown): unknown {
		const [{ responseData = 'firstEntryJson' }] = this.loaded.trigger.description.webhooks ?? [{}];
		if (responseData) return responseData;
		return webhookResponse ?? { message: 'Workflow was started' };
	}
}

const nodeOf = (workflow: Workflow, name: string): INode => {
	const node = workflow.getNode(name);
	if (node === null) throw new Error(`No node ${name}`);
	return node;
};

const pathOf = (row: WorkflowRow, node: INode): string =>
	NodeHelpers.getNodeWebhookPath(row.id, node, 'webhook');

function deepFreeze(value: unknown): void {
	if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
	Object.freeze(value);
	for (const inner of Object.values(value)) deepFreeze(inner);
}
