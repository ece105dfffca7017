import type { RowColumn } from '../events/catalogue';
import { columnsOf } from '../events/catalogue';
import type { AnchorEvent } from '../events/event';
import type { JsonObject } from '../events/json';
import { isObject, own } from '../events/json';
import type { Cell } from './cell';
import { escapeFormula, isNestedList, jsonText, toCell, toDateCell } from './cell';

/** How many keys a column's name joins at most; what lies deeper becomes JSON text in one cell. */
const MAX_LEVELS = 6;

/**
 * Takes an event; returns it as one flat object for a spreadsheet: event_id, event_type, created, project_id, text,
 * then the columns of this event's entity, always all of them, null where the event has nothing, then every other
 * key of `data` in delivered order, nested keys joined with `_`. Numbers and booleans keep their type, dates are ISO
 * 8601. A list of scalars is joined with `, `, another list is JSON text beside its length in `<key>_count`. Two keys
 * that come to the same name are both kept, the later one as `<name>_2`. With `escapeFormulas`, texts and names that a
 * spreadsheet would run get a leading `'`. Total: never throws, whatever `data` holds.
 */
export function toRow(
	event: AnchorEvent,
	{ escapeFormulas }: { escapeFormulas: boolean },
): Record<string, unknown> {
	const cells = new Map<string, Cell>();
	const freeName = uniqueNames((name) => cells.has(name));
	const safeText = (text: string) => (escapeFormulas ? escapeFormula(text) : text);
	const set = (name: string, cell: Cell) =>
		cells.set(name, typeof cell === 'string' ? safeText(cell) : cell);
	const add = (name: string, cell: Cell) => set(freeName(safeText(name)), cell);

	set('event_id', toCell(event.id));
	set('event_type', toCell(event.type));
	set('created', toDateCell(event.created));
	set('project_id', toCell(event.project_id));
	set('text', toCell(event.text));

	const data = isObject(event.data) ? event.data : {};
	const columns = columnsOf(event.type);
	const placed = new Set<string>();
	for (const column of columns) {
		const { path, value } = find(data, column.path);
		const name = column.path.join('_');
		const fits = !isObject(value);
		if (fits) placed.add(keyOf(path));
		set(name, fits ? toDeclaredCell(column, value) : null);
		if (column.kind === 'list') set(`${name}_count`, Array.isArray(value) ? value.length : null);
	}

	const addRest = (holder: JsonObject, above: readonly string[]) => {
		for (const [key, value] of Object.entries(holder)) {
			const path = [...above, key];
			const name = path.join('_');
			if (isSaidBy(columns, path, value)) continue;
			if (placed.has(keyOf(path))) {
				if (isNestedList(value) && !cells.has(`${name}_count`)) add(`${name}_count`, value.length);
			} else if (isObject(value) && path.length < MAX_LEVELS && !isEmpty(value)) {
				addRest(value, path);
			} else {
				add(name, toCell(value));
				if (isNestedList(value)) add(`${name}_count`, value.length);
			}
		}
	};
	addRest(data, []);
	// From entries, because an assignment to the name `__proto__` would not make a column.
	return Object.fromEntries(cells);
}

/**
 * Takes a test for names in use; returns a function that turns a wished name into a free one: itself, else with `_2`,
 * `_3` and so on. It remembers how far it counted, so that ten thousand equal names take no longer than others.
 */
export function uniqueNames(isTaken: (name: string) => boolean): (wish: string) => string {
	const counted = new Map<string, number>();
	return (wish) => {
		if (!isTaken(wish)) return wish;
		let count = counted.get(wish) ?? 1;
		let name: string;
		do {
			count += 1;
			name = `${wish}_${count}`;
		} while (isTaken(name));
		counted.set(wish, count);
		return name;
	};
}

/** The value at a column's path, or under the column's name written flat: no page shows which of the two Anchor sends. */
function find(
	data: JsonObject,
	path: readonly string[],
): { path: readonly string[]; value: unknown } {
	let value: unknown = data;
	for (const key of path) value = isObject(value) ? own(value, key) : undefined;
	if (value !== undefined) return { path, value };
	const name = path.join('_');
	return { path: [name], value: own(data, name) };
}

function toDeclaredCell({ kind }: RowColumn, value: unknown): Cell {
	if (kind === 'date') return toDateCell(value);
	return kind === 'list' && Array.isArray(value) ? jsonText(value) : toCell(value);
}

/** Whether a value only says that there is nothing, and nulls in columns of the catalogue say it already. */
function isSaidBy(columns: readonly RowColumn[], path: readonly string[], value: unknown): boolean {
	const isNothing = value === null || (isObject(value) && isEmpty(value));
	return (
		isNothing && columns.some((column) => path.every((key, index) => column.path[index] === key))
	);
}

function isEmpty(value: JsonObject): boolean {
	return Object.keys(value).length === 0;
}

/** A path as text, such that two different paths never come to the same. */
function keyOf(path: readonly string[]): string {
	return JSON.stringify(path);
}
