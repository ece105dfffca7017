import { EVERY_EVENT, failureTypeOf, idsOf } from '../events/catalogue';
import type { EventType, IdKind } from '../events/catalogue';
import type { AnchorEvent } from '../events/envelope';

/** The collection "Only When", ready for use. An empty set is no filter. */
export interface EventFilters {
	failureTypes: ReadonlySet<string>;
	authenticationFailureTypes: ReadonlySet<string>;
	ids: Readonly<Record<IdKind, ReadonlySet<string>>>;
}

/** The collection's values as n8n hands them over: multi-selects, texts, or whatever an expression made of them. */
export interface RawFilters {
	failureTypes?: unknown;
	authenticationFailureTypes?: unknown;
	taskIds?: unknown;
	sessionIds?: unknown;
	batchIds?: unknown;
	identityIds?: unknown;
	projectIds?: unknown;
}

const ID_KINDS: readonly IdKind[] = ['task', 'session', 'batch', 'identity', 'project'];
const TASK_FAILED: EventType = 'task.failed';
const AUTHENTICATION_FAILED: EventType = 'identity.authentication_failed';

/** Prepares the filters, so that judging an event takes as long with a hundred ids as with one. Never throws. */
export function makeFilters(raw: RawFilters = {}): EventFilters {
	return {
		failureTypes: setOf(raw.failureTypes),
		authenticationFailureTypes: setOf(raw.authenticationFailureTypes),
		ids: {
			task: setOf(raw.taskIds),
			session: setOf(raw.sessionIds),
			batch: setOf(raw.batchIds),
			identity: setOf(raw.identityIds),
			project: setOf(raw.projectIds),
		},
	};
}

const EMPTY: ReadonlySet<string> = new Set();

/** Lists by their text: filters are read for every delivery, and change only when somebody edits the workflow. */
const knownLists = new Map<string, ReadonlySet<string>>();
const MAX_LISTS = 500;

function setOf(value: unknown): ReadonlySet<string> {
	if (value === undefined) return EMPTY;
	if (typeof value !== 'string') return new Set(parseIdList(value));
	const known = knownLists.get(value);
	if (known !== undefined) return known;
	if (knownLists.size >= MAX_LISTS) knownLists.clear();
	const list = new Set(parseIdList(value));
	knownLists.set(value, list);
	return list;
}

/**
 * Reads a list that a person typed or an expression made: text parted by commas, semicolons, blanks or line breaks;
 * numbers; arrays of these. Returns each entry once, in the order given; what cannot be an id is left out. Never throws.
 */
export function parseIdList(value: unknown): string[] {
	return [...new Set(entriesOf(value))];
}

function entriesOf(value: unknown): string[] {
	if (typeof value === 'number' || typeof value === 'bigint') return [String(value)];
	if (typeof value === 'string') return value.split(/[\s,;]+/).filter((entry) => entry !== '');
	// One level deep: an array in an array is nobody's list of ids, and one that holds itself would never end.
	if (Array.isArray(value)) {
		return value.flatMap((entry: unknown) => (Array.isArray(entry) ? [] : entriesOf(entry)));
	}
	return [];
}

/** Whether the user selected this event. `*` takes all of them, also those Anchor adds later. */
export function isSubscribed(type: string, selected: readonly string[]): boolean {
	return selected.includes(type) || selected.includes(EVERY_EVENT);
}

/**
 * Whether an event passes every filter. The two lists of failure types each narrow one event and leave the others
 * alone; a list of ids drops each event that carries none of them.
 */
export function passesFilters(event: AnchorEvent, filters: EventFilters): boolean {
	return passesFailureTypes(event, filters) && passesIds(event, filters);
}

function passesFailureTypes(event: AnchorEvent, filters: EventFilters): boolean {
	const wanted =
		event.type === TASK_FAILED
			? filters.failureTypes
			: event.type === AUTHENTICATION_FAILED
				? filters.authenticationFailureTypes
				: undefined;
	if (wanted === undefined || wanted.size === 0) return true;
	const failureType = failureTypeOf(event);
	return failureType !== undefined && wanted.has(failureType);
}

function passesIds(event: AnchorEvent, { ids }: EventFilters): boolean {
	for (const kind of ID_KINDS) {
		const wanted = ids[kind];
		if (wanted.size > 0 && !idsOf(event, kind).some((id) => wanted.has(id))) return false;
	}
	return true;
}
