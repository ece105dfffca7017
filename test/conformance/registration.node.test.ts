/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
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
		/** Whether publishing again takes the workflow out of service before, as n8n does for whatever has changed. */
		private readonly takesOut: boolean,
	) {}

	addressOf(trigger = 0): string {
		return this.host.urlOf(this.row, { nodeName: this.row.nodes[trigger].name });
	}

	async activate(): Promise<Ending> {
		if (this.takesOut && this.row.active) await this.deactivate();
		this.applyEdit();
		return await endingOf(this.host.activate(this.row));
	}

	async deactivate(): Promise<Ending> {
		return await endingOf(this.host.deactivate(this.row));
	}

	async edit(change: WorkflowEdit): Promise<void> {
		this.pending = change;
	}

	async listen(parameters: Readonly<Record<string, unknown>> = {}): Promise<Ending> {
		const [node, ...others] = this.row.nodes;
		const draft = {
			...node,
			parameters: { ...node.parameters, ...(parameters as INodeParameters) },
		};
		this.listeningAt = `${node.webhookId}/webhook`;
		return await endingOf(
			this.host.listen({ ...this.row, nodes: [draft, ...others] }).then(() => {}),
		);
	}

	async outlivesItsEnd(): Promise<void> {
		await pause(END_MS);
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
		return new NodeWorkflow(this.host, copy, this.takesOut);
	}

	async readStaticData(): Promise<unknown> {
		return JSON.parse(this.row.staticData) as unknown;
	}

	async writeStaticData(json: string): Promise<void> {
		this.row.staticData = json;
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

function startN8n(host: Host, anchor: Simulator, takesOut: boolean): AuditedN8n {
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
			return new NodeWorkflow(host, row, takesOut);
		},
		importWorkflow: async (exported) => {
			const { id, name, nodes, staticData } = JSON.parse(exported) as WorkflowRow;
			const row = host.addWorkflow(nodes, { id, name });
			row.staticData = JSON.stringify(staticData);
			return new NodeWorkflow(host, row, takesOut);
		},
		setApiKey,
		crash: async () => host.crash(),
		restart: async () => await host.restart().catch(() => {}),
		moveTo: async () => {
			host.baseUrl = host.address.replace('127.0.0.1', 'localhost');
		},
		log: () => JSON.stringify(logLines),
		close: async () => await host.close(),
	};
}

/** @param takesOut see NodeWorkflow */
function driverThat(takesOut: boolean): RegistrationDriver {
	return {
		capabilities: new Set<RegistrationCapability>([
			'restart',
			'crash',
			'address',
			'staticData',
			'processes',
			'log',
			'answersWhileStarting',
			'endsListeningEarly',
		]),
		start: async (anchor) => {
			logLines.length = 0;
			return startN8n(await Host.start({ instanceId: nextId('n8n') }), anchor, takesOut);
		},
	};
}

/** The node waits ten seconds and more before it ends a webhook: here a twentieth of it. */
const realTimeout = AbortSignal.timeout.bind(AbortSignal);
const SCALE = 1 / 20;
const END_MS = 20_000 * SCALE;
beforeAll(() => {
	jest
		.spyOn(AbortSignal, 'timeout')
		.mockImplementation((ms) => realTimeout(Math.round(ms * SCALE)));
});
afterAll(() => jest.restoreAllMocks());

describe.each([
	['n8n takes it out of service before', true],
	['n8n only activates it', false],
])('the built node in n8n-core, where publishing again means that %s', (_how, takesOut) => {
	const driver = driverThat(takesOut);
	testEach(registrationAudits, driver.capabilities, () => driver);
});
