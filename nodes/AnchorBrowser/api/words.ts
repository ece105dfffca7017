import { isObject } from '../events/json';

/** Where Anchor's several error bodies keep their text, best first (anchorbrowser's SDK, errors.ts; API description). */
const TEXT_KEYS = ['message', 'error', 'errors', 'detail', 'details', 'title', 'code'];

/** Deeper than the deepest body that Anchor documents: `{ error: { error: { message } } }`. */
const MAX_DEPTH = 5;

const MAX_WORDS = 300;

/** What stands in place of a secret that a text repeated. */
const HIDDEN = '[hidden]';

/**
 * Takes the body of a refusal, parsed or as text; returns Anchor's own words on one line, at most 300 characters, or
 * '' when there are none. Reads every shape that Anchor documents: `{error:{code,message}}`, the same one level deeper,
 * `{error:"text"}`, `{message}`, and a plain text. A page of HTML (a proxy's answer) holds no words of Anchor's.
 */
export function wordsOf(body: unknown): string {
	const text = textIn(body, 0).replace(/\s+/g, ' ').trim();
	return text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS - 1)}…` : text;
}

function textIn(value: unknown, depth: number): string {
	if (typeof value === 'string') return plain(value, depth);
	if (depth > MAX_DEPTH) return '';
	if (Array.isArray(value)) {
		return value
			.map((part) => textIn(part, depth + 1))
			.filter((part) => part !== '')
			.join('; ');
	}
	if (!isObject(value)) return '';
	for (const key of TEXT_KEYS) {
		const text = textIn(value[key], depth + 1);
		if (text !== '') return text;
	}
	return '';
}

function plain(text: string, depth: number): string {
	const trimmed = text.trim();
	if (/^<(!doctype|html|\?xml|head|body)/i.test(trimmed)) return '';
	if (!/^[[{]/.test(trimmed) || depth > MAX_DEPTH) return trimmed;
	try {
		return textIn(JSON.parse(trimmed), depth + 1) || trimmed;
	} catch {
		return trimmed;
	}
}

/**
 * Takes a text and a secret; returns the text without the secret: Anchor, or a proxy in between, may repeat the API
 * key that it refuses, and messages and logs are read by more people than credentials are.
 */
export function hide(text: string, secret: string): string {
	return secret === '' ? text : text.replaceAll(secret, HIDDEN);
}
