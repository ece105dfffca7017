/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type {
	AuditedN8n,
	RegistrationCapability,
	RegistrationDriver,
	WorkflowSetup,
} from '../../conformance/registrationDriver';
import type { Simulator } from '../../simulator';
import { TRIGGER, triggerNode } from '../trigger';
import type { Workflow, WorkflowFile } from '../../support/n8n';
import { Mutex } from './mutex';
import { RealWorkflow, type Home } from './realWorkflow';
import type { AuditScheduler } from './scheduler';
import { credentialFor, startSharedN8n, type SharedN8n } from './sharedN8n';

/**
 * Lacking: `processes`, because several main processes need a licence of n8n's; `answersWhileStarting` and
 * `endsListeningEarly`, because all audits of an n8n restart together and share the right to listen.
 */
export const CAPABILITIES: ReadonlySet<RegistrationCapability> = new Set([
	'restart',
	'crash',
	'address',
	'staticData',
	'log',
]);

/** One n8n as one audit sees it: its own workflows, credential and Anchor. */
export class RealN8n implements AuditedN8n<RealWorkflow>, Home {
	private readonly workflows: RealWorkflow[] = [];
	private endListening = () => {};

	constructor(
		readonly shared: SharedN8n,
		readonly anchor: Simulator,
		private readonly parts: {
			readonly credential: { id: string; name: string };
			readonly scheduler: AuditScheduler | undefined;
			readonly listening: Mutex;
		},
	) {}

	async addWorkflow({ name, triggers = 1, parameters }: WorkflowSetup = {}): Promise<RealWorkflow> {
		const events = ['task.completed', 'task.failed'];
		const nodes = Array.from({ length: triggers }, (_none, index) => ({
			...triggerNode({ events, ...parameters }, { anchorBrowserApi: this.parts.credential }),
			...(triggers > 1 && { name: `${TRIGGER} ${index + 1}` }),
		}));
		return await this.addFile({ name: name ?? 'Audited', nodes, connections: {} });
	}

	async addFile(file: WorkflowFile): Promise<RealWorkflow> {
		const { client, saving } = this.shared;
		return this.adopt(await saving.runExclusive(async () => await client.createWorkflow(file)));
	}

	adopt(workflow: Workflow): RealWorkflow {
		const adopted = new RealWorkflow(this, workflow);
		this.workflows.push(adopted);
		return adopted;
	}

	/** By n8n's CLI, which keeps ids and static data; the credential is chosen anew, as in another n8n it has to be. */
	async importWorkflow(exported: string): Promise<RealWorkflow> {
		const { n8n, client } = this.shared;
		const file = JSON.parse(exported) as WorkflowFile & { id: string };
		for (const node of file.nodes) node.credentials = { anchorBrowserApi: this.parts.credential };
		const path = join(n8n.userFolder, 'imported.json');
		writeFileSync(path, JSON.stringify([file]));
		await n8n.cli('import:workflow', `--input=${path}`);
		return this.adopt(await client.getWorkflow(file.id));
	}

	async setApiKey(apiKey: string): Promise<void> {
		await this.setCredential({ apiKey, baseUrl: this.anchor.url });
	}

	async setCredential(data: { apiKey: string; baseUrl: string }): Promise<void> {
		const { client, saving } = this.shared;
		await saving.runExclusive(
			async () => await client.updateCredential(this.parts.credential, 'anchorBrowserApi', data),
		);
	}

	/** A workflow that was deleted needs no deactivation. */
	forget(workflow: RealWorkflow): void {
		this.workflows.splice(this.workflows.indexOf(workflow), 1);
	}

	async restart(): Promise<void> {
		await this.parts.scheduler?.request('restart');
		for (const workflow of this.workflows) await workflow.settled();
	}

	async crash(): Promise<void> {
		await this.parts.scheduler?.request('kill');
	}

	async moveTo(): Promise<void> {
		this.shared.address = this.shared.address.replace('127.0.0.1', 'localhost');
	}

	log(): string {
		return this.shared.n8n.log();
	}

	async listenAlone(): Promise<void> {
		this.endListening();
		this.endListening = await this.parts.listening.acquire();
	}

	async close(): Promise<void> {
		try {
			if (this.parts.scheduler === undefined) return await this.shared.stop();
			for (const workflow of this.workflows) {
				await this.shared.client.rest('DELETE', `/test-webhook/${workflow.id}`);
				await workflow.deactivate();
			}
		} catch (thrown) {
			// Whatever the audit met says more than that its n8n could not be tidied up.
			process.stderr.write(`Workflows of an audit stay behind: ${String(thrown)}\n`);
		} finally {
			this.endListening();
		}
	}
}

/** A real n8n. All audits share it; a second one for the same Anchor is a process of its own. */
export function driverOf(
	shared: () => SharedN8n,
	scheduler: () => AuditScheduler,
): RegistrationDriver<RealN8n> {
	const known = new WeakSet<Simulator>();
	const listening = new Mutex();
	return {
		capabilities: CAPABILITIES,
		start: async (anchor) => {
			const isAnother = known.has(anchor);
			known.add(anchor);
			const home = isAnother ? await startSharedN8n(shared().installed) : shared();
			return new RealN8n(home, anchor, {
				credential: await credentialFor(home, anchor),
				scheduler: isAnother ? undefined : scheduler(),
				listening,
			});
		},
	};
}
