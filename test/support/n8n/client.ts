/* eslint-disable @n8n/community-nodes/require-node-api-error -- a client of n8n's REST API, not a node */
import { randomUUID } from 'node:crypto';
import { ExecutionStatusList } from 'n8n-workflow';

import { readFlatted } from './flatted';
import { isAtLeast } from './releases';
import { waitFor } from './waitFor';

export interface WorkflowNode {
	id?: string;
	name: string;
	type: string;
	typeVersion: number;
	position?: [number, number];
	parameters?: Record<string, unknown>;
	credentials?: Record<string, { id: string; name: string }>;
	webhookId?: string;
	[key: string]: unknown;
}

/** A workflow as it is written in a file: what an import takes and an export gives. */
export interface WorkflowFile {
	name: string;
	nodes: WorkflowNode[];
	connections: Record<string, unknown>;
	settings?: Record<string, unknown>;
	pinData?: Record<string, unknown>;
	[key: string]: unknown;
}

/** A workflow as n8n keeps it. */
export interface Workflow extends WorkflowFile {
	id: string;
	versionId: string;
	active: boolean;
	staticData?: unknown;
}

interface ExecutionSummary {
	id: string;
	workflowId: string;
	mode: string;
	/** success, error, crashed, running, waiting, new, canceled */
	status: string;
	startedAt?: string;
	stoppedAt?: string | null;
}

/** An item, as far as tests look into it. */
interface Item {
	json: Record<string, unknown>;
	binary?: Record<string, { fileName?: string; mimeType: string }>;
}

/** One run of one node: outputs of items, and what went wrong. */
export interface NodeRun {
	data?: { main?: Array<Array<Item> | null> };
	error?: { message?: string; description?: string };
	[key: string]: unknown;
}

export interface Execution extends ExecutionSummary {
	/** What n8n shows beside it and filters its list by, where its licence allows. */
	customData: Record<string, string>;
	data: {
		resultData: {
			runData: Record<string, NodeRun[]>;
			error?: { message?: string; description?: string };
			lastNodeExecuted?: string;
		};
		[key: string]: unknown;
	};
}

/** An editor that listens for a test event. */
export interface TestListening {
	readonly workflowId: string;
	/** Names the editor's tab, as n8n's editor does in the header of the same name. */
	readonly pushRef: string;
	/** The node's test address at this n8n itself. */
	readonly url: string;
	/** What the user's *Stop Listening* does; resolves when n8n has taken the webhook back. */
	stop(): Promise<void>;
	/** Resolves when n8n has taken the webhook back by itself, as it does after one event. */
	ended(): Promise<void>;
}

export interface Owner {
	email: string;
	password: string;
}

/** An answer of n8n's REST API that is not a success. */
export class RestError extends Error {
	constructor(
		readonly status: number,
		/** n8n's own words. */
		message: string,
		readonly body: unknown,
	) {
		super(message);
	}
}

/** n8n says that a workflow could not be activated. */
export class ActivationRefused extends Error {}

/** The owner that tests set up. The password satisfies n8n's rules and guards nothing. */
export const TEST_OWNER: Owner = { email: 'owner@example.com', password: 'Demo-owner-1' };

/**
 * The items of one output in the first run of a node.
 *
 * @returns their `json`; empty when the node did not run or the output had none
 */
export function itemsOf(
	execution: Execution,
	nodeName: string,
	output = 0,
): Array<Record<string, unknown>> {
	const run = execution.data.resultData.runData[nodeName]?.[0];
	return (run?.data?.main?.[output] ?? []).map((item) => item.json);
}

/** Whether what an execution did is there and fits its state. One that crashed or was cancelled may have nothing. */
function isSaved({ status, data }: Execution): boolean {
	if (['new', 'running'].includes(status)) return false;
	if (!['waiting', 'success', 'error'].includes(status)) return true;
	// n8n 2 has no data at all of a run that has just begun.
	const { waitTill, resultData }: Partial<Execution['data']> = data ?? {};
	if (status === 'waiting') return Boolean(waitTill);
	return !waitTill && Boolean(resultData?.lastNodeExecuted ?? resultData?.error);
}

