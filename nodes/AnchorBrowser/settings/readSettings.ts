import { createHash } from 'node:crypto';
import { makeFilters, parseIdList } from '../delivery/filters';
import type { EventFilters, RawFilters } from '../delivery/filters';
import { EVERY_EVENT } from '../events/catalogue';
import type { BranchBy } from '../output/branch';
import type { ItemFormat } from '../output/format';
import { judgeCondition } from './judgeCondition';
import type { ReadParameter } from './readParameters';

/** Anchor's own replay window (docs, Signature Verification): two minutes. */
export const DEFAULT_TOLERANCE_SECONDS = 120;
export const MIN_TOLERANCE_SECONDS = 1;
export const MAX_TOLERANCE_SECONDS = 3600;

export type Registration = 'automatic' | 'manual';
export type Deduplicate = 'durable' | 'memory' | 'off';

/** What `webhook()` needs to know of the node's parameters before a delivery has proven to be genuine. */
export interface GateSettings {
	registration: Registration;
	toleranceSeconds: number;
}

/** What it needs to know of them in all. */
export interface WebhookSettings extends GateSettings {
	events: readonly string[];
	filters: EventFilters;
	deduplicate: Deduplicate;
	acknowledge: 'accepted' | 'immediately';
	/** The event that Anchor is asked for while the editor listens; undefined for none. */
	sampleEvent: string | undefined;
}

/** What `execute()` needs to know of them. */
export interface ExecuteSettings {
	events: readonly string[];
	branchBy: BranchBy;
	format: ItemFormat;
	escapeFormulas: boolean;
	/** Paths below `result` that get a column each in a row. */
	resultColumns: readonly string[];
	includeDelivery: boolean;
	deduplicate: Deduplicate;
}

/** What deactivation needs to know of them. */
export interface EndSettings {
	registration: Registration;
	onDeactivate: 'delete' | 'disable';
}

/** What activation and the regular look need to know of them. */
export interface RegistrationSettings {
	registration: Registration;
	events: readonly string[];
	/** Whether events that Anchor could not deliver are fetched from its history. */
	catchUp: boolean;
	/** As in `WebhookSettings`. */
	sampleEvent: string | undefined;
}

const oneOf = <T extends string>(value: unknown, allowed: readonly T[], fallback: T): T =>
	allowed.includes(value as T) ? (value as T) : fallback;

/** An option that was not added to the collection is undefined. */
const option = (read: ReadParameter, name: string) => read(`options.${name}`, undefined);

/** An expression may give the events as one text with commas; the multi-select itself gives a list. */
function eventsOf(read: ReadParameter): string[] {
	const value = read('events', []);
	return parseIdList(
		Array.isArray(value) ? value.filter((name) => typeof name === 'string') : value,
	);
}

