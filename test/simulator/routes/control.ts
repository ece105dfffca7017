import { z } from 'zod';
import { invalid } from '../errors';
import type { App } from '../server';
import type { Simulator } from '../simulator';
import { checked } from './body';

const emitBody = z
	.object({
		type: z.string().min(1),
		data: z.record(z.string(), z.unknown()).optional(),
		id: z.string().optional(),
		text: z.string().optional(),
		envelope: z.record(z.string(), z.unknown()).optional(),
		to: z.union([z.string(), z.array(z.string())]).optional(),
		repeat: z.number().int().min(1).max(1000).optional(),
		concurrently: z.boolean().optional(),
		delayMs: z.number().min(0).optional(),
		sign: z.enum(['current', 'previous', 'both', 'forged', 'none']).optional(),
		timestampOffsetSeconds: z.number().int().optional(),
		tamper: z.boolean().optional(),
		reserialise: z.boolean().optional(),
		gzip: z.enum(['plain', 'compressed']).optional(),
		drop: z.enum(['midRequest', 'beforeAnswer']).optional(),
		dropAttempts: z.number().int().min(1).optional(),
		headers: z.record(z.string(), z.union([z.string(), z.array(z.string()), z.null()])).optional(),
		body: z.string().optional(),
		maxAttempts: z.number().int().min(1).optional(),
		wait: z.enum(['no', 'attempted', 'settled']).optional(),
	})
	.strict();

const outageBody = z
	.object({
		mode: z.union([z.number().int().min(400).max(599), z.enum(['hang', 'close'])]),
		calls: z.string().optional(),
		times: z.number().int().min(1).optional(),
		retryAfterSeconds: z.number().int().min(0).optional(),
		message: z.string().optional(),
		when: z.enum(['before', 'after']).optional(),
	})
	.strict();

const rotateBody = z.object({ webhook: z.string() }).strict();

/**
 * Lets another process steer a running simulator: what `npm run emit` speaks. No API key, as it listens on 127.0.0.1
 * and everything in it is made up.
 */
export function registerControl(app: App, simulator: () => Simulator): void {
	app.post('/_simulator/emit', async (c) => {
		const { type, wait = 'attempted', ...options } = checked(await jsonOf(c.req), emitBody);
		const emission = attempt(() => simulator().emit(type, options));
		if (wait !== 'no') await emission[wait];
		return c.json({
			id: emission.id,
			event: emission.event,
			deliveries: emission.deliveries.map(summaryOf),
		});
	});

	app.get('/_simulator/deliveries', (c) => {
		const { event_id: eventId, type, webhook: webhookId } = c.req.query();
		return c.json({
			deliveries: simulator().deliveries({ eventId, type, webhookId }).map(summaryOf),
		});
	});

	app.get('/_simulator/webhooks', (c) => c.json({ webhooks: simulator().webhooks() }));
	app.get('/_simulator/requests', (c) => c.json({ requests: simulator().requests() }));

	app.post('/_simulator/rotate', async (c) => {
		const { webhook } = checked(await jsonOf(c.req), rotateBody);
		return c.json(attempt(() => simulator().rotateSecret(webhook)));
	});

	app.post('/_simulator/outage', async (c) => {
		simulator().outage(checked(await jsonOf(c.req), outageBody));
		return c.json({ ok: true });
	});

	app.delete('/_simulator/outage', (c) => {
		simulator().liftOutages();
		return c.json({ ok: true });
	});

	app.post('/_simulator/retry', (c) => {
		simulator().retryNow();
		return c.json({ ok: true });
	});

	app.post('/_simulator/reset', (c) => {
		simulator().reset();
		return c.json({ ok: true });
	});
}

async function jsonOf(request: { text(): Promise<string> }): Promise<unknown> {
	try {
		return JSON.parse(await request.text());
	} catch {
		throw invalid('Request body must be valid JSON');
	}
}

/** A wish that cannot be met is the caller's to correct. */
function attempt<T>(work: () => T): T {
	try {
		return work();
	} catch (error) {
		throw invalid(error instanceof Error ? error.message : String(error));
	}
}

/** A delivery as JSON: the bytes sent as text. */
function summaryOf(delivery: ReturnType<Simulator['deliveries']>[number]): Record<string, unknown> {
	return {
		...delivery,
		attempts: delivery.attempts.map((one) => ({
			...one,
			requestBody: one.requestBody.toString('utf8'),
		})),
	};
}
