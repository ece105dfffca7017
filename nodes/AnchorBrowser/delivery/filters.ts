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

/** Prepares the filters once, so that judging an event takes as long with a hundred ids as with one. Never throws. */
export function makeFilters(raw: RawFilters = {}): EventFilters {
	return {
		failureTypes: new Set(parseIdList(raw.failureTypes)),
		authenticationFailureTypes: new Set(parseIdList(raw.authenticationFailureTypes)),
		ids: {
			task: new Set(parseIdList(raw.taskIds)),
			session: new Set(parseIdList(raw.sessionIds)),
			batch: new Set(parseIdList(raw.batchIds)),
			identity: new Set(parseIdList(raw.identityIds)),
			project: new Set(parseIdList(raw.projectIds)),
		},
	};
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
