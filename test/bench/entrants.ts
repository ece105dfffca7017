import { createHash, randomBytes } from 'node:crypto';

import type { Database } from '../e2e/faults/database';
import type { Environment } from '../e2e/faults/environment';
import { TRIGGER_TYPE } from '../e2e/trigger';
import { waitFor, type Workflow, type WorkflowNode } from '../support/n8n';
import { SECRET } from './deliveries';
import { NULL_TRIGGER_TYPE } from './nullTrigger/package';

const NAME = 'Trigger';
const NOBODYS_SECRET = 'cd'.repeat(32);

/** What an entrant should reach of another one's speed. */
export interface Aim {
	against: Entrant;
	atLeast: number;
}

/** A workflow under measurement, and what to send to it. */
export interface Entrant {
	name: string;
	/** Where it takes deliveries, in turns: several webhook processors have an address each. */
	urls: readonly string[];
	workflow: Workflow;
	secret: string;
	/** Whether what is sent is to be taken, or refused. */
	isRefused: boolean;
	aims: readonly Aim[];
}

/** The same workflow, to which somebody sends who does not know its secret. */
export const refusing = (entrant: Entrant, aims: readonly Aim[] = []): Entrant => ({
	...entrant,
	secret: NOBODYS_SECRET,
	isRefused: true,
	aims,
});

/** Publishes workflows of one trigger each, in one n8n. */
export class Entrants {
	/**
	 * @param environment with the null trigger's package
	 * @param database of its n8n
	 */
	constructor(
		private readonly environment: Environment,
		private readonly database: Database,
	) {}

	/** Verifies an HMAC and emits; with a credential, n8n also looks whether the workflow may use it. */
	async nothing(name: string, { withCredential = false } = {}): Promise<Entrant> {
		return await this.add(name, {
			type: NULL_TRIGGER_TYPE,
			parameters: { secret: SECRET },
			...(withCredential && {
				credentials: { anchorBrowserApi: this.environment.apiCredential },
			}),
		});
	}

	/** n8n's own Webhook node, which verifies nothing. */
	async webhookNode(name: string): Promise<Entrant> {
		return await this.add(name, {
			type: 'n8n-nodes-base.webhook',
			parameters: { httpMethod: 'POST', path: 'bench', responseMode: 'onReceived', options: {} },
		});
	}

	/** This trigger with a secret that was pasted. */
	async manual(name: string): Promise<Entrant> {
		const pasted = await this.environment.client.createCredential('anchorBrowserSigningSecretApi', {
			signingSecret: SECRET,
		});
		const entrant = await this.add(name, {
			type: TRIGGER_TYPE,
			parameters: { registration: 'manual', events: ['task.completed'] },
			credentials: { anchorBrowserSigningSecretApi: pasted },
		});
		await this.fillStore(entrant.workflow);
		return entrant;
	}

	/** This trigger with the webhook that it has made itself. */
	async automatic(name: string, options: Record<string, unknown> = {}): Promise<Entrant> {
		const { apiCredential, simulator } = this.environment;
		const entrant = await this.add(name, {
			type: TRIGGER_TYPE,
			parameters: { events: ['task.completed'], options },
			credentials: { anchorBrowserApi: apiCredential },
		});
		const { pathname } = new URL(entrant.urls[0]);
		const webhook = simulator.webhooks().find(({ url }) => new URL(url).pathname === pathname);
		if (!webhook) throw new Error('The trigger did not register its webhook');
		await this.fillStore(entrant.workflow);
		return { ...entrant, secret: webhook.secret };
	}

	private async add(
		name: string,
		node: Partial<WorkflowNode> & { type: string },
	): Promise<Entrant> {
		const { client, n8n, processors } = this.environment;
		const { id } = await client.createWorkflow({
			name,
			nodes: [{ name: NAME, typeVersion: 2, ...node }],
			connections: {},
		});
		await client.activate(id);
		const workflow = await client.getWorkflow(id);
		const { pathname } = new URL(client.webhookUrl(workflow, NAME));
		const receivers = processors.length > 0 ? processors : [n8n];
		const urls = receivers.map(({ url }) => `${url}${pathname}`);
		for (const url of urls) {
			await waitFor(async () => await client.isRegistered(url), { what: `${name} to be live` });
		}
		return { name, urls, workflow, secret: SECRET, isRefused: false, aims: [] };
	}

	/** Fills n8n's de-duplication store to its brim: the row is read and written whole, so a full one costs the most. */
	private async fillStore({ id: workflowId, nodes }: Workflow): Promise<void> {
		const { id } = nodes.find(({ name }) => name === NAME) ?? {};
		const hashes = Array.from({ length: 4_000 }, () =>
			createHash('md5').update(randomBytes(12)).digest('base64'),
		);
		await this.database.query(
			`INSERT INTO processed_data ("workflowId", "context", "value", "createdAt", "updatedAt")
			 VALUES (?, ?, ?, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)`,
			workflowId,
			`n:${id}`,
			JSON.stringify({ mode: 'entries', data: hashes }),
		);
	}
}
