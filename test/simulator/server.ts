/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import type { Clock } from './clock';
import { ApiError, errorResponse, notFound, unauthorized, type ErrorShape } from './errors';
import type { Faults } from './faults';
import type { Store } from './store';
import type { RecordedRequest } from './types';

interface Variables {
	projectId: string;
	/** The request's body as text, read once. */
	text: string;
}

export interface Env {
	Bindings: HttpBindings;
	Variables: Variables;
}

export type App = Hono<Env>;

interface ServerSettings {
	store: Store;
	clock: Clock;
	faults: Faults;
}

/**
 * The API without its resources: records every call, lets faults have their say, checks the key, and gives refusals
 * their shape. Calls under `/_simulator` pass none of that.
 */
export function createApp(settings: ServerSettings): App {
	const app: App = new Hono<Env>();
	app.onError((error, c) => {
		const known = error instanceof ApiError ? error : new ApiError(500, String(error));
		return errorResponse(known, shapeOf(c.req.path));
	});
	app.notFound((c) => errorResponse(notFound('Route'), shapeOf(c.req.path)));
	for (const path of ['/v1/*', '/v2/*']) {
		app.use(path, recorded(settings), faulty(settings), authenticated(settings));
	}
	return app;
}

function recorded({ store, clock }: ServerSettings): MiddlewareHandler<Env> {
	return async (c, next) => {
		const text = await c.req.text();
		c.set('text', text);
		const request: RecordedRequest = {
			method: c.req.method,
			path: c.req.path,
			query: c.req.query(),
			body: parsedOrText(text),
			status: null,
			at: clock.now(),
		};
		store.requests.push(request);
		store.changed();
		await next();
		if (!isAnswered(c.res)) {
			request.status = c.res.status;
			c.header('Date', new Date(clock.serviceNow()).toUTCString());
		}
		store.changed();
	};
}

function shapeOf(path: string): ErrorShape {
	return path.startsWith('/v1/webhooks') ? 'flat' : 'nested';
}

function faulty({ faults }: ServerSettings): MiddlewareHandler<Env> {
	return async (c, next) => {
		const call = {
			method: c.req.method,
			path: c.req.path,
			shape: shapeOf(c.req.path),
			close: () => closed(c),
		};
		const instead = await faults.meet('before', call);
		if (instead) return instead;
		await next();
		const lost = await faults.meet('after', call);
		if (lost) {
			// Hono copies the headers of the response it replaces, unless there is none.
			c.res = undefined;
			c.res = lost;
		}
		return undefined;
	};
}

function authenticated({ store }: ServerSettings): MiddlewareHandler<Env> {
	return async (c, next) => {
		const projectId = store.keys.get(c.req.header('anchor-api-key') ?? '');
		if (projectId === undefined) throw unauthorized();
		c.set('projectId', projectId);
		await next();
	};
}

function closed(c: Context<Env>): Response {
	c.env.incoming.socket.destroy();
	return RESPONSE_ALREADY_SENT;
}

function isAnswered(response: Response): boolean {
	return response.headers.has('x-hono-already-sent');
}

function parsedOrText(text: string): unknown {
	if (text === '') return undefined;
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

interface Listening {
	url: string;
	/** Closes the server and every connection to it. */
	close(): Promise<void>;
}

/**
 * Serves an app on 127.0.0.1.
 * @param port 0 for any free one
 * @throws when the port is taken
 */
export async function listen(app: App, port: number): Promise<Listening> {
	// Jest's globals must stay its own, hence no overriding.
	const server = createAdaptorServer({
		fetch: app.fetch,
		overrideGlobalObjects: false,
	}) as Server;
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, '127.0.0.1', resolve);
	});
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		close: async () => {
			await new Promise<void>((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			});
		},
	};
}