/** Node types that get an address of their own from the editor. */
const HAS_WEBHOOK = /(webhook|trigger)$/i;

/** What n8n 1 says of a transaction that came to nothing. */
const ROLLED_BACK = /Transaction is not started yet|no such savepoint|SQLITE_BUSY/;

/** What the editor adds to nodes before it saves a workflow. */
function completed(nodes: readonly WorkflowNode[], fresh: boolean): WorkflowNode[] {
	return nodes.map((node, index) => ({
		position: [index * 240, 0],
		parameters: {},
		...node,
		id: node.id !== undefined && !fresh ? node.id : randomUUID(),
		...(HAS_WEBHOOK.test(node.type) && (fresh || node.webhookId === undefined)
			? { webhookId: randomUUID() }
			: {}),
	}));
}

/**
 * Drives an n8n as its editor does, over its REST API; the differences between 1.x and 2.x stay inside.
 *
 * Every method throws a `RestError` with n8n's own words when n8n does not answer with a success.
 */
export class N8nClient {
	private cookie = '';

	/**
	 * @param n8n where it is, and its version
	 */
	constructor(private readonly n8n: { readonly url: string; readonly version: string }) {}

	/** n8n 2.x keeps what is edited and what is published apart, and publishes in the background. */
	private get publishes(): boolean {
		return isAtLeast(this.n8n.version, '2.0');
	}

	/**
	 * One call of n8n's REST API. n8n 1 has one connection to SQLite, on which two saves at the same moment, a run's among
	 * them, spoil each other's transaction, or find the database locked: what was rolled back so is asked for again. So is
	 * what n8n's server has cut off: a busy one takes a connection for idle before it reads the request on it.
	 *
	 * @param path below `/rest`, such as `/workflows`
	 * @param body is sent as JSON, a form as it is
	 * @returns the `data` of the answer
	 */
	async rest<T = unknown>(
		method: string,
		path: string,
		body?: unknown,
		headers: Record<string, string> = {},
	): Promise<T> {
		for (let attempt = 1; ; attempt++) {
			try {
				return await this.ask<T>(method, path, body, headers);
			} catch (cause) {
				const isRolledBack = ROLLED_BACK.test(String(cause));
				const { code } = ((cause as Error).cause ?? {}) as NodeJS.ErrnoException;
				const isCutOff = method === 'GET' && code === 'ECONNRESET';
				if (!(isRolledBack || isCutOff) || attempt === 3) throw cause;
			}
		}
	}

	private async ask<T>(
		method: string,
		path: string,
		body: unknown,
		headers: Record<string, string>,
	): Promise<T> {
		const isForm = body instanceof FormData;
		const response = await fetch(`${this.n8n.url}/rest${path}`, {
			method,
			headers: {
				...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
				...(this.cookie === '' ? {} : { cookie: this.cookie }),
				...headers,
			},
			body: isForm ? body : body === undefined ? undefined : JSON.stringify(body),
			signal: AbortSignal.timeout(60_000),
		});
		const text = await response.text();
		let answer: { data?: unknown; message?: string } = {};
		try {
			answer = JSON.parse(text) as typeof answer;
		} catch {
			answer = { message: text.slice(0, 300) };
		}
		if (!response.ok) {
			const words = answer.message ?? `${method} ${path} answered ${response.status}`;
			throw new RestError(response.status, words, answer);
		}
		const given = response.headers.getSetCookie().map((line) => line.split(';')[0]);
		if (given.some((pair) => pair.startsWith('n8n-auth='))) this.cookie = given.join('; ');
		return answer.data as T;
	}

	/** Makes the first user of a fresh n8n, who is then logged in. */
	async setUpOwner(owner: Owner = TEST_OWNER): Promise<void> {
		await this.rest('POST', '/owner/setup', { ...owner, firstName: 'Demo', lastName: 'Owner' });
	}

