import { isObject } from '../events/json';
import { anchorRequest } from './client';
import type { ApiContext, ApiFailure, ApiResult } from './client';

/** A webhook as Anchor shows it, never with its secret (API description, Webhook). */
export interface RemoteWebhook {
	id: string;
	project_id: string;
	url: string;
	description: string | null;
	subscribed_events: string[];
	enabled: boolean;
	/** ISO 8601. */
	created_at?: string | null;
	/** ISO 8601. */
	updated_at?: string | null;
}

/** What is needed for a new one (POST). */
export interface NewWebhook {
	url: string;
	/** At most 256 characters. */
	description: string;
	subscribed_events: string[];
}

/** What of a webhook can be set (PATCH). */
export type WebhookChanges = Partial<NewWebhook & Pick<RemoteWebhook, 'enabled'>>;

/** Of the answer to POST: with its secret, which Anchor shows this once. What is missing in it is undefined. */
export interface CreatedWebhook {
	id: string | undefined;
	project_id: string | undefined;
	secret: string | undefined;
}

/** One logical delivery in Anchor's history, kept for 7 days. */
export interface DeliveryRow {
	id: string;
	/** Of the webhook whose history it is in. */
	webhookId: string;
	/** The `id` of the event as the receiver saw it. */
	external_event_id: string;
	event_type: string;
	/** pending, succeeded (2xx), failed (a 4xx that ends it), dead (attempts exhausted); older: in_flight. */
	status: string;
	/** Of the last attempt. */
	response_status: number | null;
	/** How many were made. */
	attempt: number;
	/** ISO 8601. */
	scheduled_at: string | null;
	completed_at: string | null;
	/** The event's `data`; only when asked for. */
	payload?: Record<string, unknown>;
}

/** Which part of a history is wanted. */
export interface HistoryQuery {
	/** ISO 8601, by scheduled time. */
	since: string;
	/** Where the page begins. */
	offset: number;
}

export interface HistoryPage {
	rows: DeliveryRow[];
	/** Of all pages; null when Anchor did not say. */
	total: number | null;
	/** How many rows Anchor sent, unreadable ones included: where the next page begins. */
	received: number;
}

/** The most that Anchor gives at once. */
export const HISTORY_PAGE_SIZE = 100;

const WEBHOOKS = '/v1/webhooks';

/** A 2xx with something else in it, or without what it must have: a captive portal, a proxy, a Base URL that is no API. */
const NOT_THE_API: ApiFailure = { ok: false, status: 200, message: '' };

const pathOf = (id: string, rest = ''): string => `${WEBHOOKS}/${encodeURIComponent(id)}${rest}`;

/** All active webhooks of the project (`GET /v1/webhooks`); a disabled one may be missing. */
export async function listWebhooks(context: ApiContext): Promise<ApiResult<RemoteWebhook[]>> {
	const result = await anchorRequest(context, { method: 'GET', path: WEBHOOKS });
	if (!result.ok) return result;
	const listed = isObject(result.body) ? result.body.webhooks : undefined;
	if (!Array.isArray(listed)) return NOT_THE_API;
	return { ...result, body: listed.flatMap((entry) => readWebhook(entry) ?? []) };
}

/** One webhook, disabled ones too; 404 when there is none of that id. */
export async function getWebhook(
	context: ApiContext,
	id: string,
): Promise<ApiResult<RemoteWebhook>> {
	return checked(await anchorRequest(context, { method: 'GET', path: pathOf(id) }));
}

/** Makes a webhook; 400 when Anchor refuses address or events, 409 when the project has its five. */
export async function createWebhook(
	context: ApiContext,
	webhook: NewWebhook,
): Promise<ApiResult<CreatedWebhook>> {
	const result = await anchorRequest(context, { method: 'POST', path: WEBHOOKS, body: webhook });
	if (!result.ok) return result;
	if (!isObject(result.body)) return NOT_THE_API;
	const { id, project_id: project, secret } = result.body;
	const body = { id: filledText(id), project_id: filledText(project), secret: filledText(secret) };
	return { ...result, body };
}

