import fc from 'fast-check';
import type { EventType } from '../../../nodes/AnchorBrowser/events/catalogue';
import { columnsOf, EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import type { AnchorEvent } from '../../../nodes/AnchorBrowser/events/event';
import { uniqueNames, toRow } from '../../../nodes/AnchorBrowser/output/row';
import { fixture } from '../../fixtures/events';

const BASE = ['event_id', 'event_type', 'created', 'project_id', 'text'];

/** The names of the columns that every row of this event starts with. */
function namesOf(type: EventType): string[] {
	const names = columnsOf(type).flatMap(({ path, kind }) => {
		const name = path.join('_');
		return kind === 'list' ? [name, `${name}_count`] : [name];
	});
	return [...BASE, ...names];
}

const row = (event: AnchorEvent) => toRow(event, { escapeFormulas: false });
const safeRow = (event: AnchorEvent) => toRow(event, { escapeFormulas: true });

/** A row's cells after those that every row has, of an event that nobody knows. */
function restOf(data: Record<string, unknown>, make = row): Array<[string, unknown]> {
	const event = { id: 'evt_1', type: 'volume.created', data };
	return Object.entries(make(event)).slice(BASE.length);
}

describe('toRow', () => {
	it('makes a flat row of a task that failed', () => {
		expect(Object.entries(row(fixture('task.failed')))).toEqual([
			['event_id', 'evt_56a4c6e7f11e4b44eafce28b'],
			['event_type', 'task.failed'],
			['created', '2026-05-24T12:19:41.007Z'],
			['project_id', '5d2c31f6-ab7e-481a-b6fd-8b4a96a4e197'],
			['text', '❌ Task `tsk_4f8w9n2b` failed: invalid_credentials'],
			['task_id', 'tsk_4f8w9n2b'],
			['task_version_id', 'c2a4b8de-91f3-4c0e-8d57-6f2a1b9c3d40'],
			['execution_id', '7b1d4f0e-2c55-4a0b-9a53-0d6b8f1c2e77'],
			['session_id', '550e8400-e29b-41d4-a716-446655440000'],
			['status', 'failure'],
			['duration_ms', 61840],
			['error_type', 'invalid_credentials'],
			['error_message', 'Login was rejected by the target site.'],
			['result', null],
			['artifacts', '[]'],
			['artifacts_count', 0],
			['recording_url', null],
			[
				'session_dashboard_url',
				'https://app.anchorbrowser.io/sessions/550e8400-e29b-41d4-a716-446655440000',
			],
			['healed_task_version_id', null],
		]);
	});

	it('puts the result of a task after the columns that all its rows have', () => {
		const event = fixture('task.completed', { result: { total: '129.00', lines: { count: 3 } } });
		const added = Object.entries(row(event)).slice(namesOf('task.completed').length);
		expect(added).toEqual([
			['result_total', '129.00'],
			['result_lines_count', 3],
		]);
		expect(row(event)).toMatchObject({
			artifacts: JSON.stringify(event.data.artifacts),
			artifacts_count: 2,
			result: null,
		});
	});

	it.each([
		['done', 'done'],
		[['a', 'b'], 'a, b'],
		[null, null],
		[{}, null],
		[undefined, null],
	])(
		'puts a result of one value, %j, into the column that all rows of a task have',
		(result, cell) => {
			const cells = row(fixture('task.completed', { result }));
			expect(cells.result).toBe(cell);
			expect(Object.keys(cells)).toEqual(namesOf('task.failed'));
		},
	);

	it('counts the entries of a result that is a list of objects', () => {
		const cells = row(fixture('task.completed', { result: [{ a: 1 }, { a: 2 }] }));
		expect(cells).toMatchObject({ result: '[{"a":1},{"a":2}]', result_count: 2 });
	});

	it('joins the lists of a session, also empty ones', () => {
		const event = fixture('session.completed', { visited_domains: [] });
		expect(row(event)).toMatchObject({ tags: 'production, customer-123', visited_domains: '' });
	});

	it.each(EVENT_TYPES)('%s: every row has the same columns, whatever the event lacks', (type) => {
		const keys = Object.keys(fixture(type).data);
		fc.assert(
			fc.property(fc.subarray(keys), fc.boolean(), (present, leaveOut) => {
				const { data } = fixture(type);
				const known = present.filter((key) => key !== 'result' && key !== 'metadata');
				const absent = leaveOut ? [] : keys.map((key) => [key, null]);
				const sparse = {
					...Object.fromEntries(absent.filter(([key]) => key !== 'result' && key !== 'metadata')),
					...Object.fromEntries(known.map((key) => [key, data[key]])),
				};
				expect(Object.keys(row({ ...fixture(type), data: sparse }))).toEqual(namesOf(type));
			}),
			{ numRuns: 50 },
		);
	});

	it.each(EVENT_TYPES)('%s: what nobody knows comes after the same columns', (type) => {
		fc.assert(
			fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (added) => {
				const keys = Object.keys(
					row({ ...fixture(type), data: { ...added, ...fixture(type).data } }),
				);
				expect(keys.filter((key) => namesOf(type).includes(key)).length).toBe(namesOf(type).length);
				expect(new Set(keys).size).toBe(keys.length);
			}),
			{ numRuns: 50 },
		);
	});

	it('leaves out a nothing that columns of the catalogue say already, and no other', () => {
		const cells = row(fixture('task.failed', { error: null, paused_by: null }));
		expect(cells).toMatchObject({ error_type: null, error_message: null, paused_by: null });
		expect(cells).not.toHaveProperty('error');
		const below = row(fixture('task.failed', { error: { type: 'timeout', cause: null } }));
		expect(below).toMatchObject({ error_type: 'timeout', error_cause: null });
	});

	it('has the base columns and nulls for an event with nothing in it', () => {
		const { event_id, event_type, ...rest } = row({ id: 'evt_1', type: 'task.healed', data: {} });
		expect({ event_id, event_type }).toEqual({ event_id: 'evt_1', event_type: 'task.healed' });
		expect(Object.keys(rest)).toEqual(namesOf('task.healed').slice(2));
		expect(new Set(Object.values(rest))).toEqual(new Set([null]));
		expect(row({ ...fixture('task.failed'), data: {} })).toMatchObject({
			artifacts: null,
			artifacts_count: null,
		});
	});

	it('adds nothing for an object that is null or empty where its columns are', () => {
		for (const error of [null, {}]) {
			const event = fixture('task.failed', { error });
			expect(Object.keys(row(event))).toEqual(namesOf('task.failed'));
		}
		const event = fixture('task.failed', { status: {} });
		expect(Object.keys(row(event))).toEqual(namesOf('task.failed'));
	});

	it('finds a nested column also where the payload writes it flat', () => {
		const event = fixture('task.failed', { error: undefined, error_type: 'timeout' });
		expect(row(event)).toMatchObject({ error_type: 'timeout', error_message: null });
		expect(row(event)).not.toHaveProperty('error_type_2');
	});

	it('keeps what is of another kind than its column expects', () => {
		expect(row(fixture('task.failed', { error: 'it broke' }))).toMatchObject({
			error_type: null,
			error_message: null,
			error: 'it broke',
		});
		expect(row(fixture('task.failed', { artifacts: 'none' }))).toMatchObject({
			artifacts: 'none',
			artifacts_count: null,
		});
		expect(row(fixture('task.failed', { artifacts: { name: 'a.pdf' } }))).toMatchObject({
			artifacts: null,
			artifacts_count: null,
			artifacts_name: 'a.pdf',
		});
		expect(row(fixture('task.failed', { artifacts: ['a.pdf'] }))).toMatchObject({
			artifacts: '["a.pdf"]',
			artifacts_count: 1,
		});
		expect(
			row(fixture('session.completed', { tags: [{ a: 1 }], status: ['x', 'y'] })),
		).toMatchObject({
			tags: '[{"a":1}]',
			status: 'x, y',
		});
		expect(row(fixture('identity.authentication_failed', { error: { code: 7 } }))).toMatchObject({
			error: null,
			error_code: 7,
		});
		expect(row(fixture('session.recording.ready', { duration: '7m' }))).toHaveProperty(
			'duration',
			'7m',
		);
	});

	it('writes dates in ISO 8601', () => {
		const event = {
			...fixture('batch.completed', {
				created_at: 1779625085,
				actual_completion_time: 'Sun, 24 May 2026 12:18:05 GMT',
				later: 1779625085,
			}),
			created: 1779625085123 as unknown as string,
		};
		expect(row(event)).toMatchObject({
			created: '2026-05-24T12:18:05.123Z',
			created_at: '2026-05-24T12:18:05.000Z',
			actual_completion_time: '2026-05-24T12:18:05.000Z',
			later: 1779625085,
		});
	});

	it('flattens what nobody knows, in delivered order, and keeps its types', () => {
		const data = {
			zone: 'eu',
			nothing: null,
			usage: { bytes: 0, proxy: { on: false } },
			hosts: ['a', 'b'],
			none: [],
			steps: [{ n: 1 }, { n: 2 }],
			empty: {},
			alpha: 1.5,
		};
		expect(restOf(data)).toEqual([
			['zone', 'eu'],
			['nothing', null],
			['usage_bytes', 0],
			['usage_proxy_on', false],
			['hosts', 'a, b'],
			['none', ''],
			['steps', '[{"n":1},{"n":2}]'],
			['steps_count', 2],
			['empty', ''],
			['alpha', 1.5],
		]);
	});

	it('keeps both of two keys that come to the same name', () => {
		const data = {
			event_id: 'mine',
			text: { a: 1 },
			text_a: 2,
			list: [[1]],
			list_count: 7,
			list_count_2: 8,
		};
		expect(restOf(data)).toEqual([
			['event_id_2', 'mine'],
			['text_a', 1],
			['text_a_2', 2],
			['list', '[[1]]'],
			['list_count', 1],
			['list_count_2', 7],
			['list_count_2_2', 8],
		]);
		const event = fixture('task.failed', { error_type: 'flat', error: { type: 'timeout' } });
		expect(row(event)).toMatchObject({ error_type: 'timeout', error_type_2: 'flat' });
	});

	it('takes names that objects inherit for names like others', () => {
		const data = JSON.parse(
			'{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x"}',
		) as Record<string, unknown>;
		expect(restOf(data)).toEqual([
			['__proto___polluted', 1],
			['constructor_prototype_polluted', 1],
			['toString', 'x'],
		]);
		const direct = restOf(JSON.parse('{"__proto__":"x"}') as Record<string, unknown>);
		expect(direct).toEqual([['__proto__', 'x']]);
		expect(({} as Record<string, unknown>).polluted).toBeUndefined();
	});

	it('joins six keys at most and writes what lies deeper as JSON', () => {
		const data = { a: { b: { c: { d: { e: { f: { g: { h: 1 } }, i: 2 } } } } } };
		expect(restOf(data)).toEqual([
			['a_b_c_d_e_f', '{"g":{"h":1}}'],
			['a_b_c_d_e_i', 2],
		]);
	});

	it('survives data of any depth and of any width', () => {
		const depth = 100_000;
		const deep = `${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`;
		const data = JSON.parse(`{"result":${deep},"artifacts":[${deep}]}`) as Record<string, unknown>;
		const cells = row({ id: 'evt_1', type: 'task.completed', data });
		expect(String(cells.result_a)).toHaveLength(deep.length - '{"a":}'.length);
		expect(cells.artifacts_count).toBe(1);
		const same = Object.fromEntries(
			Array.from({ length: 20_000 }, (_, i) => [`k${'_'.repeat(i % 5)}${i}`, { x: i }]),
		);
		expect(
			Object.keys(row({ id: 'evt_1', type: 'task.completed', data: { result: same } })),
		).toHaveLength(namesOf('task.completed').length + 20_000);
	});

	it('is flat and total for any JSON', () => {
		const types = fc.oneof(fc.constantFrom<string>(...EVENT_TYPES), fc.string());
		fc.assert(
			fc.property(
				types,
				fc.jsonValue(),
				fc.jsonValue(),
				fc.boolean(),
				(type, data, text, escapeFormulas) => {
					const event = { id: 'evt_1', type, text, data } as unknown as AnchorEvent;
					for (const cell of Object.values(toRow(event, { escapeFormulas }))) {
						expect(cell === null || ['string', 'number', 'boolean'].includes(typeof cell)).toBe(
							true,
						);
					}
				},
			),
		);
	});
});

