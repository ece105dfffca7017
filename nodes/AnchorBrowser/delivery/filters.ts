import { EVERY_EVENT, failureTypeOf, idsOf } from '../events/catalogue';
import type { EventType, IdKind } from '../events/catalogue';
import type { AnchorEvent } from '../events/event';
import { judgeConditions, makeConditions } from './conditions';
import type { Conditions, JudgeCondition, Judgement } from './conditions';

/** The values of a filter; undefined for no filter, an empty set for one that nothing passes. */
type Wanted = ReadonlySet<string> | undefined;

/** The collection "Only When", ready for use. */
export interface EventFilters {
	failureTypes: Wanted;
	authenticationFailureTypes: Wanted;
	ids: Readonly<Record<IdKind, Wanted>>;
	conditions: Conditions;
}

/** The collection's values as n8n hands them over: multi-selects, texts, or whatever an expression made of them. */
export type RawFilters = Readonly<Record<string, unknown>>;

const ID_KINDS: readonly IdKind[] = ['task', 'session', 'batch', 'identity', 'project'];
const TASK_FAILED: EventType = 'task.failed';
const AUTHENTICATION_FAILED: EventType = 'identity.authentication_failed';

/**
 * Prepares the filters, so that judging an event takes as long with a hundred ids as with one. Never throws.
 * @param judge decides over one condition; without it none can be judged
 */
export function makeFilters(raw: RawFilters = {}, judge: JudgeCondition = giveUp): EventFilters {
	return {
		failureTypes: choiceOf(raw, 'failureTypes'),
		authenticationFailureTypes: choiceOf(raw, 'authenticationFailureTypes'),
		ids: {
			task: idsIn(raw, 'taskIds'),
			session: idsIn(raw, 'sessionIds'),
			batch: idsIn(raw, 'batchIds'),
			identity: idsIn(raw, 'identityIds'),
			project: idsIn(raw, 'projectIds'),
		},
		conditions: makeConditions(raw.conditions, judge),
	};
}

function giveUp(): never {
	throw new TypeError('There is nobody to judge');
}

/** A multi-select that is empty is no filter. */
function choiceOf(raw: RawFilters, name: string): Wanted {
	const value = raw[name];
	return Array.isArray(value) && value.length === 0 ? undefined : idsIn(raw, name);
}

/**
 * A field that was added and left blank is no filter. An expression that gives nothing (null, an empty list) was meant to
 * name something: letting everything pass would be the opposite.
 */
function idsIn(raw: RawFilters, name: string): Wanted {
	if (!Object.hasOwn(raw, name)) return undefined;
	const value = raw[name];
	if (typeof value !== 'string') return new Set(parseIdList(value));
	const list = listOf(value);
	return list.size === 0 ? undefined : list;
}

/** Lists by their text: filters are read for every delivery, and change only when somebody edits the workflow. */
const knownLists = new Map<string, ReadonlySet<string>>();
const MAX_LISTS = 500;

function listOf(text: string): ReadonlySet<string> {
	const known = knownLists.get(text);
	if (known !== undefined) return known;
	if (knownLists.size >= MAX_LISTS) knownLists.clear();
	const list = new Set(parseIdList(text));
	knownLists.set(text, list);
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
	if (typeof value === 'string') return value.split(/[\s,;]/).filter((entry) => entry !== '');
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
 * Whether an event passes every filter, and which conditions could not be judged. The two lists of failure types each
 * narrow one event and leave the others alone; a list of ids drops each event that carries none of them.
 */
export function judgeFilters(event: AnchorEvent, filters: EventFilters): Judgement {
	return passesFailureTypes(event, filters) && passesIds(event, filters)
		? judgeConditions(event, filters.conditions)
		: { holds: false };
}

function passesFailureTypes(event: AnchorEvent, filters: EventFilters): boolean {
	const wanted =
		event.type === TASK_FAILED
			? filters.failureTypes
			: event.type === AUTHENTICATION_FAILED
				? filters.authenticationFailureTypes
				: undefined;
	if (wanted === undefined) return true;
	const failureType = failureTypeOf(event);
	return failureType !== undefined && wanted.has(failureType);
}

function passesIds(event: AnchorEvent, { ids }: EventFilters): boolean {
	for (const kind of ID_KINDS) {
		const wanted = ids[kind];
		if (wanted !== undefined && !idsOf(event, kind).some((id) => wanted.has(id))) return false;
	}
	return true;
}
