import { isObject, jsonText } from '../events/json';

/** What a spreadsheet can hold. */
export type Cell = string | number | boolean | null;

/** A number of a date column is seconds since 1970 below this (until 5138), milliseconds from it on (since 1973). */
const FIRST_MILLISECONDS = 1e11;

/** Longer than any date: the patterns below need time that grows faster than the text. */
const LONGEST_DATE = 100;

/** Dates as databases print them: a space for the `T`, the zone as Z, UTC or an offset, minutes optional. */
const DATABASE_DATE =
	/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ?(?:Z|UTC|([+-]\d\d):?(\d\d)?)$/;

/** Dates as mail headers and JavaScript print them: a weekday's name first, the zone as GMT, UTC or an offset. */
const WEEKDAY_DATE = /^[A-Z][a-z]{2},? .*\b\d{4}\b.*(?:GMT|UTC|[+-]\d{4})/;

/**
 * Takes any parsed JSON; returns one cell. A scalar stays what it is, a list of scalars is joined with `, `, every other
 * list and object is JSON text; an empty one is empty text. Never throws.
 */
export function toCell(value: unknown): Cell {
	if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
		return value;
	}
	if (Array.isArray(value)) return isNestedList(value) ? jsonText(value) : value.join(', ');
	if (isObject(value)) return Object.keys(value).length === 0 ? '' : jsonText(value);
	return null;
}

/**
 * Takes what stands in a date column; returns ISO 8601 text where it is a date. ISO 8601 text stays as it is; a date in
 * another form that names its zone, or a Unix time in seconds or milliseconds, becomes UTC. All else is as in toCell:
 * a text without a zone would mean another moment on another machine.
 */
export function toDateCell(value: unknown): Cell {
	if (typeof value === 'number') {
		return isoText(Math.abs(value) < FIRST_MILLISECONDS ? value * 1000 : value) ?? value;
	}
	if (typeof value !== 'string' || value.length > LONGEST_DATE) return toCell(value);
	// Date.parse sees a date in nearly any text with a digit in it, so only these two families of forms get that far.
	const database = DATABASE_DATE.exec(value);
	if (database) {
		const [, day, time, hours, minutes = '00'] = database;
		return isoText(Date.parse(`${day}T${time}${hours ? `${hours}:${minutes}` : 'Z'}`)) ?? value;
	}
	return (WEEKDAY_DATE.test(value) ? isoText(Date.parse(value)) : undefined) ?? value;
}

/**
 * Takes a cell; returns it as a spreadsheet may have it: never of more than 32,767 characters, and with `escapeFormulas`
 * marked as text by a leading `'` where the spreadsheet would run it, or turn it into another value and was not to
 * (`isLookedUp`). A whole number of more than 15 digits, which it would round, becomes such a text.
 */
export function finishCell(
	cell: Cell,
	{ escapeFormulas, isLookedUp }: { escapeFormulas: boolean; isLookedUp: boolean },
): Cell {
	const isText = typeof cell === 'string';
	if (!isText && typeof cell !== 'number') return cell;
	const text = String(cell);
	const isMarked =
		escapeFormulas &&
		((isText && isFormula(text)) ||
			(!isLookedUp && (isText ? isChanged(text) : /^-?\d{16,}$/.test(text))));
	return isText || isMarked ? cut(text, isMarked ? "'" : '') : cell;
}

/**
 * Whether a spreadsheet would run a text. Task results come from web pages, which may be hostile. Source: OWASP, "CSV
 * Injection", whose list of first characters this is.
 */
function isFormula(text: string): boolean {
	return /^[=+\-@\t\r\n＝＋－＠]/.test(text);
}

/** More digits than a spreadsheet keeps. */
const LONG_NUMBER = /^(?=(?:\D?\d){16})\d+(?:\.\d+)?$/;

/** What else it takes for a number and shows as another one: a leading zero, an exponent. */
const OTHER_NUMBER = /^0\d+$|^(?:\d+(?:\.\d*)?|\.\d+)[eE][+-]?\d+$/;

/** What it takes for a date: two numbers, which may have been meant for a fraction, a year perhaps after them or the first. */
const DATE_OR_FRACTION = /^\d{1,2}[-/](?:\d{1,2}[-/])?(?:\d{1,2}|\d{4})$/;

/** Whether a spreadsheet would turn a text into another value. A price such as `129.00` stays the number that it is. */
function isChanged(text: string): boolean {
	return LONG_NUMBER.test(text) || OTHER_NUMBER.test(text) || DATE_OR_FRACTION.test(text);
}

/** The longest cell that Excel takes; Google Sheets refuses a whole row with one of more than 50,000 characters. */
const LONGEST_CELL = 32_767;

/** A text with its mark, cut where it is too long, between two characters and not within one. */
function cut(text: string, mark: string): string {
	if (mark.length + text.length <= LONGEST_CELL) return mark + text;
	const words = `… (cut, ${text.length} characters)`;
	const kept = text.slice(0, LONGEST_CELL - mark.length - words.length);
	return mark + kept.replace(/[\uD800-\uDBFF]$/, '') + words;
}

/** Whether it is a list with objects or lists in it, which `, ` cannot join. */
function isNestedList(value: unknown): value is unknown[] {
	return Array.isArray(value) && value.some((entry) => typeof entry === 'object' && entry !== null);
}

function isoText(milliseconds: number): string | undefined {
	const time = new Date(milliseconds);
	return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
