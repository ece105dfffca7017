import { EVERY_EVENT, failureTypeOf, idsOf } from '../events/catalogue';
import type { EventType, IdKind } from '../events/catalogue';
import type { AnchorEvent } from '../events/event';
import { judgeConditions, makeConditions } from './conditions';
import type { Conditions, JudgeCondition, Judgement } from './conditions';

/** The values of a filter; undefined for no filter, an empty set for one that nothing passes. */
type Wanted = ReadonlySet<string> | undefined;

/** The collection "Only When", ready for use. */
export interface EventFilters {
	/** The causes that narrow an event, by its type. */
	causes: ReadonlyMap<string, Wanted>;
	ids: ReadonlyArray<{ kind: IdKind; wanted: Wanted }>;
	conditions: Conditions;
}

/** The collection's values as n8n hands them over: multi-selects, texts, or whatever an expression made of them. */
export type RawFilters = Readonly<Record<string, unknown>>;

const ID_KINDS: readonly IdKind[] = ['task', 'session', 'batch', 'identity', 'project'];

/**
 * Prepares the filters. Never throws.
 * @param judge decides over one condition; without it none can be judged
 */
export function makeFilters(raw: RawFilters = {}, judge: JudgeCondition = giveUp): EventFilters {
	return {
		causes: new Map<EventType, Wanted>([
			['task.failed', choiceOf(raw, 'failureTypes')],
			['identity.authentication_failed', choiceOf(raw, 'authenticationFailureTypes')],
		]),
		ids: ID_KINDS.map((kind) => ({ kind, wanted: idsIn(raw, `${kind}Ids`) })),
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
	const list = new Set(parseIdList(raw[name]));
	return list.size === 0 && typeof raw[name] === 'string' ? undefined : list;
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

function passesFailureTypes(event: AnchorEvent, { causes }: EventFilters): boolean {
	const wanted = causes.get(event.type);
	return wanted === undefined || wanted.has(failureTypeOf(event) ?? '');
}

function passesIds(event: AnchorEvent, { ids }: EventFilters): boolean {
	return ids.every(
		({ kind, wanted }) => wanted === undefined || idsOf(event, kind).some((id) => wanted.has(id)),
	);
}
