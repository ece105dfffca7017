import { isObject } from '../events/json';

/** Where Anchor's several error bodies keep their text, best first (anchorbrowser's SDK, errors.ts; API description). */
const TEXT_KEYS = ['message', 'error', 'errors', 'detail', 'details', 'title', 'code'];

/** Deeper than the deepest body that Anchor documents: `{ error: { error: { message } } }`. */
const MAX_DEPTH = 5;

const MAX_LENGTH = 300;

/** What stands in place of a secret that a text repeated. */
const HIDDEN = '[hidden]';

/**
 * What a refusal says: Anchor's own words on one line, at most 300 characters, without the API key. Reads every shape
 * that Anchor documents: `{error:{code,message}}`, the same one level deeper, `{error:"text"}`, `{message}`, and a plain
 * text. A page of HTML (a proxy's answer) holds no words of Anchor's.
 * @param body the body, parsed or as text
 * @param apiKey what Anchor, or a proxy in between, may repeat: messages and logs are read by more people than
 * credentials are
 * @returns '' when there are no words
 */
export function errorTextOf(body: unknown, apiKey: string): string {
	// Before the text is cut, because a cut through the key would leave most of it.
	const text = redact(textIn(body, 0), apiKey).replace(/\s+/g, ' ').trim();
	return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
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

/** n8n's HTTP client leaves out of a header what it cannot carry, so that another text may come back than was filled in. */
function redact(text: string, secret: string): string {
	const sent = secret.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').trim();
	return [secret, sent]
		.filter((form) => form !== '')
		.reduce((left, form) => left.replaceAll(form, HIDDEN), text);
}
