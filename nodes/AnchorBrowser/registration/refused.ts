import type { ApiFailure, ApiResult } from '../api/client';
import { entryOf, EVENT_TYPES } from '../events/catalogue';

/** A request with events in it, and what became of them. */
export interface SentEvents<T> {
	result: ApiResult<T>;
	/** What was in the request that Anchor took; all, when it took none. */
	events: string[];
	/** What had to be left out so that Anchor took it. */
	leftOut: string[];
}

/**
 * Sends a request that names events; when Anchor refuses it for one of them, sends it again without: first without
 * those that Anchor's answer names, then without those that no page of Anchor's documents, then without both.
 * @param events all wanted ones
 * @param send the request with these events
 * @returns the answer to the request that Anchor took, else the first refusal, else the trouble in between
 */
export async function sendEvents<T>(
	events: readonly string[],
	send: (events: string[]) => Promise<ApiResult<T>>,
): Promise<SentEvents<T>> {
	const all = [...events];
	const first = await send(all);
	if (first.ok || !refusesContent(first)) return { result: first, events: all, leftOut: [] };

	const tried = new Set(['', all.join()]);
	for (const leftOut of suspects(first, all)) {
		const fewer = all.filter((event) => !leftOut.includes(event));
		if (tried.has(fewer.join())) continue;
		tried.add(fewer.join());
		const result = await send(fewer);
		if (result.ok) return { result, events: fewer, leftOut };
		if (!refusesContent(result)) return { result, events: all, leftOut: [] };
	}
	return { result: first, events: all, leftOut: [] };
}

/**
 * Which of the events an answer of Anchor's refuses by name. An answer may also list the names that it would take, so
 * a bare mention counts only when it cannot be such a list.
 */
export function refusedEvents({ detail = '' }: ApiFailure, events: readonly string[]): string[] {
	const received = events.filter((event) =>
		new RegExp(`received\\W{1,4}${escaped(event)}(?![\\w.-])`, 'i').test(detail),
	);
	const byIndex = [...detail.matchAll(/subscribed_events["'\],.[\s]+(\d+)/g)].flatMap(
		([, index]) => events[Number(index)] ?? [],
	);
	const named = [...new Set([...received, ...byIndex])];
	if (named.length > 0) return named;

	const mentioned = events.filter((event) => mentions(detail, event));
	const listsOthers = EVENT_TYPES.some((type) => !events.includes(type) && mentions(detail, type));
	return listsOthers || mentioned.length === events.length ? [] : mentioned;
}

function suspects(refusal: ApiFailure, events: readonly string[]): string[][] {
	const named = refusedEvents(refusal, events);
	const undocumented = events.filter((event) => entryOf(event)?.documented !== true);
	return [named, undocumented, [...new Set([...named, ...undocumented])]];
}

/** 400 is what Anchor documents; 422 is what many services answer in its place. */
function refusesContent({ status }: ApiFailure): boolean {
	return status === 400 || status === 422;
}

function mentions(text: string, event: string): boolean {
	return new RegExp(`(?<![\\w.-])${escaped(event)}(?![\\w-]|\\.\\w)`).test(text);
}

function escaped(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
