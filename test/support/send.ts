/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { request as open } from 'node:http';

export interface Sent {
	method?: string;
	headers: Readonly<Record<string, string | readonly string[]>>;
	body: Uint8Array;
}

export interface Received {
	status: number;
	/** Names in lower case; the values of a repeated header joined with commas. */
	headers: Record<string, string>;
	/** The parsed JSON, or the text when it is none. */
	body: unknown;
}

/**
 * One HTTP request, byte for byte as told: repeated headers stay repeated, and nothing is added but Host and
 * Content-Length. A connection of its own each time.
 * @throws when the connection ends without an answer
 */
export async function send(
	url: string,
	{ method = 'POST', headers, body }: Sent,
): Promise<Received> {
	return await new Promise((resolve, reject) => {
		const outgoing = open(url, {
			method,
			headers: { ...headers, 'content-length': String(body.length) } as Record<string, string>,
			agent: false,
		});
		outgoing.on('error', reject);
		outgoing.on('response', (response) => {
			const chunks: Buffer[] = [];
			response.on('error', reject);
			response.on('data', (chunk: Buffer) => chunks.push(chunk));
			response.on('end', () =>
				resolve({
					status: response.statusCode ?? 0,
					headers: Object.fromEntries(
						Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
					),
					body: parsed(Buffer.concat(chunks).toString('utf8')),
				}),
			);
		});
		outgoing.end(body);
	});
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
