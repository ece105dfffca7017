import { z } from 'zod';
import { invalid, notFound } from '../errors';
import type { App } from '../server';
import type { Store } from '../store';
import { bodyOf } from './body';

const retryBody = z
	.object({
		retry_failed_only: z.boolean().optional(),
		max_retries: z.number().int().min(1).max(3).optional(),
	})
	.strict();

/**
 * Looking at a batch and retrying it. A batch exists when an emitted event, or an example, named it, and is as the
 * newest of these events says; a retry that was taken puts it back to processing until the next event.
 */
export function registerBatches(app: App, store: Store): void {
	app.get('/v1/batch-sessions/:id', (c) => {
		const id = c.req.param('id');
		const { total, failed, retries, processing, data } = batchOf(store, c.get('projectId'), id);
		const sessions = Array.from({ length: total }, (_, index) => ({
			item_index: index,
			session_id: `${id.slice(0, -3)}${String(index).padStart(3, '0')}`,
			status: index < failed ? 'failed' : 'completed',
			error: index < failed ? 'Browser unreachable' : null,
			retry_count: index < failed ? retries : 0,
		}));
		return c.json({
			data: {
				batch_id: id,
				status: processing ? 'processing' : data.status,
				total_requests: total,
				completed_requests: data.completed_requests,
				failed_requests: failed,
				processing_requests: 0,
				pending_requests: 0,
				created_at: data.created_at,
				actual_completion_time: processing ? null : data.actual_completion_time,
				sessions,
			},
		});
	});

	app.post('/v1/batch-sessions/:id/retry', (c) => {
		const id = c.req.param('id');
		const { event, total, failed, processing } = batchOf(store, c.get('projectId'), id);
		const { retry_failed_only: failedOnly = true } = bodyOf(c, retryBody);
		if (processing || (failedOnly && failed === 0)) throw invalid('No sessions to retry');
		store.batchRetries.push({ batchId: id, after: event });
		return c.json({
			data: {
				batch_id: id,
				status: 'processing',
				retried_sessions: failedOnly ? failed : total,
				message: 'Retry started',
			},
		});
	});
}

/** @throws ApiError 404 when nothing named it */
function batchOf(store: Store, projectId: string, id: string) {
	const data = store.newest(projectId, 'batch_id', id);
	if (!data) throw notFound('Batch');
	const event = store.newestEvent(projectId, 'batch_id', id);
	const retries = store.batchRetries.filter(({ batchId }) => batchId === id);
	return {
		data,
		event,
		total: Number(data.total_requests),
		failed: Number(data.failed_requests),
		retries: retries.length,
		processing: retries.some(({ after }) => after === event),
	};
}
