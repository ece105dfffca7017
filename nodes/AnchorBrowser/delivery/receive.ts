import { parseEvent } from '../events/envelope';
import type { SeenEvents } from './dedupe';
import { isSubscribed, judgeFilters } from './filters';
import type { EventFilters } from './filters';
import type { Doubt, Verdict } from './verdict';
import { DELIVERY_ID_HEADER, checkSignature, readClaim } from './signature';
import type { LiveSecret, SignatureCheck } from './signature';
import { headerOf } from './request';
import type { DeliveryRequest, RequestHead } from './request';

/** What the user set on the trigger, as far as judging a delivery needs it. */
export interface ReceiveSettings {
	/** Event names, or `*`. */
	events: readonly string[];
	filters: EventFilters;
	toleranceSeconds: number;
	/** An event that the user has just asked Anchor for, in the editor: it is wanted whatever else is. */
	sampleEvent?: string;
}

export interface ReceiveContext {
	settings: ReceiveSettings;
	secrets: readonly LiveSecret[];
	/** Why the secrets may not be those that Anchor signs with now: a signature that matches none may then in a moment. */
	doubt?: Doubt;
	seen: SeenEvents;
	/** Unix milliseconds. */
	nowMs: number;
}

/**
 * How long Anchor is asked to wait. A run is accepted, and a new secret stored, within seconds; a secret that is not
 * there at all takes a person or a reactivation. Anchor documents no meaning for Retry-After: it may do as it likes.
 */
const RETRY_AFTER_SECONDS = {
	in_flight: 5,
	no_secret: 60,
	secret_changing: 5,
	secret_outdated: 5,
	secret_sealed: 60,
} as const;

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
 * Judges one delivery, and is the only way into this folder: verify, then parse, then decide.
 *
 * Synchronous and without effects but one: an accepted event is reserved in `seen`, and the caller commits or releases
 * it. Nothing of the body is looked at before the signature has been found good. Never throws.
 */
export function receive(
	request: DeliveryRequest,
	{ settings, secrets, doubt, seen, nowMs }: ReceiveContext,
): Verdict {
	if (request.method !== 'POST') return { kind: 'rejected', reason: 'wrong_method' };

	const { toleranceSeconds } = settings;
	const nowSeconds = Math.floor(nowMs / 1000);
	const check = checkSignature(request, { secrets, toleranceSeconds, nowSeconds });
	if (!check.ok) return unverified(check, { doubt, toleranceSeconds });

	const parsed = parseEvent(request.body);
	if (parsed.kind === 'malformed') {
		return { kind: 'rejected', reason: 'not_an_event', detail: parsed.detail };
	}

	const { event } = parsed;
	let unjudged: readonly string[] | undefined;
	if (event.type !== settings.sampleEvent) {
		if (!isSubscribed(event.type, settings.events)) {
			return { kind: 'ignored', reason: 'not_subscribed', event };
		}
		const judgement = judgeFilters(event, settings.filters);
		({ unjudged } = judgement);
		if (!judgement.holds) return { kind: 'ignored', reason: 'filtered', event, unjudged };
	}

	const reservation = seen.reserve(event.id, nowMs);
	if (reservation === 'seen') return { kind: 'ignored', reason: 'duplicate', event };
	if (reservation === 'in_flight') return retryLater('in_flight');

	return {
		kind: 'accepted',
		event,
		facts: {
			deliveryId: headerOf(request, DELIVERY_ID_HEADER) ?? null,
			timestamp: check.timestampSeconds,
			receivedAt: nowMs,
			signedWith: check.signedWith,
		},
		unjudged,
	};
}

function unverified(
	{ reason, skewSeconds }: Extract<SignatureCheck, { ok: false }>,
	{ doubt, toleranceSeconds }: { doubt: Doubt | undefined; toleranceSeconds: number },
): Verdict {
	if (reason === 'no_secret') return retryLater(doubt ?? reason);
	if (reason === 'signature_mismatch' && doubt !== undefined) return retryLater(doubt);
	if (reason !== 'stale') return { kind: 'rejected', reason };
	return { kind: 'rejected', reason, skewSeconds, allowedSeconds: toleranceSeconds };
}

function retryLater(reason: keyof typeof RETRY_AFTER_SECONDS): Verdict {
	return { kind: 'retryLater', reason, retryAfterSeconds: RETRY_AFTER_SECONDS[reason] };
}
