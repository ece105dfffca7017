import type { z } from 'zod';
import type { AnchorEvent } from './event';
import { isObject, own } from './json';
import {
	Batch,
	IdentityAuthenticated,
	IdentityAuthenticationFailed,
	InterventionRequested,
	InterventionResolved,
	SessionCompleted,
	SessionFailed,
	SessionReady,
	SessionRecordingReady,
	TaskCancelled,
	TaskCompleted,
	TaskFailed,
	TaskHealed,
} from './payloads';

export { AUTHENTICATION_FAILURE_TYPES, FAILURE_TYPES } from './payloads';

/** Takes a name of Anchor's, `automation_failure`; returns it as menus and outputs show it, `Automation Failure`. */
export function titleOf(name: string): string {
	return name
		.split(/[._]/)
		.map((word) => word[0].toUpperCase() + word.slice(1))
		.join(' ');
}

/** What an event is about: the part of its type before the first dot. */
export type Entity = 'task' | 'session' | 'intervention' | 'batch' | 'identity';

/** How it went: what the trigger's outputs by outcome tell apart. */
export type Outcome = 'succeeded' | 'failed' | 'needsAttention' | 'other';

/** One column of a spreadsheet row. */
export interface RowColumn {
	readonly name: string;
	/**
	 * Keys below `data` that lead to its value, the likeliest first: no page shows whether Anchor nests it, nor in which
	 * style it writes the keys.
	 */
	readonly places: ReadonlyArray<readonly string[]>;
	/**
	 * `plain` keeps a number a number; `list` is JSON text, and `count` the length of that list; `free` is the user's own:
	 * one value, or JSON text, whose fields may have columns of their own after it.
	 */
	readonly kind: 'plain' | 'date' | 'list' | 'count' | 'free';
}

/** All that is known of one event type. */
export interface EventEntry {
	/** Anchor's name, `<entity>.<action>`. */
	readonly type: EventType;
	/** Name in menus and on outputs, in Title Case. */
	readonly label: string;
	readonly entity: Entity;
	readonly outcome: Outcome;
	/** One sentence for the menu: when Anchor sends it. */
	readonly description: string;
	/** Whether Anchor's page "Events" describes it, so that every account can subscribe to it. */
	readonly documented: boolean;
	/** What `data` is expected to look like. */
	readonly schema: z.AnyZodObject;
}

