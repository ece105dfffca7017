/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Envelope } from './types';

/** The event types on Anchor's page of events, in its order. */
export const DOCUMENTED_EVENTS: readonly string[] = [
	'task.completed',
	'task.failed',
	'task.cancelled',
	'task.healed',
	'session.completed',
	'session.failed',
	'session.recording.ready',
	'batch.completed',
	'batch.failed',
	'intervention.requested',
	'intervention.resolved',
	'identity.authenticated',
	'identity.authentication_failed',
];

/** Named by Anchor's newest API description only. */
export const NEWEST_EVENTS: readonly string[] = [...DOCUMENTED_EVENTS, 'session.ready'];

type Data = Record<string, unknown>;

/**
 * Anchor makes `text` from `data`. Only the wording of task.completed is documented; the others are like it.
 */
const TEXTS: Record<string, (data: Data) => string> = {
	'task.completed': (data) =>
		`✅ Task \`${data.task_id}\` completed in ${seconds(data.duration_ms)}`,
	'task.failed': (data) => `❌ Task \`${data.task_id}\` failed: ${(data.error as Data)?.type}`,
	'task.cancelled': (data) => `⏹️ Task \`${data.task_id}\` was cancelled`,
	'task.healed': (data) =>
		`🩹 Task \`${data.task_id}\` was healed: a new version is ready for review`,
	'session.ready': (data) => `🟢 Session \`${data.session_id}\` is ready`,
	'session.completed': (data) => `🏁 Session \`${data.session_id}\` completed`,
	'session.failed': (data) =>
		`⚠️ Session \`${data.session_id}\` failed: ${(data.error as Data)?.type}`,
	'session.recording.ready': (data) => `🎥 Recording of session \`${data.session_id}\` is ready`,
	'batch.completed': (data) => `📦 Batch \`${data.batch_id}\` completed: ${shareOf(data)}`,
	'batch.failed': (data) => `📦 Batch \`${data.batch_id}\` failed: ${shareOf(data)}`,
	'intervention.requested': (data) =>
		`🙋 Session \`${data.session_id}\` is waiting for a human: ${data.message}`,
	'intervention.resolved': (data) =>
		`✔️ Intervention in session \`${data.session_id}\` was resolved`,
	'identity.authenticated': (data) => `🔐 Identity \`${data.name}\` authenticated`,
	'identity.authentication_failed': (data) =>
		`🔒 Identity \`${data.name}\` failed to authenticate: ${data.failure_type}`,
};

function seconds(milliseconds: unknown): string {
	return `${Number(milliseconds) / 1000}s`;
}

function shareOf(data: Data): string {
	return `${data.completed_requests}/${data.total_requests} sessions succeeded`;
}

const examples = new Map<string, Data>();

/** The example `data` of a type, a fresh copy; an empty object for a type without an example. */
export function exampleData(type: string): Data {
	if (!NEWEST_EVENTS.includes(type)) return {};
	let data = examples.get(type);
	if (data === undefined) {
		const file = join(__dirname, '..', 'fixtures', 'events', `${type}.json`);
		data = (JSON.parse(readFileSync(file, 'utf8')) as { data: Data }).data;
		examples.set(type, data);
	}
	return structuredClone(data);
}

/** A new event id: `evt_` and 24 hex digits, as in the API's example. */
function newEventId(): string {
	return `evt_${randomBytes(12).toString('hex')}`;
}

/** What a caller may set of an event; the rest comes from the example of its type. */
export interface EventWish {
	/** An object is laid over the example's data, key by key, `undefined` removing a key; a function replaces the data. */
	data?: Data | ((example: Data) => unknown);
	id?: string;
	text?: string;
	/** Keys of the envelope itself, laid over it last; `undefined` removes one. */
	envelope?: Record<string, unknown>;
}

/** Where the links to files in the examples point to: nobody's storage. */
const EXAMPLE_STORAGE = 'https://storage.example.com';

interface EventSettings {
	projectId: string;
	/** Milliseconds since 1970. */
	created: number;
	/** The address under which files are served: links to files in the examples lead there. */
	files: string;
}

/** One event, complete. */
export function makeEvent(
	type: string,
	wish: EventWish,
	{ projectId, created, files }: EventSettings,
): Envelope {
	const example = JSON.parse(
		JSON.stringify(exampleData(type)).replaceAll(EXAMPLE_STORAGE, files),
	) as Data;
	const data = (
		typeof wish.data === 'function' ? wish.data(example) : laidOver(example, wish.data ?? {})
	) as Data;
	return {
		id: wish.id ?? newEventId(),
		type,
		created: new Date(created).toISOString(),
		project_id: projectId,
		text: wish.text ?? TEXTS[type]?.(data) ?? type,
		data,
		...wish.envelope,
	};
}

function laidOver(base: Data, top: Data): Data {
	const result: Data = { ...base };
	for (const [key, value] of Object.entries(top)) {
		if (value === undefined) delete result[key];
		else
			result[key] = isPlain(value) && isPlain(result[key]) ? laidOver(result[key], value) : value;
	}
	return result;
}

function isPlain(value: unknown): value is Data {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
