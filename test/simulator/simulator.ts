import type { AddressRules } from './address';
import type { Batch, BatchOptions, EventSpec } from './batch';
import type { EmitOptions, Emission } from './emit';
import type { CallPattern, Hold, Outage, OutageOptions } from './faults';
import type { HistoryOrder, WebhookFields } from './store';
import type { Delivery, DeliveryStatus, RecordedRequest, SigningMode, Webhook } from './types';

export interface SimulatorOptions {
	/** Made up unless told. */
	apiKey?: string;
	/** 0 for any free port, which is the default. */
	port?: number;
	/** Rules for addresses that are switched off; unless told, the two that keep webhooks off this machine. */
	rules?: AddressRules;
	/** The event types that it knows: the 13 documented ones, those and session.ready, or a list. */
	events?: '13' | '14' | readonly string[];
	/** Webhooks a project may have: 5. */
	maxWebhooks?: number;
	/** What the waits for retries and for the answer are multiplied by: 0.001 turns seconds into milliseconds. */
	timeScale?: number | { retries?: number; acknowledgement?: number };
	/** The waits after the first, second, … attempt, in milliseconds, before scaling. */
	retryDelaysMs?: readonly number[];
	/** Which secret signs while two are valid: `current` unless told. */
	signing?: SigningMode;
	/** The order of the rows of a history, of which Anchor says nothing; `newest` first unless told. */
	historyOrder?: HistoryOrder;
	/** Whether a history can be had with payloads; older descriptions of the API know none. True unless told. */
	payloads?: boolean;
	/** Whether the list of webhooks has disabled ones too; Anchor says that it lists the active ones. True unless told. */
	listsDisabled?: boolean;
	/** The clock, in milliseconds since 1970; the true one unless told. */
	now?: () => number;
}

export interface DeliveryFilter {
	eventId?: string;
	type?: string;
	webhookId?: string;
	status?: DeliveryStatus;
}

interface RequestFilter {
	calls?: CallPattern;
	/** Only those whose answer had this status; null for those without an answer. */
	status?: number | null;
}

/** Anchor's webhook service in miniature. */
export interface Simulator {
	readonly url: string;
	readonly apiKey: string;
	readonly projectId: string;

	/** Sends an event to whoever is subscribed. Returns at once; await what you need of the handle. */
	emit(type: string, options?: EmitOptions): Emission;
	/** Sends many, with a concurrency to choose. */
	emitMany(specs: readonly EventSpec[], options?: BatchOptions): Batch;

	/** The delivery log, oldest first: every attempt with what was sent and what came back. */
	deliveries(filter?: DeliveryFilter): Delivery[];
	/** The webhooks with their secrets, oldest first; deleted ones when asked for. */
	webhooks(filter?: { deleted?: boolean }): Webhook[];
	/** Every API call so far, oldest first. */
	requests(filter?: RequestFilter): RecordedRequest[];

	/** Resolves once so many matching deliveries (1 unless told) have reached a final state. */
	delivered(filter?: DeliveryFilter, count?: number): Promise<Delivery[]>;
	/** Resolves once so many matching API calls (1 unless told) were answered. */
	requested(calls?: CallPattern, count?: number): Promise<RecordedRequest[]>;

	/** Makes a webhook as a user does in Anchor's dashboard, by the same rules. */
	addWebhook(fields: WebhookFields & { secret?: string; projectId?: string }): Webhook;
	/** Changes a webhook as a user does in the dashboard. */
	changeWebhook(id: string, fields: Partial<WebhookFields>): Webhook;
	removeWebhook(id: string): void;
	rotateSecret(id: string): Webhook;

	/** Makes another API key valid, for the same project unless another is named. */
	addApiKey(key: string, projectId?: string): void;
	revokeApiKey(key: string): void;

	setSigning(mode: SigningMode): void;
	setKnownEvents(events: '13' | '14' | readonly string[]): void;

	/** Makes the API fail until lifted; deliveries go on. */
	outage(options: OutageOptions): Outage;
	/** Lets matching API calls wait until released: `before` or `after` they take effect. */
	hold(calls?: CallPattern, when?: 'before' | 'after'): Hold;
	/** Ends all outages and releases all holds. */
	liftOutages(): void;

	/**
	 * Moves the service's own clock, which the times that the API names, its Date headers and the age of what is kept
	 * (rotated secrets, history) follow; the timestamps that deliveries are signed with keep the true time.
	 * @param ms how far, in milliseconds; negative lets it be slow
	 */
	advance(ms: number): void;
	/** Makes every delivery that waits for its next attempt make it now. */
	retryNow(): void;

	/** Back to the beginning: no webhooks, no log, no faults, the first API key and settings. Deliveries under way are given up. */
	reset(): void;
	/** Ends everything: server, connections, timers. */
	close(): Promise<void>;
}
