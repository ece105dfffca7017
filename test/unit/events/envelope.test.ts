import fc from 'fast-check';
import type { EventType } from '../../../nodes/AnchorBrowser/events/catalogue';
import { EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import type { AnchorEvent } from '../../../nodes/AnchorBrowser/events/event';
import type { ParsedEvent } from '../../../nodes/AnchorBrowser/events/envelope';
import {
	isDocumentedScalar,
	mismatchesOf,
	parseEvent,
} from '../../../nodes/AnchorBrowser/events/envelope';
import { fixture, fixtureBytes } from '../../fixtures/events';
import { oddData } from '../../fixtures/odd';

const parse = (body: unknown) =>
	parseEvent(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

function eventIn(parsed: ParsedEvent): AnchorEvent {
	if (parsed.kind === 'malformed') throw new TypeError(parsed.detail);
	return parsed.event;
}

const mismatchesIn = (parsed: ParsedEvent) => mismatchesOf(eventIn(parsed)).sort();

/** What Anchor's page says is always there; of an event that is not named here the schema alone says it. */
const REQUIRED: Partial<Record<EventType, string[]>> = {
	'task.completed': ['artifacts'],
	'task.failed': ['artifacts', 'error'],
	'task.cancelled': ['artifacts'],
	'task.healed': ['healed_task_version_id'],
	'intervention.requested': ['live_view_url'],
	'batch.completed': ['status'],
	'batch.failed': ['status'],
	'identity.authentication_failed': ['failure_type'],
	'session.completed': [],
	'session.failed': [],
	'session.recording.ready': [],
	'session.ready': [],
	'intervention.resolved': [],
	'identity.authenticated': [],
};

const requiredOf = (type: EventType): string[] =>
	REQUIRED[type] ??
	mismatchesOf({ ...fixture(type), data: {} }).map((path) => path.replace('data.', ''));

const minimal = { id: 'evt_1', type: 'intervention.resolved', data: {} };

describe('parseEvent', () => {
	it.each(EVENT_TYPES)('%s: takes the example for known, and finds nothing odd in it', (type) => {
		const parsed = parseEvent(fixtureBytes(type));
		expect(parsed).toEqual({ kind: 'event', event: fixture(type) });
		expect(mismatchesIn(parsed)).toEqual([]);
	});

	it.each(EVENT_TYPES)('%s: does without every undocumented key, and takes null for it', (type) => {
		const { data } = fixture(type);
		const required = Object.fromEntries(requiredOf(type).map((key) => [key, data[key]]));
		const nulls = Object.fromEntries(Object.keys(data).map((key) => [key, null]));
		for (const sparse of [required, { ...nulls, ...required }]) {
			const parsed = parse({ ...fixture(type), data: sparse });
			expect(parsed).toMatchObject({ kind: 'event' });
			expect(mismatchesIn(parsed)).toEqual([]);
		}
	});

	it('names no more than 20 places of a list that differs in a million, and looks no further than it must', () => {
		const artifacts = Array.from({ length: 1_000_000 }, () => ({}));
		const event = { ...fixture('task.completed'), data: { artifacts } };
		expect(mismatchesOf(event)).toHaveLength(20);
		expect(artifacts).toHaveLength(1_000_000);
	});

	it.each([
		[999, ['data.artifacts.999.name']],
		[1_000, []],
	])('finds what is odd in entry %i of a list: %j', (index, expected) => {
		const artifact = { name: 'a', url: 'https://example.com' };
		const artifacts: unknown[] = Array.from({ length: index }, () => artifact);
		artifacts.push({ ...artifact, name: 7 });
		const event = { ...fixture('task.completed'), data: { artifacts } };
		expect(mismatchesOf(event)).toEqual(expected);
	});

	it.each(EVENT_TYPES)('%s: says when something is missing that Anchor promises', (type) => {
		const expected = requiredOf(type).map((key) => `data.${key}`);
		const parsed = parse({ ...fixture(type), data: {} });
		expect(parsed.kind).toBe('event');
		expect(mismatchesIn(parsed)).toEqual(expected);
	});

	it.each(EVENT_TYPES)('%s: says when a field is of another type, and delivers it', (type) => {
		const { data } = fixture(type);
		const [first] = Object.keys(data);
		const parsed = parse({ ...fixture(type), data: { ...data, [first]: true } });
		expect(eventIn(parsed).data[first]).toBe(true);
		expect(mismatchesIn(parsed)).toEqual([`data.${first}`]);
	});

	it.each(['task.failed', 'session.failed'] as const)(
		'%s: says when a field of its error is of another type',
		(type) => {
			const parsed = parse(fixture(type, { error: { type: 7, message: 'Stopped' } }));
			expect(mismatchesIn(parsed)).toEqual(['data.error.type']);
		},
	);

	it('passes keys that nobody knows through, in the envelope, in data and below', () => {
		const event = {
			...fixture('task.failed', {
				error: { type: 'timeout', retryable: true },
				region: { name: 'eu', zones: [1, null] },
			}),
			api_version: '2027-01-01',
		};
		const parsed = parse(event);
		expect(parsed).toEqual({ kind: 'event', event });
		expect(mismatchesIn(parsed)).toEqual([]);
	});

	it('passes an event type that nobody knows through, whatever its data', () => {
		const event = { id: 'evt_1', type: 'volume.created', data: { task_id: [1, { a: null }] } };
		const parsed = parse(event);
		expect(parsed).toEqual({ kind: 'event', event });
		expect(mismatchesIn(parsed)).toEqual([]);
	});

	it('delivers data that does not fit, and says where', () => {
		const event = fixture('task.failed', {
			error: { type: 'quota_exceeded' },
			artifacts: [{ name: 'a.pdf' }],
			duration_ms: '61840',
		});
		const parsed = parse(event);
		expect(parsed).toMatchObject({ kind: 'event', event });
		expect(mismatchesIn(parsed)).toEqual(
			expect.arrayContaining(['data.error.type', 'data.artifacts.0.url', 'data.duration_ms']),
		);
	});

	it.each(['created', 'project_id', 'text'])(
		'delivers an event whose %s is not text, and says so',
		(key) => {
			for (const value of [null, 7, {}]) {
				const event = { ...minimal, [key]: value };
				const parsed = parse(event);
				expect(parsed).toEqual({ kind: 'event', event });
				expect(mismatchesIn(parsed)).toEqual([key]);
			}
		},
	);

	it.each([
		['nothing', '', /empty/],
		['white space', ' \r\n', /not JSON/],
		['text', 'hello', /not JSON/],
		['JSON that is cut off', '{"id":"evt_1","type":"task', /not JSON/],
		['form fields', 'id=evt_1&type=task.failed', /not JSON/],
		['two events, two lines', `${JSON.stringify(minimal)}\n${JSON.stringify(minimal)}`, /not JSON/],
		['two byte order marks', `\uFEFF\uFEFF${JSON.stringify(minimal)}`, /not JSON/],
		['null', 'null', /not a JSON object/],
		['a number', '7', /not a JSON object/],
		['a list', [minimal], /not a JSON object/],
		['an empty object', {}, /no "id" as text, no "type" as text, no "data" as an object/],
		['no id', { ...minimal, id: undefined }, /no "id" as text$/],
		['an id that is a number', { ...minimal, id: 7 }, /no "id" as text$/],
		['a blank id', { ...minimal, id: ' ' }, /no "id" as text$/],
		['no type', { ...minimal, type: undefined }, /no "type" as text$/],
		['a type that is a list', { ...minimal, type: ['task.failed'] }, /no "type" as text$/],
		['an empty type', { ...minimal, type: '' }, /no "type" as text$/],
		['no data', { ...minimal, data: undefined }, /^the body has no "data" as an object$/],
		[
			'a type alone',
			{ type: 'task.failed' },
			/^the body has no "id" as text, no "data" as an object$/,
		],
		['an id alone', { id: 'evt_1' }, /^the body has no "type" as text, no "data" as an object$/],
		['data that is text', { ...minimal, data: '{}' }, /no "data" as an object$/],
		['data that is a list', { ...minimal, data: [] }, /no "data" as an object$/],
		['data that is null', { ...minimal, data: null }, /no "data" as an object$/],
		['an envelope as prototype', `{"__proto__":${JSON.stringify(minimal)}}`, /no "id" as text/],
	])('takes %s for malformed, and says why', (_, body, detail) => {
		expect(parse(body)).toEqual({ kind: 'malformed', detail: expect.stringMatching(detail) });
	});

	it('says nothing of what a malformed body holds', () => {
		const parsed = parse({ ...minimal, id: 7, type: '', data: 'a private word' });
		expect(JSON.stringify(parsed)).not.toMatch(/private|7/);
	});

	it('reads past a byte order mark and line ends of either kind', () => {
		const pretty = JSON.stringify(minimal, null, 2);
		expect(eventIn(parse(`\uFEFF${pretty.replace(/\n/g, '\r\n')}\r\n`))).toEqual(minimal);
	});

	it('reads escapes and emoji alike', () => {
		const event = { ...minimal, text: '✅ Tâche "x" 🩹' };
		const escaped = JSON.stringify(event).replace(
			/[^ -~]/g,
			(unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
		);
		expect(escaped).toContain('\\ud83e\\ude79');
		expect(eventIn(parse(escaped))).toEqual(event);
		expect(eventIn(parse(event))).toEqual(event);
	});

	it('reads bytes that are not UTF-8 as U+FFFD, as n8n does', () => {
		const [before, after] = JSON.stringify({ ...minimal, text: '|' }).split('|');
		const bytes = Buffer.concat([
			Buffer.from(before),
			Buffer.from([0xff, 0xc3, 0x28]),
			Buffer.from(after),
		]);
		expect(eventIn(parseEvent(bytes)).text).toBe('\uFFFD\uFFFD(');
		expect(eventIn(parseEvent(bytes)).text).toBe(
			(JSON.parse(bytes.toString()) as AnchorEvent).text,
		);
	});

	it('reads a plain Uint8Array and a view into a larger buffer', () => {
		const bytes = Buffer.from(`xx${JSON.stringify(minimal)}xx`);
		expect(eventIn(parseEvent(new Uint8Array(bytes).subarray(2, -2)))).toEqual(minimal);
	});

	it('keeps the digits of numbers that JavaScript cannot hold, also behind a byte order mark', () => {
		const { written, held } = oddData();
		const body = `\uFEFF{"id":"a","type":"b.c","created":12345678901234567890,"data":${written}}`;
		expect(eventIn(parse(body))).toEqual({
			id: 'a',
			type: 'b.c',
			created: '12345678901234567890',
			data: held,
		});
		const bytes = Buffer.from('{"id":"a","type":"b.c","data":{"t":"|","n":1e999}}', 'latin1');
		bytes[bytes.indexOf('|')] = 0xff;
		expect(eventIn(parseEvent(bytes)).data).toEqual({ t: '\uFFFD', n: '1e999' });
	});

	it('lets the last of two equal keys win, as every JSON reader of n8n does', () => {
		expect(eventIn(parse('{"id":"a","id":"b","type":"x.y","data":{"k":1,"k":2}}'))).toEqual({
			id: 'b',
			type: 'x.y',
			data: { k: 2 },
		});
	});

	it('leaves the prototype of objects alone', () => {
		const parsed = parse(
			'{"id":"a","type":"task.healed","__proto__":{"polluted":1},"data":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
		);
		const { data } = eventIn(parsed);
		expect(Object.keys(data)).toEqual(['__proto__', 'constructor']);
		expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
		expect(({} as Record<string, unknown>).polluted).toBeUndefined();
	});

	it('reads data that is nested a hundred thousand levels deep', () => {
		const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
		expect(
			parse(`{"id":"a","type":"task.completed","data":{"result":${deep},"artifacts":${deep}}}`),
		).toMatchObject({ kind: 'event' });
	});

	it('never throws, and returns the parsed JSON itself', () => {
		const envelopes = fc.record(
			{
				id: fc.jsonValue(),
				type: fc.oneof(fc.constantFrom(...EVENT_TYPES), fc.jsonValue()),
				data: fc.jsonValue(),
			},
			{ requiredKeys: [] },
		);
		const bodies = fc.oneof(
			fc.uint8Array({ maxLength: 200 }),
			fc.json().map((body) => Buffer.from(body)),
			envelopes.map((body) => Buffer.from(JSON.stringify(body))),
		);
		fc.assert(
			fc.property(bodies, (body) => {
				const parsed = parseEvent(body);
				if (parsed.kind === 'malformed') expect(parsed.detail).toMatch(/^the body /);
				else
					expect(parsed.event).toEqual(
						JSON.parse(
							Buffer.from(body)
								.toString()
								.replace(/^\uFEFF/, ''),
						),
					);
			}),
		);
	});
});

describe('isDocumentedScalar', () => {
	it.each([
		...['status', 'error.type', 'task_id', 'artifacts.0.url', 'artifacts.7.name'],
		...['artifacts.10.name', 'tags.0', 'duration'],
	])('%s is one', (path) => {
		expect(isDocumentedScalar(path.split('.'))).toBe(true);
	});

	it.each([
		...['error', 'result', 'artifacts', 'artifacts.0', 'artifacts.7a.name', 'artifacts.a7.name'],
		...['tags', 'metadata', 'new.key', 'result.type', '__proto__'],
	])('%s is none', (path) => {
		expect(isDocumentedScalar(path.split('.'))).toBe(false);
	});
});