	async login(owner: Owner = TEST_OWNER): Promise<void> {
		await this.rest('POST', '/login', {
			emailOrLdapLoginId: owner.email,
			password: owner.password,
		});
	}

	/** @returns what a node's `credentials` entry holds */
	async createCredential(
		type: string,
		data: Record<string, unknown>,
		name = `${type} ${randomUUID().slice(0, 8)}`,
	): Promise<{ id: string; name: string }> {
		const { id } = await this.rest<{ id: string }>('POST', '/credentials', { name, type, data });
		return { id, name };
	}

	async updateCredential(
		credential: { id: string; name: string },
		type: string,
		data: Record<string, unknown>,
	): Promise<void> {
		await this.rest('PATCH', `/credentials/${credential.id}`, {
			name: credential.name,
			type,
			data,
		});
	}

	/** The editor's *Test* of a credential. */
	async testCredential(
		credential: { id: string; name: string },
		type: string,
		data: Record<string, unknown>,
	): Promise<{ status: 'OK' | 'Error'; message: string }> {
		return await this.rest('POST', '/credentials/test', {
			credentials: { id: credential.id, name: credential.name, type, data },
		});
	}

	/** Saves a new workflow, inactive; nodes get ids and webhook ids where they have none, as in the editor. */
	async createWorkflow(workflow: WorkflowFile): Promise<Workflow> {
		return await this.save(workflow, completed(workflow.nodes, false));
	}

	private async save(workflow: WorkflowFile, nodes: WorkflowNode[]): Promise<Workflow> {
		const { name, connections, settings = {}, pinData, meta } = workflow;
		return await this.rest<Workflow>('POST', '/workflows', {
			name,
			nodes,
			connections,
			settings,
			...(pinData === undefined ? {} : { pinData }),
			...(meta === undefined ? {} : { meta }),
			...(this.publishes ? {} : { active: false }),
		});
	}

	async getWorkflow(id: string): Promise<Workflow> {
		return await this.rest<Workflow>('GET', `/workflows/${id}`);
	}

	/**
	 * Saves changes as the editor's *Save* does: on 1.x an active workflow is activated anew with them, on 2.x they wait
	 * for `activate`.
	 */
	async updateWorkflow(id: string, changes: Partial<Omit<WorkflowFile, 'id'>>): Promise<Workflow> {
		const { name, nodes, connections, settings, pinData, versionId } = {
			...(await this.getWorkflow(id)),
			...changes,
		};
		return await this.rest<Workflow>('PATCH', `/workflows/${id}`, {
			name,
			nodes: completed(nodes, false),
			connections,
			settings,
			pinData,
			versionId,
		});
	}

	/**
	 * Activates a workflow (publishes its latest version, in the words of 2.x) and waits until n8n has done so: its
	 * production webhooks are registered then.
	 *
	 * @param wait false to come back while 2.x may still be at it
	 * @throws ActivationRefused with the words that the user sees
	 */
	async activate(id: string, { wait = true }: { wait?: boolean } = {}): Promise<Workflow> {
		const { versionId } = await this.getWorkflow(id);
		let workflow: Workflow;
		try {
			workflow = await this.rest<Workflow>('POST', `/workflows/${id}/activate`, { versionId });
		} catch (thrown) {
			if (thrown instanceof RestError) {
				throw new ActivationRefused(thrown.message, { cause: thrown });
			}
			throw thrown;
		}
		if (wait && this.publishes) {
			const { status, triggers } = await this.published(id);
			if (status !== 'published') {
				const words = triggers.map((trigger) => trigger.errorMessage).filter(Boolean);
				throw new ActivationRefused(words.join('\n') || `The workflow is ${status}`);
			}
		}
		return workflow;
	}

	/** Deactivates (unpublishes) a workflow and waits until n8n has done so. */
	async deactivate(id: string, { wait = true }: { wait?: boolean } = {}): Promise<void> {
		await this.rest('POST', `/workflows/${id}/deactivate`, {});
		if (wait && this.publishes) await this.published(id);
	}

