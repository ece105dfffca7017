import type { AnchorEvent } from '../events/event';
import type { LiveSecret } from './signature';

/** What is known about an accepted delivery besides its event. Never the signature, never a secret. */
export interface DeliveryFacts {
	/** Anchor-Delivery-Id. It is not signed: good for looking a delivery up, not for deciding anything. */
	deliveryId: string | null;
	/** Unix seconds, as signed. */
	timestamp: number;
	/** Unix milliseconds, by this machine's clock. */
	receivedAt: number;
	signedWith: LiveSecret['age'];
}

/**
 * Why the secrets at hand may not be those that Anchor signs with: a new one is being made, another process of this n8n
 * may have made one, or the stored one cannot be opened.
 */
export type Doubt = 'secret_changing' | 'secret_outdated' | 'secret_sealed';

/** What became of a request. Only `accepted` holds a reservation, which the caller settles. */
export type Verdict =
	| {
			kind: 'accepted';
			event: AnchorEvent;
			facts: DeliveryFacts;
			/** The fields of conditions that could not be judged. */
			unjudged?: readonly string[];
	  }
	| {
			kind: 'ignored';
			reason: 'not_subscribed' | 'filtered' | 'duplicate';
			event: AnchorEvent;
			/** For `filtered`: as above. */
			unjudged?: readonly string[];
			/** For `not_subscribed`: whether no event is selected at all, which only an expression can bring about. */
			isNothingSelected?: boolean;
	  }
	| { kind: 'retryLater'; reason: 'in_flight' | 'no_secret' | Doubt }
	| {
			kind: 'rejected';
			reason:
				| 'wrong_method'
				| 'header_missing'
				| 'header_malformed'
				| 'unreadable_body'
				| 'signature_mismatch';
	  }
	| {
			kind: 'rejected';
			reason: 'stale';
			/** How far behind (positive) or ahead (negative) of this machine's clock. */
			skewSeconds: number;
			allowedSeconds: number;
	  }
	| {
			kind: 'rejected';
			reason: 'not_an_event';
			/** What is missing. */
			detail: string;
	  };

/** Whether a delivery matched none of the secrets, or there was none to match. */
export function isUnmatched(verdict: Verdict | { kind: 'genuine' }): boolean {
	if (verdict.kind === 'retryLater') return verdict.reason !== 'in_flight';
	return verdict.kind === 'rejected' && verdict.reason === 'signature_mismatch';
}

/** The answer to Anchor: `body` is sent as JSON, where there is one. */
export interface Answer {
	status: number;
	headers: Record<string, string>;
	body?: Record<string, unknown>;
}

type Reason = Exclude<Verdict, { kind: 'accepted' }>['reason'];
type Ignored = Extract<Verdict, { kind: 'ignored' }>;

/** What n8n answers once it has taken a run: the description of the node says so, too. */
export const ACCEPTED_STATUS = 202;

/** What a genuine event gets that starts no run. */
export const IGNORED_STATUS = 204;

/** What Anchor gets for an event that runs with others, some minutes later. */
export const COLLECTED: Answer = {
	status: ACCEPTED_STATUS,
	headers: {},
	body: { received: true, collected: true },
};

const NOT_FOR_US: Answer = { status: IGNORED_STATUS, headers: {} };

const refusal = (status: number, message: string): Answer => ({
	status,
	headers: {},
	body: { received: false, message },
});
const BAD_REQUEST = refusal(400, 'Bad Request');

/** Anchor documents no meaning for Retry-After: it may do as it likes. */
const comeAgainIn = (seconds: number): Answer => ({
	status: 503,
	headers: { 'Retry-After': String(seconds) },
	body: { received: false },
});
/** A run is accepted, and a new secret stored, within seconds. */
const COME_AGAIN_SOON = comeAgainIn(5);
/** A secret that is not there at all takes a person or a reactivation. */
const COME_AGAIN_LATER = comeAgainIn(60);

