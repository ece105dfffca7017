import type { Context } from 'hono';
import { z } from 'zod';
import { invalid, notFound } from '../errors';
import type { App, Env } from '../server';
import type { Store } from '../store';
import type { Envelope } from '../types';
import { bodyOf } from './body';
import { fileFor } from './files';

const answerBody = z
	.object({
		requestId: z.string().optional(),
		response: z.union([z.string(), z.boolean(), z.record(z.string(), z.unknown())]),
	})
	.strict();

interface SessionSettings {
	store: Store;
	/** The simulator's own address, for links to files. */
	url: () => string;
	/** Emits an event of the project. */
	emit: (type: string, data: Record<string, unknown>, projectId: string) => void;
}

/**
 * The calls that a workflow makes about a session after an event. A session exists when an emitted event, or an example,
 * named it.
 */
export function registerSessions(app: App, settings: SessionSettings): void {
	app.get('/v1/sessions/all/status', (c) => c.json({ data: { count: 0, items: [] } }));
	// Before the session of any id, which its path would fit.
	registerInterventions(app, settings);
	app.get('/v1/sessions/:id', (c) => {
		const sessionId = sessionOf(c, settings.store);
		return c.json({
			data: { session_id: sessionId, status: 'completed', duration: 420, tags: [] },
		});
	});
	registerRecordings(app, settings);
	registerDownloads(app, settings);
}

/** @throws ApiError 404 when nothing named the session of the path */
function sessionOf(c: Context<Env, '/:id'>, store: Store): string {
	const sessionId = c.req.param('id');
	if (!store.knows(c.get('projectId'), 'session_id', sessionId)) throw notFound('Session');
	return sessionId;
}

/** The requests for a human that nobody has answered, oldest first. */
function pendingIn(store: Store, projectId: string): Envelope[] {
	const ofProject = store.events.filter((event) => event.project_id === projectId);
	const answered = ofProject
		.filter((event) => event.type === 'intervention.resolved')
		.map((event) => event.data.request_id);
	return ofProject.filter(
		(event) => event.type === 'intervention.requested' && !answered.includes(event.data.request_id),
	);
}

function registerInterventions(app: App, { store, emit }: SessionSettings): void {
	app.get('/v1/sessions/pending-interventions', (c) => {
		const items = pendingIn(store, c.get('projectId')).map(({ data }) => ({
			requestId: data.request_id,
			message: data.message,
			inputType: data.input_type,
			fields: data.fields,
			sessionId: data.session_id,
			tags: data.tags,
		}));
		return c.json({ data: { count: items.length, items } });
	});

	app.post('/v1/sessions/:id/agent/respond-to-human-intervention', (c) => {
		const projectId = c.get('projectId');
		const sessionId = sessionOf(c, store);
		const { requestId } = bodyOf(c, answerBody);
		const open = pendingIn(store, projectId).filter((event) => event.data.session_id === sessionId);
		const asked = requestId
			? open.find((event) => event.data.request_id === requestId)
			: open[open.length - 1];
		if (!asked) throw invalid('No pending human intervention request');
		// The event is emitted only when the answer names the request (API description of this call).
		if (requestId) {
			emit('intervention.resolved', { session_id: sessionId, request_id: requestId }, projectId);
		}
		return c.json({ data: { status: 'success', message: 'Response delivered' } });
	});
}

function registerRecordings(app: App, { store, url }: SessionSettings): void {
	app.get('/v1/sessions/:id/recordings', (c) => {
		const sessionId = sessionOf(c, store);
		const name = `${sessionId}.mp4`;
		const item = {
			id: 'primary',
			is_primary: true,
			file_link: `${url()}/_simulator/files/${name}`,
			suggested_file_name: name,
			duration: '420',
			size: fileFor(name).bytes.length,
			created_at: new Date(0).toISOString(),
		};
		return c.json({ data: { count: 1, items: [item] } });
	});

	app.get('/v1/sessions/:id/recordings/primary/fetch', (c) => {
		const { bytes, type } = fileFor(`${sessionOf(c, store)}.mp4`);
		return c.body(bytes, 200, { 'content-type': type });
	});
}

/** Anchor says that the links of downloads want the API key, and not what their path is. */
function registerDownloads(app: App, { store, url }: SessionSettings): void {
	app.get('/v1/sessions/:id/downloads', (c) => {
		const sessionId = sessionOf(c, store);
		const { artifacts = [] } = (store.newest(c.get('projectId'), 'session_id', sessionId) ??
			{}) as {
			artifacts?: Array<{ name: string; url: string }>;
		};
		const items = artifacts.map(({ name, url: origin }, index) => ({
			id: String(index + 1),
			file_link: `${url()}/v1/sessions/${sessionId}/downloads/${encodeURIComponent(name)}`,
			original_download_url: origin,
			origin_url: null,
			suggested_file_name: name,
			original_file_name: name,
			duration: '1',
			size: fileFor(name).bytes.length,
			created_at: new Date(0).toISOString(),
		}));
		return c.json({ data: { count: items.length, items } });
	});

	app.get('/v1/sessions/:id/downloads/:name', (c) => {
		sessionOf(c, store);
		const { bytes, type } = fileFor(c.req.param('name'));
		return c.body(bytes, 200, { 'content-type': type });
	});
}
