import { parseEvent } from '../events/envelope';
import type { SeenEvents } from './dedupe';
import { isSubscribed, judgeFilters } from './filters';
import type { EventFilters } from './filters';
import type { DeliveryFacts, Doubt, Verdict } from './verdict';
import { checkSignature, checkTime, readClaim } from './signature';
import type { DeliveryRequest, LiveSecret, Refusal, RequestHead } from './signature';

/** The window in which a delivery has to be signed. */
export interface Window {
	toleranceSeconds: number;
	/** Unix milliseconds. */
	nowMs: number;
}

export interface VerifyContext extends Window {
	secrets: readonly LiveSecret[];
	/** Why the secrets may not be those that Anchor signs with now: a signature that matches none may then in a moment. */
	doubt?: Doubt;
}

/** What the user wants of what is genuine. */
export interface Wanted {
	/** Event names, or `*`. */
	events: readonly string[];
	filters: EventFilters;
	/** An event that the user has just asked Anchor for, in the editor: it is wanted whatever else is. */
	sampleEvent?: string;
}

export interface DecideContext {
	settings: Wanted;
	seen: SeenEvents;
	/** Unix milliseconds. */
	nowMs: number;
}

/** A delivery that Anchor has signed, just now. */
export interface Genuine {
	kind: 'genuine';
	body: Uint8Array;
	facts: DeliveryFacts;
}

/**
 * Refuses a request that cannot be a delivery by its method and headers alone, before anything is spent on it.
 * @returns undefined when the rest has to be judged. Never throws.
 */
export function refuseByHead(head: RequestHead): Verdict | undefined {
	if (head.method !== 'POST') return { kind: 'rejected', reason: 'wrong_method' };
	const claim = readClaim(head);
	return typeof claim === 'string' ? { kind: 'rejected', reason: claim } : undefined;
}

/**
 * Refuses a request that was not signed just now by its headers alone, before its body is read.
 * @returns undefined when the rest has to be judged. Never throws.
 */
export function refuseByTime(
	head: RequestHead,
	{ toleranceSeconds, nowMs }: Window,
): Verdict | undefined {
	const checked = checkTime(head, { toleranceSeconds, nowSeconds: Math.floor(nowMs / 1000) });
	return checked.ok ? undefined : unverified(checked, { toleranceSeconds });
}

/**
 * Tells whether Anchor has signed a delivery just now. All checks of the head are made once more: whoever comes this far
 * is genuine, whatever was asked before. Nothing of the body is looked at. Never throws.
 */
export function verify(
	request: DeliveryRequest,
	{ secrets, doubt, toleranceSeconds, nowMs }: VerifyContext,
): Genuine | Verdict {
	if (request.method !== 'POST') return { kind: 'rejected', reason: 'wrong_method' };

	const nowSeconds = Math.floor(nowMs / 1000);
	const check = checkSignature(request, { secrets, toleranceSeconds, nowSeconds });
	if (!check.ok) return unverified(check, { doubt, toleranceSeconds });

	return {
		kind: 'genuine',
		body: request.body,
		facts: {
			deliveryId: check.deliveryId,
			timestamp: check.timestampSeconds,
			receivedAt: nowMs,
			signedWith: check.signedWith,
		},
	};
}

/**
 * Decides over a delivery that is genuine: parse, then choose.
 *
 * Without effects but one: an accepted event is reserved in `seen`, and the caller commits or releases it. Never throws.
 */
export function decide(
	{ body, facts }: Genuine,
	{ settings, seen, nowMs }: DecideContext,
): Verdict {
	const parsed = parseEvent(body);
	if (parsed.kind === 'malformed') {
		return { kind: 'rejected', reason: 'not_an_event', detail: parsed.detail };
	}

	const { event } = parsed;
	let unjudged: readonly string[] | undefined;
	if (event.type !== settings.sampleEvent) {
		if (!isSubscribed(event.type, settings.events)) {
			const isNothingSelected = settings.events.length === 0;
			return { kind: 'ignored', reason: 'not_subscribed', event, isNothingSelected };
		}
		const judgement = judgeFilters(event, settings.filters);
		({ unjudged } = judgement);
		if (!judgement.holds) return { kind: 'ignored', reason: 'filtered', event, unjudged };
	}

	const reservation = seen.reserve(event.id, nowMs);
	if (reservation === 'seen') return { kind: 'ignored', reason: 'duplicate', event };
	if (reservation === 'in_flight') return { kind: 'retryLater', reason: 'in_flight' };

	return { kind: 'accepted', event, facts, unjudged };
}

/**
 * Judges one delivery from beginning to end: verify, then parse, then decide. For whoever has the settings at hand;
 * `webhook()` takes the same steps, and reads them only for what is genuine.
 */
export function receive(
	request: DeliveryRequest,
	{
		settings,
		secrets,
		doubt,
		seen,
		nowMs,
	}: Omit<VerifyContext, 'toleranceSeconds'> &
		DecideContext & { settings: Pick<Window, 'toleranceSeconds'> },
): Verdict {
	const { toleranceSeconds } = settings;
	const checked = verify(request, { secrets, doubt, toleranceSeconds, nowMs });
	return checked.kind === 'genuine' ? decide(checked, { settings, seen, nowMs }) : checked;
}

function unverified(
	refusal: Refusal,
	{ doubt, toleranceSeconds }: { doubt?: Doubt; toleranceSeconds: number },
): Verdict {
	if (refusal.reason === 'stale') {
		const { reason, skewSeconds } = refusal;
		return { kind: 'rejected', reason, skewSeconds, allowedSeconds: toleranceSeconds };
	}
	const { reason } = refusal;
	if (reason === 'no_secret') return { kind: 'retryLater', reason: doubt ?? reason };
	if (reason === 'signature_mismatch' && doubt) return { kind: 'retryLater', reason: doubt };
	return { kind: 'rejected', reason };
}