/**
 * The one table of answers. Anchor keeps the status in its history, where the trigger reads it again: each says one
 * thing, and none of those for a genuine event is a plain 200, which n8n answers by itself while it starts, and which a
 * proxy may answer for it. Any 2xx ends a delivery well. Anchor ends it for good at a 4xx and sends it again at a 5xx:
 * what can become acceptable is therefore a 503, and what never will a 4xx. Whoever is refused learns no more than
 * whether it was for the signature.
 */
const ANSWERS: Readonly<Record<'accepted' | Reason, Answer>> = {
	accepted: { status: ACCEPTED_STATUS, headers: {}, body: { received: true } },

	not_subscribed: NOT_FOR_US,
	filtered: NOT_FOR_US,
	duplicate: NOT_FOR_US,

	in_flight: COME_AGAIN_SOON,
	no_secret: COME_AGAIN_LATER,
	secret_changing: COME_AGAIN_SOON,
	secret_outdated: COME_AGAIN_SOON,
	secret_sealed: COME_AGAIN_LATER,

	wrong_method: BAD_REQUEST,
	header_missing: BAD_REQUEST,
	header_malformed: BAD_REQUEST,
	stale: BAD_REQUEST,
	unreadable_body: BAD_REQUEST,

	signature_mismatch: refusal(401, 'Unauthorized'),

	not_an_event: refusal(422, 'Not an Anchor Browser event'),
};

/** The HTTP answer for a verdict, from the table above. The caller may change what it gets. Never throws. */
export function answerOf(verdict: Verdict): Answer {
	const { status, headers, body } =
		ANSWERS[verdict.kind === 'accepted' ? 'accepted' : verdict.reason];
	return { status, headers: { ...headers }, body: body && { ...body } };
}

/** Beyond this a clock is not a little off: the number is in another unit, or made up. */
const BELIEVABLE_SKEW_SECONDS = 10 * 365 * 24 * 60 * 60;
const MOST_MISMATCHES_NAMED = 5;

/**
 * What the log says about a verdict: what happened, and what to try. Undefined when everything went as configured
 * (accepted, or ignored because the user asked for that, with events selected and every condition judged). Never holds a secret, a
 * signature or anything of the payload.
 */
export function logLineOf(verdict: Verdict): string | undefined {
	switch (verdict.kind) {
		case 'ignored':
			if (verdict.isNothingSelected) return NOTHING_SELECTED_LINE;
			return verdict.unjudged && unjudgedLine(verdict.unjudged);
		case 'accepted':
			return verdict.unjudged && unjudgedLine(verdict.unjudged);
		case 'retryLater':
		case 'rejected':
			if (verdict.reason === 'stale') return staleLine(verdict);
			if (verdict.reason !== 'not_an_event') return LINES[verdict.reason];
			return `A genuine delivery was refused because it is not an event (${verdict.detail}). Check whether Anchor Browser changed its format, and whether a newer version of this node is there.`;
	}
}

/** What the log says of an event that nobody wants because the expression under Events gives nothing. */
export const NOTHING_SELECTED_LINE =
	'An event was left out because the expression under Events gave no event name: while it gives none, nothing runs this workflow. Check the expression, then publish the workflow again (n8n 1: deactivate and activate it).';

/**
 * What the log says of conditions that could not be judged.
 * @param fields theirs, at least one
 */
export function unjudgedLine(fields: readonly string[]): string {
	return `A condition under Only When could not be judged and therefore did not hold (${fields.join(', ')}). Check that its operator fits what the event has in that field, and that its value is filled in: a number or a date where the operator says so, a pattern that is valid and quick.`;
}

const HEADER_ADVICE =
	'If Anchor Browser sent it, check that every proxy in front of n8n passes the Anchor-Signature and Anchor-Timestamp headers on unchanged and once; otherwise somebody else called this address.';

