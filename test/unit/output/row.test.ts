import fc from 'fast-check';
import type { EventType } from '../../../nodes/AnchorBrowser/events/catalogue';
import { columnsOf, EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import type { AnchorEvent } from '../../../nodes/AnchorBrowser/events/event';
import type { RowOptions } from '../../../nodes/AnchorBrowser/output/row';
import { toRow } from '../../../nodes/AnchorBrowser/output/row';
import { fixture } from '../../fixtures/events';
import { LONGEST_CELL, oddData, ODD_KEYS, ODD_TEXTS } from '../../fixtures/odd';

const BASE = ['event_id', 'event_type', 'created', 'project_id', 'text'];

/** The names of all columns of this event, `fields` being those for its result. */
function namesOf(type: EventType, fields: readonly string[] = []): string[] {
	const names = columnsOf(type).flatMap(({ name, kind }) =>
		kind === 'free' ? [name, ...fields] : [name],
	);
	return [...BASE, ...names, 'more'];
}

const row = (event: AnchorEvent, options: Partial<RowOptions> = {}) =>
	toRow(event, { escapeFormulas: false, ...options });
const safeRow = (event: AnchorEvent) => row(event, { escapeFormulas: true });
const moreOf = (event: AnchorEvent) => {
	const { more } = row(event);
	return more === null ? null : (JSON.parse(String(more)) as unknown);
};

/** An event with this result, and the columns for these fields of it. */
const resultRow = (result: unknown, ...resultColumns: string[]) => {
	const cells = Object.entries(row(fixture('task.completed', { result }), { resultColumns }));
	const from = cells.findIndex(([name]) => name === 'result');
	return cells.slice(
		from,
		cells.findIndex(([name]) => name === 'artifacts'),
	);
};

it.each([
	'result.total',
	'data.result.total',
	'$json.result.total',
	'{{ $json.result.total }}',
	'$json["result"]["total"]',
	'result["total"]',
	'total',
])('has a column for the field of the result that is written as %s', (path) => {
	const [, [name, cell]] = resultRow({ total: 5 }, path);
	expect([name.replace(/_+/g, '_').replace(/_$/, ''), cell]).toEqual(['result_total', 5]);
});

it.each([
	['{{ $json.result.total.net }}', 'result_total_net'],
	['result["a$b"]', 'result___a_b__'],
	['result["{{"]', 'result_______'],
])('names the column of %s as it is written, without what makes it an expression', (path, name) => {
	expect(resultRow({}, path)[1]).toEqual([name, null]);
});

it('prefers the field of the very name that was written', () => {
	expect(resultRow({ total: 5, result: { total: 6 } }, 'result.total')[1]).toEqual([
		'result_total',
		6,
	]);
});

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
			['more', null],
		]);
	});

	it.each([
		['a text', 'done', 'done'],
		['a number', -1.5, -1.5],
		['false', false, false],
		['null', null, null],
		['nothing', undefined, null],
		['a list of texts', ['a', 'b'], '["a","b"]'],
		['an object', { a: { b: [1] } }, '{"a":{"b":[1]}}'],
		['an empty object', {}, '{}'],
	])('puts a result that is %s into one cell', (_, result, cell) => {
		const cells = row(fixture('task.completed', { result }));
		expect(cells.result).toBe(cell);
		expect(cells.more).toBeNull();
		expect(Object.keys(cells)).toEqual(namesOf('task.failed'));
	});

	it('gives chosen fields of the result a column each, right after it', () => {
		const result = {
			total: '129.00',
			customer: { name: 'Ann', tags: ['a', 'b'] },
			lines: [{ n: 1 }],
		};
		expect(
			resultRow(
				result,
				'total',
				'customer.name',
				'customer.tags',
				'customer',
				'lines[0].n',
				'none.x',
			),
		).toEqual([
			['result', JSON.stringify(result)],
			['result_total', '129.00'],
			['result_customer_name', 'Ann'],
			['result_customer_tags', 'a, b'],
			['result_customer', '{"name":"Ann","tags":["a","b"]}'],
			['result_lines_0__n', 1],
			['result_none_x', null],
		]);
	});

	it.each([undefined, null, 'text', 7, true, [], [{ total: 1 }], { other: 1 }])(
		'has the columns of a result that is %j, empty',
		(result) => {
			const cells = resultRow(result, 'total', '[0].total', 'length', 'not a path[');
			expect(cells.slice(1)).toEqual([
				['result_total', null],
				['result__0__total', null],
				['result_length', null],
				['result_not_a_path_', null],
			]);
		},
	);

	it('names them such that a data table takes the names, and no two the same', () => {
		const long = 'a'.repeat(100);
		const result = { 'a-b': 1, a: { b: 2 }, größe: 3, [long]: 4, [`${long}b`]: 5, __proto__x: 6 };
		const cells = resultRow(
			result,
			'a-b',
			'a.b',
			'a_b',
			'größe',
			long,
			`${long}b`,
			'["__proto__x"]',
		);
		expect(cells.slice(1)).toEqual([
			['result_a_b', 1],
			['result_a_b_2', 2],
			['result_a_b_3', null],
			['result_gr__e', 3],
			[`result_${'a'.repeat(56)}`, 4],
			[`result_${'a'.repeat(54)}_2`, 5],
			['result_____proto__x__', 6],
		]);
		for (const [name] of cells) expect(name).toMatch(/^[a-zA-Z][a-zA-Z0-9_]{0,62}$/);
	});

	it('has them for events that can have a result, and for no other', () => {
		const options = { resultColumns: ['total'] };
		for (const type of EVENT_TYPES) {
			expect(Object.keys(row(fixture(type), options))).toEqual(namesOf(type, ['result_total']));
		}
		const unknown = { id: 'evt_1', type: 'volume.created', data: { result: { total: 1 } } };
		expect(Object.keys(row(unknown, options))).toEqual([...BASE, 'more']);
		expect(row({ ...unknown, type: 'task.paused' }, options)).toHaveProperty('result_total', 1);
	});

	it('puts the facts of the delivery before the rest', () => {
		const delivery = { delivery_id: '04001', delivery_timestamp: 1, delivery_webhook_id: null };
		const options = { escapeFormulas: true, delivery };
		const cells = Object.entries(row(fixture('task.failed', { delivery_id: 7 }), options));
		expect(cells.slice(-4)).toEqual([...Object.entries(delivery), ['more', '{"delivery_id":7}']]);
	});

	it('joins the lists of a session, also empty ones', () => {
		const event = fixture('session.completed', { visited_domains: [] });
		expect(row(event)).toMatchObject({ tags: 'production, customer-123', visited_domains: '' });
	});

	it.each(EVENT_TYPES)('%s: every row has the same columns, whatever the event holds', (type) => {
		const keys = Object.keys(fixture(type).data);
		const names = fc.oneof(fc.constantFrom(...keys, ...ODD_KEYS), fc.string());
		fc.assert(
			fc.property(fc.dictionary(names, fc.jsonValue()), fc.boolean(), (data, escapeFormulas) => {
				const event = { ...fixture(type), data };
				const options = { escapeFormulas, resultColumns: ['total'] };
				expect(Object.keys(row(event, options))).toEqual(namesOf(type, ['result_total']));
			}),
			{ numRuns: 50 },
		);
	});

	it('loses nothing that an event of an unknown type holds', () => {
		const keys = fc.oneof(fc.constantFrom(...ODD_KEYS), fc.string());
		fc.assert(
			fc.property(fc.dictionary(keys, fc.jsonValue()), (data) => {
				const event = { id: 'evt_1', type: 'volume.created', data };
				const text = JSON.stringify(data);
				expect(row(event).more).toBe(text === '{}' ? null : text.slice(0, LONGEST_CELL));
			}),
		);
	});

	it('keeps what has no column, at its place', () => {
		const added = {
			paused_by: null,
			region: { zone: 'eu', list: [1, { a: [] }] },
			event_id: 'mine',
		};
		expect(moreOf(fixture('task.failed', added))).toEqual(added);
		const below = fixture('task.failed', { error: { type: 'timeout', cause: null, at: { x: 1 } } });
		expect(row(below)).toMatchObject({ error_type: 'timeout', error_message: null });
		expect(moreOf(below)).toEqual({ error: { cause: null, at: { x: 1 } } });
		expect(moreOf(fixture('batch.completed', { metadata: { po: '17' } }))).toEqual({
			metadata: { po: '17' },
		});
	});

	it('keeps what Anchor may add beside the data', () => {
		const event = {
			...fixture('task.failed', { _event: 1 }),
			api_version: '2027',
			recovered: true as const,
		};
		expect(moreOf(event)).toEqual({ _event: { api_version: '2027' }, _event_2: 1 });
		expect(moreOf({ ...fixture('task.failed', { _event: 1 }) })).toEqual({ _event: 1 });
		expect(moreOf({ ...fixture('task.failed'), recovered: true })).toBeNull();
	});

	it('takes a nothing for said where columns say it', () => {
		for (const error of [null, {}, { type: null }]) {
			expect(moreOf(fixture('task.failed', { error, status: null, taskId: null }))).toBeNull();
		}
	});

	it('has the base columns and nulls for an event with nothing in it', () => {
		const { event_id, event_type, ...rest } = row({ id: 'evt_1', type: 'task.healed', data: {} });
		expect({ event_id, event_type }).toEqual({ event_id: 'evt_1', event_type: 'task.healed' });
		expect(Object.keys(rest)).toEqual(namesOf('task.healed').slice(2));
		expect(new Set(Object.values(rest))).toEqual(new Set([null]));
	});

	it.each([
		['nested', { task_id: 'tsk_1', error: { type: 'timeout' } }],
		['flat', { task_id: 'tsk_1', error_type: 'timeout' }],
		['nested, in the other style', { taskId: 'tsk_1', error: { type: 'timeout' } }],
		['flat, in the other style', { taskId: 'tsk_1', errorType: 'timeout' }],
		[
			'with a null in the usual place',
			{ task_id: null, taskId: 'tsk_1', error: null, error_type: 'timeout' },
		],
	])('fills its columns from keys that are %s', (_, data) => {
		const event = { ...fixture('task.failed'), data };
		expect(row(event)).toMatchObject({ task_id: 'tsk_1', error_type: 'timeout', more: null });
	});

	it('keeps both of two keys that are for the same column', () => {
		const data = { taskId: 'two', task_id: 'one', error_type: 'flat', error: { type: 'timeout' } };
		const event = { ...fixture('task.failed'), data };
		expect(row(event)).toMatchObject({ task_id: 'one', error_type: 'timeout' });
		expect(moreOf(event)).toEqual({ taskId: 'two', error_type: 'flat' });
	});

	it('keeps what is of another kind than its column expects', () => {
		const inWords = fixture('task.failed', { error: 'it broke' });
		expect(row(inWords)).toMatchObject({ error_type: null, error_message: null });
		expect(moreOf(inWords)).toEqual({ error: 'it broke' });
		const wrong = {
			tags: [{ a: 1 }],
			status: ['x', 'y'],
			duration: { s: 1 },
			error: { type: { a: 1 } },
		};
		expect(row(fixture('session.failed', wrong))).toMatchObject({
			tags: '[{"a":1}]',
			status: 'x, y',
			duration: '{"s":1}',
			error_type: '{"a":1}',
			more: null,
		});
		expect(row(fixture('identity.authentication_failed', { error: { code: 7 } }))).toMatchObject({
			error: '{"code":7}',
			more: null,
		});
	});

	it.each([
		[[], '[]', 0],
		[['a.pdf'], '["a.pdf"]', 1],
		[[{ name: 'a.pdf' }, {}], '[{"name":"a.pdf"},{}]', 2],
		['none', 'none', null],
		[{}, '', null],
		[{ name: 'a.pdf' }, '{"name":"a.pdf"}', null],
		[null, null, null],
	])('counts the artifacts %j', (artifacts, cell, count) => {
		const event = fixture('task.failed', { artifacts });
		expect(row(event)).toMatchObject({ artifacts: cell, artifacts_count: count, more: null });
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
		});
		expect(moreOf(event)).toHaveProperty('later', 1779625085);
	});

	it('takes names that objects inherit for names like others', () => {
		const text =
			'{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x"}';
		const data = JSON.parse(text) as Record<string, unknown>;
		const event = { id: 'evt_1', type: 'task.completed', data: { ...data, result: data } };
		const cells = row(event, {
			resultColumns: ['__proto__', 'toString', 'valueOf', '__proto__.polluted'],
		});
		expect(cells).toMatchObject({
			result_toString: 'x',
			result_valueOf: null,
			result___proto__: '{"polluted":1}',
			result___proto___polluted: 1,
			more: text,
		});
		expect(({} as Record<string, unknown>).polluted).toBeUndefined();
	});

	it('survives data of any depth and of any width', () => {
		const depth = 100_000;
		const deep = `${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`;
		const data = JSON.parse(`{"result":${deep},"artifacts":[${deep}],"b":${deep}}`) as Record<
			string,
			unknown
		>;
		const cells = row({ id: 'evt_1', type: 'task.completed', data }, { resultColumns: ['a'] });
		expect(cells.artifacts_count).toBe(1);
		expect(cells.result).toContain(`… (cut, ${deep.length} characters)`);
		expect(cells.result_a).toContain(`… (cut, ${deep.length - '{"a":}'.length} characters)`);
		const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, { x: i }]));
		const { more } = row({ id: 'evt_1', type: 'task.completed', data: { ...wide, result: wide } });
		expect(more).toContain(`… (cut, ${JSON.stringify(wide).length} characters)`);
	});

	it('has no cell that is longer than a spreadsheet takes, whatever it is made of', () => {
		const { held } = oddData();
		for (const text of ODD_TEXTS) {
			const list = [text, text];
			const data = {
				task_id: text,
				status: list,
				error: { type: text },
				artifacts: list,
				result: { text, list },
				text,
			};
			const event = {
				id: text,
				type: 'task.failed',
				created: text,
				project_id: text,
				text,
				data: { ...held, ...data },
			};
			const options = { resultColumns: ['text', 'list'], delivery: { delivery_id: text } };
			for (const cell of Object.values({
				...row(event, options),
				...row(event, { ...options, escapeFormulas: true }),
			})) {
				if (typeof cell !== 'string') continue;
				expect(cell.length).toBeLessThanOrEqual(LONGEST_CELL);
			}
		}
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
					for (const cell of Object.values(row(event, { escapeFormulas, resultColumns: ['a'] }))) {
						expect(cell === null || ['string', 'number', 'boolean'].includes(typeof cell)).toBe(
							true,
						);
					}
				},
			),
		);
	});
});