describe('uniqueNames', () => {
	it('gives the wished name while it is free, then numbers from 2', () => {
		const taken = new Set(['a', 'a_3']);
		const freeName = uniqueNames((name) => taken.has(name));
		expect(freeName('b')).toBe('b');
		const given = [freeName('a'), freeName('a'), freeName('a')];
		expect(given).toEqual(['a_2', 'a_4', 'a_5']);
	});

	it('looks up a bounded number of names for each wish, however many are equal', () => {
		const taken = new Set(['a']);
		let looks = 0;
		const freeName = uniqueNames((name) => {
			looks += 1;
			return taken.has(name);
		});
		for (let wish = 0; wish < 1000; wish++) taken.add(freeName('a'));
		expect(taken.size).toBe(1001);
		expect(looks).toBe(2000);
	});
});

describe('toRow with escapeFormulas', () => {
	it('defuses text in every column', () => {
		const event = {
			...fixture('task.completed', {
				status: '=HYPERLINK("https://example.com")',
				result: { note: '@SUM(A1)', values: ['-1', 'b'], nested: [{ a: '=1' }] },
			}),
			text: '+1',
			id: '-id',
			created: '=NOW()',
		};
		expect(safeRow(event)).toMatchObject({
			event_id: "'-id",
			created: "'=NOW()",
			text: "'+1",
			status: `'=HYPERLINK("https://example.com")`,
			result_note: "'@SUM(A1)",
			result_values: "'-1, b",
			result_nested: '[{"a":"=1"}]',
		});
		expect(safeRow({ ...event, type: '=x' })).toHaveProperty('event_type', "'=x");
	});

	it('never touches numbers', () => {
		const event = fixture('task.completed', { duration_ms: -5, result: { delta: -0.5 } });
		expect(safeRow(event)).toMatchObject({ duration_ms: -5, result_delta: -0.5 });
		expect(restOf({ list: [-1, -2] }, safeRow)).toEqual([['list', "'-1, -2"]]);
	});

	it('defuses the names of columns, and keeps them apart', () => {
		expect(restOf({ '=cmd': 1, "'=cmd": 2, '+a': { b: 3 }, '-l': [[1]] }, safeRow)).toEqual([
			["'=cmd", 1],
			["'=cmd_2", 2],
			["'+a_b", 3],
			["'-l", '[[1]]'],
			["'-l_count", 1],
		]);
	});

	it('loses no column when a defused name is there already', () => {
		expect(restOf({ "'=cmd": 1, '=cmd': 2 }, safeRow)).toEqual([
			["'=cmd", 1],
			["'=cmd_2", 2],
		]);
	});

	it('leaves no cell and no name that a spreadsheet would run, and changes nothing else', () => {
		const dangerous = fc
			.constantFrom('=', '+', '-', '@', '\t', '\r')
			.chain((first) => fc.string().map((rest) => first + rest));
		const key = fc.oneof(dangerous, fc.string());
		const { data } = fc.letrec((tie) => ({
			value: fc.oneof(
				{ depthSize: 'small' },
				dangerous,
				fc.double({ noNaN: true }),
				fc.array(tie('value')),
				fc.dictionary(key, tie('value')),
			),
			data: fc.dictionary(key, tie('value')),
		}));
		fc.assert(
			fc.property(data, (value) => {
				const event = { id: 'evt_1', type: 'task.completed', data: value } as AnchorEvent;
				const cells = Object.entries(safeRow(event)).flat();
				expect(
					cells.filter((cell) => typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell)),
				).toEqual([]);
				expect(
					Object.values(safeRow(event)).map((cell) =>
						typeof cell === 'string' ? cell.replace(/^'/, '') : cell,
					),
				).toEqual(
					Object.values(row(event)).map((cell) =>
						typeof cell === 'string' ? cell.replace(/^'/, '') : cell,
					),
				);
			}),
		);
	});

	it('does nothing when it is off', () => {
		expect(restOf({ '=a': '=b' })).toEqual([['=a', '=b']]);
	});
});