type Explained = Exclude<Reason, Ignored['reason'] | 'stale' | 'not_an_event'>;

const LINES: Readonly<Record<Explained, string>> = {
	in_flight:
		'A second copy of an event arrived while n8n was still taking in the first, and Anchor Browser was asked to send it again later. If this repeats, n8n needs longer than 10 seconds to accept a run: add the option Acknowledge and choose Immediately, or raise the concurrency limit of n8n (N8N_CONCURRENCY_PRODUCTION_LIMIT).',
	no_secret:
		'A delivery could not be checked because there is no signing secret to check it with, and Anchor Browser was asked to send it again later. With automatic registration, check the credential of this node, then unpublish the workflow and publish it again (n8n 1: deactivate and activate it); with manual registration, fill in the Signing Secret in the credential.',
	secret_changing:
		'A delivery did not match the known signing secrets while a new one was being fetched, and Anchor Browser was asked to send it again later. Nothing needs to be done unless this repeats.',
	secret_outdated:
		'A delivery did not match the signing secret that this process of n8n knows, which another process may have replaced, and Anchor Browser was asked to send it again later. If this repeats, check that the Anchor Browser API can be reached from this process, then unpublish the workflow and publish it again (n8n 1: deactivate and activate it).',
	secret_sealed:
		'A delivery could not be checked because the stored signing secret cannot be opened: the API key in the credential of this node was replaced since. Anchor Browser was asked to send it again later. For a new secret at once, unpublish the workflow and publish it again (n8n 1: deactivate and activate it).',
	wrong_method:
		'A request was refused because it was not a POST. Anchor Browser only sends POST: somebody else called this address, or a redirect in front of n8n changed the method.',
	header_missing: `A request was refused because a signature header was missing or blank. ${HEADER_ADVICE}`,
	header_malformed: `A request was refused because its signature headers do not have the form that Anchor Browser uses, or are there twice. ${HEADER_ADVICE}`,
	unreadable_body:
		'A request was refused because its body could not be read as it was sent: it was a multipart form, broke off, was too long or wrongly compressed. Anchor Browser sends plain JSON. If it sent this, check that every proxy in front of n8n passes the Content-Type and Content-Encoding headers on unchanged; otherwise somebody else called this address.',
	signature_mismatch:
		'A delivery was refused because its signature matches no known signing secret. With automatic registration, the trigger replaces a wrong secret by itself (if Recover Missed Events is on); with manual registration, check whether it was rotated at Anchor Browser, or that of another webhook pasted. If this repeats, check whether a proxy in front of n8n changes the body.',
};

function staleLine({ skewSeconds, allowedSeconds }: Extract<Verdict, { reason: 'stale' }>): string {
	if (!(Math.abs(skewSeconds) <= BELIEVABLE_SKEW_SECONDS)) {
		return `A delivery was refused because its timestamp is years away from this machine's clock (allowed: ${allowedSeconds}). Anchor Browser sends Unix seconds: check the clock of the n8n host, and whether something else called this address.`;
	}
	const side = skewSeconds > 0 ? 'behind' : 'ahead of';
	return `A delivery was refused because its timestamp is ${Math.abs(skewSeconds)} seconds ${side} this machine's clock (allowed: ${allowedSeconds}). Check the clock of the n8n host, or add the option Timestamp Tolerance (Seconds) and raise it.`;
}

/**
 * What the log says about an event whose fields do not look as documented. Holds the names of fields, nothing of what
 * is in them.
 * @param mismatches their paths, at least one
 */
export function mismatchLine(type: string, mismatches: readonly string[]): string {
	const named = mismatches.slice(0, MOST_MISMATCHES_NAMED).join(', ');
	const more = mismatches.length - MOST_MISMATCHES_NAMED;
	const rest = more > 0 ? ` and ${more} more` : '';
	return `An event ${type} was delivered although some of its fields do not look as documented: ${named}${rest}. Check that the workflow does not rely on them.`;
}
