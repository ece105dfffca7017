/** A parsed JSON object, as opposed to a list, a scalar or null. */
export type JsonObject = Record<string, unknown>;

/** Of valid JSON: what may begin or end a text, and the numbers, which may also stand in a text. No match goes back. */
const TOKEN = /\\.|"|-?\d[\d.eE+-]*/gs;

/**
 * Takes the JSON text of an object or a list; returns what it holds, as JSON.parse does, but for numbers that JavaScript
 * would change: an integer (without point or exponent) beyond 2^53 - 1, and a number that would be infinite, become text
 * with the digits as written.
 * @throws SyntaxError when it is no JSON
 */
export function parseJson(text: string): unknown {
	const parsed: unknown = JSON.parse(text);
	if (!holdsLargeNumber(parsed)) return parsed;
	let isInText = false;
	const kept = text.replace(TOKEN, (token) => {
		if (token === '"') isInText = !isInText;
		return !isInText && wouldChange(token) ? `"${token}"` : token;
	});
	return JSON.parse(kept);
}

/**
 * Asked of what was parsed: looking through the text, most of which is in texts, takes as long as JSON.parse does. Without
 * recursion, for the reason below.
 */
function holdsLargeNumber(parsed: unknown): boolean {
	const holders = [parsed];
	for (let holder = holders.pop(); holder; holder = holders.pop()) {
		for (const value of Array.isArray(holder) ? holder : Object.values(holder)) {
			if (typeof value === 'number') {
				if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return true;
			} else if (typeof value === 'object' && value !== null) {
				holders.push(value);
			}
		}
	}
	return false;
}

function wouldChange(token: string): boolean {
	const number = Number(token);
	return /^-?\d+$/.test(token) ? !Number.isSafeInteger(number) : Math.abs(number) === Infinity;
}

/**
 * Takes any parsed JSON; returns its JSON text, as JSON.stringify writes it. Without recursion, because JSON.stringify
 * throws some thousand levels down, and JSON.parse reads any depth.
 */
export function jsonText(value: unknown): string {
	const parts: string[] = [];
	const rest: Array<{ value: unknown } | { text: string }> = [{ value }];
	for (let next = rest.pop(); next; next = rest.pop()) {
		if ('text' in next) {
			parts.push(next.text);
		} else if (Array.isArray(next.value)) {
			parts.push('[');
			rest.push({ text: ']' });
			for (let index = next.value.length - 1; index >= 0; index--) {
				rest.push({ value: next.value[index] });
				if (index > 0) rest.push({ text: ',' });
			}
		} else if (isObject(next.value)) {
			parts.push('{');
			rest.push({ text: '}' });
			const entries = Object.entries(next.value);
			for (let index = entries.length - 1; index >= 0; index--) {
				const [key, below] = entries[index];
				rest.push({ value: below });
				rest.push({ text: `${index > 0 ? ',' : ''}${JSON.stringify(key)}:` });
			}
		} else {
			parts.push(JSON.stringify(next.value) ?? 'null');
		}
	}
	return parts.join('');
}

/** Takes any parsed JSON; returns whether it is an object. */
export function isObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Takes an object; returns whether it has no key. */
export function isEmpty(value: JsonObject): boolean {
	return Object.keys(value).length === 0;
}

/**
 * Takes an object and a key; returns the object's own value, or undefined. Deliveries may name a key `constructor` or
 * `__proto__`, and a plain read of an absent one would find what every object inherits.
 */
export function own(holder: JsonObject, key: string): unknown {
	return Object.hasOwn(holder, key) ? holder[key] : undefined;
}

/** One of Anchor's times in milliseconds; undefined where there is none, or none that can be read. */
export function timeOf(text: string | null | undefined): number | undefined {
	const at = Date.parse(String(text));
	return Number.isNaN(at) ? undefined : at;
}
