import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { receive, refuseByHead } from '../delivery/receive';
import { answerOf, isUnmatched, logLineOf } from '../delivery/verdict';
import type { Verdict } from '../delivery/verdict';
import { warnOncePerMinute } from '../runtime/log';
import { toReceivedEvent } from '../runtime/runItem';
import type { ReceivedEvent } from '../runtime/runItem';
import { findSecrets, findSecretsAnew } from '../runtime/signingSecrets';
import type { FoundSecrets, SecretSearch } from '../runtime/signingSecrets';
import type { Trigger } from '../runtime/trigger';
import { triggerOf } from '../runtime/triggers';
import { collectMinutesOf, readWebhookSettings } from '../settings/readSettings';
import { answerNow, onceAnswered, readBody, startRun } from './exchange';

/** Anchor repeats a delivery that got a 5xx: the answer when a fault of our own kept one from being judged. */
const FAULT = { status: 500, headers: {}, body: { received: false } };

/** What Anchor gets for an event that runs with others, some minutes later. */
const COLLECTED = { status: 202, headers: {}, body: { received: true, collected: true } };

/** An answer that took longer shows an n8n that has enough to do. */
const SLOW_MS = 1_000;

const UNREADABLE: Verdict = { kind: 'rejected', reason: 'unreadable_body' };

/**
 * The gate: judges one delivery, answers it, and starts a run for one that is genuine, wanted and new. It never
 * throws and never returns an empty run, because n8n would make an execution of either.
 * @param context n8n's context of one delivery
 */
export async function receiveDelivery(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	try {
		return await judge(context);
	} catch (fault) {
		warn(
			context,
			'fault',
			"A delivery could not be judged, and Anchor Browser was asked to send it again. Check this node's parameters, above all the ones with expressions.",
			{ cause: (fault as Error).message },
		);
		const response = context.getResponseObject();
		return response.headersSent ? { noWebhookResponse: true } : answerNow(context, FAULT);
	}
}

/** What costs least comes first: a request without Anchor's headers is answered before anything else is looked at. */
async function judge(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const { method, headers } = context.getRequestObject();
	const refusal = refuseByHead({ method, headers });
	if (refusal !== undefined) return conclude(context, refusal);

	const { sampleEvent, ...settings } = readWebhookSettings((name, fallback) =>
		context.getNodeParameter(name, fallback as object),
	);
	const body = await readBody(context);
	if (body === undefined) return conclude(context, UNREADABLE);

	const isListening = context.getMode() === 'manual';
	const node = context.getNode();
	const trigger = triggerOf(context, node);
	const search: SecretSearch = {
		trigger,
		mode: isListening ? 'test' : 'production',
		kind: settings.registration,
		credentialId: node.credentials?.anchorBrowserSigningSecretApi?.id,
		nowMs: Date.now(),
	};
	const isCollecting = !isListening && collectMinutesOf(node.parameters) > 0;
	const seen = isCollecting
		? trigger.seen
		: trigger.seenBy(isListening || settings.deduplicate === 'off');
	const judgeWith = ({ secrets, doubt }: FoundSecrets) =>
		receive(
			{ method, headers, body },
			{
				settings: isListening ? { ...settings, sampleEvent } : settings,
				secrets,
				doubt,
				seen,
				nowMs: search.nowMs,
			},
		);
	const found = await findSecrets(context, search);
	let verdict = judgeWith(found);
	if (isUnmatched(verdict)) {
		const anew = await findSecretsAnew(context, search, found);
		if (anew !== undefined) verdict = judgeWith(anew);
	}
	if (!isListening) noteVerdict(trigger, verdict, search.nowMs);
	if (verdict.kind !== 'accepted') return conclude(context, verdict);

	report(context, verdict);
	const { event, facts } = verdict;
	onceAnswered(context, (taken) => {
		if (taken) seen.commit(event.id, Date.now());
		else seen.release(event.id);
		if (Date.now() - search.nowMs > SLOW_MS) trigger.slowAtMs = Date.now();
	});
	const received = toReceivedEvent({ event, delivery: { ...facts, webhookId: found.webhookId } });
	if (isCollecting) return collect(context, trigger, { received, length: body.length });
	const answer = answerOf(verdict);
	if (settings.acknowledge === 'accepted') return startRun({ ...received }, answer);
	return { ...startRun({ ...received }, answer), ...answerNow(context, answer) };
}

/**
 * Takes an event that is to run with others, and answers. It waits here if this process is to run it; where it only
 * receives, Anchor's history hands it to the one that does.
 */
function collect(
	context: IWebhookFunctions,
	trigger: Trigger,
	{ received, length }: { received: ReceivedEvent; length: number },
): IWebhookResponseData {
	trigger.seen.commit(received.event.id, Date.now());
	if (trigger.production.isInService) {
		trigger.waiting.add(received, length);
		trigger.monitor?.collector?.begin();
	}
	return answerNow(context, COLLECTED);
}

/** Remembers what the regular look has to know of this delivery: the history shows the status alone. */
function noteVerdict(trigger: Trigger, verdict: Verdict, nowMs: number): void {
	if (verdict.kind === 'rejected' && verdict.reason === 'signature_mismatch') {
		trigger.noteMismatch(nowMs);
	}
	if (verdict.kind !== 'accepted' && verdict.kind !== 'ignored') return;
	trigger.hasReceived = true;
	if (verdict.kind === 'ignored' && verdict.reason !== 'duplicate') {
		trigger.refused.commit(verdict.event.id, nowMs);
	}
}

/** Answers a delivery that starts no run. */
function conclude(context: IWebhookFunctions, verdict: Verdict): IWebhookResponseData {
	report(context, verdict);
	return answerNow(context, answerOf(verdict));
}

/** Says in the log what the user should know of a delivery. */
function report(context: IWebhookFunctions, verdict: Verdict): void {
	const sentence = logLineOf(verdict);
	if (sentence === undefined) return;
	const reason = verdict.kind === 'accepted' ? 'unjudged' : verdict.reason;
	warn(context, reason, sentence, { reason });
}

function warn(
	context: IWebhookFunctions,
	reason: string,
	sentence: string,
	meta: Record<string, unknown>,
): void {
	const { id: nodeId, name } = context.getNode();
	const { id: workflowId } = context.getWorkflow();
	warnOncePerMinute(
		context.logger,
		`${workflowId} ${nodeId} ${reason}`,
		`${name}: ${sentence}`,
		{ workflowId, nodeId, ...meta },
		Date.now(),
	);
}
