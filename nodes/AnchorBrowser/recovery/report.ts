import type { MissedEvent } from './reading';

/**
 * What the log says of missed events that were run: how many of when, what Anchor had received for them, and what to check.
 * @param events at least one
 */
export function recoveredLine(events: readonly MissedEvent[]): string {
	const times = events.flatMap(({ event }) => event.created ?? []).sort();
	const when = times.length === 0 ? '' : ` (from ${times[0]} to ${times[times.length - 1]})`;
	const counts = new Map<number | null, number>();
	for (const { row } of events) {
		counts.set(row.response_status, (counts.get(row.response_status) ?? 0) + 1);
	}
	const got = [...counts]
		.sort(([, one], [, other]) => other - one)
		.map(
			([status, count]) => `${status ?? 'no answer'} (${count === 1 ? 'once' : `${count} times`})`,
		);
	const advice = new Set([...counts.keys()].map(adviceFor));
	return `${countOf(events.length)} that had not reached this workflow${when} ${events.length === 1 ? 'was' : 'were'} fetched from the delivery history of Anchor Browser and run. Instead of an answer from this trigger, Anchor Browser had received: ${got.join(', ')}. ${[...advice].join('. ')}`;
}

/** What the log says of events that Anchor counts as delivered and that no run had taken. */
export function unclaimedLine(count: number): string {
	return `${countOf(count)} that Anchor Browser counts as delivered, but that no run of this workflow had taken, ${count === 1 ? 'was' : 'were'} fetched from its delivery history and run. n8n or one of its workers had stopped before the run began, or something in front of n8n had answered. Nothing needs to be done`;
}

/** What the log says of events that nothing can be made of. */
export function withoutPayloadLine(ids: readonly string[]): string {
	const them = ids.length === 1 ? 'it' : 'them';
	return `Anchor Browser could not deliver ${countOf(ids.length)} and no longer shows what was in ${them}: ${ids.slice(0, 20).join(', ')}. See the delivery history of the webhook in the Anchor Browser dashboard`;
}

/** What the log says before a secret is replaced for which a proxy's answers may have been taken. */
export const REPORTED_WRONG =
	'deliveries were refused with 401, though not by this process of n8n. If the signing secret is replaced and this comes again tomorrow, check whether a proxy in front of n8n answers with 401 by itself';

/** What the log says when a new secret has not helped. */
export const STILL_REFUSED =
	'deliveries are still refused with 401 although the signing secret is a new one. Check whether a proxy in front of n8n changes deliveries, or answers with 401 by itself';

function adviceFor(status: number | null): string {
	if (status === null) return 'No answer: n8n was off, or could not be reached';
	if (status >= 200 && status < 300) {
		return `${status}: n8n was starting, or something in front of it answered in its place`;
	}
	if (status === 400) {
		return '400: check the clock of the n8n host, and whether a proxy changes headers or body';
	}
	if (status === 401) return '401: the signing secret was not the right one';
	if (status === 404) return '404: n8n was starting or publishing, or a proxy leads somewhere else';
	if (status < 500) {
		return `${status}: this comes from something in front of n8n; let it pass POST requests to /webhook/ on unchanged`;
	}
	return `${status}: n8n, or a proxy in front of it, was starting, stopped or overloaded`;
}

function countOf(events: number): string {
	return `${events} ${events === 1 ? 'event' : 'events'}`;
}
