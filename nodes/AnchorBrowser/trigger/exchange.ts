import type { IDataObject, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import type { Answer } from '../delivery/verdict';
import type { DeliveryRequest } from '../delivery/request';

const NO_BYTES = new Uint8Array(0);

/**
 * What arrived, as the plain value that `receive()` judges: the raw bytes as n8n kept them (after decompression),
 * never a re-serialised body. n8n leaves `rawBody` out for content types it does not parse, until it is asked.
 * @param context n8n's context of one delivery
 */
export async function toDeliveryRequest(context: IWebhookFunctions): Promise<DeliveryRequest> {
	const request = context.getRequestObject();
	if (request.rawBody === undefined && typeof request.readRawBody === 'function') {
		await request.readRawBody();
	}
	return {
		method: request.method,
		headers: request.headers,
		body: request.rawBody ?? NO_BYTES,
	};
}

/**
 * Answers the sender here and now and ends the response. n8n itself can only answer 200: an object given as
 * `webhookResponse` is a body, whatever status it names.
 * @param context n8n's context of one delivery
 * @param answer status, headers and body
 */
export function send(context: IWebhookFunctions, answer: Answer): IWebhookResponseData {
	const response = context.getResponseObject();
	for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
	response.status(answer.status).json(answer.body);
	return { noWebhookResponse: true };
}

/**
 * Lets n8n start a run with one item and answer with `answer` once it has accepted it (that takes
 * `responseMode: 'onReceived'` and `responseData: ''` in the description).
 * @param item what `execute()` will get
 * @param answer the body of n8n's 200
 */
export function run(item: IDataObject, answer: Answer): IWebhookResponseData {
	return { webhookResponse: answer.body, workflowData: [[{ json: item }]] };
}

/**
 * Calls back once, when the answer to the sender has ended: with true when it went out whole and as a 2xx, with false
 * when n8n refused the run or the connection broke.
 * @param context n8n's context of one delivery
 * @param settle what to do then
 */
export function onceAnswered(context: IWebhookFunctions, settle: (taken: boolean) => void): void {
	const response = context.getResponseObject();
	let settled = false;
	const end = () => {
		if (settled) return;
		settled = true;
		settle(response.writableFinished && response.statusCode >= 200 && response.statusCode < 300);
	};
	response.once('finish', end);
	response.once('close', end);
}
