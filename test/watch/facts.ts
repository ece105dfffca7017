import { parse } from 'yaml';

import { CATALOGUE, EVENT_TYPES } from '../../nodes/AnchorBrowser/events/catalogue';

/** What this package takes for granted of Anchor, by subject: each a list of names. */
type Facts = Readonly<Record<Subject, readonly string[]>>;

type Subject =
	| 'event types in the API description'
	| 'event types on the page Events'
	| 'fields of the envelope'
	| 'webhook calls'
	| 'fields of a webhook'
	| 'fields of a delivery in the history'
	| 'states of a delivery';

/** What the code was written for. The event types are the catalogue's, so that an event that is added there is known here. */
export const KNOWN: Facts = {
	'event types in the API description': EVENT_TYPES,
	'event types on the page Events': CATALOGUE.filter(({ documented }) => documented).map(
		({ type }) => type,
	),
	'fields of the envelope': ['id', 'type', 'created', 'project_id', 'text', 'data'],
	'webhook calls': [
		'GET /v1/webhooks',
		'POST /v1/webhooks',
		'GET /v1/webhooks/{id}',
		'PATCH /v1/webhooks/{id}',
		'DELETE /v1/webhooks/{id}',
		'POST /v1/webhooks/{id}/rotate-secret',
		'POST /v1/webhooks/{id}/test',
		'GET /v1/webhooks/{id}/events',
	],
	'fields of a webhook': [
		'id',
		'project_id',
		'url',
		'description',
		'subscribed_events',
		'enabled',
		'created_at',
		'updated_at',
	],
	'fields of a delivery in the history': [
		'id',
		'external_event_id',
		'event_type',
		'status',
		'attempt',
		'response_status',
		'error_message',
		'scheduled_at',
		'completed_at',
		'payload',
	],
	'states of a delivery': ['pending', 'succeeded', 'failed', 'dead'],
};

/** Any part of an OpenAPI document. */
interface Part {
	[key: string]: Part | undefined;
}

const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

/**
 * Reads Anchor's two public descriptions of its webhooks. What cannot be found in them is an empty list, which differs
 * from what is known like any other change.
 *
 * @param description the OpenAPI document, as YAML or JSON
 * @param page Anchor's page "Events", as Markdown
 */
export function readFacts(description: string, page: string): Facts {
	const document = (parse(description) ?? {}) as Part;
	const at = (start: Part | undefined, ...keys: string[]): Part | undefined => {
		let part = start;
		for (const key of keys) {
			part = part?.[key];
			const target = part?.$ref as unknown;
			// `#/components/schemas/Name`
			if (typeof target === 'string') part = at(document, ...target.split('/').slice(1));
		}
		return part;
	};
	const names = (part: Part | undefined) => Object.keys(part ?? {});
	const values = (part: Part | undefined) => (part as unknown as string[] | undefined) ?? [];
	const answer = (path: string) =>
		at(document, 'paths', path, 'get', 'responses', '200', 'content', 'application/json', 'schema');
	const creation = at(document, 'paths', '/v1/webhooks', 'post', 'requestBody', 'content');
	const subscribed = at(creation, 'application/json', 'schema', 'properties', 'subscribed_events');
	const queries = at(document, 'paths', '/v1/webhooks/{id}/events', 'get', 'parameters') ?? {};
	const status = Object.values(queries).find((query) => String(query?.name) === 'status');

	const paths = names(document.paths).filter((path) => path.startsWith('/v1/webhooks'));
	const calls = paths.flatMap((path) =>
		names(at(document, 'paths', path))
			.filter((method) => METHODS.includes(method))
			.map((method) => `${method.toUpperCase()} ${path}`),
	);
	return {
		'event types in the API description': values(at(subscribed, 'items', 'enum')),
		'event types on the page Events': eventTypesOf(page),
		'fields of the envelope': envelopeOf(page),
		'webhook calls': calls,
		'fields of a webhook': names(at(answer('/v1/webhooks/{id}'), 'properties')),
		'fields of a delivery in the history': names(
			at(answer('/v1/webhooks/{id}/events'), 'properties', 'events', 'items', 'properties'),
		),
		'states of a delivery': values(at(status, 'schema', 'enum')),
	};
}

/** The first cells of the page's tables that look like an event's name. */
function eventTypesOf(page: string): string[] {
	const cells = page
		.split('\n')
		.map((line) => /^\|?\s*`?([a-z_]+(?:\.[a-z_]+)+)`?\s*\|/.exec(line)?.[1]);
	return cells.filter((cell): cell is string => cell !== undefined);
}

/** The keys of the block of JSON in the chapter on the envelope. */
function envelopeOf(page: string): string[] {
	const [, block] = /^#+ Envelope$[^]*?^```json[^\n]*\n([^]*?)^```/m.exec(page) ?? [];
	try {
		return Object.keys(JSON.parse(block ?? '{}') as object);
	} catch {
		return [];
	}
}

/**
 * Compares what Anchor says with what is known.
 *
 * @returns one line for each name that is new or gone, under its subject; empty when nothing changed
 */
export function differences(known: Facts, found: Facts): string[] {
	return (Object.keys(known) as Subject[]).flatMap((subject) => {
		const added = found[subject].filter((name) => !known[subject].includes(name));
		const gone = known[subject].filter((name) => !found[subject].includes(name));
		if (added.length + gone.length === 0) return [];
		return [
			`${subject}:`,
			...added.map((name) => `  + ${name} (new)`),
			...gone.map((name) => `  - ${name} (gone)`),
		];
	});
}
