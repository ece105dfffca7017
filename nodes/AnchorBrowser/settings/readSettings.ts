import { createHash } from 'node:crypto';
import { makeFilters, parseIdList } from '../delivery/filters';
import type { RawFilters } from '../delivery/filters';
import { EVERY_EVENT } from '../events/catalogue';
import { judgeCondition } from './judgeCondition';
import type { ReadParameter } from './readParameters';

/** Anchor's own replay window (docs, Signature Verification): two minutes. */
export const DEFAULT_TOLERANCE_SECONDS = 120;
export const MIN_TOLERANCE_SECONDS = 1;
export const MAX_TOLERANCE_SECONDS = 3600;

/** The longest window of *Collect Events*: a day. */
export const MAX_COLLECT_MINUTES = 1_440;

const oneOf = <T extends string>(value: unknown, allowed: readonly T[], fallback: T): T =>
	allowed.includes(value as T) ? (value as T) : fallback;

/** A number, which may stand in a text; NaN for all else. */
function numberIn(value: unknown): number {
	const isNumber = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
	return isNumber ? Number(value) : Number.NaN;
}

/** An expression may give a switch as text. */
const isSwitched = (value: unknown, to: boolean) => value === to || value === String(to);

/** An option that was not added to the collection is undefined. */
const option = (read: ReadParameter, name: string) => read(`options.${name}`, undefined);

/** The same as it was filled in, an expression unresolved. */
const filledIn = ({ options }: Record<string, unknown>, name: string): unknown =>
	({ ...(options as Record<string, unknown> | undefined) })[name];

const registrationOf = (read: ReadParameter) =>
	oneOf(read('registration', 'automatic'), ['automatic', 'manual'], 'automatic');

/** Who keeps the webhook at Anchor: this node or the user. */
export type Registration = ReturnType<typeof registrationOf>;

/** An expression may give the events as one text with commas; the multi-select itself gives a list. */
function eventsOf(read: ReadParameter): string[] {
	const value = read('events', []);
	return parseIdList(
		Array.isArray(value) ? value.filter((name) => typeof name === 'string') : value,
	);
}

const deduplicateIn = (value: unknown) => oneOf(value, ['durable', 'memory', 'off'], 'durable');

const deduplicateOf = (read: ReadParameter) => deduplicateIn(option(read, 'deduplicate'));

/**
 * The event that Anchor is asked for while the editor listens; undefined for none. Without a choice it is the first
 * selected one: whoever listens wants to see data, and need not wait for a real event.
 */
function sampleOf(read: ReadParameter): string | undefined {
	const sampleEvent = option(read, 'sampleEvent');
	if (registrationOf(read) === 'manual' || sampleEvent === '') return undefined;
	if (typeof sampleEvent === 'string') return sampleEvent;
	const [first] = eventsOf(read);
	return first === EVERY_EVENT ? 'task.completed' : first;
}

/** The field takes 1 to 3600; an expression can give anything, and none of it switches the window off. */
function toleranceOf(read: ReadParameter): number {
	const seconds = numberIn(option(read, 'toleranceSeconds'));
	if (Number.isNaN(seconds)) return DEFAULT_TOLERANCE_SECONDS;
	return Math.min(Math.max(seconds, MIN_TOLERANCE_SECONDS), MAX_TOLERANCE_SECONDS);
}