	/** What 2.x tells of a publication that is over; one that never was counts as `published`. */
	private async published(id: string): Promise<Publication> {
		return await waitFor(
			async () => {
				const seen = await this.publication(id);
				return seen.status !== 'in_progress' && seen;
			},
			{ timeout: 60_000, what: `n8n to finish publishing workflow ${id}` },
		);
	}

	/** How far n8n 2.x is with publishing; early 2.x publishes at once and has nothing to tell. */
	async publication(id: string): Promise<Publication> {
		try {
			return await this.rest<Publication>('GET', `/workflows/${id}/publication-status`);
		} catch (thrown) {
			if (thrown instanceof RestError && thrown.status === 404) {
				return { status: 'published', triggers: [] };
			}
			throw thrown;
		}
	}

	/** Deletes a workflow for good, as the editor's *Archive* and then *Delete* do. */
	async deleteWorkflow(id: string): Promise<void> {
		await this.rest('POST', `/workflows/${id}/archive`, {});
		if (this.publishes) await this.published(id);
		await this.rest('DELETE', `/workflows/${id}`);
	}

	/**
	 * A copy as the editor's *Duplicate* makes it: new ids, new webhook ids, inactive.
	 *
	 * @param keepIds keeps the nodes' ids and webhook ids, as an import through n8n's API or CLI does
	 */
	async duplicate(
		id: string,
		{ name, keepIds = false }: { name?: string; keepIds?: boolean } = {},
	): Promise<Workflow> {
		const original = await this.getWorkflow(id);
		const nodes = keepIds ? original.nodes : completed(original.nodes, true);
		return await this.save({ ...original, name: name ?? `${original.name} copy` }, nodes);
	}

	/** What the editor's *Download* gives. */
	async export(id: string): Promise<WorkflowFile> {
		const { name, nodes, connections, settings, pinData, active, versionId, meta } =
			await this.getWorkflow(id);
		return { name, nodes, pinData, connections, active, settings, versionId, meta, id };
	}

	/**
	 * Executions, the newest first.
	 *
	 * n8n lists by two queries, those that run and those that have ended, unless it is asked for states: one that ends in
	 * between stands in neither. So all states are named.
	 * @param limit how many at most; all of them unless told
	 */
	async executions(
		{
			status = ExecutionStatusList,
			...more
		}: { workflowId?: string; status?: readonly string[]; mode?: string },
		limit = Number.POSITIVE_INFINITY,
	): Promise<ExecutionSummary[]> {
		const found: ExecutionSummary[] = [];
		let position: Record<string, string> = {};
		while (found.length < limit) {
			const query = new URLSearchParams({
				limit: String(Math.min(100, limit - found.length)),
				filter: JSON.stringify({ status, ...more }),
				...position,
			});
			const page = await this.rest<{ results: ExecutionSummary[]; nextCursor?: string | null }>(
				'GET',
				`/executions?${query}`,
			);
			// What begins or ends between two pages moves the others along: one may come twice.
			const fresh = page.results.filter((one) => !found.some((other) => other.id === one.id));
			found.push(...fresh);
			if (fresh.length === 0) break;
			// Later 2.x pages by a cursor and refuses an id; everything before pages by the last id.
			if (page.nextCursor) position = { cursor: page.nextCursor };
			else if (page.nextCursor === null) break;
			else position = { lastId: page.results[page.results.length - 1].id };
		}
		return found;
	}

	/**
	 * One execution with all that its nodes gave.
	 * @throws RestError of 404 when there is none; n8n itself answers with nothing
	 */
	async getExecution(id: string): Promise<Execution> {
		const path = `/executions/${id}`;
		const execution = await this.rest<(Omit<Execution, 'data'> & { data: string }) | undefined>(
			'GET',
			path,
		);
		if (execution === undefined) throw new RestError(404, `There is nothing at ${path}`, {});
		return { ...execution, data: readFlatted(execution.data) as Execution['data'] };
	}

	/**
	 * Waits until an execution is over, or waits for somebody, and until n8n has saved what it did: n8n stores the state
	 * first and the data a moment later.
	 */
	async finishedExecution(id: string): Promise<Execution> {
		return await waitFor(
			async () => {
				const execution = await this.getExecution(id);
				return isSaved(execution) && execution;
			},
			{ what: `execution ${id} to finish and to be saved` },
		);
	}

