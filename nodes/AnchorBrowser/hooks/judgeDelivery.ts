import type { IWebhookFunctions } from 'n8n-workflow';
import type { SeenEvents } from '../delivery/dedupe';
import { decide, refuseByHead, refuseByTime, verify } from '../delivery/receive';
import type { DeliveryRequest } from '../delivery/signature';
import { isUnmatched } from '../delivery/verdict';
import type { Verdict } from '../delivery/verdict';
import { toReceivedEvent } from '../runtime/runItem';
import type { ReceivedEvent } from '../runtime/runItem';
import type { FoundSecrets, SecretSearch, SecretSource } from '../runtime/signingSecrets';
import type { Trigger } from '../runtime/trigger';
import { triggerOf } from '../runtime/triggers';
import { parameterReader } from '../settings/readParameters';
import { collectMinutesOf, readGateSettings, readWebhookSettings } from '../settings/readSettings';

type IncomingRequest = ReturnType<IWebhookFunctions['getRequestObject']>;

/** How long deliveries may still come after n8n has closed the trigger: it had routed them before. */
const CLOSING_MS = 10_000;

const UNREADABLE: Verdict = { kind: 'rejected', reason: 'unreadable_body' };

/** A delivery that was judged. */
export interface Judged {
	verdict: Verdict;
	/** Set for one that is genuine, wanted and new. */
	taken?: TakenDelivery;
}

/** A delivery for which there will be a run. */
export interface TakenDelivery {
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
 * Judges one delivery.
 *
 * What costs least comes first, and nothing that a stranger could make dear before the signature was found good: a request
 * without Anchor's headers is answered before anything else is looked at, a late one before its body is read, and the
 * parameters that say what is wanted are read last.
 */
export async function judgeDelivery(context: IWebhookFunctions): Promise<Judged> {
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

	const { sampleEvent, acknowledge, ...settings } = readWebhookSettings(
		read,
		context.getTimezone(),
	);
	// Nobody ends a window any more: each has a run of its own.
	const isClosed = Math.abs(nowMs - (trigger.closedAtMs ?? -Infinity)) < CLOSING_MS;
	const isCollected = !isListening && !isClosed && collectMinutesOf(node.parameters) > 0;
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

/**
 * Reads the bytes of the body as n8n keeps them (after decompression), never a re-serialised body. n8n leaves `rawBody`
 * out for content types that it does not parse, until it is asked.
 * @param context n8n's context of one delivery
 * @returns undefined when they cannot be had: n8n has taken a multipart form apart, the body is too long, its compression
 * is broken, or the sender hung up. Never throws.
 */
async function readBody(context: IWebhookFunctions): Promise<Uint8Array | undefined> {
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
