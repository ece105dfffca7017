import { CATALOGUE, entryOf } from './catalogue';
import type { EventEntry } from './catalogue';
import type { AnchorEvent } from './event';
import { isObject, parseJson } from './json';
import type { JsonObject } from './json';

/** What the bytes of a delivery turned out to be. */
export type ParsedEvent =
	| {
			kind: 'event';
			/** The parsed JSON itself, nothing added or removed. */
			event: AnchorEvent;
	  }
	| {
			kind: 'malformed';
			/** What is missing, in words for a log. Holds nothing of the body. */
			detail: string;
	  };

/** Enough to see what changed at Anchor; a list of ten thousand odd entries must not fill a log line. */
const MAX_MISMATCHES = 20;

/**
 * How many entries of a list are looked at. zod has no end to what it collects: a million odd entries would keep the
 * process busy for many seconds.
 */
const MOST_ENTRIES = 1_000;

/** Without `fatal`, as n8n: bytes that are not UTF-8 become U+FFFD. A leading byte order mark is left out. */
const utf8 = new TextDecoder('utf-8');

/**
 * Takes the body of a delivery whose signature has been proven; returns the event in it, or why there is none. Only the
 * envelope is strict (`id` and `type` text that is not blank, `data` an object), because a trigger that drops events
 * when Anchor changes a field is worse than an item that looks a little different. Total: never throws.
 */
export function parseEvent(bytes: Uint8Array): ParsedEvent {
	if (bytes.length === 0) return { kind: 'malformed', detail: 'the body is empty' };
	let body: unknown;
	try {
		body = parseJson(utf8.decode(bytes));
	} catch {
		return { kind: 'malformed', detail: 'the body is not JSON' };
	}
	if (!isObject(body)) return { kind: 'malformed', detail: 'the body is not a JSON object' };
	if (!isEvent(body)) return { kind: 'malformed', detail: missingFrom(body) };
	return { kind: 'event', event: body };
}

/**
 * Takes an event; returns the paths, such as `data.error.type`, where it is not as Anchor describes it, at most 20 of
 * its data, and none behind the 1,000th entry of a list. It is delivered all the same, so this is no part of judging a delivery. Total: never throws.
 */
export function mismatchesOf(event: AnchorEvent): string[] {
	const mismatches = ['created', 'project_id', 'text'].filter(
		(key) => event[key] !== undefined && typeof event[key] !== 'string',
	);
	const checked = entryOf(event.type)?.schema.safeParse(withShortLists(event.data));
	if (checked?.success === false) {
		const paths = checked.error.issues.map(({ path }) => ['data', ...path].join('.'));
		mismatches.push(...new Set(paths.slice(0, MAX_MISMATCHES)));
	}
	return mismatches;
}

/**
 * Takes keys that lead to a field of `data`; returns whether Anchor describes it, for some event, as a text, a number or
 * the like: there is nothing below it. A key that is a number stands for any entry of a list.
 */
export function isDocumentedScalar(path: readonly string[]): boolean {
	const place = path.map((key) => (/^\d+$/.test(key) ? 0 : key));
	const isRefused = (schema: EventEntry['schema'], leaf: object) => {
		const data = place.reduceRight<object>((at, key) => (key === 0 ? [at] : { [key]: at }), leaf);
		const { error } = schema.safeParse(data);
		return error?.issues.some((issue) => issue.path.join('.') === place.join('.')) ?? false;
	};
	return CATALOGUE.some(({ schema }) => isRefused(schema, {}) && isRefused(schema, []));
}

/** Only at the top level of `data` does a schema have lists. */
function withShortLists(data: JsonObject): JsonObject {
	const long = Object.entries(data).filter(
		(entry): entry is [string, unknown[]] =>
			Array.isArray(entry[1]) && entry[1].length > MOST_ENTRIES,
	);
	if (long.length === 0) return data;
	const short = long.map(([key, list]) => [key, list.slice(0, MOST_ENTRIES)] as const);
	return { ...data, ...Object.fromEntries(short) };
}

function isEvent(body: Record<string, unknown>): body is AnchorEvent {
	return isText(body.id) && isText(body.type) && isObject(body.data);
}

function missingFrom(body: Record<string, unknown>): string {
	const missing = [
		...(isText(body.id) ? [] : ['"id" as text']),
		...(isText(body.type) ? [] : ['"type" as text']),
		...(isObject(body.data) ? [] : ['"data" as an object']),
	];
	return `the body has no ${missing.join(', no ')}`;
}

function isText(value: unknown): value is string {
	return typeof value === 'string' && value.trim() !== '';
}
