/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { join } from 'node:path';
import ts from 'typescript';

import {
	AUTHENTICATION_FAILURE_TYPES,
	CATALOGUE,
	FAILURE_TYPES,
} from '../../nodes/AnchorBrowser/events/catalogue';
import * as schemas from '../../nodes/AnchorBrowser/events/payloads';
import { formatItem } from '../../nodes/AnchorBrowser/output/format';
import { fixture } from '../fixtures/events';
import { PROJECT } from '../support/n8n';

/** One field of an event's `data`. */
interface Field {
	/** As a condition or an expression names it, such as `error.type` or `artifacts[].name`. */
	readonly path: string;
	readonly type: string;
	readonly source: 'documented' | 'inferred';
	readonly meaning: string;
}

const oneOf = (values: readonly string[]) => `text: ${values.map(code).join(', ')}`;

/** What the schemas of payloads.ts say, in words. */
const TYPES: Readonly<Record<string, string>> = {
	'z.string()': 'text',
	text: 'text',
	count: 'number',
	texts: 'list of texts',
	freeForm: 'anything',
	countOrText: 'number or text',
	'z.array(z.unknown()).nullable().optional()': 'list',
	'z.enum(FAILURE_TYPES)': oneOf(FAILURE_TYPES),
	'z.enum(AUTHENTICATION_FAILURE_TYPES)': oneOf(AUTHENTICATION_FAILURE_TYPES),
};

const LONGEST_EXAMPLE = 48;

function code(value: string): string {
	return `\`${value}\``;
}

/** Reads payloads.ts, because only its comments say what Anchor documents. */
class Payloads {
	private readonly text: ts.SourceFile;
	/** What stands behind each name at the top of the file. */
	private readonly named = new Map<string, ts.Expression>();

	constructor() {
		const path = join(PROJECT, 'nodes', 'AnchorBrowser', 'events', 'payloads.ts');
		const source = ts.sys.readFile(path) ?? '';
		this.text = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
		for (const statement of this.text.statements) {
			if (!ts.isVariableStatement(statement)) continue;
			for (const { name, initializer } of statement.declarationList.declarations) {
				if (initializer) this.named.set(name.getText(), initializer);
			}
		}
	}

	/** The fields of a schema, by its name. */
	fieldsOf(schema: string): Field[] {
		const object = objectIn(this.named.get(schema));
		if (!object) throw new Error(`payloads.ts has no schema ${schema}`);
		return this.fieldsIn(object, '');
	}

	private fieldsIn(object: ts.ObjectLiteralExpression, above: string): Field[] {
		return object.properties.flatMap((property): Field[] => {
			if (ts.isSpreadAssignment(property)) {
				const spread = objectIn(this.named.get(property.expression.getText()));
				return spread ? this.fieldsIn(spread, above) : [];
			}
			if (!ts.isPropertyAssignment(property)) return [];
			const path = `${above}${property.name.getText()}`;
			const { initializer } = property;
			const type = initializer.getText().replace(/\s+/g, ' ');
			const [, list] = /^z\.array\((\w+)\)$/.exec(type) ?? [];
			const inner = objectIn(list === undefined ? initializer : this.named.get(list));
			const words = inner ? (list === undefined ? 'object' : 'list of objects') : TYPES[type];
			if (words === undefined) throw new Error(`Nothing says in words what ${type} is`);
			const below = inner ? this.fieldsIn(inner, `${path}${list === undefined ? '' : '[]'}.`) : [];
			return [{ path, type: words, ...commentOf(property) }, ...below];
		});
	}
}

/** The object literal of `open({ … })` with whatever is called on it, or the one that stands there. */
function objectIn(expression: ts.Node | undefined): ts.ObjectLiteralExpression | undefined {
	if (expression === undefined || ts.isObjectLiteralExpression(expression)) return expression;
	if (!ts.isCallExpression(expression)) return undefined;
	const { expression: callee, arguments: given } = expression;
	if (callee.getText() === 'open') return objectIn(given[0]);
	return ts.isPropertyAccessExpression(callee) ? objectIn(callee.expression) : undefined;
}

function commentOf(property: ts.PropertyAssignment): Pick<Field, 'source' | 'meaning'> {
	const comment = ts.getJSDocCommentsAndTags(property).map((doc) => doc.comment);
	const words = comment.map(String).join(' ').replace(/\s+/g, ' ');
	const [, source, when = '', meaning] =
		/^(DOCUMENTED|INFERRED)(, [^.]+)?\. (.+?)\.?$/.exec(words) ?? [];
	if (meaning === undefined) throw new Error(`The comment does not say where it is from: ${words}`);
	return {
		source: source === 'DOCUMENTED' ? 'documented' : 'inferred',
		meaning: `${meaning}${when.replace(/^, (.+)/, ' ($1)')}`,
	};
}

/** The value of a field in the example of an event, as JSON; '' when the example has none. */
function exampleOf(data: unknown, path: string): string {
	let value: unknown = data;
	for (const key of path.replaceAll('[]', '.0').split('.')) {
		value = (value as Record<string, unknown> | undefined)?.[key];
	}
	if (value === undefined) return '';
	const text = JSON.stringify(value);
	return code(text.length > LONGEST_EXAMPLE ? `${text.slice(0, LONGEST_EXAMPLE - 1)}…` : text);
}

const tableOf = (head: readonly string[], rows: ReadonlyArray<readonly string[]>) =>
	[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** The fields of each event, made of the catalogue, of payloads.ts and of the examples that the tests use. */
function fieldTables(): string {
	const payloads = new Payloads();
	const nameOf = (schema: unknown) =>
		Object.entries(schemas).find(([, exported]) => exported === schema)?.[0] ?? '';
	return CATALOGUE.map(({ type, label, description, schema }) => {
		const { data } = fixture(type);
		const rows = payloads
			.fieldsOf(nameOf(schema))
			.map(({ path, type: words, source, meaning }) => [
				code(path),
				words,
				source,
				meaning,
				exampleOf(data, path),
			]);
		const table = tableOf(['Field', 'Type', 'Source', 'Meaning', 'Example'], rows);
		return `### ${label}\n\n\`${type}\`: ${description}.\n\n${table}`;
	}).join('\n\n');
}

/** The columns of a row of each entity, in order, as the trigger makes them of an event that carries nothing. */
function columnTable(): string {
	const entities = [...new Set(CATALOGUE.map(({ entity }) => entity))];
	const rows = [...entities, 'other'].map((entity) => {
		const event = { id: '', type: `${entity}.any`, data: {} };
		const columns = Object.keys(formatItem(event, { format: 'row', escapeFormulas: true }));
		return [entity, String(columns.length), columns.map(code).join(', ')];
	});
	return tableOf(['Entity', 'Columns', 'In this order'], rows);
}

/** What docs/fields.md holds between its markers, by the name of the marker. */
export const GENERATED: Readonly<Record<string, () => string>> = {
	fields: fieldTables,
	columns: columnTable,
};

/** The page with its generated parts made anew. */
export function withGenerated(page: string): string {
	return Object.entries(GENERATED).reduce((text, [name, make]) => {
		const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
		const [before, after] = [text.indexOf(start), text.indexOf(end)];
		if (before < 0 || after < 0) throw new Error(`The page has no place for ${name}`);
		return `${text.slice(0, before)}${start}\n\n${make()}\n\n${text.slice(after)}`;
	}, page);
}
