import type { EventEntry, Outcome } from '../events/catalogue';
import {
	CATALOGUE,
	EVERY_EVENT,
	FAILURE_TYPES,
	entryOf,
	failureTypeOf,
	titleOf,
} from '../events/catalogue';
import type { AnchorEvent } from '../events/event';

/** The trigger's parameter `branchBy`. */
export type BranchBy = 'none' | 'event' | 'entity' | 'outcome' | 'failureType';

const OTHER = 'Other';

const ENTITY_OUTPUTS = [...new Set(CATALOGUE.map(({ entity }) => titleOf(entity))), OTHER];

const OUTPUT_OF_OUTCOME: Readonly<Record<Outcome, string>> = {
	succeeded: 'Succeeded',
	failed: 'Failed',
	needsAttention: 'Needs Attention',
	other: OTHER,
};

const OTHER_FAILURE = 'Other Failure';
const NOT_A_FAILURE = 'Not a Failure';

/**
 * The outputs that depend on `branchBy` alone, in order. With EVENT_OUTPUTS it is plain data that the node's `outputs`
 * expression can carry as JSON. `none` has one output without a name, as n8n shows a single one.
 */
export const FIXED_OUTPUTS: Readonly<Record<Exclude<BranchBy, 'event'>, readonly string[]>> = {
	none: [''],
	entity: ENTITY_OUTPUTS,
	outcome: Object.values(OUTPUT_OF_OUTCOME),
	failureType: [...FAILURE_TYPES.map(titleOf), OTHER_FAILURE, NOT_A_FAILURE],
};

/** The output of every known event for `branchBy: event`, in catalogue order; OTHER_EVENTS_OUTPUT follows them. */
export const EVENT_OUTPUTS: ReadonlyArray<Pick<EventEntry, 'type' | 'label'>> = CATALOGUE.map(
	({ type, label }) => ({ type, label }),
);

/** The last output for `branchBy: event`. */
export const OTHER_EVENTS_OUTPUT = 'Other Events';

/**
 * Takes the trigger's `branchBy` and `events`; returns the names of its outputs, in order. Events stand in catalogue
 * order whatever the order of choice, so that an event chosen later moves no output before its own.
 */
export function outputNames(branchBy: BranchBy, events: readonly string[]): string[] {
	if (branchBy !== 'event') return [...FIXED_OUTPUTS[branchBy]];
	return [...selectedOutputs(events).map(({ label }) => label), OTHER_EVENTS_OUTPUT];
}

/**
 * Takes an event and the trigger's settings; returns the index of the output it leaves by. The last output takes
 * whatever fits nowhere, so no event is lost because Anchor added a type.
 */
export function outputIndex(
	event: AnchorEvent,
	branchBy: BranchBy,
	events: readonly string[],
): number {
	if (branchBy === 'none') return 0;
	if (branchBy === 'event') {
		const outputs = selectedOutputs(events);
		const index = outputs.findIndex(({ type }) => type === event.type);
		return index < 0 ? outputs.length : index;
	}
	return FIXED_OUTPUTS[branchBy].indexOf(outputOf(event, branchBy));
}

function selectedOutputs(events: readonly string[]) {
	return events.includes(EVERY_EVENT)
		? EVENT_OUTPUTS
		: EVENT_OUTPUTS.filter(({ type }) => events.includes(type));
}

function outputOf(event: AnchorEvent, branchBy: 'entity' | 'outcome' | 'failureType'): string {
	const entry = entryOf(event.type);
	if (branchBy === 'entity') return entry ? titleOf(entry.entity) : OTHER;
	if (branchBy === 'outcome') return entry ? OUTPUT_OF_OUTCOME[entry.outcome] : OTHER;
	if (entry?.outcome !== 'failed') return NOT_A_FAILURE;
	const failureType = failureTypeOf(event) ?? '';
	return FAILURE_TYPES.some((known) => known === failureType)
		? titleOf(failureType)
		: OTHER_FAILURE;
}
