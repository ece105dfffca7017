/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import type { IDataObject, IWorkflowExecuteAdditionalData } from 'n8n-workflow';

export type HostResponse = NonNullable<IWorkflowExecuteAdditionalData['httpResponse']>;
export type HostRequest = NonNullable<IWorkflowExecuteAdditionalData['httpRequest']>;

/** Gives Node's own response the two methods of Express that webhook nodes use. */
export function asHostResponse(response: ServerResponse): HostResponse {
	return Object.assign(response, {
		status(code: number) {
			response.statusCode = code;
			return response;
		},
		json(body: unknown) {
			response.setHeader('content-type', 'application/json; charset=utf-8');
			response.end(JSON.stringify(body));
			return response;
		},
	}) as unknown as HostResponse;
}

async function bytesOf(stream: Readable): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of stream) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}

/**
 * Gives Node's own request what n8n adds: the raw bytes, decompressed for gzip and deflate, and the parsed body. A body
 * that is no JSON is left an empty object here, where n8n would answer 422 before the node is asked: so the node meets
 * what a change of the host could let through.
 *
 * A multipart form is taken apart before the node is asked, and its bytes are gone.
 * @param lazily as n8n does for content types that it does not parse: the bytes come when the node asks for them
 */
export async function asHostRequest(
	request: IncomingMessage,
	lazily: boolean,
): Promise<HostRequest> {
	const isForm = request.headers['content-type']?.startsWith('multipart/form-data') ?? false;
	// As n8n: when the sender hangs up half-way, a decompressor never hears of it.
	const decompressed = (): Readable => {
		const encoding = request.headers['content-encoding'];
		if (encoding === 'gzip') return request.pipe(createGunzip());
		return encoding === 'deflate' ? request.pipe(createInflate()) : request;
	};
	if (isForm) await bytesOf(request);
	const hostRequest = Object.assign(request, {
		body: {} as unknown,
		params: {},
		query: {},
		rawBody: undefined as Buffer | undefined,
		async readRawBody() {
			if (isForm) throw new Error('Request body stream was aborted or is not readable');
			hostRequest.rawBody ??= await bytesOf(decompressed());
		},
	});
	if (!lazily && !isForm) {
		await hostRequest.readRawBody();
		try {
			hostRequest.body = JSON.parse(String(hostRequest.rawBody)) as IDataObject;
		} catch {
			// Left empty, see above.
		}
	}
	return hostRequest as unknown as HostRequest;
}