/** Changes what is given and leaves the rest; id, secret and history stay. */
export async function updateWebhook(
	context: ApiContext,
	id: string,
	changes: WebhookChanges,
): Promise<ApiResult<RemoteWebhook>> {
	return checked(
		await anchorRequest(context, { method: 'PATCH', path: pathOf(id), body: changes }),
	);
}

/** Removes a webhook; its history can be read for the rest of its 7 days. */
export async function deleteWebhook(context: ApiContext, id: string): Promise<ApiResult<unknown>> {
	const result = await anchorRequest(context, { method: 'DELETE', path: pathOf(id) });
	if (!result.ok || isObject(result.body) || !result.body) return result;
	return NOT_THE_API;
}

/** A new secret, shown this once; the one before stays valid for 24 hours. */
export async function rotateSecret(context: ApiContext, id: string): Promise<ApiResult<string>> {
	const path = pathOf(id, '/rotate-secret');
	const result = await anchorRequest(context, { method: 'POST', path });
	if (!result.ok) return result;
	const secret = isObject(result.body) ? filledText(result.body.secret) : undefined;
	return secret === undefined ? NOT_THE_API : { ...result, body: secret };
}

/** Asks Anchor to send one test event through the real signing and retry path; 400 for a type that Anchor does not know. */
export async function sendTestEvent(
	context: ApiContext,
	id: string,
	eventType: string,
): Promise<ApiResult<unknown>> {
	const body = { event_type: eventType };
	return await anchorRequest(context, { method: 'POST', path: pathOf(id, '/test'), body });
}

/** One page of a webhook's history, also of a deleted one. Anchor does not say in which order. */
export async function listDeliveries(
	context: ApiContext,
	id: string,
	{ since, offset }: HistoryQuery,
): Promise<ApiResult<HistoryPage>> {
	const query = { limit: HISTORY_PAGE_SIZE, offset, since, include_payload: 'true' };
	const result = await anchorRequest(context, {
		method: 'GET',
		path: pathOf(id, '/events'),
		query,
	});
	if (!result.ok) return result;
	if (!isObject(result.body) || !Array.isArray(result.body.events)) return NOT_THE_API;
	const { events, pagination } = result.body;
	const total = isObject(pagination) ? pagination.total : undefined;
	return {
		...result,
		body: {
			rows: events.flatMap((entry) => readRow(entry, id) ?? []),
			total: typeof total === 'number' ? total : null,
			received: events.length,
		},
	};
}

function checked(result: ApiResult<unknown>): ApiResult<RemoteWebhook> {
	if (!result.ok) return result;
	const webhook = readWebhook(result.body);
	return webhook ? { ...result, body: webhook } : NOT_THE_API;
}

function readWebhook(entry: unknown): RemoteWebhook | undefined {
	if (!isObject(entry)) return undefined;
	const id = filledText(entry.id);
	if (id === undefined) return undefined;
	const events = Array.isArray(entry.subscribed_events) ? entry.subscribed_events : [];
	return {
		id,
		project_id: filledText(entry.project_id) ?? '',
		url: filledText(entry.url) ?? '',
		description: filledText(entry.description) ?? null,
		subscribed_events: events.filter((name): name is string => typeof name === 'string'),
		enabled: entry.enabled !== false,
		created_at: filledText(entry.created_at) ?? null,
		updated_at: filledText(entry.updated_at) ?? null,
	};
}

function readRow(entry: unknown, webhookId: string): DeliveryRow | undefined {
	if (!isObject(entry)) return undefined;
	const id = filledText(entry.id);
	const eventId = filledText(entry.external_event_id);
	const eventType = filledText(entry.event_type);
	if (id === undefined || eventId === undefined || eventType === undefined) return undefined;
	return {
		id,
		webhookId,
		external_event_id: eventId,
		event_type: eventType,
		status: filledText(entry.status) ?? '',
		response_status: typeof entry.response_status === 'number' ? entry.response_status : null,
		attempt: typeof entry.attempt === 'number' ? entry.attempt : 1,
		scheduled_at: filledText(entry.scheduled_at) ?? null,
		completed_at: filledText(entry.completed_at) ?? null,
		...(isObject(entry.payload) ? { payload: entry.payload } : {}),
	};
}

function filledText(value: unknown): string | undefined {
	return typeof value === 'string' && value !== '' ? value : undefined;
}
