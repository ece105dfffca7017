import { NodeConnectionTypes } from 'n8n-workflow';
import { EVERY_EVENT } from '../events/catalogue';
import { EVENT_OUTPUTS, FIXED_OUTPUTS, OTHER_EVENTS_OUTPUT } from '../output/branch';

/**
 * The expression from which n8n's editor and engine learn the node's outputs. It knows `$parameter` alone, so the
 * names it can choose from are written into it, taken from the same table as `outputIndex`.
 */
export const OUTPUTS_EXPRESSION: `={{${string}}}` = `={{ (${JSON.stringify(FIXED_OUTPUTS)}[$parameter["branchBy"]] ?? ${JSON.stringify(
	EVENT_OUTPUTS,
)}.filter((o) => ($parameter["events"] ?? []).includes("${EVERY_EVENT}") || ($parameter["events"] ?? []).includes(o.type)).map((o) => o.label).concat("${OTHER_EVENTS_OUTPUT}")).map((name) => name === "" ? { type: "${NodeConnectionTypes.Main}" } : { type: "${NodeConnectionTypes.Main}", displayName: name }) }}`;
