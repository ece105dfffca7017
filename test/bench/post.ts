/* eslint-disable @n8n/community-nodes/no-restricted-imports -- measurements run in Node, not in n8n's sandbox */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';

export interface Shot {
	status: number;
	/** From the first byte sent to the last one received, in milliseconds. */
	ms: number;
}

/**
 * Posts bodies, so many at a time, over connections that are kept.
 *
 * @param urls which the posts go to in turns
 * @param make answers headers and body of post number `index`; called right before it is sent
 */
export async function volley(
	urls: readonly string[],
	{ posts, lanes }: { posts: number; lanes: number },
	make: (index: number) => { headers: Record<string, string>; body: Buffer },
): Promise<Shot[]> {
	const agent = new Agent({ keepAlive: true, maxSockets: lanes });
	const shots: Shot[] = [];
	let next = 0;
	const lane = async () => {
		while (next < posts) {
			const index = next++;
			const { headers, body } = make(index);
			const started = performance.now();
			const outgoing = request(urls[index % urls.length], { method: 'POST', headers, agent });
			outgoing.end(body);
			const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
			response.resume();
			await once(response, 'end');
			shots.push({ status: response.statusCode ?? 0, ms: performance.now() - started });
		}
	};
	try {
		await Promise.all(Array.from({ length: lanes }, lane));
	} finally {
		agent.destroy();
	}
	return shots;
}
