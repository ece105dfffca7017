import { own } from './json';
import type { JsonObject } from './json';

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;

/** How an expression of n8n's begins that means the item of a node. */
const ITEM = new RegExp(
	String.raw`^\$(?:json|(?:\((?:${QUOTED})\)|input)\.(?:item|first\(\)|last\(\))\.json|node\[(?:${QUOTED})\]\.json)(?=[.?[]|$)`,
	's',
);

/** One step of a path: a key after a dot, or in brackets an index or a key in quotes. */
const stepOf = (key: string) =>
	new RegExp(String.raw`\??\.(${key})|(?:\??\.)?\[\s*(?:(\d+)|(${QUOTED}))\s*\]`, 'suy');

/** In an expression a key is a name of JavaScript's: what follows it otherwise is a calculation. */
const EXPRESSION_STEP = stepOf(String.raw`[\p{L}_$][\p{L}\p{N}_$]*`);

/** Elsewhere it may have blanks and signs, an apostrophe within a word, and something in brackets, as in `Price (EUR)`. */
const STEP = stepOf(String.raw`(?:[^.?[\]"'(){}=<>|]|(?<=\p{L})'(?=\p{L})|(?<= )\([^()]*\))+`);

/**
 * Takes a path as people write it: `error.message`, `artifacts[0].name`, `result["a.b"]`, or an expression that says no
 * more than that, such as `{{ $json.error.message }}`. A lone dot, or `$json` alone, is the item itself.
 * @returns the keys that lead there; undefined when it is no path
 */
export function parsePath(text: string): string[] | undefined {
	const written = text.trim().replace(/^=\s*/, '');
	const inner = (/^\{\{(.*)\}\}$/s.exec(written)?.[1] ?? written).trim();
	const path = inner.replace(ITEM, '');
	if (path === '' || path === '.') return [];
	const steps = /^\??[.[]/.test(path) ? path : `.${path}`;
	const step = path === inner ? STEP : EXPRESSION_STEP;
	const keys: string[] = [];
	for (step.lastIndex = 0; step.lastIndex < steps.length; ) {
		const found = step.exec(steps);
		if (found === null) return undefined;
		const [, bare, index, quoted] = found;
		keys.push(bare?.trim() ?? index ?? quoted.slice(1, -1).replace(/\\(.)/gs, '$1'));
	}
	return keys;
}

/** Takes any parsed JSON and a path; returns what stands there, undefined where there is nothing. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
	let found = value;
	for (const key of path) {
		if (typeof found !== 'object' || found === null) return undefined;
		found = own(found as JsonObject, key);
	}
	return found;
}
