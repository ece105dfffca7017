import { z } from 'zod';
import { invalid, notFound } from '../errors';
import type { App } from '../server';
import type { Store } from '../store';
import type { Envelope } from '../types';
import { bodyOf } from './body';

/** The head of an MP4 file (its `ftyp` box) and an empty `mdat`: enough to be told from text and from nothing. */
const RECORDING = Buffer.concat([
	Buffer.from([0, 0, 0, 24]),
	Buffer.from('ftypisom'),
	Buffer.from([0, 0, 2, 0]),
	Buffer.from('isomiso2'),
	Buffer.from([0, 0, 0, 8]),
	Buffer.from('mdat'),
]);

const answerBody = z
	.object({
		requestId: z.string().optional(),
		response: z.union([z.string(), z.boolean(), z.record(z.string(), z.unknown())]),
	})
	.strict();

export interface SessionSettings {
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
export function registerSessions(app: App, { store, url, emit }: SessionSettings): void {
	const known = (projectId: string, sessionId: string): string => {
		if (!store.knows(projectId, 'session_id', sessionId)) throw notFound('Session');
		return sessionId;
	};

	/** The requests for a human that nobody has answered, oldest first. */
	const pending = (projectId: string): Envelope[] => {
		const ofProject = store.events.filter((event) => event.project_id === projectId);
		const answered = ofProject
			.filter((event) => event.type === 'intervention.resolved')
			.map((event) => event.data.request_id);
		return ofProject.filter(
			(event) =>
				event.type === 'intervention.requested' && !answered.includes(event.data.request_id),
		);
	};

	app.get('/v1/sessions/all/status', (c) => c.json({ data: { count: 0, items: [] } }));

	app.get('/v1/sessions/pending-interventions', (c) => {
		const items = pending(c.get('projectId')).map(({ data }) => ({
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
		const sessionId = known(projectId, c.req.param('id'));
		const { requestId } = bodyOf(c, answerBody);
		const open = pending(projectId).filter((event) => event.data.session_id === sessionId);
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

	app.get('/v1/sessions/:id', (c) => {
		const sessionId = known(c.get('projectId'), c.req.param('id'));
		return c.json({
			data: { session_id: sessionId, status: 'completed', duration: 420, tags: [] },
		});
	});

	app.get('/v1/sessions/:id/recordings', (c) => {
		const sessionId = known(c.get('projectId'), c.req.param('id'));
		const item = {
			id: 'primary',
			is_primary: true,
			file_link: `${url()}/_simulator/files/${sessionId}.mp4`,
			suggested_file_name: `${sessionId}.mp4`,
			duration: '420',
			size: RECORDING.length,
			created_at: new Date(0).toISOString(),
		};
		return c.json({ data: { count: 1, items: [item] } });
	});

	app.get('/v1/sessions/:id/recordings/primary/fetch', (c) => {
		known(c.get('projectId'), c.req.param('id'));
		return c.body(RECORDING, 200, { 'content-type': 'video/mp4' });
	});

	// A presigned link asks for no API key.
	app.get('/_simulator/files/:name', (c) =>
		c.body(RECORDING, 200, { 'content-type': 'video/mp4' }),
	);
}
