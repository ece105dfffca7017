import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { refusalOf, type AddressRules } from './address';
import type { Clock } from './clock';
import { conflict, invalid, notFound } from './errors';
import { exampleData, NEWEST_EVENTS } from './events';
import { newSecret } from './sign';
import type { Delivery, Envelope, RecordedRequest, Webhook } from './types';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long a replaced secret stays valid (rotate-secret, API reference). */
const PREVIOUS_SECRET_MS = DAY_MS;
/** How long a delivery can be read in the history (API reference). */
const HISTORY_MS = 7 * DAY_MS;

/** What a caller may set of a webhook. */
export interface WebhookFields {
	url: string;
	subscribedEvents: string[];
	description?: string | null;
	enabled?: boolean;
}

/** `shuffled` is an order that tells nothing, the same for every page. */
export type HistoryOrder = 'newest' | 'oldest' | 'shuffled';

interface StoreSettings {
	clock: Clock;
	rules: AddressRules;
	maxWebhooks: number;
	knownEvents: readonly string[];
	historyOrder: HistoryOrder;
}

/** Everything the service remembers. Route files and the test's own hands both change it through these methods. */
export class Store {
	/** API key to project id. */
	readonly keys = new Map<string, string>();
	readonly deliveries: Delivery[] = [];
	readonly requests: RecordedRequest[] = [];
	/** Events as emitted, by project: what sessions, tasks and interventions the rest of the API knows of. */
	readonly events: Envelope[] = [];
	/** Retries of batches: each with the newest event that the batch had by then. */
	readonly batchRetries: Array<{ batchId: string; after: Envelope | undefined }> = [];
	knownEvents: readonly string[];
	private readonly webhooks = new Map<string, Webhook>();
	private readonly watchers = new Set<() => void>();

	constructor(private readonly settings: StoreSettings) {
		this.knownEvents = settings.knownEvents;
	}

	/** All webhooks ever made, deleted ones included, oldest first. */
	all(): Webhook[] {
		return [...this.webhooks.values()];
	}

	/** The webhooks that a project has now, disabled ones included, oldest first. */
	live(projectId: string): Webhook[] {
		return this.all().filter((webhook) => webhook.projectId === projectId && !webhook.deletedAt);
	}

	/** A webhook by id, deleted or not, of any project. */
	find(id: string): Webhook | undefined {
		return this.webhooks.get(id);
	}

	/**
	 * A live webhook of a project.
	 * @throws ApiError 404 when there is none of that id
	 */
	get(projectId: string, id: string): Webhook {
		const webhook = this.webhooks.get(id);
		if (!webhook || webhook.projectId !== projectId || webhook.deletedAt) {
			throw notFound('Webhook');
		}
		return webhook;
	}

	/**
	 * A webhook of a project whose history can be read: deleted ones too, for seven days.
	 * @throws ApiError 404
	 */
	getForHistory(projectId: string, id: string): Webhook {
		const webhook = this.webhooks.get(id);
		const ended = webhook?.deletedAt && webhook.deletedAt + HISTORY_MS < this.now();
		if (!webhook || webhook.projectId !== projectId || ended) throw notFound('Webhook');
		return webhook;
	}

	/**
	 * Makes a webhook.
	 * @throws ApiError 400 for an address or event that Anchor refuses, 409 when the project has its five
	 */
	create(projectId: string, fields: WebhookFields, secret = newSecret()): Webhook {
		this.check(fields);
		if (this.live(projectId).length >= this.settings.maxWebhooks) {
			throw conflict(
				`Webhook limit reached: a project can have at most ${this.settings.maxWebhooks} webhooks`,
			);
		}
		const now = this.now();
		const webhook: Webhook = {
			id: `wh_${ulidLike()}`,
			projectId,
			url: fields.url,
			description: fields.description ?? null,
			subscribedEvents: [...fields.subscribedEvents],
			enabled: fields.enabled ?? true,
			createdAt: now,
			updatedAt: now,
			secret,
			previousSecrets: [],
			deletedAt: null,
		};
		this.webhooks.set(webhook.id, webhook);
		this.changed();
		return webhook;
	}

