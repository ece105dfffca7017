import { createHash } from 'node:crypto';
import type { INode, INodeParameters } from 'n8n-workflow';
import type { Simulator } from '../simulator';
import { logLines } from '../support/core';
import { Host } from '../support/host';
import { triggerNode } from '../support/workflowRow';
import type { WorkflowRow } from '../support/workflowRow';
import { testEach } from './audit';
import { registrationAudits } from './registrationAudits';
import type {
	AuditedN8n,
	AuditedWorkflow,
	Ending,
	RegistrationCapability,
	RegistrationDriver,
	WorkflowEdit,
	WorkflowSetup,
} from './registrationDriver';

const CREDENTIAL_ID = 'the-key';

/** Names that differ in every installation. */
let serial = 0;
const nextId = (of: string): string =>
	createHash('sha256').update(`${of} ${++serial}`).digest('hex').slice(0, 16);

async function endingOf(work: Promise<void>): Promise<Ending> {
	try {
		await work;
		return { ok: true };
	} catch (cause) {
		const { message, description } = cause as Error & { description?: string | null };
		return { ok: false, message, description: description ?? message };
	}
}

class NodeWorkflow implements AuditedWorkflow {
	private pending: WorkflowEdit = {};
	private listeningAt = '';

	constructor(
		private readonly host: Host,
		private readonly row: WorkflowRow,
		private readonly rechecks: boolean,
	) {}

	addressOf(trigger = 0): string {
		return this.host.urlOf(this.row, { nodeName: this.row.nodes[trigger].name });
	}

	async activate(): Promise<Ending> {
		if (!this.rechecks && this.row.active) await this.deactivate();
		this.applyEdit();
		return await endingOf(this.host.activate(this.row));
	}

	async deactivate(): Promise<Ending> {
		return await endingOf(this.host.deactivate(this.row));
	}

	async edit(change: WorkflowEdit): Promise<void> {
		this.pending = change;
	}

	async listen(): Promise<Ending> {
		return await endingOf(
			this.host.listen(this.row).then((path) => {
				this.listeningAt = path;
			}),
		);
	}

	testAddress(): string {
		return this.host.urlOf(this.row, { test: true });
	}

	async isListening(): Promise<boolean> {
		return this.host.isListening(this.listeningAt);
	}

	async stopListening(): Promise<void> {
		await this.host.stopListening(this.listeningAt);
	}

	async runsOf(eventId: string): Promise<number> {
		const ids = (await this.host.runs(this.row)).map(({ outputs }) =>
			outputs.flat().map(({ _event: about }) => (about as { id: string }).id),
		);
		return ids.filter((inRun) => inRun.includes(eventId)).length;
	}

	async exported(): Promise<string> {
		const { id, name, nodes, staticData } = this.row;
		return JSON.stringify({ id, name, nodes, connections: {}, staticData: JSON.parse(staticData) });
	}

	/** Harder than n8n, which gives the nodes new ids and leaves static data behind. */
	async duplicate(): Promise<AuditedWorkflow> {
		const nodes = this.row.nodes.map((node): INode => ({ ...node, webhookId: nextId('hook') }));
		const copy = this.host.addWorkflow(nodes, { id: nextId('workflow'), name: this.row.name });
		copy.staticData = this.row.staticData;
		return new NodeWorkflow(this.host, copy, this.rechecks);
	}

	async wipeStaticData(): Promise<void> {
		this.row.staticData = '{}';
	}

	async activateTwice(): Promise<Ending[]> {
		const other = await this.host.anotherProcess();
		return await Promise.all([
			endingOf(this.host.activate(this.row)),
			endingOf(this.host.activate(this.row, 'activate', other)),
		]);
	}

	private applyEdit(): void {
		const { name, nodeName, parameters } = this.pending;
		this.pending = {};
		if (name !== undefined) this.row.name = name;
		const [node] = this.row.nodes;
		if (nodeName !== undefined) node.name = nodeName;
		Object.assign(node.parameters, parameters);
	}
}

function startN8n(host: Host, anchor: Simulator, rechecks: boolean): AuditedN8n {
	const setApiKey = async (apiKey: string) => {
		host.credentials.stored.set(CREDENTIAL_ID, { apiKey, baseUrl: anchor.url });
	};
	void setApiKey(anchor.apiKey);
	return {
		addWorkflow: async ({ name, triggers = 1, parameters = {} }: WorkflowSetup = {}) => {
			const nodes = Array.from({ length: triggers }, (_none, index) =>
				triggerNode({
					id: nextId('node'),
					name: `Anchor Browser Trigger ${index + 1}`,
					webhookId: nextId('hook'),
					parameters: {
						events: ['task.completed', 'task.failed'],
						...(parameters as INodeParameters),
					},
					credentials: { anchorBrowserApi: CREDENTIAL_ID },
				}),
			);
			const row = host.addWorkflow(nodes, { id: nextId('workflow'), name });
			return new NodeWorkflow(host, row, rechecks);
		},
		importWorkflow: async (exported) => {
			const { id, name, nodes, staticData } = JSON.parse(exported) as WorkflowRow;
			const row = host.addWorkflow(nodes, { id, name });
			row.staticData = JSON.stringify(staticData);
			return new NodeWorkflow(host, row, rechecks);
		},
		setApiKey,
		crash: async () => host.crash(),
		restart: async () => await (rechecks ? host.restart() : host.boot()).catch(() => {}),
		moveTo: async () => {
			host.baseUrl = host.address.replace('127.0.0.1', 'localhost');
		},
		log: () => JSON.stringify(logLines),
		close: async () => await host.close(),
	};
}

/** @param rechecks whether publishing again asks `checkExists`, or deletes and creates */
function driverThat(rechecks: boolean): RegistrationDriver {
	const can: RegistrationCapability[] = ['crash', 'address', 'staticData', 'processes', 'log'];
	return {
		capabilities: new Set(rechecks ? [...can, 'recheck'] : can),
		start: async (anchor) => {
			logLines.length = 0;
			return startN8n(await Host.start({ instanceId: nextId('n8n') }), anchor, rechecks);
		},
	};
}

describe.each([
	['n8n asks whether all is in order', true],
	['n8n deletes and creates', false],
])('the built node in n8n-core, where publishing again means that %s', (_how, rechecks) => {
	const driver = driverThat(rechecks);
	testEach(registrationAudits, driver.capabilities, () => driver);
});
