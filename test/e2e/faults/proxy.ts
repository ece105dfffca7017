/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

import { listen } from '../../support/listen';

export interface Proxy {
	readonly url: string;
	/**
	 * Answers every request by itself from now on, without asking n8n.
	 * @param status what it answers; undefined lets n8n answer again
	 */
	answerWith(status: number | undefined): void;
	close(): Promise<void>;
}

/**
 * Starts a reverse proxy before one n8n or several webhook processors. A target that does not answer makes it a 502.
 *
 * Each copy of the same body goes to another target than the copy before, so that what is sent twice at once reaches two
 * processes at once.
 */
export async function startProxy(targets: () => readonly string[]): Promise<Proxy> {
	const agent = new Agent({ keepAlive: true, timeout: 1_000 });
	const copies = new Map<string, number>();
	let bodies = 0;
	let ownStatus: number | undefined;

	const chooseTarget = (body: Buffer): string => {
		const digest = createHash('sha256').update(body).digest('hex');
		const turn = copies.get(digest) ?? bodies++;
		copies.set(digest, turn + 1);
		const all = targets();
		return all[turn % all.length];
	};

	const forward = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
		const chunks: Buffer[] = [];
		for await (const chunk of incoming) chunks.push(chunk as Buffer);
		if (ownStatus !== undefined) {
			outgoing.writeHead(ownStatus, { 'content-type': 'text/html' }).end('<h1>The proxy</h1>');
			return;
		}
		const body = Buffer.concat(chunks);
		const onward = request(new URL(incoming.url ?? '/', chooseTarget(body)), {
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
	const url = await listen(server);
	return {
		url,
		answerWith: (status) => void (ownStatus = status),
		close: async () => {
			agent.destroy();
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		},
	};
}
