import { isDocumentedScalar } from '../events/envelope';
import { ENVELOPE_KEYS } from '../events/event';
import type { AnchorEvent } from '../events/event';
import { isObject } from '../events/json';
import { parsePath, valueAt } from '../events/path';

/** One operator of n8n's Filter node. */
export interface Operator {
	/** n8n's name of it, `<type>:<operation>`. */
	readonly name: string;
	/** In Title Case, the type first, so that a menu in alphabetical order shows those of one type together. */
	readonly label: string;
	/** The type of the value, where it is not that of the field. */
	readonly rightType?: 'number' | 'any';
	/** Whether it looks at the field alone. */
	readonly singleValue?: true;
}

/** The operators that a condition can have, in the order of the menu. */
export const OPERATORS: readonly Operator[] = [
	{ name: 'any:notExists', label: 'Any: Does Not Exist', singleValue: true },
	{ name: 'any:exists', label: 'Any: Exists', singleValue: true },
	{ name: 'boolean:false', label: 'Boolean: Is False', singleValue: true },
	{ name: 'boolean:true', label: 'Boolean: Is True', singleValue: true },
	{ name: 'dateTime:after', label: 'Date: Is After' },
	{ name: 'dateTime:afterOrEquals', label: 'Date: Is After or Equal To' },
	{ name: 'dateTime:before', label: 'Date: Is Before' },
	{ name: 'dateTime:beforeOrEquals', label: 'Date: Is Before or Equal To' },
	{ name: 'dateTime:equals', label: 'Date: Is Equal To' },
	{ name: 'dateTime:notEquals', label: 'Date: Is Not Equal To' },
	{ name: 'array:contains', label: 'List: Contains', rightType: 'any' },
	{ name: 'array:notContains', label: 'List: Does Not Contain', rightType: 'any' },
	{ name: 'array:empty', label: 'List: Is Empty', singleValue: true },
	{ name: 'array:notEmpty', label: 'List: Is Not Empty', singleValue: true },
	{ name: 'array:lengthEquals', label: 'List: Length Equal To', rightType: 'number' },
	{ name: 'array:lengthGt', label: 'List: Length Greater Than', rightType: 'number' },
	{
		name: 'array:lengthGte',
		label: 'List: Length Greater Than or Equal To',
		rightType: 'number',
	},
	{ name: 'array:lengthLt', label: 'List: Length Less Than', rightType: 'number' },
	{ name: 'array:lengthLte', label: 'List: Length Less Than or Equal To', rightType: 'number' },
	{ name: 'array:lengthNotEquals', label: 'List: Length Not Equal To', rightType: 'number' },
	{ name: 'number:equals', label: 'Number: Is Equal To' },
	{ name: 'number:gt', label: 'Number: Is Greater Than' },
	{ name: 'number:gte', label: 'Number: Is Greater Than or Equal To' },
	{ name: 'number:lt', label: 'Number: Is Less Than' },
	{ name: 'number:lte', label: 'Number: Is Less Than or Equal To' },
	{ name: 'number:notEquals', label: 'Number: Is Not Equal To' },
	{ name: 'object:empty', label: 'Object: Is Empty', singleValue: true },
	{ name: 'object:notEmpty', label: 'Object: Is Not Empty', singleValue: true },
	{ name: 'string:contains', label: 'Text: Contains' },
	{ name: 'string:notContains', label: 'Text: Does Not Contain' },
	{ name: 'string:notEndsWith', label: 'Text: Does Not End With' },
	{ name: 'string:notRegex', label: 'Text: Does Not Match Regex' },
	{ name: 'string:notStartsWith', label: 'Text: Does Not Start With' },
	{ name: 'string:endsWith', label: 'Text: Ends With' },
	{ name: 'string:empty', label: 'Text: Is Empty', singleValue: true },
	{ name: 'string:equals', label: 'Text: Is Equal To' },
	{ name: 'string:notEmpty', label: 'Text: Is Not Empty', singleValue: true },
	{ name: 'string:notEquals', label: 'Text: Is Not Equal To' },
	{ name: 'string:regex', label: 'Text: Matches Regex' },
	{ name: 'string:startsWith', label: 'Text: Starts With' },
];

/** A condition with what stands in the event's field: nothing in it has to be looked up any more. */
export interface LiteralCondition {
	/** Undefined where the event has no such field. */
	leftValue: unknown;
	operator: Operator;
	rightValue: unknown;
	ignoreCase: boolean;
}

