import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import type { SeenEvents } from '../delivery/dedupe';
import { decide, refuseByHead, refuseByTime, verify } from '../delivery/receive';
import type { DeliveryRequest } from '../delivery/request';
import { answerOf, COLLECTED, isUnmatched, logLineOf } from '../delivery/verdict';
import type { Answer, Verdict } from '../delivery/verdict';
import { warnOncePerMinute } from '../runtime/log';
import { toReceivedEvent } from '../runtime/runItem';
import type { ReceivedEvent } from '../runtime/runItem';
import type { FoundSecrets, SecretSearch, SecretSource } from '../runtime/signingSecrets';
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

/** A delivery that was judged. */
interface Judged {
	verdict: Verdict;
	/** Set for one that is genuine, wanted and new. */
	taken?: TakenDelivery;
}

/** A delivery for which there will be a run. */
interface TakenDelivery {
	trigger: Trigger;
	received: ReceivedEvent;
	/** How long its body is, in bytes. */
	length: number;
	/** When it was judged, in milliseconds. */
	atMs: number;
	/** Where its id is reserved until n8n has the run. */
	seen: SeenEvents;
	isCollected: boolean;
	/** Whether its sender gets an answer before n8n has the run. */
	isAnsweredFirst: boolean;
}

/**
 * The gate: judges one delivery, answers it, and starts a run for one that is genuine, wanted and new. It never
 * throws and never returns an empty run, because n8n would make an execution of either.
 * @param context n8n's context of one delivery
 */
export async function receiveDelivery(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	try {
		removeUploads(context);
		const { verdict, taken } = await judge(context);
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

/**
 * What costs least comes first, and nothing that a stranger could make dear before the signature was found good: a request
 * without Anchor's headers is answered before anything else is looked at, a late one before its body is read, and the
 * parameters that say what is wanted are read last.
 */
async function judge(context: IWebhookFunctions): Promise<Judged> {
	const { method, headers } = context.getRequestObject();
	const refusal = refuseByHead({ method, headers });
	if (refusal !== undefined) return { verdict: refusal };

	const node = context.getNode();
	const read = parameterReader(context, node);
	const { registration, toleranceSeconds } = readGateSettings(read);
	const late = refuseByTime({ method, headers }, { toleranceSeconds, nowMs: Date.now() });
	if (late !== undefined) return { verdict: late };

	const body = await readBody(context);
	if (body === undefined) return { verdict: UNREADABLE };

	// Anew: a body can take its time.
	const nowMs = Date.now();
	const isListening = context.getMode() === 'manual';
	const trigger = triggerOf(context, node);
	const own = trigger.registrationOf(isListening ? 'test' : 'production');
	const source = registration === 'manual' ? own.pasted : own;
	const request = { method, headers, body };
	const search = { context, node, nowMs };
	const { checked, webhookId } = await check(source, search, { request, toleranceSeconds });
	if (checked.kind !== 'genuine') {
		const isMismatch = checked.kind === 'rejected' && checked.reason === 'signature_mismatch';
		if (isMismatch && !isListening) trigger.noteMismatch(nowMs);
		return { verdict: checked };
	}

	const { sampleEvent, acknowledge, ...settings } = readWebhookSettings(read);
	const isCollected = !isListening && collectMinutesOf(node.parameters) > 0;
	const isForgetful = isListening || (settings.deduplicate === 'off' && !isCollected);
	const seen = trigger.seenBy(isForgetful);
	const verdict = decide(checked, {
		settings: isListening ? { ...settings, sampleEvent } : settings,
		seen,
		nowMs,
	});
	if (!isListening) remember(trigger, verdict, nowMs);
	if (verdict.kind !== 'accepted') return { verdict };

	const { event, facts } = verdict;
	const received = toReceivedEvent({ event, delivery: { ...facts, webhookId } });
	const isAnsweredFirst = acknowledge === 'immediately';
	const taken = { trigger, received, length: body.length, atMs: nowMs, seen };
	return { verdict, taken: { ...taken, isCollected, isAnsweredFirst } };
}

/** Checks the signature, a second time where a look for newer secrets has found some. */
async function check(
	source: SecretSource,
	search: SecretSearch,
	{ request, toleranceSeconds }: { request: DeliveryRequest; toleranceSeconds: number },
) {
	const verifyWith = ({ secrets, doubt }: FoundSecrets) =>
		verify(request, { secrets, doubt, toleranceSeconds, nowMs: search.nowMs });
	const found = await source.find(search);
	const { webhookId } = found;
	const checked = verifyWith(found);
	const anew = isUnmatched(checked) ? await source.findAnew(search, found) : undefined;
	return { checked: anew === undefined ? checked : verifyWith(anew), webhookId };
}

/** Remembers what the regular look has to know of a genuine delivery: the history shows the status alone. */
function remember(trigger: Trigger, verdict: Verdict, nowMs: number): void {
	trigger.hasReceived = true;
	if (verdict.kind === 'ignored' && verdict.reason !== 'duplicate') {
		trigger.refused.commit(verdict.event.id, nowMs);
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
		// Where this process only receives, Anchor's history hands it to the one that runs it.
		if (trigger.production.isInService) {
			trigger.waiting.add(received, length);
			trigger.monitor?.collector?.begin();
		}
		return answerNow(context, COLLECTED);
	}
	onceAnswered(context, (isTaken) => {
		if (isTaken) seen.commit(id, Date.now());
		else seen.release(id);
		if (Date.now() - atMs > SLOW_MS) trigger.slowAtMs = Date.now();
	});
	const run = startRun({ ...received }, answer);
	return isAnsweredFirst ? { ...run, ...answerNow(context, answer) } : run;
}

/** Says in the log what the user should know of a delivery. */
function report(context: IWebhookFunctions, verdict: Verdict): void {
	const sentence = logLineOf(verdict);
	if (sentence === undefined) return;
	const reason = verdict.kind === 'accepted' ? 'unjudged' : verdict.reason;
	warnOncePerMinute(context, reason, sentence, { reason });
}
