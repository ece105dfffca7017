/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { listen } from '../support/listen';
import { signatureOf } from './sign';

interface Received {
	method: string;
	path: string;
	headers: IncomingHttpHeaders;
	/** Header names and values as sent, repeated ones apart. */
	rawHeaders: string[];
	body: Buffer;
	/** Whether the whole request arrived. */
	complete: boolean;
}

/** What to answer: a status, a status and body, or no answer at all. */
type Reply =
	| number
	| { status: number; headers?: Record<string, string>; body?: string }
	| 'hang'
	| 'close';

export interface Receiver {
	readonly url: string;
	/** Everything that came, cut-off requests included, oldest first. */
	readonly received: Received[];
	/** Decides each answer; 200 unless told. `index` counts from 0. */
	reply: (request: Received, index: number) => Reply | Promise<Reply>;
	/** Resolves when so many requests have come. */
	came(count: number): Promise<Received[]>;
	clear(): void;
	close(): Promise<void>;
}

/**
 * Whether a signature that this secret explains came with a request.
 * @param body the bytes that were signed, where these are not the ones that came
 */
export function isSignedBy(secret: string, { headers, body: own }: Received, body = own): boolean {
	const expected = signatureOf(secret, String(headers['anchor-timestamp']), body);
	return String(headers['anchor-signature']).split(',').includes(`v1=${expected}`);
}

function answer(response: ServerResponse, reply: Reply): void {
	if (reply === 'hang') return;
	if (reply === 'close') return void response.socket?.destroy();
	const { status, headers, body } =
		typeof reply === 'number' ? { status: reply, headers: {}, body: undefined } : reply;
	response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
	response.end(body ?? '{"received":true}');
}

/** A plain HTTP server that takes deliveries. */
export async function startReceiver(): Promise<Receiver> {
	const watchers = new Set<() => void>();
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		const note = (complete: boolean): number => {
			receiver.received.push({
				method: request.method ?? '',
				path: request.url ?? '',
				headers: request.headers,
				rawHeaders: request.rawHeaders,
				body: Buffer.concat(chunks),
				complete,
			});
			for (const watcher of [...watchers]) watcher();
			return receiver.received.length - 1;
		};
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('error', () => note(false));
		request.on('end', () => {
			const index = note(true);
			void Promise.resolve(receiver.reply(receiver.received[index], index)).then((reply) =>
				answer(response, reply),
			);
		});
	});
	const address = await listen(server);
	const receiver: Receiver = {
		url: `${address}/hook`,
		received: [],
		reply: () => 200,
		came: async (count) =>
			await new Promise((resolve) => {
				const watcher = () => {
					if (receiver.received.length < count) return;
					watchers.delete(watcher);
					resolve(receiver.received);
				};
				watchers.add(watcher);
				watcher();
			}),
		clear: () => {
			receiver.received.length = 0;
			receiver.reply = () => 200;
		},
		close: async () => {
			await new Promise<void>((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			});
		},
	};
	return receiver;
}
