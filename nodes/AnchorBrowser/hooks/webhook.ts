import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { decide, refuseByHead, refuseByTime, verify } from '../delivery/receive';
import { answerOf, COLLECTED, isUnmatched, logLineOf } from '../delivery/verdict';
import type { Verdict } from '../delivery/verdict';
import { warnOncePerMinute } from '../runtime/log';
import { toReceivedEvent } from '../runtime/runItem';
import type { ReceivedEvent } from '../runtime/runItem';
import { findSecrets, findSecretsAnew } from '../runtime/signingSecrets';
import type { FoundSecrets, SecretSearch } from '../runtime/signingSecrets';
import type { Trigger } from '../runtime/trigger';
import { triggerOf } from '../runtime/triggers';
import { parameterReader } from '../settings/readParameters';
import { collectMinutesOf, readGateSettings, readWebhookSettings } from '../settings/readSettings';
import { answerNow, onceAnswered, readBody, removeUploads, startRun } from './exchange';

/** Anchor repeats a delivery that got a 5xx: the answer when a fault of our own kept one from being judged. */
const FAULT = { status: 500, headers: {}, body: { received: false } };

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

/**
 * What costs least comes first, and nothing that a stranger could make dear before the signature was found good: a request
 * without Anchor's headers is answered before anything else is looked at, a late one before its body is read, and the
 * parameters that say what is wanted are read last.
 */
async function judge(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	removeUploads(context);
	const { method, headers } = context.getRequestObject();
	const refusal = refuseByHead({ method, headers });
	if (refusal !== undefined) return conclude(context, refusal);

	const node = context.getNode();
	const read = parameterReader(context, node);
	const { registration, toleranceSeconds } = readGateSettings(read);
	const late = refuseByTime({ method, headers }, { toleranceSeconds, nowMs: Date.now() });
	if (late !== undefined) return conclude(context, late);

	const body = await readBody(context);
	if (body === undefined) return conclude(context, UNREADABLE);

	// Anew: a body can take its time.
	const nowMs = Date.now();
	const isListening = context.getMode() === 'manual';
	const trigger = triggerOf(context, node);
	const search: SecretSearch = {
		trigger,
		mode: isListening ? 'test' : 'production',
		kind: registration,
		credentialId: node.credentials?.anchorBrowserSigningSecretApi?.id,
		nowMs,
	};
	const verifyWith = ({ secrets, doubt }: FoundSecrets) =>
		verify({ method, headers, body }, { secrets, doubt, toleranceSeconds, nowMs });
	const found = await findSecrets(context, search);
	let checked = verifyWith(found);
	if (isUnmatched(checked)) {
		const anew = await findSecretsAnew(context, search, found);
		if (anew !== undefined) checked = verifyWith(anew);
	}
	if (checked.kind !== 'genuine') {
		if (!isListening) noteRefusal(trigger, checked, nowMs);
		return conclude(context, checked);
	}

	const { sampleEvent, acknowledge, ...settings } = readWebhookSettings(read);
	const isCollecting = !isListening && collectMinutesOf(node.parameters) > 0;
	const isForgetful = isListening || (settings.deduplicate === 'off' && !isCollecting);
	const seen = trigger.seenBy(isForgetful);
	const verdict = decide(checked, {
		settings: isListening ? { ...settings, sampleEvent } : settings,
		seen,
		nowMs,
	});
	if (!isListening) noteVerdict(trigger, verdict, nowMs);
	if (verdict.kind !== 'accepted') return conclude(context, verdict);

	report(context, verdict);
	const { event, facts } = verdict;
	onceAnswered(context, (taken) => {
		if (taken) seen.commit(event.id, Date.now());
		else seen.release(event.id);
		if (Date.now() - nowMs > SLOW_MS) trigger.slowAtMs = Date.now();
	});
	const received = toReceivedEvent({ event, delivery: { ...facts, webhookId: found.webhookId } });
	if (isCollecting) return collect(context, trigger, { received, length: body.length });
	const answer = answerOf(verdict);
	if (acknowledge === 'accepted') return startRun({ ...received }, answer);
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

/** Remembers what the regular look has to know of a refusal: the history shows the status alone. */
function noteRefusal(trigger: Trigger, verdict: Verdict, nowMs: number): void {
	const isMismatch = verdict.kind === 'rejected' && verdict.reason === 'signature_mismatch';
	if (isMismatch) trigger.noteMismatch(nowMs);
}

/** Remembers what the regular look has to know of a genuine delivery. */
function noteVerdict(trigger: Trigger, verdict: Verdict, nowMs: number): void {
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
