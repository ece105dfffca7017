import { z } from 'zod';
import { invalid } from '../errors';
import { jsonOf } from '../json';
import type { App } from '../server';
import type { Store } from '../store';
import { DELIVERY_STATUSES, type Delivery, type Webhook } from '../types';
import { bodyOf, checked } from './body';

const events = z.array(z.string()).min(1);
const description = z.string().max(256);

const createBody = z
	.object({
		url: z.string().min(1),
		subscribed_events: events,
		description: description.optional(),
	})
	.strict();

const changeBody = z
	.object({
		url: z.string().min(1).optional(),
		subscribed_events: events.optional(),
		description: description.nullable().optional(),
		enabled: z.boolean().optional(),
	})
	.strict();

const testBody = z.object({ event_type: z.string().min(1) }).strict();

/** The text of a whole number between two bounds, as a query carries it. */
const wholeNumber = (least: number, most: number) =>
	z
		.string()
		.regex(/^\d+$/, 'must be a whole number')
		.transform(Number)
		.refine((value) => value >= least && value <= most, `must be from ${least} to ${most}`);

const moment = z
	.string()
	.datetime({ offset: true, message: 'must be an ISO 8601 date-time' })
	.transform((text) => Date.parse(text));

const historyQuery = z
	.object({
		limit: wholeNumber(1, 100).optional(),
		offset: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
		status: z.enum(DELIVERY_STATUSES).optional(),
		event_type: z.string().optional(),
		since: moment.optional(),
		until: moment.optional(),
		include_payload: z.enum(['true', 'false']).optional(),
	})
	.strict();

/** Sends a test event of a type to one webhook; returns the event's id. */
type SendTest = (webhook: Webhook, type: string) => string;

interface WebhookSettings {
	store: Store;
	sendTest: SendTest;
	/** Whether a history can be had with payloads. */
	payloads: boolean;
	/** Whether the list has disabled webhooks too. */
	listsDisabled: boolean;
}

/** The eight calls under /v1/webhooks, as Anchor's API description has them. */
export function registerWebhooks(app: App, settings: WebhookSettings): void {
	const { store, sendTest } = settings;

	app.post('/v1/webhooks', (c) => {
		const body = bodyOf(c, createBody);
		const webhook = store.create(c.get('projectId'), {
			url: body.url,
			subscribedEvents: body.subscribed_events,
			description: body.description,
		});
		return c.json(withSecret(webhook), 201);
	});

	app.get('/v1/webhooks', (c) => {
		const listed = store
			.live(c.get('projectId'))
			.filter(({ enabled }) => enabled || settings.listsDisabled);
		return c.json({ webhooks: listed.map(wireOf) });
	});

	app.get('/v1/webhooks/:id', (c) =>
		c.json(wireOf(store.get(c.get('projectId'), c.req.param('id')))),
	);

	app.patch('/v1/webhooks/:id', (c) => {
		const webhook = store.get(c.get('projectId'), c.req.param('id'));
		const body = bodyOf(c, changeBody);
		store.change(webhook, {
			url: body.url,
			subscribedEvents: body.subscribed_events,
			description: body.description,
			enabled: body.enabled,
		});
		return c.json(wireOf(webhook));
	});

	app.delete('/v1/webhooks/:id', (c) => {
		store.remove(store.get(c.get('projectId'), c.req.param('id')));
		return c.json({ ok: true });
	});

	app.post('/v1/webhooks/:id/rotate-secret', (c) => {
		const webhook = store.get(c.get('projectId'), c.req.param('id'));
		return c.json(withSecret(store.rotate(webhook)));
	});

	app.post('/v1/webhooks/:id/test', (c) => {
		const webhook = store.get(c.get('projectId'), c.req.param('id'));
		const type = bodyOf(c, testBody).event_type;
		if (!store.knownEvents.includes(type)) throw invalid(`Unknown event type: ${type}`);
		return c.json({ external_event_id: sendTest(webhook, type), event_type: type }, 202);
	});

	registerHistory(app, settings);
}

function registerHistory(app: App, { store, payloads }: WebhookSettings): void {
	app.get('/v1/webhooks/:id/events', (c) => {
		const webhook = store.getForHistory(c.get('projectId'), c.req.param('id'));
		const query = checked(c.req.query(), historyQuery);
		const { limit = 25, offset = 0 } = query;
		const rows = store
			.history(webhook)
			.filter((row) => !query.status || row.status === query.status)
			.filter((row) => !query.event_type || row.type === query.event_type)
			.filter((row) => query.since === undefined || row.scheduledAt >= query.since)
			.filter((row) => query.until === undefined || row.scheduledAt <= query.until);
		const page = rows.slice(offset, offset + limit);
		const withPayload = payloads && query.include_payload === 'true';
		const events = page.map((row) => historyRow(row, withPayload));
		const pagination = { limit, offset, total: rows.length };
		return c.body(jsonOf({ events, pagination }), 200, { 'content-type': 'application/json' });
	});
}

function wireOf(webhook: Webhook): Record<string, unknown> {
	return {
		id: webhook.id,
		project_id: webhook.projectId,
		url: webhook.url,
		description: webhook.description,
		subscribed_events: webhook.subscribedEvents,
		enabled: webhook.enabled,
		created_at: iso(webhook.createdAt),
		updated_at: iso(webhook.updatedAt),
	};
}

/** Only create and rotate-secret show the secret. */
function withSecret(webhook: Webhook): Record<string, unknown> {
	return { ...wireOf(webhook), secret: webhook.secret };
}

function historyRow(row: Delivery, withPayload: boolean): Record<string, unknown> {
	const last = row.attempts[row.attempts.length - 1];
	return {
		id: row.id,
		external_event_id: row.eventId,
		event_type: row.type,
		status: row.status,
		attempt: row.attempts.length,
		response_status: last?.status ?? null,
		error_message: last?.error ?? null,
		scheduled_at: iso(row.scheduledAt),
		completed_at: row.completedAt === null ? null : iso(row.completedAt),
		...(withPayload ? { payload: row.data } : {}),
	};
}

function iso(milliseconds: number): string {
	return new Date(milliseconds).toISOString();
}
