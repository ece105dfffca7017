import type { RowColumn } from '../events/catalogue';
import { columnsOf } from '../events/catalogue';
import { ENVELOPE_KEYS } from '../events/event';
import type { AnchorEvent } from '../events/event';
import type { JsonObject } from '../events/json';
import { isEmpty, isObject, jsonText } from '../events/json';
import { parsePath, valueAt } from '../events/path';
import type { Cell } from './cell';
import { finishCell, toCell, toDateCell } from './cell';
import { uniqueNames, withOurs } from './names';

/** What the user may choose of a row. */
export interface RowOptions {
	escapeFormulas: boolean;
	/** Paths below `result` that get a column each. */
	resultColumns?: readonly string[];
	/** The facts of the delivery by their columns, when asked for. */
	delivery?: Readonly<Record<string, unknown>>;
}

type Path = readonly string[];

/** The longest name that a column of an n8n data table may have. */
const LONGEST_NAME = 63;

/** Beside ids, what people look rows up by: a text there is marked only where the spreadsheet would run it. */
const LOOKED_UP = ['event_type', 'created'];

/** What of an event has columns, or is known without one: a recovered event has the same columns as a delivered one. */
const ENVELOPE: readonly string[] = [...ENVELOPE_KEYS, 'data'];

/**
 * Takes an event; returns it as one flat object for a spreadsheet: event_id, event_type, created, project_id, text, the
 * columns of its entity, the delivery's when asked for, and `more`: the JSON text of whatever has no column of its own.
 * Which columns there are depends on entity and options alone; a cell is null where the event has nothing. Numbers and
 * booleans keep their type, dates are ISO 8601; see toCell and finishCell for the rest. Total: never throws.
 */
export function toRow(
	event: AnchorEvent,
	{ escapeFormulas, resultColumns = [], delivery = {} }: RowOptions,
): Record<string, Cell> {
	const row: Record<string, Cell> = {};
	const set = (name: string, cell: Cell, kind?: RowColumn['kind']) => {
		const isLookedUp = kind === 'date' || name.endsWith('_id') || LOOKED_UP.includes(name);
		row[name] = finishCell(cell, { escapeFormulas, isLookedUp });
	};
	set('event_id', toCell(event.id));
	set('event_type', toCell(event.type));
	set('created', toDateCell(event.created));
	set('project_id', toCell(event.project_id));
	set('text', toCell(event.text));

	const data = isObject(event.data) ? event.data : {};
	const columns = columnsOf(event.type);
	const shown = new Set<Path>();
	for (const { name, places, kind } of columns) {
		const place = places.find((one) => (valueAt(data, one) ?? null) !== null) ?? places[0];
		const value = valueAt(data, place);
		shown.add(place);
		set(name, toColumnCell(kind, value), kind);
		if (kind !== 'free') continue;
		for (const [field, below] of fieldsOf(name, resultColumns)) {
			const found = below.map((path) =>
				isObject(value) && path ? valueAt(value, path) : undefined,
			);
			set(field, toCell(found.find((one) => one !== undefined)));
		}
	}
	for (const [name, fact] of Object.entries(delivery)) set(name, toCell(fact));

	const left = leftOf(
		data,
		columns.flatMap(({ places }) => places),
		shown,
	);
	const added = Object.entries(event).filter(([key]) => !ENVELOPE.includes(key));
	const more = withOurs(added.length > 0 ? { _event: Object.fromEntries(added) } : {}, left);
	set('more', isEmpty(more) ? null : jsonText(more));
	return row;
}

function toColumnCell(kind: RowColumn['kind'], value: unknown): Cell {
	if (kind === 'date') return toDateCell(value);
	if (kind === 'count') return Array.isArray(value) ? value.length : null;
	const isJson = kind === 'free' ? typeof value === 'object' : Array.isArray(value);
	return kind !== 'plain' && isJson && value !== null ? jsonText(value) : toCell(value);
}

/**
 * The columns for fields of a free-form one: their names, which a data table takes, and where each field may stand. A path
 * may begin with the column itself, as conditions have it: `result.total`, unless there is such a field below it.
 */
function fieldsOf(name: string, paths: readonly string[]): Map<string, Array<Path | undefined>> {
	const fields = new Map<string, Array<Path | undefined>>();
	const freeName = uniqueNames((taken) => fields.has(taken), LONGEST_NAME);
	const itself = new RegExp(`^(?:data\\.)?${name}(?:\\.|(?=\\[))`);
	for (const path of paths) {
		const keys = parsePath(path);
		const [first, ...rest] = keys?.[0] === 'data' ? keys.slice(1) : (keys ?? []);
		const below = first === name ? rest : undefined;
		const isExpression = /^[=$]|^\{\{/.test(path);
		const written = isExpression && below ? below.join('.') : path.replace(itself, '');
		fields.set(freeName(`${name}_${written.replace(/[^A-Za-z\d]/g, '_')}`), [keys, below]);
	}
	return fields;
}

/** What of an object no column shows; a null says nothing where a column, or what holds it, might stand. */
function leftOf(
	holder: JsonObject,
	places: readonly Path[],
	shown: ReadonlySet<Path>,
	depth = 0,
): JsonObject {
	const left = Object.entries(holder).flatMap(([key, value]): Array<[string, unknown]> => {
		const onTheWay = places.filter((place) => place[depth] === key);
		if (onTheWay.length === 0) return [[key, value]];
		const isShown = onTheWay.some((place) => place.length === depth + 1 && shown.has(place));
		if (isShown || value === null) return [];
		if (!isObject(value)) return [[key, value]];
		const below = leftOf(value, onTheWay, shown, depth + 1);
		return isEmpty(below) ? [] : [[key, below]];
	});
	return Object.fromEntries(left);
}
