import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Anchor's own headers of a delivery, in lower case as Node hands them over (Anchor's page "Webhooks overview"). */
const SIGNATURE_HEADER = 'anchor-signature';
const TIMESTAMP_HEADER = 'anchor-timestamp';
const DELIVERY_ID_HEADER = 'anchor-delivery-id';

/** What of one HTTP request is there before its body has been read. */
export interface RequestHead {
	method: string;
	headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** One HTTP request as the receiving core sees it. */
export interface DeliveryRequest extends RequestHead {
	/** The bytes as they were signed: n8n's `rawBody`, never text that was decoded and encoded again. */
	body: Uint8Array;
}

/** A signing secret, ready for checking. After a rotation Anchor keeps the previous one valid for 24 hours. */
export interface LiveSecret {
	/** Made once for each secret: Node prepares a key given as text anew for each HMAC. */
	key: KeyObject;
	age: 'current' | 'previous';
	/**
	 * Until when it signs, in milliseconds of Anchor's clock. Compared with the time that Anchor signed, so that no clock
	 * of ours decides over it. Left out for a secret that does not end by itself.
	 */
	expiresAtMs?: number;
}

/**
 * Makes a secret ready for checking.
 *
 * A pasted secret often brings a space or a line break along; Anchor's own have none. A credential's field that is
 * filled by an expression can hold anything at run time: what is neither text nor a number is no secret.
 * @param text as Anchor shows it
 * @returns a list of the one secret; an empty one when there is none in the text
 */
export function liveSecret(
	text: unknown,
	age: LiveSecret['age'],
	expiresAtMs?: number,
): LiveSecret[] {
	const trimmed = typeof text === 'string' || typeof text === 'number' ? String(text).trim() : '';
	if (trimmed === '') return [];
	return [{ key: createSecretKey(trimmed, 'utf8'), age, expiresAtMs }];
}

/** What the checks are made against. Seconds throughout; `nowSeconds` is whole Unix seconds. */
export interface SignatureContext {
	secrets: readonly LiveSecret[];
	toleranceSeconds: number;
	nowSeconds: number;
}

/** Why the headers of a request are not those of a delivery. */
export type HeadRefusal = 'header_missing' | 'header_malformed';

/** Why a request is not trusted. */
export type Refusal =
	| { ok: false; reason: HeadRefusal | 'no_secret' | 'signature_mismatch' }
	/** With the seconds that the timestamp lies behind (positive) or ahead (negative) of our clock. */
	| { ok: false; reason: 'stale'; skewSeconds: number };

/** Who has claimed what within the time window, or why nobody has. */
export type TimeCheck = { ok: true; claim: SignatureClaim; timestampSeconds: number } | Refusal;

export type SignatureCheck =
	| {
			ok: true;
			signedWith: LiveSecret['age'];
			timestampSeconds: number;
			/** Anchor-Delivery-Id, which is not signed. */
			deliveryId: string | null;
	  }
	| Refusal;

/** What the two headers of a delivery claim. */
export interface SignatureClaim {
	/** The text of both timestamps. */
	timestamp: string;
	/** The bytes of each signature's hex digits. */
	signatures: readonly Buffer[];
}

/** Room for more than 1,400 signatures; Anchor documents one. What is longer is refused before it is read. */
const LONGEST_HEADER = 100_000;

const DIGITS = /^[0-9]+$/;
/**
 * Lower case only, as Anchor documents it. Were upper case taken too, a header with one bit changed in a letter would
 * still pass.
 */
const HEX_SHA256 = /^[0-9a-f]{64}$/;

/**
 * Signs a delivery as Anchor does: HMAC-SHA256 over `v0:<timestamp>:` and the raw body, keyed with the bytes of the
 * secret's text (Anchor's page "Signature verification").
 * @param key of the secret
 * @param timestamp the text of Anchor-Timestamp
 * @param body the raw bytes
 * @returns 64 lower-case hex digits
 */
export function sign(key: KeyObject, timestamp: string, body: Uint8Array): string {
	// The body goes in as a part of its own: joining it to the prefix would copy it.
	return createHmac('sha256', key).update(`v0:${timestamp}:`).update(body).digest('hex');
}

/**
 * Reads what a request claims in its headers. Costs no HMAC, and nothing of the trigger has to be known for it.
 * @returns the claim; otherwise why there is none. Never throws.
 */
export function readClaim(head: RequestHead): SignatureClaim | HeadRefusal {
	const header = headerOf(head, SIGNATURE_HEADER);
	const timestamp = headerOf(head, TIMESTAMP_HEADER);
	if (header === undefined || timestamp === undefined) return 'header_missing';
	const signatures = signaturesIn(header, timestamp);
	return signatures === undefined ? 'header_malformed' : { timestamp, signatures };
}

/**
 * Reads one header, whatever the case of its name.
 * @param name in lower case
 * @returns the value as it came; undefined when the header is missing, blank, or there more than once: which of two values
 * counts is nothing to guess about, least of all when one of them may have been added on the way. Never throws.
 */
function headerOf(request: RequestHead, name: string): string | undefined {
	let found: string | undefined;
	// Every name is looked at, because a plain object can hold two spellings of one; the length settles most of them.
	for (const key in request.headers) {
		if (key.length !== name.length || key.toLowerCase() !== name) continue;
		const value = request.headers[key];
		if (value === undefined || !Object.hasOwn(request.headers, key)) continue;
		if (found !== undefined || typeof value !== 'string') return undefined;
		found = value;
	}
	return found === undefined || found.trim() === '' ? undefined : found;
}

/**
 * Checks that a request claims to have been signed within the time window (both ways, the limit itself still passes).
 * Costs no HMAC and no body.
 * @returns the claim, or the reason of the refusal. Never throws.
 */
export function checkTime(
	head: RequestHead,
	{ toleranceSeconds, nowSeconds }: Omit<SignatureContext, 'secrets'>,
): TimeCheck {
	const claim = readClaim(head);
	if (typeof claim === 'string') return { ok: false, reason: claim };

	const timestampSeconds = Number(claim.timestamp);
	const skewSeconds = nowSeconds - timestampSeconds;
	// Asked this way round, a clock or a tolerance that is not a number refuses instead of letting everything through.
	if (!(Math.abs(skewSeconds) <= toleranceSeconds)) {
		return { ok: false, reason: 'stale', skewSeconds };
	}
	return { ok: true, claim, timestampSeconds };
}

/**
 * Checks that a request was signed with one of the secrets within the time window.
 *
 * Cheap checks run first: both headers, their grammar, the window (both ways, the limit itself still passes), whether
 * there is a secret, then the HMAC. There is one HMAC for each secret however many signatures the header lists, and
 * every signature is compared with each of them in constant time, without stopping at a match. Without a secret nothing
 * is trusted.
 * @returns which secret signed, or the reason of the refusal. Never throws.
 */
export function checkSignature(
	request: DeliveryRequest,
	{ secrets, toleranceSeconds, nowSeconds }: SignatureContext,
): SignatureCheck {
	const checked = checkTime(request, { toleranceSeconds, nowSeconds });
	if (!checked.ok) return checked;

	const { claim, timestampSeconds } = checked;
	const { timestamp, signatures } = claim;
	if (secrets.length === 0) return { ok: false, reason: 'no_secret' };

	let signedWith: LiveSecret['age'] | undefined;
	for (const { key, age, expiresAtMs } of secrets) {
		if (timestampSeconds * 1000 > (expiresAtMs ?? Infinity)) continue;
		const matches = matchesAny(signatures, asciiOf(sign(key, timestamp, request.body)));
		if (matches && signedWith !== 'current') signedWith = age;
	}
	if (signedWith === undefined) return { ok: false, reason: 'signature_mismatch' };
	const deliveryId = headerOf(request, DELIVERY_ID_HEADER) ?? null;
	return { ok: true, signedWith, timestampSeconds, deliveryId };
}

/**
 * The `v1` signatures of `t=<seconds>,v1=<hex>[,v1=<hex>…]`, as the bytes of their digits, or undefined when the header
 * breaks the grammar: `t` there exactly once, made of digits, the very text of Anchor-Timestamp, and one signature that
 * can be one. Parts with other names, and `v1` that cannot be a SHA-256, are skipped, so that Anchor can add a scheme.
 */
function signaturesIn(header: string, timestamp: string): Buffer[] | undefined {
	if (header.length > LONGEST_HEADER || !DIGITS.test(timestamp)) return undefined;
	const signatures: Buffer[] = [];
	let timestamps = 0;
	for (let start = 0, comma = 0; comma !== -1; start = comma + 1) {
		comma = header.indexOf(',', start);
		const part = trimBlanks(header, start, comma === -1 ? header.length : comma);
		if (part.startsWith('t=')) {
			timestamps += 1;
			if (part.slice(2) !== timestamp) return undefined;
		} else if (part.startsWith('v1=')) {
			const hex = part.slice(3);
			if (HEX_SHA256.test(hex)) signatures.push(asciiOf(hex));
		}
	}
	return timestamps === 1 && signatures.length > 0 ? signatures : undefined;
}

/**
 * The text from start to end without blanks and tabs on both sides, the white space HTTP allows around a list's parts.
 * `trim()` would take more (a no-break space, say), and a pattern such as `[ \t]+$` needs quadratic time for a long run
 * of blanks.
 */
function trimBlanks(text: string, start: number, end: number): string {
	while (start < end && isBlank(text.charCodeAt(start))) start += 1;
	while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
	return text.slice(start, end);
}

function isBlank(code: number): boolean {
	return code === 0x20 || code === 0x09;
}

/**
 * Signatures are compared as the bytes of their hex digits: both sides are lower case and 64 long, and Node gives a
 * digest as text at two thirds of what it costs as a Buffer of its own.
 */
function asciiOf(hex: string): Buffer {
	return Buffer.from(hex, 'latin1');
}

function matchesAny(signatures: readonly Buffer[], mac: Buffer): boolean {
	let matches = 0;
	for (const signature of signatures) matches |= Number(timingSafeEqual(signature, mac));
	return matches === 1;
}
