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

interface Message {
	type: string;
	message: string;
}

/** How a run ended, by the event that told it (the statuses of the API's run). */
const ENDINGS: Record<string, string> = {
	'task.completed': 'success',
	'task.failed': 'failure',
	'task.cancelled': 'cancelled',
};

/**
 * Running a task and asking for the run. A task exists when an emitted event, or an example, named it; a run is over when
 * an event named it as its execution.
 */
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
		const ending = store.newestEvent(c.get('projectId'), 'execution_id', run.run_id);
		if (!ending) return c.json(run);
		const { result = null, error } = ending.data as { result?: unknown; error?: Message };
		const status = error?.type === 'timeout' ? 'timeout' : ENDINGS[ending.type];
		return c.json({ ...run, status, result, error: error?.message ?? null });
	});
}
