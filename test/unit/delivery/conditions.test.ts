import { LoggerProxy } from 'n8n-workflow';
import type { Logger } from 'n8n-workflow';
import { conditionDoubts, OPERATORS } from '../../../nodes/AnchorBrowser/delivery/conditions';
import { judgeFilters, makeFilters } from '../../../nodes/AnchorBrowser/delivery/filters';
import type { AnchorEvent } from '../../../nodes/AnchorBrowser/events/event';
import { judgeCondition } from '../../../nodes/AnchorBrowser/settings/judgeCondition';

const EVENT: AnchorEvent = {
	id: 'evt_1',
	type: 'task.failed',
	created: '2026-05-24T12:18:05.123Z',
	project_id: 'prj_1',
	text: 'A task failed',
	region: 'eu',
	data: {
		task_id: 'tsk_1',
		duration_ms: 4200,
		duration: '300.5',
		large: '9007199254740993',
		healed: false,
		error: { type: 'timeout', message: 'Stopped by a CAPTCHA' },
		artifacts: [{ name: 'invoice.pdf' }],
		tags: ['production', 'Customer-1', '404'],
		codes: [200, 404, null],
		flags: [true, 0],
		blank: '',
		spaces: ' \t',
		result: {
			'total.net': 129,
			'[0]': { a: 'b' },
			"it's": 'mine',
			invoice2No: '12345678901234567890',
		},
		none: [],
		nothing: null,
	},
};

type Row = Record<string, unknown>;

const row = (leftValue: string, operator: unknown, rightValue?: unknown, more: Row = {}): Row => ({
	leftValue,
	operator,
	...(rightValue === undefined ? {} : { rightValue }),
	...more,
});

const judge = (conditions: unknown, event = EVENT) =>
	judgeFilters(event, makeFilters({ conditions }, judgeCondition));

const judgeRow = (...[left, operator, right, more]: Parameters<typeof row>) =>
	judge({ conditions: [row(left, operator, right, more)] });

type Case = [field: string, operator: string, value: unknown, holds: boolean];