/**
 * Whether a condition holds.
 * @throws Error when its types do not fit or it takes too long: then nobody can tell
 */
export type JudgeCondition = (condition: LiteralCondition) => boolean;

interface Condition {
	field: string;
	/** The keys that lead to the field; undefined when what was written is no path. */
	path: readonly string[] | undefined;
	operator: Operator | undefined;
	value: unknown;
	ignoreCase: boolean;
}

/** The conditions of one trigger, ready for use. */
export interface Conditions {
	all: readonly Condition[];
	any: readonly Condition[];
	judge: JudgeCondition;
}

/** What the conditions came to for one event. */
export interface Judgement {
	holds: boolean;
	/** The fields of the conditions that could not be judged, and therefore did not hold; left out when there are none. */
	unjudged?: readonly string[];
}

/**
 * Reads the conditions as the node's parameter holds them: rows that must all hold (`conditions`, under the names that
 * n8n's own filters have) and rows of which one must (`anyOf`). A row without a field is not filled in yet and left out.
 * Never throws.
 */
export function makeConditions(raw: unknown, judge: JudgeCondition): Conditions {
	return { ...groupsOf(raw), judge };
}

function groupsOf(raw: unknown): Pick<Conditions, 'all' | 'any'> {
	const { conditions, anyOf } = isObject(raw) ? raw : {};
	return { all: rowsOf(conditions), any: rowsOf(anyOf) };
}

function rowsOf(raw: unknown): Condition[] {
	if (!Array.isArray(raw)) return [];
	return raw.filter(isObject).flatMap((row) => {
		const { leftValue, operator = 'string:contains', rightValue = '', ignoreCase } = row;
		if (typeof leftValue !== 'string' || leftValue.trim() === '') return [];
		const name = nameOf(operator);
		return [
			{
				field: leftValue.trim(),
				path: parsePath(leftValue),
				operator: OPERATORS.find((one) => one.name === name),
				value: rightValue,
				ignoreCase: ignoreCase !== false,
			},
		];
	});
}

/** n8n's own filters hold the two parts of the name apart, and have these two for each type. */
function nameOf(operator: unknown): string {
	const name = isObject(operator) ? [operator.type, operator.operation].join(':') : operator;
	return String(name).replace(/\w+:(?=exists|notExists)/, 'any:');
}

/**
 * Judges an event, in the order of the rows, until the outcome is certain. A condition that cannot be judged does not
 * hold. One on the text of a recovered event does: Anchor's history does not keep the text, and the one that was made in its
 * place (`recoveredEvent`) says nothing of what the user looks for. Never throws.
 */
export function judgeConditions(event: AnchorEvent, { all, any, judge }: Conditions): Judgement {
	const unjudged = new Set<string>();
	const isMet = ({ field, path, operator, value, ignoreCase }: Condition): boolean => {
		try {
			if (path === undefined) throw new TypeError(field);
			const leftValue = fieldOf(event, path);
			if (operator === undefined || !fits(operator, leftValue, value)) throw new TypeError(field);
			const isMade = event.recovered === true && leftValue === event.text;
			return judge({ ...asCompared(operator, leftValue, value), operator, ignoreCase }) || isMade;
		} catch {
			unjudged.add(field);
			return false;
		}
	};
	const holds = all.every(isMet) && (any.length === 0 || any.some(isMet));
	return unjudged.size === 0 ? { holds } : { holds, unjudged: [...unjudged] };
}

/**
 * Says which conditions can hardly be meant as they are written.
 * @param filters the collection "Only When" as the node's parameters hold it
 * @returns a sentence for each field that is no path, or that stands below a text or a number
 */
export function conditionDoubts(filters: unknown): string[] {
	const { all, any } = groupsOf(isObject(filters) ? filters.conditions : {});
	const doubts = [...all, ...any].flatMap(({ field, path }) => {
		if (path === undefined) {
			return `No event meets the condition on ${field}: that is not the path of a field. Write it as error.type or artifacts[0].name, and a key with signs in it as result["total (net)"]`;
		}
		const scalar = scalarAbove(path);
		return scalar === undefined
			? []
			: `The condition on ${field} finds nothing: ${scalar} is a text or a number and has no fields below it. Change the condition to ${scalar}, or to another field of the event`;
	});
	return [...new Set(doubts)];
}

