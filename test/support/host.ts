/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { HookContext, TriggerContext, WebhookContext } from 'n8n-core';
import { NodeHelpers } from 'n8n-workflow';
import type {
	IDataObject,
	IHookFunctions,
	INode,
	INodeExecutionData,
	IRun,
	ITriggerFunctions,
	ITriggerResponse,
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
	/** Which line of n8n it imitates where the two differ; 2.41 unless told. */
	line?: '2.41' | '1.123';
}

/** One answer of `webhook()`, with what the host saw around it. */
interface Call {
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

/** A `trigger()` that a process looks after until it calls its `closeFunction`. */
interface RunningTrigger {
	process: LoadedPackage;
	workflowId: string;
	nodeId: string;
	response: ITriggerResponse | undefined;
}

/** One activation of some triggers of a workflow: they share a workflow object, and so its static data. */
interface Activation {
	row: WorkflowRow;
	workflow: Workflow;
	nodes: INode[];
	activation: WorkflowActivateMode;
	process: LoadedPackage;
}

interface Listener {
	row: WorkflowRow;
	nodeName: string;
	staticData: string;
}

/** A request to a webhook, of production or of an editor that listens. */
interface Exchange {
	request: HostRequest;
	response: HostResponse;
	path: string;
	listener: Listener | undefined;
}

/** How many more runs may be carried out now, and those that wait for it. */
interface RunLimit {
	free: number;
	waiting: Array<() => void>;
}

/** A gate through which every run must pass before n8n has accepted it. */
export interface Acceptance {
	/** Resolves when the first run waits. */
	readonly arrived: Promise<void>;
	/** Lets what waits, and all later runs, in, or refuses them as n8n does when its database does not answer. */
	settle(how: 'accept' | 'refuse'): void;
}

/**
 * n8n in miniature: the parts around n8n-core that are not published, and so have to be imitated. Contexts, loader,
 * engine, expressions and request helpers are n8n's own; what it does between them follows webhook.service,
 * test-webhooks, webhook-helpers and, for 2.41, workflow-publication-applier, workflow-trigger-activator and
 * trigger-execution-context.factory; for 1.123, active-workflow-manager. A failed activation is not tried again by
 * itself. One process and its database.
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
	private running: RunningTrigger[] = [];
	/** The nodes of each workflow as they were published last; in n8n's database. */
	private readonly published = new Map<string, INode[]>();
	/** The keys of all runs that a trigger started with one; in n8n's database. */
	private readonly deduplicationKeys = new Set<string>();
	/** Carries out the production runs, as a worker of n8n's queue mode does; unless told, whoever took the delivery. */
	worker: LoadedPackage | undefined;
	private limit: RunLimit | undefined;
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
		this.crash();
		this.server.closeAllConnections();
		await new Promise((resolve) => this.server.close(resolve));
	}

	addWorkflow(nodes: INode[], { id = 'wf1', name = 'My workflow' } = {}): WorkflowRow {
		const row: WorkflowRow = { id, name, nodes, active: false, staticData: '{}' };
		this.rows.set(id, row);
		return row;
	}

	/**
	 * Publishes a workflow, or takes it up at a start: for each trigger the local route, `checkExists`, then perhaps
	 * `create`, and `trigger()`. When a hook throws, `delete` cleans up: on 2.41 for that trigger alone, whose
	 * `trigger()` goes on, on 1.123 for all triggers of the workflow.
	 * @param process another process of the same n8n (see `anotherProcess`) in place of this one
	 * @throws what the node threw
	 */
	async activate(
		row: WorkflowRow,
		activation: WorkflowActivateMode = 'activate',
		process: LoadedPackage = this.loaded,
	): Promise<void> {
		row.active = true;
		this.published.set(row.id, structuredClone(row.nodes));
		await this.startTriggers(row, this.triggersOf(row), { activation, process });
	}

	/** Another main of the same n8n: the same database, a memory of its own. */
	async anotherProcess(): Promise<LoadedPackage> {
		return await loadPackage();
	}

	/**
	 * Takes a workflow out of service: for each trigger as it was published, `delete` (always in mode `internal` and
	 * activation `update`) and the `closeFunction` of `trigger()`.
	 * @param process which of several mains the user's request reaches: it calls `delete`, the leading one `closeFunction`
	 * @throws what the node threw; n8n then keeps the static data as the node left it
	 */
	async deactivate(row: WorkflowRow, process: LoadedPackage = this.loaded): Promise<void> {
		const nodes = this.triggersOf(this.publishedRow(row));
		try {
			await this.stopTriggers(row, nodes, process);
		} finally {
			row.active = false;
			this.published.delete(row.id);
		}
	}

	/**
	 * Saves an active workflow and publishes it again. 2.41 stops and starts the triggers that differ from those
	 * published before, and starts those whose webhook is not registered; 1.123 stops and starts all of them.
	 * @throws what the node threw when it was started; what it throws when it is stopped is only logged
	 */
	async republish(row: WorkflowRow): Promise<void> {
		const before = this.triggersOf(this.publishedRow(row));
		const now = this.triggersOf(row);
		const isIn = (nodes: INode[], node: INode) =>
			this.line === '2.41' && nodes.some((other) => isSameRegistration(other, node));
		const toStop = before.filter((node) => !isIn(now, node));
		const toStart = now.filter(
			(node) => !isIn(before, node) || !this.routes.has(pathOf(row, node)),
		);
		if (toStop.length > 0) await this.stopTriggers(row, toStop).catch(() => {});
		this.published.set(row.id, structuredClone(row.nodes));
		await this.startTriggers(row, toStart, { activation: 'update', process: this.loaded });
	}

	/** Ends the process without a word (kill -9): memory is lost, the database stays, nothing answers. */
	crash(): void {
		this.down = true;
		this.life += 1;
		this.listeners.clear();
		this.running = [];
	}

	/** Ends the process as SIGTERM does: every `closeFunction` is called, no `delete`; then nothing answers. */
	async shutDown(): Promise<void> {
		await this.closeTriggers(() => true);
		this.crash();
	}

	/** A main process loses the leadership: it calls every `closeFunction` of its own and goes on answering. */
	async stepDown(process: LoadedPackage = this.loaded): Promise<void> {
		await this.closeTriggers((running) => running.process === process);
	}

	/**
	 * Starts the process that has ended, or ends it first, up to the moment when it takes deliveries and has not yet
	 * taken up its workflows.
	 */
	async boot(): Promise<void> {
		this.crash();
		this.loaded = await loadPackage();
		this.down = false;
	}

	/**
	 * Ends the process, unless it has ended, and starts it again: every active workflow is activated with `init`. (n8n
	 * 2.41 does so for triggers that have `trigger()`; those with webhooks alone it does not ask at a start.)
	 * @throws what the first failed activation threw; n8n tries again later
	 */
	async restart(): Promise<void> {
		await this.boot();
		const rows = [...this.rows.values()].filter(({ active }) => active);
		const failures: unknown[] = [];
		for (const row of rows) {
			const { loaded: process } = this;
			const nodes = this.triggersOf(this.publishedRow(row));
			await this.startTriggers(row, nodes, { activation: 'init', process }).catch(
				(thrown: unknown) => failures.push(thrown),
			);
		}
		if (failures.length > 0) throw failures[0];
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
			if (!isInOrder) await this.stopListening(path);
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
		try {
			await this.hook('delete', { workflow, nodeName, ...TEARDOWN, isTest: true });
		} catch (thrown) {
			// n8n keeps it then, and cannot listen any more.
			this.listeners.set(path, listener);
			throw thrown;
		}
	}

	isListening(path: string): boolean {
		return this.listeners.has(path);
	}

	/** The public address of a trigger's production or test webhook. */
	urlOf(row: WorkflowRow, { nodeName, test = false }: { nodeName?: string; test?: boolean } = {}) {
		const node = row.nodes.find(({ name }) => name === nodeName) ?? this.triggersOf(row)[0];
		return `${this.baseUrl}/${test ? 'webhook-test' : 'webhook'}/${pathOf(row, node)}`;
	}

	/**
	 * Lets so many runs be carried out at once, as n8n's concurrency limit does: others wait, accepted. With a crash, those
	 * that wait are gone (1.x).
	 * @returns ends so many of them, the oldest first: until then each takes its place
	 */
	limitRuns(most: number): (ended: number) => Promise<void> {
		const limit: RunLimit = { free: most, waiting: [] };
		this.limit = limit;
		return async (ended) => {
			limit.free += ended;
			while (limit.free > 0 && limit.waiting.length > 0) {
				limit.free -= 1;
				limit.waiting.shift()?.();
			}
			await this.runs();
		};
	}

	/** Takes the limit off for runs that come from now on. */
	liftLimit(): void {
		this.limit = undefined;
	}

	/** How many runs wait for their turn. */
	get waitingRuns(): number {
		return this.limit?.waiting.length ?? 0;
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
			process = this.worker ?? this.loaded,
			nodeName = this.triggersOf(row)[0].name,
		}: {
			mode?: WorkflowExecuteMode;
			executionId?: string;
			process?: LoadedPackage;
			nodeName?: string;
		} = {},
	): Promise<Run> {
		await this.turnOfRun();
		const id = executionId ?? String(this.executions.length + 1);
		const workflow = this.open(row, undefined, process);
		if (this.options.freezeItems) for (const { json } of workflowData.flat()) deepFreeze(json);
		const run = runWorkflow({
			workflow,
			nodeName,
			additionalData: this.additionalData(),
			mode,
			executionId: id,
			workflowData,
			// n8n shows a run that it could not begin, such as one of a node without its required parameters.
		}).catch((threw: unknown): Run => ({ ...this.failedRun(row, threw), id, mode }));
		this.executions.push(run);
		if (mode !== 'manual') void run.then(() => saveStaticData(row, workflow));
		return await run;
	}

	private async turnOfRun(): Promise<void> {
		const { limit, life } = this;
		if (limit === undefined) return;
		if (limit.free > 0) limit.free -= 1;
		else await new Promise<void>((resolve) => limit.waiting.push(resolve));
		if (life !== this.life) await new Promise<never>(() => {});
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

	private get line(): '2.41' | '1.123' {
		return this.options.line ?? '2.41';
	}

	private publishedRow(row: WorkflowRow): WorkflowRow {
		return { ...row, nodes: this.published.get(row.id) ?? row.nodes };
	}

	private triggersOf({ nodes }: Pick<WorkflowRow, 'nodes'>): INode[] {
		return nodes.filter(({ type, disabled }) => type === TRIGGER_TYPE && disabled !== true);
	}

	/** Starts some triggers of the published workflow. n8n saves the static data at the end, on 1.123 only of a success. */
	private async startTriggers(
		row: WorkflowRow,
		nodes: INode[],
		{ activation, process }: Pick<Activation, 'activation' | 'process'>,
	): Promise<void> {
		if (nodes.length === 0) return;
		const { life } = this;
		const workflow = this.open(this.publishedRow(row), undefined, process);
		const work: Activation = { row, workflow, nodes, activation, process };
		const save = () => void (life === this.life && saveStaticData(row, workflow));
		try {
			if (this.line === '1.123') {
				await this.startInTurn(work, save);
				save();
			} else {
				await allSettled([
					...nodes.map(async (node) => await this.register(work, node)),
					...nodes.map(async (node) => await this.runTrigger(work, node)),
				]).finally(save);
			}
		} catch (thrown) {
			row.active = activation === 'init' || activation === 'leadershipChange';
			throw thrown;
		}
	}

	private async startInTurn(work: Activation, save: () => void): Promise<void> {
		const { row, nodes, process } = work;
		try {
			for (const node of nodes) await this.register(work, node);
		} catch (thrown) {
			await this.removeWebhooks(row, nodes, process).catch(() => {});
			throw thrown;
		}
		save();
		for (const node of nodes) await this.runTrigger(work, node);
	}

	/** Stops some triggers of the published workflow: 1.123 does it in turn, 2.41 at once. */
	private async stopTriggers(
		row: WorkflowRow,
		nodes: INode[],
		process: LoadedPackage = this.loaded,
	): Promise<void> {
		const ids = new Set(nodes.map(({ id }) => id));
		const close = async () =>
			await this.closeTriggers(
				({ workflowId, nodeId }) => workflowId === row.id && ids.has(nodeId),
			);
		const remove = this.removeWebhooks(row, nodes, process);
		if (this.line === '2.41') return await allSettled([remove, close()]);
		await remove.finally(close);
	}

	/**
	 * `delete()` for each node, with a workflow object and static data read anew. Deliveries reach the nodes before it on 2.41,
	 * until all of it is done on 1.123.
	 */
	private async removeWebhooks(
		row: WorkflowRow,
		nodes: INode[],
		process: LoadedPackage,
	): Promise<void> {
		const { life } = this;
		const workflow = this.open(this.publishedRow(row), undefined, process);
		const remove = async ({ name: nodeName }: INode) =>
			await this.hook('delete', { workflow, nodeName, process, ...TEARDOWN });
		const forgetRoutes = () => nodes.forEach((node) => this.routes.delete(pathOf(row, node)));
		if (this.line === '2.41') forgetRoutes();
		try {
			if (this.line === '2.41') await allSettled(nodes.map(remove));
			else for (const node of nodes) await remove(node);
		} finally {
			if (this.line === '1.123') forgetRoutes();
			if (life === this.life) saveStaticData(row, workflow);
		}
	}

	/** The local route and the webhook of one node; on 2.41 it is cleaned up alone when that fails. */
	private async register({ row, workflow, activation, process }: Activation, node: INode) {
		this.routes.set(pathOf(row, node), { row, nodeName: node.name });
		const call = { workflow, nodeName: node.name, process };
		let isInOrder = false;
		try {
			isInOrder = await this.hook('checkExists', { ...call, mode: 'trigger', activation });
			if (!isInOrder) await this.hook('create', { ...call, mode: 'trigger', activation });
			isInOrder = true;
		} finally {
			if (!isInOrder && this.line === '2.41') {
				this.routes.delete(pathOf(row, node));
				// n8n logs what this throws, and reports what `create` threw.
				await this.hook('delete', { ...call, ...TEARDOWN }).catch(() => {});
			}
		}
	}

	/** `trigger()` of one node, where it has one. n8n forgets an earlier one of the same node without closing it. */
	private async runTrigger({ row, workflow, activation, process }: Activation, node: INode) {
		const { life } = this;
		const { trigger } = process.trigger;
		if (trigger === undefined) return;
		const context = new TriggerContext(
			workflow,
			nodeOf(workflow, node.name),
			this.additionalData(),
			'trigger',
			activation,
			this.emitterOf({ row, workflow, process }, node.name),
		);
		this.endWithProcess(context);
		const response = await trigger.call(context);
		if (life !== this.life) return;
		const started = { process, workflowId: row.id, nodeId: node.id };
		this.running = this.running.filter((running) => !isSameTrigger(running, started));
		this.running.push({ ...started, response });
	}

	private async closeTriggers(isMeant: (running: RunningTrigger) => boolean): Promise<void> {
		const meant = this.running.filter(isMeant);
		this.running = this.running.filter((running) => !isMeant(running));
		await allSettled(meant.map(async ({ response }) => await response?.closeFunction?.()));
	}

	/**
	 * What `trigger()` gets as `emit`: saves the static data if the trigger changed it, whole, as the activation read it,
	 * and starts a run. The run's end settles the done promise; on 1.123 a run that n8n refuses never does.
	 */
	private emitterOf(
		{ row, workflow, process }: Pick<Activation, 'row' | 'workflow' | 'process'>,
		nodeName: string,
	): ITriggerFunctions['emit'] {
		const { life } = this;
		return (items, _responsePromise, donePromise, deduplicationKey) => {
			if (life !== this.life) return;
			saveStaticData(row, workflow);
			const carried = JSON.parse(JSON.stringify(items)) as INodeExecutionData[][];
			const start = async () => {
				this.arrived();
				const acceptance = await this.acceptance;
				if (life !== this.life) return await new Promise<never>(() => {});
				if (acceptance === 'refuse') throw new Error('The run could not be stored');
				if (this.isRepeated(deduplicationKey)) return undefined;
				const carriedOutBy = this.worker ?? process;
				return await this.execute(row, carried, {
					mode: 'trigger',
					nodeName,
					process: carriedOutBy,
				});
			};
			void start().then(
				(run) => void (life === this.life && donePromise?.resolve(run?.result as IRun)),
				(refusal: Error) => void (this.line === '2.41' && donePromise?.reject(refusal)),
			);
		};
	}

	/** Whether a run with this key is in n8n's database already; if not, it is from now on. 1.123 ignores keys. */
	private isRepeated(deduplicationKey: string | undefined): boolean {
		if (deduplicationKey === undefined || this.line === '1.123') return false;
		const isRepeated = this.deduplicationKeys.has(deduplicationKey);
		this.deduplicationKeys.add(deduplicationKey);
		return isRepeated;
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
	private endWithProcess(context: HookContext | TriggerContext): void {
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

	private webhookContext(
		workflow: Workflow,
		nodeName: string,
		{ request, response, listener }: Exchange,
	): WebhookContext {
		if (listener) workflow.setTestStaticData(JSON.parse(listener.staticData) as IDataObject);
		const additionalData = this.additionalData();
		Object.assign(additionalData, { httpRequest: request, httpResponse: response });
		return new WebhookContext(
			workflow,
			nodeOf(workflow, nodeName),
			additionalData,
			listener ? 'manual' : 'webhook',
			this.webhookData(workflow, nodeName, listener !== undefined),
			[],
			null,
		);
	}

	private async receive(
		{ row, nodeName }: { row: WorkflowRow; nodeName: string },
		exchange: Exchange,
	): Promise<void> {
		const { response, path, listener } = exchange;
		const workflow = this.open(row, listener && {});
		const context = this.webhookContext(workflow, nodeName, exchange);

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
				.status(this.responseCode)
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
		void this.execute(row, carried, { mode: context.getMode(), nodeName });
		if (!noWebhookResponse) {
			response.status(this.responseCode).json(this.onReceived(webhookResponse));
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

	/** The status of every answer that is n8n's own: the description's `responseCode`, which n8n evaluates. */
	private get responseCode(): number {
		const [description] = this.loaded.trigger.description.webhooks ?? [];
		return Number(description?.responseCode ?? 200);
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

/** n8n 2.41's rule for a trigger that publishing leaves alone (trigger-diff). */
const isSameRegistration = (one: INode, other: INode): boolean =>
	one.id === other.id && isDeepStrictEqual(registrationOf(one), registrationOf(other));

/** What of a node makes its registration, as the database would hold it: a clone would have prototypes of another realm. */
const registrationOf = ({ name, type, typeVersion, webhookId, credentials, parameters }: INode) =>
	JSON.parse(
		JSON.stringify({ name, type, typeVersion, webhookId, credentials, parameters }),
	) as unknown;

const isSameTrigger = (
	one: Omit<RunningTrigger, 'response'>,
	other: Omit<RunningTrigger, 'response'>,
): boolean =>
	one.process === other.process &&
	one.workflowId === other.workflowId &&
	one.nodeId === other.nodeId;

/** Waits for all of them, then throws what the first that failed threw. */
async function allSettled(work: Array<Promise<unknown>>): Promise<void> {
	for (const outcome of await Promise.allSettled(work)) {
		if (outcome.status === 'rejected') throw outcome.reason;
	}
}

function deepFreeze(value: unknown): void {
	if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
	Object.freeze(value);
	for (const inner of Object.values(value)) deepFreeze(inner);
}