describe('a condition', () => {
	it.each<Case>([
		['task_id', 'string:equals', 'tsk_1', true],
		['error.message', 'string:contains', 'captcha', true],
		['error.message', 'string:notContains', 'captcha', false],
		['error["message"]', 'string:startsWith', 'stopped', true],
		['duration_ms', 'number:lt', '300000', true],
		['duration_ms', 'number:gte', 4200, true],
		['duration', 'number:gt', '300', true],
		['healed', 'boolean:false', undefined, true],
		['tags', 'array:contains', 'customer-1', true],
		['tags', 'array:lengthGt', '3', false],
		['artifacts[0].name', 'string:endsWith', '.pdf', true],
		['artifacts', 'array:empty', undefined, false],
		['none', 'array:empty', undefined, true],
		['artifacts.length', 'number:equals', '1', true],
		['large', 'number:equals', '9007199254740993', true],
		['large', 'number:equals', ' 9007199254740992 ', false],
		['large', 'number:gt', '9007199254740992', true],
		['large', 'number:lt', '9007199254740994', true],
		['large', 'number:gt', 5, true],
		['large', 'number:lt', '1.5', false],
		['duration_ms', 'number:lt', '9007199254740993', true],
		['error.type', 'string:equals', 'timeout', true],
		['codes', 'array:contains', '404', true],
		['codes', 'array:contains', 404, true],
		['codes', 'array:contains', '404.0', true],
		['codes', 'array:contains', '40', false],
		['flags', 'array:contains', '', false],
		['flags', 'array:contains', ' ', false],
		['codes', 'array:contains', null, true],
		['codes', 'array:contains', '0', false],
		['codes', 'array:notContains', '404', false],
		['codes', 'array:notContains', '500', true],
		['flags', 'array:contains', 'true', true],
		['flags', 'array:contains', ' True ', true],
		['flags', 'array:contains', true, true],
		['flags', 'array:contains', 'false', false],
		['flags', 'array:contains', '1', false],
		['tags', 'array:contains', '404', true],
		['tags', 'array:contains', 404, true],
		...['missing', 'nothing', 'blank', 'spaces'].flatMap((field): Case[] => [
			[field, 'number:lt', '5', false],
			[field, 'number:lte', '0', false],
			[field, 'number:gt', '-1', false],
			[field, 'number:gte', '0', false],
			[field, 'number:equals', '0', false],
			[field, 'number:notEquals', '0', true],
		]),
		['.', 'object:notEmpty', undefined, true],
		['result["total.net"]', 'number:equals', '129', true],
		["result['total.net']", 'number:equals', '129', true],
		['result["[0]"].a', 'string:equals', 'b', true],
		['result["it\'s"]', 'string:equals', 'mine', true],
		["result.it's", 'string:equals', 'mine', true],
		['result.total.net', 'any:exists', undefined, false],
		['error', 'object:notEmpty', undefined, true],
		['_event.created', 'dateTime:after', '2026-01-01', true],
		['_event.text', 'string:contains', 'failed', true],
		['_event.project_id', 'any:exists', undefined, true],
		['_event.region', 'string:equals', 'eu', true],
		['error.message', 'string:regex', 'by an? CAPTCHA$', true],
		['error.message', 'string:notRegex', '/captcha/i', false],
		['error.message', 'string:regex', '/captcha/', true],
		['error.message', 'string:regex', '/captcha/g', false],
	])('on %s, %s %j, is judged: %j', (left, operator, right, holds) => {
		expect(judgeRow(left, operator, right)).toEqual({ holds });
	});

	it.each([
		['$json.error.type', 'timeout'],
		['{{ $json.error.type }}', 'timeout'],
		['={{ $json.error.type }}', 'timeout'],
		["$('Anchor Browser Trigger').item.json.error.type", 'timeout'],
		["={{ $('Anchor Browser Trigger').first().json.error.type }}", 'timeout'],
		['data.error.type', 'timeout'],
		['$json.data.error.type', 'timeout'],
		['error_type', 'timeout'],
		['errorType', 'timeout'],
		['data.error_type', 'timeout'],
		['$json.error_type', 'timeout'],
		['data.artifacts[0].name', 'invoice.pdf'],
		['taskId', 'tsk_1'],
		['artifacts_count', '1'],
		['tags_count', '3'],
		['result_invoice2No', '12345678901234567890'],
		['result_invoice2_no', '12345678901234567890'],
		['result_total_net', '129'],
		['result_it_s', 'mine'],
		['text', 'A task failed'],
		['created', '2026-05-24T12:18:05.123Z'],
		['project_id', 'prj_1'],
		['type', 'task.failed'],
		['event_type', 'task.failed'],
		['id', 'evt_1'],
		['event_id', 'evt_1'],
	])('on %s means the field that people mean: %j', (left, value) => {
		expect(judgeRow(left, 'string:equals', value)).toEqual({ holds: true });
		expect(judgeRow(left, 'string:equals', `${value}.`)).toEqual({ holds: false });
	});

	it.each([
		['error_type', { error_type: 'own', error: { type: 'other' } }],
		['data.error.type', { data: { error: { type: 'own' } }, error: { type: 'other' } }],
		['text', { text: 'own' }],
		['type', { type: 'own' }],
		['event_id', { event_id: 'own' }],
		['taskId', { task_id: 'other', taskId: 'own' }],
		['tags_count', { tags: ['a'], tags_count: 'own' }],
		['error_text', { error: { type: 'other' }, errorText: 'own' }],
	])('on %s means a field of just that name where the event has one', (left, data) => {
		const conditions = [row(left, 'string:equals', 'own')];
		expect(judge({ conditions }, { ...EVENT, data })).toEqual({ holds: true });
	});

	it('on the whole data means it under either name', () => {
		for (const left of ['data', '$json', '{{ $json }}']) {
			expect(judgeRow(left, 'object:notEmpty')).toEqual({ holds: true });
		}
	});

	it('tells upper from lower case where that is asked for', () => {
		const strict = { ignoreCase: false };
		expect(judgeRow('error.message', 'string:contains', 'captcha', strict).holds).toBe(false);
		expect(judgeRow('error.message', 'string:regex', 'captcha', strict).holds).toBe(false);
		expect(judgeRow('tags', 'array:contains', 'Production', strict).holds).toBe(false);
		expect(judgeRow('tags', 'array:contains', 'Customer-1', strict).holds).toBe(true);
	});

	it.each([
		['error.code', 'string:notContains', 'captcha', true],
		['error.code', 'string:contains', 'captcha', false],
		['error.code', 'number:lt', '5', false],
		['error.code', 'any:exists', undefined, false],
		['missing', 'dateTime:before', '2026-01-01', false],
		['nothing', 'dateTime:notEquals', '2026-01-01', false],
		['missing', 'array:empty', undefined, true],
		['nothing', 'array:lengthEquals', '0', true],
		['nothing', 'string:empty', undefined, true],
		['tags[7]', 'string:empty', undefined, true],
		['task_id.length.x', 'any:notExists', undefined, true],
		['data.missing', 'any:exists', undefined, false],
		['other_type', 'any:exists', undefined, false],
		['error_type_S', 'any:exists', undefined, false],
		['tags_total', 'any:exists', undefined, false],
		['missing', 'array:notContains', 'x', true],
		['task_id_count', 'any:exists', undefined, false],
		['more', 'any:exists', undefined, false],
		['text.length', 'any:exists', undefined, false],
		['data.event_idx', 'any:exists', undefined, false],
		['nothing.x', 'any:notExists', undefined, true],
		['constructor', 'any:exists', undefined, false],
		['error.__proto__', 'any:exists', undefined, false],
		['_event.data', 'any:exists', undefined, false],
		['_event.regions', 'any:exists', undefined, false],
	])('takes a field that is missing for empty: %s, %s %j is %j', (left, operator, right, holds) => {
		expect(judgeRow(left, operator, right)).toEqual({ holds });
	});

	it.each([
		['a number where text is', 'error.message', 'number:gt', '5'],
		['a number without a value', 'duration_ms', 'number:gt', ''],
		['a number that is none', 'duration_ms', 'number:gt', 'five minutes'],
		['a number of blanks', 'duration_ms', 'number:gt', '  '],
		['a date without a value', '_event.created', 'dateTime:after', ''],
		['a date where a list is', 'none', 'dateTime:after', '2026-01-01'],
		['a yes or no where a list is', 'none', 'boolean:false', undefined],
		['a date where text is', 'task_id', 'dateTime:after', '2026-01-01'],
		['a text where a list is', 'artifacts', 'string:notContains', 'captcha'],
		['a text where an object is', 'error', 'string:notContains', 'captcha'],
		['a number where a list is', 'none', 'number:lt', '5'],
		['a list where text is', 'task_id', 'array:empty', undefined],
		['a list where an object is', 'error', 'array:notContains', 'x'],
		['a pattern that is none', 'error.message', 'string:notRegex', '('],
		['an operator that is none', 'task_id', 'string:resembles', 'x'],
		['an operator of another kind', 'task_id', 7, 'x'],
		['a value that is none', 'duration_ms', 'number:gt', null],
		['a field that is no path', 'error.type ==', 'string:notContains', 'x'],
		['a calculation', '{{ $json.duration_ms / 1000 }}', 'any:notExists', undefined],
	])('that cannot be judged does not hold: %s', (_what, left, operator, right) => {
		expect(judgeRow(left, operator, right)).toEqual({ holds: false, unjudged: [left] });
	});

	it('whose pattern would run for ever is stopped, and does not hold', () => {
		const data = { message: `${'a'.repeat(60)}!` };
		const conditions = [row('message', 'string:notRegex', '^(a+)+$')];
		expect(judge({ conditions }, { ...EVENT, data })).toEqual({
			holds: false,
			unjudged: ['message'],
		});
	});

	it('is given literally: what looks like an expression is text', () => {
		expect(judgeRow('task_id', 'string:equals', '={{ "tsk_1" }}')).toEqual({ holds: false });
		expect(judgeRow('task_id', 'string:notEquals', '$json.task_id')).toEqual({ holds: true });
	});

	it('has the operator and the value that the editor leaves out, because they stand there from the beginning', () => {
		expect(judge({ conditions: [{ leftValue: 'error.message', rightValue: 'captcha' }] })).toEqual({
			holds: true,
		});
		expect(judge({ conditions: [{ leftValue: 'error.message', rightValue: 'cookie' }] })).toEqual({
			holds: false,
		});
		expect(judgeRow('task_id', 'string:startsWith')).toEqual({ holds: true });
	});

	it('takes a field with blanks around it for the field', () => {
		expect(judgeRow(' task_id\n', 'string:equals', 'tsk_1')).toEqual({ holds: true });
		expect(judgeRow(' error ', 'number:gt', '1')).toEqual({ holds: false, unjudged: ['error'] });
	});

	it.each(OPERATORS.filter(({ rightType }) => rightType === 'number'))(
		'on a length needs a number: $name',
		({ name }) => {
			expect(judgeRow('tags', name, '2').unjudged).toBeUndefined();
			expect(judgeRow('tags', name, '')).toEqual({ holds: false, unjudged: ['tags'] });
		},
	);

	it('without a field is not there yet', () => {
		for (const field of ['  ', undefined, null, 7, {}]) {
			expect(judgeRow(field as string, 'string:equals', 'x')).toEqual({ holds: true });
		}
	});
});

