import { NodeConnectionTypes } from 'n8n-workflow';
import { EVERY_EVENT } from '../events/catalogue';
import { EVENT_OUTPUTS, FIXED_OUTPUTS, OTHER_EVENTS_OUTPUT } from '../output/branch';

/** What `execute()` reads from the parameter (`parseIdList`): a list, or a text that an expression or a model has made. */
const EVENTS = '[].concat($parameter["events"] ?? []).join(",").split(/[\\s,;]/)';

/**
 * The expression from which n8n's editor and engine learn the node's outputs. It knows `$parameter` alone, so the
 * names it can choose from are written into it, taken from the same table as `outputIndex`.
 */
export const OUTPUTS_EXPRESSION: `={{${string}}}` = `={{ ($parameter["branchBy"] === "event" ? ${JSON.stringify(
	EVENT_OUTPUTS,
)}.filter((o) => ${EVENTS}.some((name) => name === "${EVERY_EVENT}" || name === o.type)).map((o) => o.label).concat("${OTHER_EVENTS_OUTPUT}") : (${JSON.stringify(FIXED_OUTPUTS)}[$parameter["branchBy"]] ?? [""])).map((name) => name === "" ? { type: "${NodeConnectionTypes.Main}" } : { type: "${NodeConnectionTypes.Main}", displayName: name }) }}`;
