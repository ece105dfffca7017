/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { createServer } from 'node:net';

/** Resolves with the port that was listened on for a moment, or undefined if it is taken. */
async function tryPort(port: number): Promise<number | undefined> {
	return await new Promise((resolve) => {
		const server = createServer();
		server.once('error', () => resolve(undefined));
		server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
			const address = server.address();
			const free = typeof address === 'object' && address !== null ? address.port : undefined;
			server.close(() => resolve(free));
		});
	});
}

/**
 * A port of 127.0.0.1 that nobody listens on at this moment.
 *
 * @param preferred the first one to try; those taken are stepped over, twenty of them at most. Without it, or when all
 * of these are taken, the system chooses
 */
export async function freePort(preferred?: number): Promise<number> {
	if (preferred !== undefined) {
		for (let port = preferred; port < preferred + 20; port++) {
			if ((await tryPort(port)) !== undefined) return port;
		}
	}
	const port = await tryPort(0);
	if (port === undefined) throw new Error('No port of 127.0.0.1 is free');
	return port;
}