describe('conditions', () => {
	const yes = row('task_id', 'string:equals', 'tsk_1');
	const no = row('task_id', 'string:equals', 'tsk_2');
	const unclear = row('error', 'number:gt', '1');

	it.each([
		['none', {}, true],
		['all of them', { conditions: [yes, yes] }, true],
		['not all of them', { conditions: [yes, no] }, false],
		['one of several', { anyOf: [no, yes] }, true],
		['none of several', { anyOf: [no, no] }, false],
		['all of these and one of those', { conditions: [yes], anyOf: [no, yes] }, true],
		['all of these and none of those', { conditions: [yes], anyOf: [no] }, false],
		['not all of these, one of those', { conditions: [no], anyOf: [yes] }, false],
	])('are met as they are combined: %s', (_how, conditions, holds) => {
		expect(judge(conditions)).toEqual({ holds });
	});

	it('let one that cannot be judged count as not met, also beside one that is', () => {
		expect(judge({ anyOf: [unclear, yes] })).toEqual({ holds: true, unjudged: ['error'] });
		expect(judge({ conditions: [yes, unclear] })).toEqual({ holds: false, unjudged: ['error'] });
	});

	it('are also read as n8n’s own filter fields store them', () => {
		const stored = (type: string, operation: string) => ({
			conditions: [{ ...yes, operator: { type, operation } }],
		});
		expect(judge(stored('string', 'equals'))).toEqual({ holds: true });
		expect(judge(stored('string', 'notEquals'))).toEqual({ holds: false });
		expect(judge(stored('string', 'exists'))).toEqual({ holds: true });
		expect(judge(stored('number', 'notExists'))).toEqual({ holds: false });
	});

	it.each([null, undefined, '', 'x', 5, [], { conditions: 'x' }, { conditions: [null, 1] }])(
		'that are %j are none',
		(raw) => {
			expect(judge(raw)).toEqual({ holds: true });
		},
	);

	it.each([
		['the text', '_event.text', 'string:contains', true],
		['the text as Envelope and Row show it', 'text', 'string:notContains', true],
		['the text, as what it is not', '_event.text', 'number:gt', false],
		['another field', 'error.message', 'string:contains', false],
	])(
		'of a recovered event hold on a text that is not Anchor’s: %s',
		(_what, field, operator, holds) => {
			const recovered = { ...EVENT, recovered: true as const };
			const value = operator === 'string:notContains' ? 'task' : '5';
			const conditions = { conditions: [row(field, operator, value)] };
			expect(judge(conditions, recovered).holds).toBe(holds);
			expect(judge(conditions).holds).toBe(false);
		},
	);

	it('count after the other filters', () => {
		const raw = { taskIds: 'tsk_9', conditions: { conditions: [unclear] } };
		expect(judgeFilters(EVENT, makeFilters(raw, judgeCondition))).toEqual({ holds: false });
	});
});