/** Paths with commas or on lines of their own, or a list of them; a comma in quotes belongs to a key. */
function pathsOf(value: unknown): string[] {
	if (Array.isArray(value))
		return value.flatMap((path) => (Array.isArray(path) ? [] : pathsOf(path)));
	const paths =
		typeof value === 'string' ? (value.match(/(?:"[^"]*"|\[\s*'[^']*'\s*\]|[^,\n])+/g) ?? []) : [];
	return paths.map((path) => path.trim()).filter((path) => path !== '');
}

/** The parameters that decide whether a delivery is genuine, and no others: a stranger can make n8n evaluate nothing else. */
export function readGateSettings(read: ReadParameter) {
	return { registration: registrationOf(read), toleranceSeconds: toleranceOf(read) };
}

/**
 * All parameters that decide over one delivery.
 * @param timeZone the workflow's, for dates in conditions that are written without one
 */
export function readWebhookSettings(read: ReadParameter, timeZone: string) {
	return {
		...readGateSettings(read),
		events: eventsOf(read),
		deduplicate: deduplicateOf(read),
		acknowledge: oneOf(option(read, 'acknowledge'), ['accepted', 'immediately'], 'accepted'),
		sampleEvent: sampleOf(read),
		filters: makeFilters((read('filters', {}) ?? {}) as RawFilters, (condition) =>
			judgeCondition(condition, timeZone),
		),
	};
}
export type WebhookSettings = ReturnType<typeof readWebhookSettings>;

/** The parameters that decide what the item looks like and which output it takes. */
export function readExecuteSettings(read: ReadParameter) {
	return {
		events: eventsOf(read),
		branchBy: oneOf(
			read('branchBy', 'none'),
			['none', 'event', 'entity', 'outcome', 'failureType'],
			'none',
		),
		format: oneOf(read('format', 'data'), ['data', 'envelope', 'row'], 'data'),
		escapeFormulas: !isSwitched(option(read, 'escapeFormulas'), false),
		resultColumns: pathsOf(option(read, 'resultColumns')),
		includeDelivery: isSwitched(option(read, 'includeDelivery'), true),
		deduplicate: deduplicateOf(read),
	};
}
export type ExecuteSettings = ReturnType<typeof readExecuteSettings>;

/**
 * The parameters that decide how the webhook at Anchor ends. No others: an expression among those may not be resolved any
 * more, and the webhook would stay. So it would with one under On Deactivation itself: it is deleted then.
 */
export function readEndSettings(read: ReadParameter) {
	return {
		registration: registrationOf(read),
		onDeactivate: oneOf(optionIfResolved(read, 'onDeactivate'), ['delete', 'disable'], 'delete'),
	};
}

/** @returns undefined also for an expression that cannot be resolved */
function optionIfResolved(read: ReadParameter, name: string): unknown {
	try {
		return option(read, name);
	} catch {
		return undefined;
	}
}

/**
 * The parameters that decide over the webhook at Anchor, and whether missed events are fetched from its history.
 * @param parameters the node's, as the user filled them in
 */
export function readRegistrationSettings(read: ReadParameter, parameters: Record<string, unknown>) {
	return {
		registration: registrationOf(read),
		events: eventsOf(read),
		catchUp: !isSwitched(option(read, 'catchUp'), false),
		sampleEvent: sampleOf(read),
		collectMinutes: collectMinutesOf(parameters),
		wants: wantsOf(parameters),
	};
}
export type RegistrationSettings = ReturnType<typeof readRegistrationSettings>;

/**
 * How long events are collected before they run, in minutes; 0 where each runs at once. Read as it was filled in, never as
 * an expression: `webhook()` and `trigger()` must agree. Only with automatic registration, whose history is what collected
 * events are checked against.
 * @param parameters the node's
 */
export function collectMinutesOf(parameters: Record<string, unknown>): number {
	const minutes = Math.floor(numberIn(filledIn(parameters, 'collectMinutes')));
	if (parameters.registration === 'manual' || !(minutes >= 1)) return 0;
	return Math.min(minutes, MAX_COLLECT_MINUTES);
}

/**
 * A digest of what decides which events a trigger wants, and of what remembers those that have run: before a change of
 * it, nothing is known of an event.
 * @param parameters the node's, as the user filled them in: what an expression gives may differ each time
 */
export function wantsOf(parameters: Record<string, unknown>): string {
	const { events, filters } = parameters;
	const deduplicate = deduplicateIn(filledIn(parameters, 'deduplicate'));
	return createHash('sha256')
		.update(JSON.stringify([events, filters ?? {}, deduplicate]))
		.digest('hex')
		.slice(0, 16);
}
