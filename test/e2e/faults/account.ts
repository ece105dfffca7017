import type { Delivery } from '../../simulator';
import type { Run } from './runs';

/** What became of the events of one workflow, counted as a user does. */
export interface Account {
	/** Events that Anchor sent. */
	events: number;
	/** Requests that Anchor made for them. */
	requests: number;
	/** The workflow never ran to its end for them, whatever Anchor was answered. */
	lost: string[];
	/** How many of them were answered what at last, such as `404 Cannot POST`. */
	lostAfter: Record<string, number>;
	/** The workflow ran to its end more than once for them; each with the runs that did. */
	doubled: string[];
	/** A run claimed the event, broke off in the middle, and n8n shows that it did. */
	crashed: string[];
	/** Runs that have brought an event to its end. */
	carryingRuns: number;
	/** The most events that one run has brought to its end. */
	mostInOneRun: number;
	/** Events that ran because the trigger recovered them. */
	recovered: number;
	/** Runs that succeeded without an item, because their event had run before. */
	emptyRuns: number;
	/** Those of them that the trigger had started itself. */
	emptyRecoveries: number;
	/** How long the slowest 2xx took, in milliseconds. */
	slowestMs: number;
	/** When the last recovered event had run, in milliseconds since 1970; undefined if none was. */
	lastRecoveredAt?: number;
}

/**
 * Makes up the account of a workflow.
 *
 * @param rows Anchor's deliveries of its events
 * @param runs its executions
 * @param isClaimed whether n8n's store of processed entries knows an event
 */
export function takeAccount(
	rows: readonly Delivery[],
	runs: readonly Run[],
	isClaimed: (eventId: string) => boolean,
): Account {
	const ids = [...new Set(rows.map(({ eventId }) => eventId))];
	const ends = new Map<string, number>();
	for (const id of runs.flatMap(({ endedIds }) => endedIds)) ends.set(id, (ends.get(id) ?? 0) + 1);
	const broken = runs.filter(({ status }) => status === 'crashed' || status === 'error');
	const brokenIds = new Set(broken.flatMap(({ eventIds }) => eventIds));
	// When a worker dies, n8n 2 strips the failed run of all data, the event's id included.
	let nameless = broken.filter(({ eventIds }) => eventIds.length === 0).length;
	const isCrashed = (id: string) => isClaimed(id) && (brokenIds.has(id) || nameless-- > 0);

	const unended = ids.filter((id) => !ends.has(id));
	const crashed = new Set(unended.filter(isCrashed));
	const lost = unended.filter((id) => !crashed.has(id));
	const lostAfter: Record<string, number> = {};
	for (const id of lost) {
		const answer = lastAnswerOf(rows.filter(({ eventId }) => eventId === id));
		lostAfter[answer] = (lostAfter[answer] ?? 0) + 1;
	}
	const empty = runs.filter(
		({ status, endedIds }) => status === 'success' && endedIds.length === 0,
	);
	const recoveries = runs.filter(({ mode, endedIds }) => mode === 'trigger' && endedIds.length > 0);
	return {
		events: ids.length,
		requests: rows.reduce((sum, { attempts }) => sum + attempts.length, 0),
		lost,
		lostAfter,
		doubled: ids
			.filter((id) => (ends.get(id) ?? 0) > 1)
			.map((id) => {
				const its = runs.filter(({ endedIds }) => endedIds.includes(id));
				return `${id} in ${its.map((one) => `${one.mode} run ${one.id}`).join(' and ')}`;
			}),
		crashed: [...crashed],
		carryingRuns: runs.filter(({ endedIds }) => endedIds.length > 0).length,
		mostInOneRun: Math.max(0, ...runs.map(({ endedIds }) => endedIds.length)),
		recovered: recoveries.flatMap(({ endedIds }) => endedIds).length,
		emptyRuns: empty.length,
		emptyRecoveries: empty.filter(({ mode }) => mode === 'trigger').length,
		slowestMs: Math.max(
			0,
			...rows.flatMap(({ attempts }) => attempts.flatMap(({ error, ms }) => (error ? [] : [ms]))),
		),
		lastRecoveredAt:
			recoveries.length === 0
				? undefined
				: Math.max(...recoveries.map(({ stoppedAt }) => stoppedAt)),
	};
}

/** What the last attempt of an event was answered, in a few words. */
function lastAnswerOf(rows: readonly Delivery[]): string {
	const last = rows.at(-1)?.attempts.at(-1);
	if (last?.status == null) return last?.error ?? 'never sent';
	// Without the tags of Express's own pages, and without the address.
	const words = last.responseBody.replace(/<[^>]*>|\/webhook\S*/g, ' ').replace(/\s+/g, ' ');
	return `${last.status} ${words.trim().slice(0, 40)}`.trim();
}