describe('doubts about conditions', () => {
	const doubts = (...fields: unknown[]) =>
		conditionDoubts({
			conditions: {
				conditions: fields.map((leftValue) => ({ leftValue, operator: 'any:exists' })),
			},
		});

	it.each([
		...['error.type', '$json.error.type', 'data.error.type', 'error_type', 'artifacts[0].name'],
		...['artifacts.length', 'tags.length', 'result.anything.below', 'metadata.anything.below'],
		...['error.cause.code', 'new_key.below', '_event.text', '_event', 'text', '.', ''],
	])('there are none about %j', (field) => {
		expect(doubts(field)).toEqual([]);
	});

	it.each(['error..type', 'artifacts[]', 'status == "failure"', '{{ $json.status.length + 1 }}'])(
		'name %s, which is no path',
		(field) => {
			expect(doubts(field)).toEqual([
				expect.stringContaining(`the condition on ${field}: that is not the path of a field`),
			]);
		},
	);

	it.each([
		['error.type.name', 'error.type'],
		['{{ $json.error.type.name }}', 'error.type'],
		['data.status.code', 'status'],
		['artifacts[3].url.host', 'artifacts.3.url'],
		['_event.text.length', 'text'],
		['text.length', 'text'],
		['task_id.length', 'task_id'],
	])('name %s, which is below a text', (field, scalar) => {
		expect(doubts(field)).toEqual([
			`The condition on ${field} finds nothing: ${scalar} is a text or a number and has no fields below it. Change the condition to ${scalar}, or to another field of the event`,
		]);
	});

	it('name each field once, of both groups', () => {
		const conditions = [row('a..b', 'any:exists'), row('a..b', 'any:exists')];
		const anyOf = [row('status.x', 'any:exists'), row('a..b', 'any:exists')];
		expect(conditionDoubts({ conditions: { conditions, anyOf } })).toHaveLength(2);
	});

	it.each([undefined, null, '={{ x }}', {}, [], { conditions: 'x' }])(
		'are none where the filters are %j',
		(raw) => {
			expect(conditionDoubts(raw)).toEqual([]);
		},
	);
});

