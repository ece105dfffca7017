import type { IDataObject, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { answerOf, COLLECTED, logLineOf } from '../delivery/verdict';
import type { Answer, Verdict } from '../delivery/verdict';
import { warnOncePerMinute } from '../runtime/log';
import { judgeDelivery } from './judgeDelivery';
import type { TakenDelivery } from './judgeDelivery';

/** Anchor repeats a delivery that got a 5xx: the answer when a fault of our own kept one from being judged. */
const FAULT = { status: 500, headers: {}, body: { received: false } };

/** An answer that took longer shows an n8n that has enough to do. */
const SLOW_MS = 1_000;

/** What n8n takes apart, whatever the case of its letters. */
const FORM = /^\s*multipart\/form-data/i;

/**
 * The gate: judges one delivery, answers it, and starts a run for one that is genuine, wanted and new. It never
 * throws and never returns an empty run, because n8n would make an execution of either.
 * @param context n8n's context of one delivery
 */
export async function receiveDelivery(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	try {
		removeUploads(context);
		const { verdict, taken } = await judgeDelivery(context);
		report(context, verdict);
		const answer = answerOf(verdict);
		return taken === undefined ? answerNow(context, answer) : take(context, taken, answer);
	} catch (fault) {
		warnOncePerMinute(
			context,
			'fault',
			"A delivery could not be judged, and Anchor Browser was asked to send it again. Check this node's parameters, above all the ones with expressions.",
			{ cause: (fault as Error).message },
		);
		const response = context.getResponseObject();
		return response.headersSent ? { noWebhookResponse: true } : answerNow(context, FAULT);
	}
}

/** Hands a delivery over to n8n, or to the window that collects it, and answers it. */
function take(
	context: IWebhookFunctions,
	{ trigger, received, length, atMs, seen, isCollected, isAnsweredFirst }: TakenDelivery,
	answer: Answer,
): IWebhookResponseData {
	const { id } = received.event;
	if (isCollected) {
		trigger.seen.commit(id, Date.now());
		const collector = trigger.monitor?.collector;
		// n8n delivers until all triggers of the workflow are out of service, and closes this one after that. Where this process
		// only receives, Anchor's history hands it to the one that runs it.
		if (trigger.production.isInService || collector !== undefined) {
			trigger.waiting.add(received, length);
			collector?.begin();
		}
		return answerNow(context, COLLECTED);
	}
	onceAnswered(context, (isTaken) => {
		if (isTaken) seen.commit(id, Date.now());
		else seen.release(id);
		if (Date.now() - atMs > SLOW_MS) trigger.slowAtMs = Date.now();
	});
	// n8n sends this body once it has accepted the run, as the description asks: `onReceived`, `responseCode`, `responseData: ''`.
	const json: IDataObject = { ...received };
	const run = { webhookResponse: answer.body, workflowData: [[{ json }]] };
	return isAnsweredFirst ? { ...run, ...answerNow(context, answer) } : run;
}

/** Says in the log what the user should know of a delivery. */
function report(context: IWebhookFunctions, verdict: Verdict): void {
	const sentence = logLineOf(verdict);
	if (sentence === undefined) return;
	const reason = verdict.kind === 'accepted' ? 'unjudged' : verdict.reason;
	warnOncePerMinute(context, reason, sentence, { reason });
}

/**
 * Removes the files of a multipart form, which is never a delivery. n8n 1 has them on its disk before a node is asked, up
 * to 200 MB each, and leaves them to the node; n8n 2 removes them as well.
 * @param context n8n's context of one delivery
 */
function removeUploads(context: IWebhookFunctions): void {
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
function answerNow(context: IWebhookFunctions, answer: Answer): IWebhookResponseData {
	const response = context.getResponseObject();
	for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
	if (answer.body === undefined) response.status(answer.status).end();
	else response.status(answer.status).json(answer.body);
	return { noWebhookResponse: true };
}

/**
 * Calls back when the answer to the sender is complete: with true for a 2xx, with false when n8n refused the run. When
 * the sender hangs up first this may never come: n8n may take the run all the same.
 * @param context n8n's context of one delivery
 * @param settle what to do then
 */
function onceAnswered(context: IWebhookFunctions, settle: (taken: boolean) => void): void {
	const response = context.getResponseObject();
	response.once('finish', () => settle(response.statusCode >= 200 && response.statusCode < 300));
}
