import { executeFilter, safeRegex } from 'n8n-workflow';
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
	const sideOf = (value: unknown) => (type === 'dateTime' ? inZone(value, timeZone) : value);
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

/** A day, or a day and a time, without a time zone. */
const LOCAL_TIME = /^\s*(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?\s*$/i;

/**
 * Gives a time the zone that it is written without. n8n's evaluator would take the one that n8n has set for the whole
 * process: that of whichever workflow last evaluated an expression.
 */
function inZone(value: unknown, timeZone: string): unknown {
	const [, day, time = '00:00'] = (typeof value === 'string' && LOCAL_TIME.exec(value)) || [];
	if (day === undefined) return value;
	const shownMs = Date.parse(`${day}T${time}Z`);
	const aheadMs = (ms: number) => clockIn(timeZone, ms) - ms;
	// Twice, for a clock that is changed between this moment in UTC and there.
	return new Date(shownMs - aheadMs(shownMs - aheadMs(shownMs))).toISOString();
}

/** What a clock in a zone shows, as if it were UTC, in milliseconds. Swedes write it as ISO 8601 does. */
const clockIn = (timeZone: string, ms: number) =>
	Date.parse(`${new Date(ms).toLocaleString('sv-SE', { timeZone })}Z`) + (ms % 1_000);