describe('the operators', () => {
	it.each(OPERATORS)('$name is one of n8n’s', (operator) => {
		const warn = jest.fn();
		LoggerProxy.init({ warn } as unknown as Logger);
		const [type] = operator.name.split(':');
		const fitting: Record<string, unknown> = {
			boolean: true,
			dateTime: '2026-01-01',
			array: ['x'],
			number: 1,
			object: {},
		};
		const leftValue = fitting[type] ?? 'x';
		const rightValue = operator.rightType === 'number' ? '1' : leftValue;
		judgeCondition({ leftValue, operator, rightValue, ignoreCase: true });
		expect(warn).not.toHaveBeenCalled();
	});

	it.each(OPERATORS)(
		'$name says for which kind of field it is, and asks for the value that it takes',
		({ name, label, singleValue, rightType }) => {
			expect(label).toMatch(/^(Any|Boolean|Date|List|Number|Object|Text): [A-Z][A-Za-z ]+$/);
			// As n8n's own do; but of a list, a value of the field's type would be a list.
			const isAlone = /^(any|boolean|.*:(empty|notEmpty)$)/.test(name);
			expect(singleValue).toBe(isAlone ? true : undefined);
			const isOfEntries = /^array:.*contains/i.test(name);
			const isOfLength = name.startsWith('array:length');
			expect(rightType).toBe(isOfLength ? 'number' : isOfEntries ? 'any' : undefined);
		},
	);

	it('stand in the order of their labels, one for each name', () => {
		const labels = OPERATORS.map(({ label }) => label);
		expect(labels).toEqual([...labels].sort());
		expect(new Set(OPERATORS.map(({ name }) => name)).size).toBe(OPERATORS.length);
	});
});