	/** *Retry* of an execution that did not succeed, with the workflow as it was then. */
	async retryExecution(id: string): Promise<void> {
		await this.rest('POST', `/executions/${id}/retry`, { loadWorkflow: false });
	}

	/**
	 * The editor's *Listen for Test Event* (or *Execute Workflow* of a workflow that starts with a webhook).
	 *
	 * @param triggerName the node
	 * @param draft the workflow as it stands in the editor, where it is not as saved
	 * @throws RestError when the node refuses to start listening, with the words that the user sees
	 */
	async listenForTestEvent(
		workflowId: string,
		triggerName: string,
		draft?: Workflow,
	): Promise<TestListening> {
		const pushRef = randomUUID().slice(0, 10);
		const answer = await this.run(workflowId, triggerName, pushRef, draft);
		if (answer.waitingForWebhook !== true) {
			throw new Error(`${triggerName} does not listen: n8n ran it at once`);
		}
		const url = this.webhookUrl(await this.getWorkflow(workflowId), triggerName, { test: true });
		const ended = async () => {
			await waitFor(async () => !(await this.isRegistered(url)), {
				what: `${url} to be taken back`,
			});
		};
		const stop = async () => {
			await this.rest('DELETE', `/test-webhook/${workflowId}`);
			// n8n answers before it has let the node delete its webhook.
			await ended();
		};
		return { workflowId, pushRef, url, stop, ended };
	}

	/** Whether n8n has a webhook at an address of `webhookUrl()`. Nothing is run by asking. */
	async isRegistered(url: string): Promise<boolean> {
		const response = await fetch(url, {
			method: 'OPTIONS',
			// Only for a request from a page does n8n look up which methods an address takes.
			headers: { origin: this.n8n.url, 'access-control-request-method': 'POST' },
		});
		await response.arrayBuffer();
		return response.ok;
	}

	/**
	 * Runs a workflow by hand from one of its triggers; a trigger that would wait for an event needs pinned data.
	 *
	 * @returns the execution's id
	 */
	async runManually(workflowId: string, triggerName: string): Promise<string> {
		const { executionId } = await this.run(workflowId, triggerName, randomUUID().slice(0, 10));
		if (executionId === undefined) throw new Error(`${triggerName} waits for an event`);
		return executionId;
	}

	private async run(workflowId: string, triggerName: string, pushRef: string, draft?: Workflow) {
		return await this.rest<{ waitingForWebhook?: boolean; executionId?: string }>(
			'POST',
			`/workflows/${workflowId}/run`,
			{
				// Read by 1.x only; 2.x takes the workflow as saved.
				workflowData: draft ?? (await this.getWorkflow(workflowId)),
				triggerToStartFrom: { name: triggerName },
			},
			{ 'push-ref': pushRef },
		);
	}

	/**
	 * The address of a node's webhook at this n8n itself, whatever WEBHOOK_URL says.
	 *
	 * @param test the one that answers while the editor listens
	 * @param path what the node type calls its path; `webhook` for a node other than n8n's own Webhook unless told
	 */
	webhookUrl(
		workflow: { nodes: WorkflowNode[] },
		nodeName: string,
		{ test = false, path = 'webhook' }: { test?: boolean; path?: string } = {},
	): string {
		const node = workflow.nodes.find((one) => one.name === nodeName);
		if (!node) throw new Error(`The workflow has no node ${nodeName}`);
		const own = node.type === 'n8n-nodes-base.webhook';
		const last = own ? String(node.parameters?.path) : `${node.webhookId}/${path}`;
		return `${this.n8n.url}/${test ? 'webhook-test' : 'webhook'}/${last}`;
	}
}

interface Publication {
	status: 'in_progress' | 'published' | 'not_published' | 'partial' | 'failed';
	triggers: Array<{ nodeId: string; status: string; errorMessage: string | null }>;
}