	/**
	 * Changes what is given and leaves the rest.
	 * @throws ApiError 400
	 */
	change(webhook: Webhook, fields: Partial<WebhookFields>): Webhook {
		this.check(fields);
		if (fields.url !== undefined) webhook.url = fields.url;
		if (fields.description !== undefined) webhook.description = fields.description;
		if (fields.subscribedEvents) webhook.subscribedEvents = [...fields.subscribedEvents];
		if (fields.enabled !== undefined) webhook.enabled = fields.enabled;
		webhook.updatedAt = this.now();
		this.changed();
		return webhook;
	}

	/** Stops all new deliveries to a webhook; its history stays. */
	remove(webhook: Webhook): void {
		webhook.deletedAt = this.now();
		this.changed();
	}

	/** A new secret; the one before stays valid for 24 hours. */
	rotate(webhook: Webhook): Webhook {
		const now = this.now();
		webhook.previousSecrets.unshift({ value: webhook.secret, endsAt: now + PREVIOUS_SECRET_MS });
		webhook.secret = newSecret();
		webhook.updatedAt = now;
		this.changed();
		return webhook;
	}

	/** A new row in the history, nothing sent yet. */
	addDelivery(webhook: Webhook, event: Envelope, isForged: boolean): Delivery {
		const delivery: Delivery = {
			id: randomUUID(),
			eventId: event.id,
			type: event.type,
			webhookId: webhook.id,
			status: 'pending',
			attempts: [],
			scheduledAt: this.now(),
			completedAt: null,
			data: event.data,
			isForged,
		};
		this.deliveries.push(delivery);
		return delivery;
	}

	/** The rows of one webhook that are not too old, in the order of the settings. */
	history(webhook: Webhook): Delivery[] {
		const oldest = this.now() - HISTORY_MS;
		const rows = this.deliveries.filter(
			(row) => row.webhookId === webhook.id && row.scheduledAt >= oldest && !row.isForged,
		);
		if (this.settings.historyOrder === 'oldest') return rows;
		if (this.settings.historyOrder === 'newest') return rows.reverse();
		// A row's id is made of random digits.
		return rows.sort((one, other) => (one.id < other.id ? -1 : 1));
	}

	/** Whether an event of the project or an example has this value under this key of its data. */
	knows(projectId: string, key: string, value: string): boolean {
		return this.newest(projectId, key, value) !== undefined;
	}

	/** The project's newest event that has this value under this key of its data. */
	newestEvent(projectId: string, key: string, value: string): Envelope | undefined {
		return this.events
			.filter((event) => event.project_id === projectId && event.data?.[key] === value)
			.pop();
	}

	/** The data of that event; without one, of the first example that has the value; undefined when nothing named it. */
	newest(projectId: string, key: string, value: string): Record<string, unknown> | undefined {
		return (
			this.newestEvent(projectId, key, value)?.data ??
			NEWEST_EVENTS.map(exampleData).find((data) => data[key] === value)
		);
	}

	/** Tells whoever waits that something is different now. */
	changed(): void {
		for (const watcher of [...this.watchers]) watcher();
	}

	/**
	 * Resolves with the first value that `look` returns, looking now and after every change.
	 * @returns the value; the promise stays open while `look` returns undefined
	 */
	async until<T>(look: () => T | undefined): Promise<T> {
		const already = look();
		if (already !== undefined) return already;
		return await new Promise((resolve) => {
			const watcher = () => {
				const value = look();
				if (value === undefined) return;
				this.watchers.delete(watcher);
				resolve(value);
			};
			this.watchers.add(watcher);
		});
	}

	/** Forgets everything but the API keys. */
	reset(): void {
		this.webhooks.clear();
		this.watchers.clear();
		this.deliveries.length = 0;
		this.requests.length = 0;
		this.events.length = 0;
		this.batchRetries.length = 0;
		this.knownEvents = this.settings.knownEvents;
	}

	private check(fields: Partial<WebhookFields>): void {
		const refusal =
			fields.url === undefined ? undefined : refusalOf(fields.url, this.settings.rules);
		if (refusal) throw invalid(refusal);
		const unknown = fields.subscribedEvents?.filter((type) => !this.knownEvents.includes(type));
		if (unknown?.length) {
			throw invalid(`subscribed_events contains unknown event types: ${unknown.join(', ')}`);
		}
	}

	private now(): number {
		return this.settings.clock.serviceNow();
	}
}

/** 26 characters of Crockford's alphabet, like the ids in the API's examples. */
function ulidLike(): string {
	const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
	return `01${[...randomBytes(22)].map((byte) => alphabet[byte % 32]).join('')}${randomInt(10, 99)}`;
}
