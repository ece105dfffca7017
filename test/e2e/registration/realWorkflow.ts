/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import type { AuditedWorkflow, Ending, WorkflowEdit } from '../../conformance/registrationDriver';
import type { Simulator } from '../../simulator';
import {
	ActivationRefused,
	RestError,
	waitFor,
	type Execution,
	type TestListening,
	type Workflow,
	type WorkflowNode,
} from '../../support/n8n';
import { isUnfinished, LATE_MS } from '../lateRuns';
import type { SharedN8n } from './sharedN8n';

/** n8n takes names of up to 128 characters. */
const NAME_LENGTH = 100;

/** By then a production webhook that was taken out of service is gone at Anchor. */
const END_MS = 20_000;

/** What a workflow needs of the n8n that it is in. */
export interface Home {
	readonly shared: SharedN8n;
	readonly anchor: Simulator;
	/** For whoever wants to listen: n8n 1.x ends everybody's listening when one has ended. */
	listenAlone(): Promise<void>;
	adopt(workflow: Workflow): RealWorkflow;
}

/** How a call of n8n's API ended for the user. What one n8n shows as one text stands for message and description. */
async function endingOf(work: Promise<unknown>): Promise<Ending> {
	try {
		await work;
		return { ok: true };
	} catch (thrown) {
		if (!(thrown instanceof ActivationRefused || thrown instanceof RestError)) throw thrown;
		return { ok: false, message: thrown.message, description: thrown.message };
	}
}

/** A workflow in a real n8n, with nothing in it but triggers. */
export class RealWorkflow implements AuditedWorkflow {
	readonly id: string;
	/** As saved last. */
	nodes: WorkflowNode[];
	private pending: WorkflowEdit = {};
	private listening?: TestListening;
	private readonly seen = new Map<string, Execution>();
	private readonly client;

	constructor(
		private readonly home: Home,
		{ id, nodes }: Workflow,
	) {
		this.id = id;
		this.nodes = nodes;
		this.client = home.shared.client;
	}

	addressOf(trigger = 0): string {
		return `${this.home.shared.address}/webhook/${this.nodes[trigger].webhookId}/webhook`;
	}

	/**
	 * Publishes. Of a workflow that is published n8n 2.41 leaves every trigger alone that is as it was, so something that
	 * does not matter is changed in each, as a user changes something before publishing again.
	 */
	async activate(): Promise<Ending> {
		const { publishes, saving } = this.home.shared;
		const saved = await this.client.getWorkflow(this.id);
		const isLive = saved.active && (!publishes || (await this.isPublished()));
		const edit = this.pending;
		const changed = this.edited(saved, isLive);
		const ending = await endingOf(
			(async () => {
				if (changed)
					await saving.runExclusive(async () => await this.client.updateWorkflow(this.id, changed));
				// n8n 1.x has published an active workflow by saving it.
				if (publishes || !saved.active) await this.client.activate(this.id, { wait: false });
				if (publishes) await this.publicationEnds();
			})(),
		);
		// n8n 1.x goes back to the version before when it could not activate the one just saved: a user saves again.
		if (!ending.ok && !publishes) this.pending = edit;
		return ending;
	}

	async deactivate(): Promise<Ending> {
		return await endingOf(
			(async () => {
				await this.client.deactivate(this.id, { wait: false });
				if (this.home.shared.publishes) await this.settled();
			})(),
		);
	}

	async edit(change: WorkflowEdit): Promise<void> {
		this.pending = change;
	}

	async listen(parameters?: Readonly<Record<string, unknown>>): Promise<Ending> {
		await this.home.listenAlone();
		return await endingOf(
			(async () => {
				const draft = parameters && (await this.drafted(parameters));
				const { name } = this.nodes[0];
				this.listening = await this.client.listenForTestEvent(this.id, name, draft);
			})(),
		);
	}

	/** A draft beside the version in service: n8n 2 listens with what is saved, n8n 1 with what the editor sends. */
	private async drafted(parameters: Readonly<Record<string, unknown>>): Promise<Workflow> {
		const workflow = await this.client.getWorkflow(this.id);
		const nodes = workflow.nodes.map((node) => ({
			...node,
			parameters: { ...node.parameters, ...parameters },
		}));
		const { publishes, saving } = this.home.shared;
		if (!publishes) return { ...workflow, nodes };
		return await saving.runExclusive(
			async () => await this.client.updateWorkflow(this.id, { nodes }),
		);
	}

	testAddress(): string {
		return `${this.home.shared.address}/webhook-test/${this.nodes[0].webhookId}/webhook`;
	}

	/** n8n forgets the listener right after the node has taken its webhook back at Anchor. */
	async isListening(): Promise<boolean> {
		if (this.listening === undefined) return false;
		const isThere = async () => await this.client.isRegistered(this.listening?.url ?? '');
		const isTakenBack = this.home.anchor
			.webhooks({ deleted: true })
			.some(({ url, deletedAt }) => url === this.testAddress() && deletedAt !== null);
		if (isTakenBack) await this.listening.ended();
		return await isThere();
	}

	async stopListening(): Promise<void> {
		await this.listening?.stop();
	}

