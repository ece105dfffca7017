import { executeFilter, safeRegex, tryToParseDateTime } from 'n8n-workflow';
import type { FilterConditionValue } from 'n8n-workflow';
import type { LiteralCondition } from '../delivery/conditions';

/**
 * Judges a condition with the evaluator of n8n's Filter node, so that it means here what it means there. Text is
 * converted to the operator's type where it can be. Only literal values go in: no expression is evaluated.
 * @param timeZone that of the workflow, for dates that are written without one
 * @returns whether the condition holds
 * @throws Error when the types do not fit, or when a pattern is none or takes longer than the 250 ms that n8n allows
 */
export function judgeCondition(
	{ leftValue, operator, rightValue, ignoreCase }: LiteralCondition,
	timeZone = 'UTC',
): boolean {
	const [type, operation] = operator.name.split(':');
	// Left to itself, the evaluator takes the zone of whichever workflow last evaluated an expression.
	const sideOf = (value: unknown) =>
		type === 'dateTime' && (value ?? null) !== null ? tryToParseDateTime(value, timeZone) : value;
	const isPattern = operation === 'regex' || operation === 'notRegex';
	// An n8n from before these stops no pattern, however long it runs.
	if (isPattern && (safeRegex as unknown) === undefined) throw new TypeError('n8n is too old');
	const condition = {
		id: '',
		leftValue: sideOf(leftValue),
		operator: { ...operator, type, operation },
		rightValue:
			isPattern && ignoreCase ? patternIgnoringCase(String(rightValue)) : sideOf(rightValue),
	} as FilterConditionValue;
	return executeFilter({
		combinator: 'and',
		conditions: [condition],
		options: {
			caseSensitive: isPattern || !ignoreCase,
			leftValue: '',
			typeValidation: 'loose',
			version: 3,
		},
	});
}

/** n8n writes the text in lower case to ignore case, and leaves the pattern as it is: one with capitals never fits. */
function patternIgnoringCase(pattern: string): string {
	if (/^\/.*\/$/.test(pattern)) return `${pattern}i`;
	return /^\/.*\/[gimusy]+$/.test(pattern) ? pattern : `/${pattern}/i`;
}
