import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { notFound } from '../errors';
import type { App } from '../server';
import type { Store } from '../store';
import { bodyOf } from './body';

const runBody = z
	.object({
		input_params: z.record(z.string(), z.string()),
		identity_id: z.string().optional(),
		session_id: z.string().optional(),
		cleanup_sessions: z.boolean().optional(),
		identity_skip_validation: z.boolean().optional(),
		sync: z.boolean().optional(),
	})
	.strict();

interface Run {
	run_id: string;
	status: string;
	result: unknown;
	error: string | null;
	session_id: string;
}

/** Running a task and asking for the run. A task exists when an emitted event, or an example, named it. */
export function registerTasks(app: App, store: Store): void {
	const runs = new Map<string, Run>();

	app.post('/v2/tasks/:id/run', (c) => {
		if (!store.knows(c.get('projectId'), 'task_id', c.req.param('id'))) throw notFound('Task');
		const { sync, session_id: sessionId } = bodyOf(c, runBody);
		const run: Run = {
			run_id: randomUUID(),
			status: sync ? 'success' : 'queued',
			result: sync ? {} : null,
			error: null,
			session_id: sessionId ?? randomUUID(),
		};
		runs.set(run.run_id, run);
		return c.json(run);
	});

	app.get('/v2/tasks/runs/:runId/status', (c) => {
		const run = runs.get(c.req.param('runId'));
		if (!run) throw notFound('Task run');
		return c.json(run);
	});
}
