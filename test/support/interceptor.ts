/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-dangerous-functions -- tests run in Node, not in n8n's sandbox */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';

import { listen } from './listen';

/** A proxy that answers for hosts beyond this machine. */
export interface Interceptor {
	/** For HTTP_PROXY and HTTPS_PROXY. */
	readonly proxyUrl: string;
	/** The authority that signs for every host behind the proxy, as a PEM file. */
	readonly caFile: string;
	close(): Promise<void>;
}

/**
 * Starts a proxy that terminates TLS for some hosts and answers in their place. Every other host is out of order (503).
 *
 * @param folder where the certificate is written
 * @param hosts names without a port
 * @param answer is called for each request; the Host header says for which host
 */
export async function startInterceptor(
	folder: string,
	hosts: readonly string[],
	answer: http.RequestListener,
): Promise<Interceptor> {
	const { caFile, ...identity } = createCertificate(folder, hosts);
	const site = https.createServer(identity, answer);
	const proxy = http.createServer((_request, response) => response.writeHead(503).end());
	proxy.on('connect', ({ url = '' }: http.IncomingMessage, socket: Socket) => {
		if (!hosts.includes(url.replace(/:443$/, ''))) {
			return void socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
		}
		socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
		site.emit('connection', socket);
	});
	const sockets = new Set<Socket>();
	proxy.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		// n8n may hang up in the middle of a call.
		socket.on('error', () => socket.destroy());
	});
	const proxyUrl = await listen(proxy);
	return {
		proxyUrl,
		caFile,
		close: async () => {
			for (const socket of sockets) socket.destroy();
			await new Promise<void>((resolve) => proxy.close(() => resolve()));
		},
	};
}

/** A certificate for all these hosts that is its own authority; Node cannot make one by itself. */
function createCertificate(folder: string, hosts: readonly string[]) {
	const caFile = join(folder, 'authority.pem');
	const keyFile = join(folder, 'key.pem');
	const names = hosts.map((host) => `DNS:${host}`).join(',');
	execFileSync(
		'openssl',
		[
			...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
			...['-subj', '/CN=Test authority', '-addext', `subjectAltName=${names}`],
			...['-keyout', keyFile, '-out', caFile],
		],
		{ stdio: 'pipe' },
	);
	return { caFile, key: readFileSync(keyFile), cert: readFileSync(caFile) };
}