describe('toRow with escapeFormulas', () => {
	it('defuses text in every column', () => {
		const event = {
			...fixture('task.completed', {
				status: '=HYPERLINK("https://example.com")',
				task_id: '@x',
				result: '-1+1',
			}),
			text: '+1',
			id: '-id',
			created: '=NOW()',
		};
		expect(safeRow(event)).toMatchObject({
			event_id: "'-id",
			created: "'=NOW()",
			text: "'+1",
			task_id: "'@x",
			status: `'=HYPERLINK("https://example.com")`,
			result: "'-1+1",
		});
		expect(safeRow({ ...event, type: '=x' })).toHaveProperty('event_type', "'=x");
	});

	it('marks what a spreadsheet would change, but in ids and dates, which rows are looked up by', () => {
		for (const value of ['04001', '12E5', '12345678901234567890', '1-2']) {
			const data = {
				task_id: value,
				session_id: value,
				status: value,
				error: { message: value },
				result: { a: value, an_id: value },
			};
			const task = { id: value, type: value, created: value, project_id: value, text: value, data };
			expect(
				row(
					{ ...task, type: 'task.failed' },
					{ escapeFormulas: true, resultColumns: ['a', 'an_id'] },
				),
			).toMatchObject({
				event_id: value,
				created: value,
				project_id: value,
				text: `'${value}`,
				task_id: value,
				session_id: value,
				status: `'${value}`,
				error_message: `'${value}`,
				result_a: `'${value}`,
				result_an_id: value,
			});
			expect(safeRow(task)).toHaveProperty('event_type', value);
			expect(safeRow(fixture('batch.failed', { created_at: value }))).toHaveProperty(
				'created_at',
				value,
			);
		}
	});

	it('never touches a number but one that a spreadsheet would round', () => {
		const event = fixture('task.completed', {
			duration_ms: -5,
			result: 9007199254740991,
			task_id: 9007199254740991,
		});
		expect(safeRow(event)).toMatchObject({
			duration_ms: -5,
			result: "'9007199254740991",
			task_id: 9007199254740991,
		});
		expect(row(event)).toHaveProperty('result', 9007199254740991);
	});

	it('leaves no cell and no name that a spreadsheet would run, and changes nothing else', () => {
		const dangerous = fc
			.constantFrom('=', '+', '-', '@', '\t', '\r')
			.chain((first) => fc.string().map((rest) => first + rest));
		const key = fc.oneof(
			dangerous,
			fc.constantFrom('status', 'tags', 'result', 'error', 'task_id'),
		);
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
		const unmarked = (cells: object) =>
			Object.values(cells).map((cell) => String(cell).replace(/^'/, ''));
		fc.assert(
			fc.property(data, key, (value, path) => {
				const event = { id: 'evt_1', type: 'task.completed', data: value } as AnchorEvent;
				const cells = row(event, { escapeFormulas: true, resultColumns: [path] });
				const texts = Object.entries(cells)
					.flat()
					.filter((cell) => typeof cell === 'string');
				expect(texts.filter((text) => /^[=+\-@\t\r]/.test(text))).toEqual([]);
				expect(unmarked(cells)).toEqual(unmarked(row(event, { resultColumns: [path] })));
			}),
		);
	});
});
