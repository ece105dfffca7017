import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { answerOf, logLineOf } from '../delivery/verdict';
import type { Verdict } from '../delivery/verdict';
import { receive } from '../delivery/receive';
import { onceAnswered, run, send, toDeliveryRequest } from './exchange';
import { warnOncePerMinute } from './log';
import { memoryOf } from './eventMemory';
import { findSecrets } from './signingSecrets';
import { readWebhookSettings } from './settings';
import { toReceivedEvent } from './execute';

/** Anchor repeats a delivery that got a 5xx: the answer when a fault of our own kept one from being judged. */
const FAULT = { status: 500, headers: {}, body: { received: false } };

/**
 * The gate: judges one delivery, answers it, and starts a run for one that is genuine, wanted and new. It never
 * throws and never returns an empty run, because n8n would make an execution of either.
 * @param context n8n's context of one delivery
 */
export async function receiveDelivery(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	try {
		return await judge(context);
	} catch (fault) {
		const { id: workflowId } = context.getWorkflow();
		warnOncePerMinute(
			context.logger,
			`${workflowId} ${context.getNode().id} fault`,
			"Anchor Browser Trigger could not judge a delivery and asked Anchor Browser to send it again. Check this node's parameters, above all the ones with expressions.",
			{ workflowId, cause: (fault as Error).message },
			Date.now(),
		);
		const response = context.getResponseObject();
		return response.headersSent ? { noWebhookResponse: true } : send(context, FAULT);
	}
}

async function judge(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const nowMs = Date.now();
	const node = context.getNode();
	const workflowId = context.getWorkflow().id ?? '';
	const nodeKey = `${workflowId} ${node.id}`;
	const listening = context.getMode() === 'manual';

	const { sampleEvent, ...settings } = readWebhookSettings((name, fallback) =>
		context.getNodeParameter(name, fallback as object),
	);
	const request = await toDeliveryRequest(context);
	const { secrets, webhookId, secretChanging } = await findSecrets(context, {
		registration: settings.registration,
		workflowId,
		nodeId: node.id,
		mode: listening ? 'test' : 'production',
		nowMs,
	});
	const seen = memoryOf(nodeKey, !listening && settings.deduplicate !== 'off');
	const verdict = receive(request, {
		settings: listening ? { ...settings, sampleEvent } : settings,
		secrets,
		secretChanging,
		seen,
		nowMs,
	});
	const answer = answerOf(verdict);

	report(context, verdict, { workflowId, nodeId: node.id, nodeName: node.name, nowMs });
	if (verdict.kind === 'ignored') return { webhookResponse: answer.body };
	if (verdict.kind !== 'accepted') return send(context, answer);

	const { id } = verdict.event;
	onceAnswered(context, (taken) => {
		if (taken) seen.commit(id, Date.now());
		else seen.release(id);
	});
	const delivery = { ...verdict.facts, webhookId };
	const item = { ...toReceivedEvent({ event: verdict.event, delivery }) };
	if (settings.acknowledge === 'accepted') return run(item, answer);
	return { ...run(item, answer), ...send(context, answer) };
}

interface Reporter {
	workflowId: string;
	nodeId: string;
	nodeName: string;
	nowMs: number;
}

function report(context: IWebhookFunctions, verdict: Verdict, from: Reporter): void {
	const sentence = logLineOf(verdict);
	if (sentence === undefined) return;
	const reason = verdict.kind === 'accepted' ? 'unjudged' : verdict.reason;
	const { workflowId, nodeId, nodeName, nowMs } = from;
	warnOncePerMinute(
		context.logger,
		`${workflowId} ${nodeId} ${reason}`,
		`${nodeName}: ${sentence}`,
		{ workflowId, nodeId, reason },
		nowMs,
	);
}