	/** Waits for as many executions as deliveries were accepted, and for one that nobody wants besides. */
	async runsOf(eventId: string): Promise<number> {
		const { anchor, shared } = this.home;
		const addresses = [
			...this.nodes.map((_node, index) => this.addressOf(index)),
			this.testAddress(),
		];
		const mine = anchor
			.webhooks({ deleted: true })
			.filter(({ url }) => addresses.includes(url))
			.map(({ id }) => id);
		const accepted = anchor
			.deliveries({ eventId })
			.filter(({ webhookId }) => mine.includes(webhookId))
			.flatMap(({ attempts }) => attempts)
			.filter(({ status }) => status === 202);
		if (!shared.publishes) await pause(LATE_MS);
		return await waitFor(
			async () => {
				const runs = await this.settledRuns();
				if (runs === undefined) return undefined;
				const found = runs.filter((run) => eventIdsOf(run).includes(eventId)).length;
				return found >= accepted.length ? { found } : undefined;
			},
			{ every: 200, what: `the executions of event ${eventId}` },
		).then(({ found }) => found);
	}

	async exported(): Promise<string> {
		const { id, name, nodes, connections, settings } = await this.client.getWorkflow(this.id);
		return JSON.stringify({
			id,
			name,
			nodes,
			connections,
			settings,
			active: false,
			staticData: await this.readStaticData(),
		});
	}

	/** What n8n keeps of it in its database. */
	async readStaticData(): Promise<unknown> {
		const [row] = await this.home.shared.query<{ staticData: string | null }>(
			'SELECT staticData FROM workflow_entity WHERE id = ?',
			this.id,
		);
		return JSON.parse(row.staticData ?? 'null') as unknown;
	}

	/** @param keepIds as a copy has that is made from the workflow's JSON */
	async duplicate({ keepIds = false } = {}): Promise<RealWorkflow> {
		const { saving } = this.home.shared;
		return this.home.adopt(
			await saving.runExclusive(async () => await this.client.duplicate(this.id, { keepIds })),
		);
	}

	async writeStaticData(json: string): Promise<void> {
		await this.home.shared.query(
			'UPDATE workflow_entity SET staticData = ? WHERE id = ?',
			json,
			this.id,
		);
	}

	async outlivesItsEnd(): Promise<void> {
		await pause(END_MS);
	}

	/** Waits until n8n 2.x is through with what it was told; of 1.x every call is over when it is answered. */
	async settled(): Promise<void> {
		if (!this.home.shared.publishes) return;
		await waitFor(async () => (await this.client.publication(this.id)).status !== 'in_progress', {
			timeout: 90_000,
			every: 300,
			what: `n8n to finish publishing workflow ${this.id}`,
		});
	}

	private async isPublished(): Promise<boolean> {
		await this.settled();
		return (await this.client.publication(this.id)).status === 'published';
	}

	private async publicationEnds(): Promise<void> {
		await this.settled();
		const { status, triggers } = await this.client.publication(this.id);
		if (status === 'published') return;
		const words = triggers.map(({ errorMessage }) => errorMessage).filter(Boolean);
		throw new ActivationRefused(words.join('\n') || `The workflow is ${status}`);
	}

	/** What is to be saved before publishing; undefined when nothing changes. */
	private edited({ nodes, name }: Workflow, isLive: boolean) {
		const { name: newName, nodeName, parameters } = this.pending;
		const isEdited = Object.keys(this.pending).length > 0;
		this.pending = {};
		if (!isEdited && !isLive) return undefined;
		this.nodes = nodes.map((node, index) => ({
			...node,
			...(index === 0 && nodeName !== undefined ? { name: nodeName } : {}),
			parameters: touched(
				{ ...node.parameters, ...(index === 0 ? parameters : {}) },
				node.parameters,
			),
		}));
		return { nodes: this.nodes, name: [...(newName ?? name)].slice(0, NAME_LENGTH).join('') };
	}

	/** All executions with their data, undefined while one is under way. */
	private async settledRuns(): Promise<Execution[] | undefined> {
		const all = await this.client.executions({ workflowId: this.id });
		if (all.some(isUnfinished)) return undefined;
		for (const { id } of all) {
			if (!this.seen.has(id)) this.seen.set(id, await this.client.getExecution(id));
		}
		return [...this.seen.values()];
	}
}

/** The parameters with something changed that only shows in the item. */
function touched(
	parameters: Record<string, unknown>,
	before: Record<string, unknown> = {},
): Record<string, unknown> {
	const { includeDelivery } = { ...(before.options as { includeDelivery?: boolean } | undefined) };
	return {
		...parameters,
		options: {
			...(parameters.options as object | undefined),
			includeDelivery: includeDelivery !== true,
		},
	};
}

/** The ids of the events that an execution has items of. */
function eventIdsOf({ data }: Execution): string[] {
	return Object.values(data.resultData.runData)
		.flatMap(([run]) => run?.data?.main ?? [])
		.flatMap((items) => items ?? [])
		.map(({ json }) => (json._event as { id: string } | undefined)?.id ?? '');
}