function inCamelCase(key: string): string {
	return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const column =
	(kind: RowColumn['kind']) =>
	(...path: string[]): RowColumn => {
		const name = path.join('_');
		return { name, places: [path, [name], path.map(inCamelCase), [inCamelCase(name)]], kind };
	};
const plain = column('plain');
const date = column('date');
const free = column('free');
const list = (key: string): RowColumn[] => [
	column('list')(key),
	{ ...column('count')(key), name: `${key}_count` },
];

/**
 * By entity, so that one sheet holds tasks that completed and tasks that failed. Columns are only ever added at the end of
 * a list, because sheets have them in this order.
 */
const ROW_COLUMNS: Readonly<Record<Entity, readonly RowColumn[]>> = {
	task: [
		plain('task_id'),
		plain('task_version_id'),
		plain('execution_id'),
		plain('session_id'),
		plain('status'),
		plain('duration_ms'),
		plain('error', 'type'),
		plain('error', 'message'),
		free('result'),
		...list('artifacts'),
		plain('recording_url'),
		plain('session_dashboard_url'),
		plain('healed_task_version_id'),
	],
	session: [
		plain('session_id'),
		plain('status'),
		plain('duration'),
		plain('error', 'type'),
		plain('error', 'message'),
		plain('tags'),
		plain('visited_domains'),
		plain('steps'),
		plain('screenshots'),
		plain('proxy_bytes'),
		plain('network_bytes'),
		plain('recording_id'),
		plain('size'),
		plain('session_dashboard_url'),
		plain('request_id'),
		plain('live_view_url'),
	],
	intervention: [
		plain('session_id'),
		plain('request_id'),
		plain('message'),
		plain('input_type'),
		...list('fields'),
		plain('live_view_url'),
		plain('tags'),
	],
	batch: [
		plain('batch_id'),
		plain('status'),
		plain('total_requests'),
		plain('completed_requests'),
		plain('failed_requests'),
		date('created_at'),
		date('actual_completion_time'),
	],
	identity: [
		plain('identity_id'),
		plain('name'),
		plain('source'),
		plain('status'),
		plain('method'),
		plain('failure_type'),
		plain('error'),
		plain('session_id'),
	],
};

/**
 * The one table of events: types, menus and outputs are derived from it. Entries are only ever added at the end: the order
 * is that of the trigger's outputs, and a new entry in the middle would move users' wires.
 * Source: Anchor's page "Events"; session.ready: the event names in Anchor's newest API description.
 */
const EVENTS = {
	'task.completed': {
		outcome: 'succeeded',
		description: 'A task run finished successfully',
		schema: TaskCompleted,
	},
	'task.failed': {
		outcome: 'failed',
		description: 'A task run failed, whatever the cause',
		schema: TaskFailed,
	},
	'task.cancelled': {
		outcome: 'other',
		description: 'A task run was cancelled, through the API or in the dashboard',
		schema: TaskCancelled,
	},
	'task.healed': {
		outcome: 'needsAttention',
		description: 'Self-healing made a new version of a task, ready for review',
		schema: TaskHealed,
	},
	'session.completed': {
		outcome: 'succeeded',
		description: 'A browser session ended cleanly',
		schema: SessionCompleted,
	},
	'session.failed': {
		outcome: 'failed',
		description: 'A browser session ended abnormally',
		schema: SessionFailed,
	},
	'session.recording.ready': {
		outcome: 'succeeded',
		description: 'The recording of a browser session has been uploaded',
		schema: SessionRecordingReady,
	},
	'intervention.requested': {
		outcome: 'needsAttention',
		description: 'The agent is paused and waits for a human, for example at a CAPTCHA',
		schema: InterventionRequested,
	},
	'intervention.resolved': {
		outcome: 'succeeded',
		description: 'A request for a human was answered',
		schema: InterventionResolved,
	},
	'batch.completed': {
		outcome: 'succeeded',
		description: 'All sessions of a batch have ended, at least one of them successfully',
		schema: Batch,
	},
	'batch.failed': {
		outcome: 'failed',
		description: 'Every session of a batch failed, or the batch started none',
		schema: Batch,
	},
	'identity.authenticated': {
		outcome: 'succeeded',
		description: 'An identity logged in and can be used from now on',
		schema: IdentityAuthenticated,
	},
	'identity.authentication_failed': {
		outcome: 'failed',
		description: 'An identity could not log in',
		schema: IdentityAuthenticationFailed,
	},
	'session.ready': {
		outcome: 'succeeded',
		description: 'A browser session is ready for use; new at Anchor, not every account has it yet',
		documented: false,
		schema: SessionReady,
	},
} as const satisfies Record<string, Partial<EventEntry>>;

/** The name of a known event. */
export type EventType = keyof typeof EVENTS;

/** All that is known of all events, in the order of the table. */
export const CATALOGUE: readonly EventEntry[] = Object.entries(EVENTS).map(([type, entry]) => ({
	type: type as EventType,
	label: titleOf(type),
	entity: type.split('.')[0] as Entity,
	documented: true,
	...entry,
}));

/** The names of all known events, in catalogue order. */
export const EVENT_TYPES: readonly EventType[] = CATALOGUE.map(({ type }) => type);

/** Stands for every event in the trigger's menu, also for those that Anchor adds later. */
export const EVERY_EVENT = '*';

const entries = new Map<string, EventEntry>(CATALOGUE.map((entry) => [entry.type, entry]));

/** Takes an event's type; returns its entry, or undefined for a type that the catalogue does not know. */
export function entryOf(type: string): EventEntry | undefined {
	return entries.get(type);
}

/**
 * Takes an event's type; returns the columns that every row of such an event has, in order: those of its entity, also for
 * a type that Anchor has added.
 */
export function columnsOf(type: string): readonly RowColumn[] {
	const [entity] = type.split('.');
	return Object.hasOwn(ROW_COLUMNS, entity) ? ROW_COLUMNS[entity as Entity] : [];
}

/**
 * Takes an entry; returns the fields of its event's `data`, as far as they are known, in the order of its schema: a field
 * that has columns for what is below it by the paths of those, `error.type`.
 */
export function fieldsOf({ type, schema }: EventEntry): string[] {
	const paths = columnsOf(type).map(({ places }) => places[0]);
	return Object.keys(schema.shape as object).flatMap((key) => {
		const below = paths.filter((path) => path.length > 1 && path[0] === key);
		return below.length > 0 ? below.map((path) => path.join('.')) : [key];
	});
}

/** What an event can be found by. */
export type IdKind = 'task' | 'session' | 'batch' | 'identity' | 'project';

/** Children of `data` whose keys are the user's own and say nothing of the event. */
const FREE_FORM = ['result', 'metadata'];

/**
 * Takes an event; returns the kind of failure that it names, or undefined when it names none. Any text counts, also a
 * kind that Anchor adds later. Source: Anchor's page "Events", which puts it at `data.error.type` for tasks and at
 * `data.failure_type` for identities; the other places are read too because the page shows no whole payload.
 */
export function failureTypeOf(event: AnchorEvent): string | undefined {
	const { data } = event;
	const cause = own(data, 'error');
	const ofError = [
		isObject(cause) ? own(cause, 'type') : undefined,
		own(data, 'error_type'),
		own(data, 'errorType'),
	];
	const ofFailure = [own(data, 'failure_type'), own(data, 'failureType')];
	const found = event.type.startsWith('identity.')
		? [...ofFailure, ...ofError]
		: [...ofError, ...ofFailure];
	return found.find((value): value is string => typeof value === 'string' && value.trim() !== '');
}

/**
 * Takes an event and a kind of id; returns the ids of that kind which the event carries, each once, as text, in the
 * order found. Looks for `task_id`, `taskId` and `task: { id }` (and so on) at the top of `data` and in its direct
 * children, never in free-form ones; for a project also in the envelope, first. Source: Anchor's three documented
 * compound keys are snake_case, its REST API mixes both styles, and no page shows where a payload nests an id.
 */
export function idsOf(event: AnchorEvent, kind: IdKind): string[] {
	const { data } = event;
	const children = Object.keys(data).filter((key) => !FREE_FORM.includes(key));
	const found = [kind === 'project' ? event : null, data, ...children.map((key) => data[key])]
		.filter(isObject)
		.flatMap((holder) => [own(holder, `${kind}_id`), own(holder, `${kind}Id`)]);
	const entity = own(data, kind);
	if (isObject(entity)) found.push(own(entity, 'id'));
	const ids = found
		.filter((value) => typeof value === 'string' || typeof value === 'number')
		.map((value) => String(value).trim());
	return [...new Set(ids)].filter((id) => id !== '');
}
