/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface Balancer {
	readonly url: string;
	/** Requests that each target was given. */
	readonly given: readonly number[];
	close(): Promise<void>;
}

/** How often the health of the targets is looked at: n8n takes longer than that from its start to its first answer. */
const CHECK_EVERY_MS = 500;

/** Whether an n8n says that it takes requests (its documented readiness check). */
async function isReady(target: string): Promise<boolean> {
	try {
		const response = await fetch(new URL('/healthz/readiness', target), {
			signal: AbortSignal.timeout(2_000),
		});
		await response.arrayBuffer();
		return response.ok;
	} catch {
		return false;
	}
}

/**
 * Stands before one n8n or several webhook processors, as a reverse proxy with a health check does: a target that is not
 * ready gets nothing, and its sender a 503; one that does not answer makes it a 502.
 *
 * Each copy of the same body goes to another target than the copy before, so that what is sent twice at once reaches two
 * processes at once.
 */
export async function startBalancer(targets: () => readonly string[]): Promise<Balancer> {
	const agent = new Agent({ keepAlive: true, timeout: 1_000 });
	const copies = new Map<string, number>();
	const given: number[] = [];
	const ready = new Set<string>();
	let bodies = 0;

	let closed = false;
	const checking = (async () => {
		while (!closed) {
			for (const target of targets()) {
				if (await isReady(target)) ready.add(target);
				else ready.delete(target);
			}
			await pause(CHECK_EVERY_MS);
		}
	})();

	const choose = (body: Buffer): { index: number; target: string } => {
		const digest = createHash('sha256').update(body).digest('hex');
		const turn = copies.get(digest) ?? bodies++;
		copies.set(digest, turn + 1);
		const all = targets();
		const index = turn % all.length;
		return { index, target: all[index] };
	};

	const forward = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
		const chunks: Buffer[] = [];
		for await (const chunk of incoming) chunks.push(chunk as Buffer);
		const body = Buffer.concat(chunks);
		const { index, target } = choose(body);
		if (!ready.has(target)) {
			outgoing.writeHead(503).end();
			return;
		}
		given[index] = (given[index] ?? 0) + 1;
		const onward = request(new URL(incoming.url ?? '/', target), {
			method: incoming.method,
			headers: incoming.headers,
			agent,
		});
		outgoing.once('close', () => onward.destroy());
		onward.end(body);
		const [answer] = (await once(onward, 'response')) as [IncomingMessage];
		outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
		answer.pipe(outgoing);
		await once(answer, 'end');
	};

	const server = createServer((incoming, outgoing) => {
		forward(incoming, outgoing).catch(() => {
			if (outgoing.headersSent) outgoing.destroy();
			else outgoing.writeHead(502).end();
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}`,
		given,
		close: async () => {
			closed = true;
			await checking;
			agent.destroy();
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		},
	};
}
