import type { IDataObject, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import type { Answer } from '../delivery/verdict';

type IncomingRequest = ReturnType<IWebhookFunctions['getRequestObject']>;

/** What n8n takes apart, whatever the case of its letters. */
const FORM = /^\s*multipart\/form-data/i;

/**
 * Reads the bytes of the body as n8n keeps them (after decompression), never a re-serialised body. n8n leaves `rawBody`
 * out for content types that it does not parse, until it is asked.
 * @param context n8n's context of one delivery
 * @returns undefined when they cannot be had: n8n has taken a multipart form apart, the body is too long, its compression
 * is broken, or the sender hung up. Never throws.
 */
export async function readBody(context: IWebhookFunctions): Promise<Uint8Array | undefined> {
	const request = context.getRequestObject();
	try {
		if (request.rawBody === undefined) {
			await Promise.race([request.readRawBody(), whenBrokenOff(request)]);
		}
	} catch {
		return undefined;
	}
	return request.rawBody;
}

/**
 * n8n lets a compressed body flow into a decompressor, which waits for ever when the sender hangs up half-way. A request
 * that has come to its end closes, too, while the decompressor is still at work: that one is whole.
 */
async function whenBrokenOff(request: IncomingRequest): Promise<void> {
	await new Promise<void>((resolve) => {
		const settle = () => {
			if (!request.readableEnded) resolve();
		};
		if (request.destroyed) settle();
		else request.once('close', settle);
	});
}

/**
 * Removes the files of a multipart form, which is never a delivery. n8n 1 has them on its disk before a node is asked, up
 * to 200 MB each, and leaves them to the node; n8n 2 removes them as well.
 * @param context n8n's context of one delivery
 */
export function removeUploads(context: IWebhookFunctions): void {
	const { headers, body } = context.getRequestObject();
	// JSON may call anything files, of any length.
	if (!FORM.test(headers['content-type'] ?? '')) return;
	const { files } = Object(body) as { files?: object };
	for (const file of Object.values(files ?? {}).flat() as Array<{ destroy?: () => void }>) {
		file.destroy?.();
	}
}

/**
 * Answers the sender here and now and ends the response. n8n itself answers every delivery with the one status that the
 * description names: an object given as `webhookResponse` is a body, whatever status it holds.
 * @param context n8n's context of one delivery
 * @param answer status, headers and body
 */
export function answerNow(context: IWebhookFunctions, answer: Answer): IWebhookResponseData {
	const response = context.getResponseObject();
	for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
	if (answer.body === undefined) response.status(answer.status).end();
	else response.status(answer.status).json(answer.body);
	return { noWebhookResponse: true };
}

/**
 * Lets n8n start a run with one item and answer with `answer` once it has accepted it (that takes
 * `responseMode: 'onReceived'`, `responseCode` and `responseData: ''` in the description).
 * @param item what `execute()` will get
 * @param answer of which n8n sends the body
 */
export function startRun(item: IDataObject, answer: Answer): IWebhookResponseData {
	return { webhookResponse: answer.body, workflowData: [[{ json: item }]] };
}

/**
 * Calls back when the answer to the sender is complete: with true for a 2xx, with false when n8n refused the run. When
 * the sender hangs up first this may never come: n8n may take the run all the same.
 * @param context n8n's context of one delivery
 * @param settle what to do then
 */
export function onceAnswered(context: IWebhookFunctions, settle: (taken: boolean) => void): void {
	const response = context.getResponseObject();
	response.once('finish', () => settle(response.statusCode >= 200 && response.statusCode < 300));
}