/** Paths with commas or on lines of their own, or a list of them; a comma in quotes belongs to a key. */
function pathsOf(value: unknown): string[] {
	if (Array.isArray(value))
		return value.flatMap((path) => (Array.isArray(path) ? [] : pathsOf(path)));
	const paths = typeof value === 'string' ? (value.match(/(?:"[^"]*"|[^,\n])+/g) ?? []) : [];
	return paths.map((path) => path.trim()).filter((path) => path !== '');
}

/** An expression may give a switch as text. */
const isSwitched = (value: unknown, to: boolean) => value === to || value === String(to);

const deduplicateIn = (value: unknown) => oneOf(value, ['durable', 'memory', 'off'], 'durable');

const deduplicateOf = (read: ReadParameter) => deduplicateIn(option(read, 'deduplicate'));

/** Without a choice the first selected event: whoever listens wants to see data, and need not wait for a real event. */
function sampleOf(read: ReadParameter): string | undefined {
	const sampleEvent = option(read, 'sampleEvent');
	if (registrationOf(read) === 'manual' || sampleEvent === '') return undefined;
	if (typeof sampleEvent === 'string') return sampleEvent;
	const [first] = eventsOf(read);
	return first === EVERY_EVENT ? 'task.completed' : first;
}

const registrationOf = (read: ReadParameter) =>
	oneOf(read('registration', 'automatic'), ['automatic', 'manual'], 'automatic');

/** The field takes 1 to 3600; an expression can give anything, and none of it switches the window off. */
function toleranceOf(read: ReadParameter): number {
	const value = option(read, 'toleranceSeconds');
	const isNumber = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
	const seconds = isNumber ? Number(value) : Number.NaN;
	if (Number.isNaN(seconds)) return DEFAULT_TOLERANCE_SECONDS;
	return Math.min(Math.max(seconds, MIN_TOLERANCE_SECONDS), MAX_TOLERANCE_SECONDS);
}

/** The longest window of *Collect Events*: a day. */
export const MAX_COLLECT_MINUTES = 1_440;

/**
 * How long events are collected before they run, in minutes; 0 where each runs at once. Read as it was filled in, never as
 * an expression: `webhook()` and `trigger()` must agree. Only with automatic registration, whose history is what collected
 * events are checked against.
 * @param parameters the node's
 */
export function collectMinutesOf({
	registration,
	options: chosen,
}: Record<string, unknown>): number {
	const { collectMinutes } = { ...(chosen as Record<string, unknown> | undefined) };
	const isNumber = typeof collectMinutes === 'number' || isFilledText(collectMinutes);
	const minutes = isNumber ? Math.floor(Number(collectMinutes)) : 0;
	if (registration === 'manual' || !(minutes >= 1)) return 0;
	return Math.min(minutes, MAX_COLLECT_MINUTES);
}

const isFilledText = (value: unknown) => typeof value === 'string' && value.trim() !== '';

/**
 * The parameters that decide whether a delivery is genuine, and no others: a stranger can make n8n evaluate nothing else.
 * @param read reads a parameter of the node, expressions resolved
 */
export function readGateSettings(read: ReadParameter): GateSettings {
	return { registration: registrationOf(read), toleranceSeconds: toleranceOf(read) };
}

/**
 * All parameters that decide over one delivery.
 * @param read reads a parameter of the node, expressions resolved
 */
export function readWebhookSettings(read: ReadParameter): WebhookSettings {
	return {
		...readGateSettings(read),
		events: eventsOf(read),
		filters: makeFilters((read('filters', {}) ?? {}) as RawFilters, judgeCondition),
		deduplicate: deduplicateOf(read),
		acknowledge: oneOf(option(read, 'acknowledge'), ['accepted', 'immediately'], 'accepted'),
		sampleEvent: sampleOf(read),
	};
}

/**
 * The parameters that decide what the item looks like and which output it takes.
 * @param read reads a parameter of the node, expressions resolved
 */
export function readExecuteSettings(read: ReadParameter): ExecuteSettings {
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

/**
 * The parameters that decide how the webhook at Anchor ends. No others: an expression among those may not be resolved any
 * more, and the webhook would stay. So it would with one under On Deactivation itself: it is deleted then.
 * @param read reads a parameter of the node, expressions resolved
 */
export function readEndSettings(read: ReadParameter): EndSettings {
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
 * The parameters that decide over the webhook at Anchor.
 * @param read reads a parameter of the node, expressions resolved
 */
export function readRegistrationSettings(read: ReadParameter): RegistrationSettings {
	return {
		registration: registrationOf(read),
		events: eventsOf(read),
		catchUp: !isSwitched(option(read, 'catchUp'), false),
		sampleEvent: sampleOf(read),
	};
}

/**
 * A digest of what decides which events a trigger wants, and of what remembers those that have run: before a change of
 * it, nothing is known of an event.
 * @param parameters the node's, as the user filled them in: what an expression gives may differ each time
 */
export function wantsOf({ events, filters, options: chosen }: Record<string, unknown>): string {
	const { deduplicate } = { ...(chosen as Record<string, unknown> | undefined) };
	return createHash('sha256')
		.update(JSON.stringify([events, filters ?? {}, deduplicateIn(deduplicate)]))
		.digest('hex')
		.slice(0, 16);
}
