/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import * as http from 'node:http';
import * as https from 'node:https';

/** Where a connection is cut on purpose: half-way through the body, or after all of it and before any answer. */
export type Drop = 'midRequest' | 'beforeAnswer';

interface Post {
	url: string;
	headers: Record<string, string | string[]>;
	body: Buffer;
	/** How long the whole answer may take, in milliseconds. */
	timeoutMs: number;
	drop?: Drop;
}

interface Answer {
	status: number | null;
	headers: http.IncomingHttpHeaders;
	body: string;
	/** Why there is no whole answer, null when there is one. */
	error: string | null;
}

const LONGEST_KEPT_BODY = 10_000;

/**
 * Sends posts over connections of its own. An idle connection is closed after a second: well before a receiver closes
 * it (Node's servers do after five), so that no delivery meets a connection that is just going away.
 */
export class Poster {
	private readonly plain = new http.Agent({ keepAlive: true, timeout: 1000 });
	private readonly underWay = new Set<() => void>();
	private readonly secure = new https.Agent({ keepAlive: true, timeout: 1000 });

	/** One exchange. Never rejects: trouble is the answer's `error`. */
	async send(post: Post): Promise<Answer> {
		try {
			return await this.exchange(post);
		} catch (error) {
			// Node refuses some headers and addresses before it opens a connection.
			return { status: null, headers: {}, body: '', error: String(error) };
		}
	}

	/** Gives up every exchange under way. */
	abortAll(): void {
		for (const abort of [...this.underWay]) abort();
	}

	/** Closes every connection. */
	close(): void {
		this.plain.destroy();
		this.secure.destroy();
	}

	private async exchange(post: Post): Promise<Answer> {
		return await new Promise((resolve) => {
			let whole: Answer | undefined;
			const end = (error: string) => {
				clearTimeout(timer);
				this.underWay.delete(abort);
				resolve(whole ?? { status: null, headers: {}, body: '', error });
			};
			const secure = post.url.startsWith('https:');
			const request = (secure ? https : http).request(post.url, {
				method: 'POST',
				headers: post.headers,
				agent: post.drop ? false : secure ? this.secure : this.plain,
			});
			const giveUp = (reason: string) => request.destroy(new Error(reason));
			const abort = () => giveUp('the simulator stopped');
			const timer = setTimeout(
				() => giveUp(`no answer within ${post.timeoutMs} ms`),
				post.timeoutMs,
			);
			this.underWay.add(abort);

			let failure = 'the connection was closed before an answer';
			request.on('error', (error) => (failure = error.message || String(error)));
			request.on('close', () => end(failure));
			request.on('response', (response) => {
				const chunks: Buffer[] = [];
				response.on('data', (chunk: Buffer) => chunks.push(chunk));
				response.on('error', (error) => (failure = error.message));
				response.on('end', () => {
					whole = {
						status: response.statusCode ?? null,
						headers: response.headers,
						body: Buffer.concat(chunks).toString('utf8').slice(0, LONGEST_KEPT_BODY),
						error: null,
					};
					end('');
				});
			});

			transmit(request, post, giveUp);
		});
	}
}

/** Sends the body, or as much of it as the post says. */
function transmit(
	request: http.ClientRequest,
	{ body, drop }: Post,
	giveUp: (reason: string) => void,
): void {
	if (drop === 'midRequest') {
		const half = body.subarray(0, Math.floor(body.length / 2));
		request.write(half, () => giveUp('the connection was dropped in the middle of the request'));
	} else if (drop === 'beforeAnswer') {
		request.end(body, () => giveUp('the connection was dropped before the answer'));
	} else {
		request.end(body);
	}
}