/** The first field on the way to a path that holds one value, as far as Anchor's page says. */
function scalarAbove(path: readonly string[]): string | undefined {
	const [first, ...rest] = path[0] === '_event' ? path.slice(1) : path;
	if (isEnvelopeKey(first) && rest.length > 0) return first;
	const keys = first === 'data' ? rest : path;
	const above = keys.map((_, index) => keys.slice(0, index)).slice(1);
	return above.find(isDocumentedScalar)?.join('.');
}

/**
 * What stands at a path of the item as the format `data` shows it; where there is nothing, at the path that the formats
 * `envelope` and `row` show. Undefined where there is nothing either.
 */
function fieldOf(event: AnchorEvent, path: readonly string[]): unknown {
	const [first, ...rest] = path;
	const isEnvelope = first === '_event' && rest.length > 0 && rest[0] !== 'data';
	const found = isEnvelope ? valueAt(event, rest) : valueAt(event.data, path);
	if (found !== undefined || isEnvelope) return found;
	if (first === 'data') return rest.length === 0 ? event.data : fieldOf(event, rest);
	if (isEnvelopeKey(first)) return valueAt(event, path);
	if (rest.length > 0) return undefined;
	if (first === 'event_id') return event.id;
	return first === 'event_type' ? event.type : fieldInRow(event.data, columnOf(first));
}

/** What a row shows under a name: the keys on the way to it, joined with `_`. */
function fieldInRow(holder: unknown, name: string): unknown {
	for (const [key, value] of isObject(holder) ? Object.entries(holder) : []) {
		const column = columnOf(key);
		if (column === name) return value;
		if (!name.startsWith(`${column}_`)) continue;
		if (Array.isArray(value) && name === `${column}_count`) return value.length;
		const below = fieldInRow(value, name.slice(column.length + 1));
		if (below !== undefined) return below;
	}
	return undefined;
}

/** `taskId` and `task-id` as `task_id`. */
function columnOf(key: string): string {
	return key
		.replace(/(?<=[a-z\d])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
		.replace(/[^A-Za-z\d]/g, '_');
}

function isEnvelopeKey(key: string | undefined): boolean {
	return ENVELOPE_KEYS.some((known) => known === key);
}

/**
 * The two sides as n8n's evaluator has to get them. It takes null for zero (null < 5), and finds in a list only what is of
 * the very type of the value, which is text: there, numbers and booleans are compared as what they look like.
 */
function asCompared(
	{ name, rightType }: Operator,
	leftValue: unknown,
	rightValue: unknown,
): Pick<LiteralCondition, 'leftValue' | 'rightValue'> {
	if (name.startsWith('number:')) {
		const isNothing = leftValue === null || String(leftValue).trim() === '';
		if (isNothing) return { leftValue: undefined, rightValue };
		return orderOfLarge(leftValue, rightValue) ?? { leftValue, rightValue };
	}
	if (rightType !== 'any' || !Array.isArray(leftValue) || typeof rightValue === 'object') {
		return { leftValue, rightValue };
	}
	const text = String(rightValue);
	const list = leftValue.map((entry: unknown) => (looksLike(entry, text) ? text : entry));
	return { leftValue: list, rightValue: text };
}

/** Integers that JavaScript would round: which of two is the larger one, as that of a number and zero. */
function orderOfLarge(left: unknown, right: unknown) {
	const sides = [left, right].map((side) => String(side).trim());
	const areLarge = sides.every(
		(side) => /^-?\d+$/.test(side) && !Number.isSafeInteger(Number(side)),
	);
	if (!areLarge) return undefined;
	const [one, other] = sides.map(BigInt);
	return { leftValue: Number(one > other) - Number(one < other), rightValue: 0 };
}

function looksLike(entry: unknown, text: string): boolean {
	if (typeof entry === 'number') return text.trim() !== '' && Number(text) === entry;
	return typeof entry === 'boolean' && text.trim().toLowerCase() === String(entry);
}

/** n8n's evaluator would take a list for a number, and nothing for zero. */
function fits({ name, rightType }: Operator, left: unknown, right: unknown): boolean {
	const [type] = name.split(':');
	const isNested = typeof left === 'object' && left !== null;
	if (isNested && ['string', 'number', 'boolean', 'dateTime'].includes(type)) return false;
	const needsValue = ['number', 'dateTime'].includes(rightType ?? type);
	return (
		!needsValue || typeof right === 'number' || (typeof right === 'string' && right.trim() !== '')
	);
}
