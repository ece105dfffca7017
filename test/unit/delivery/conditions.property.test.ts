import fc from 'fast-check';
import { executeFilter } from 'n8n-workflow';
import type { FilterConditionValue } from 'n8n-workflow';
import {
	judgeConditions,
	makeConditions,
	OPERATORS,
} from '../../../nodes/AnchorBrowser/delivery/conditions';
import type { Operator } from '../../../nodes/AnchorBrowser/delivery/conditions';
import { judgeCondition } from '../../../nodes/AnchorBrowser/settings/judgeCondition';

interface Compared {
	operator: Operator;
	left: unknown;
	right: unknown;
	ignoreCase: boolean;
}

type Outcome = boolean | 'cannot be judged';

/** What n8n's Filter node would make of it, with types converted. */
function theirs({ operator, left, right, ignoreCase }: Compared): Outcome {
	const [type, operation] = operator.name.split(':');
	const condition = {
		id: '',
		leftValue: left,
		operator: { ...operator, type, operation },
		rightValue: right,
	} as FilterConditionValue;
	try {
		return executeFilter({
			combinator: 'and',
			conditions: [condition],
			options: { caseSensitive: !ignoreCase, leftValue: '', typeValidation: 'loose', version: 3 },
		});
	} catch {
		return 'cannot be judged';
	}
}

function ours({ operator, left, right, ignoreCase }: Compared): Outcome {
	const row = { leftValue: 'left', operator: operator.name, rightValue: right, ignoreCase };
	const event = { id: 'evt_1', type: 'task.failed', data: left === undefined ? {} : { left } };
	// The zone that n8n's evaluator takes when it is left to itself.
	const conditions = makeConditions({ conditions: [row] }, (one) => judgeCondition(one, 'DEFAULT'));
	const { holds, unjudged } = judgeConditions(event, conditions);
	return unjudged === undefined ? holds : 'cannot be judged';
}

const isBlank = (value: unknown) => value === null || String(value).trim() === '';
const isLarge = (value: unknown) => !isBlank(value) && Math.abs(Number(value)) > 2 ** 53 - 1;

/** What is meant to be something else than in the Filter node: `conditions.test.ts` says what. */
function isOurOwn({ operator, left, right, ignoreCase }: Compared): boolean {
	const [type, operation] = operator.name.split(':');
	const isNested = typeof left === 'object' && left !== null;
	if (isNested && ['string', 'number', 'boolean', 'dateTime'].includes(type)) return true;
	if (['number', 'dateTime'].includes(operator.rightType ?? type) && isBlank(right)) return true;
	if (type === 'number') return isBlank(left) || (isLarge(left) && isLarge(right));
	if (operation === 'regex' || operation === 'notRegex') return ignoreCase;
	const isOtherThanText = (entry: unknown) => ['number', 'boolean'].includes(typeof entry);
	return operator.rightType === 'any' && Array.isArray(left) && left.some(isOtherThanText);
}

const text = fc.oneof(
	fc.constantFrom(
		...['', ' ', 'a', 'A', 'É', 'e\u0301', 'ß', '5', '05', ' 5 ', '5.0', '1e2', '0x10', '1e400'],
		...['true', 'False', 'no', 'NaN', 'null', '[]', '["a"]', "['A']", '{}', '{a:1}'],
		...['9007199254740993', '-9007199254740992', '/a/', '/a/i', '^a$', '(', 'a\nb'],
		...['2026-05-24', '2026-05-24T12:00:00Z', '2026-05-24T14:00+02:00', '20260524T120000'],
		'Sun, 24 May 2026 12:00:00 GMT',
	),
	fc.string({ maxLength: 4 }),
);
const scalar = fc.oneof(
	text,
	fc.constantFrom(0, -0, 5, 5.5, -1, 1e21, 1_779_624_000),
	fc.boolean(),
	fc.constant(null),
);
const field = fc.oneof(
	scalar,
	fc.constant(undefined),
	fc.array(fc.oneof(scalar, fc.constant([1]), fc.constant({})), { maxLength: 3 }),
	fc.constantFrom({}, { a: 1 }),
);

describe.each(OPERATORS)('$name', (operator) => {
	it('means what it means in n8n’s Filter node', () => {
		fc.assert(
			fc.property(field, text, fc.boolean(), fc.boolean(), (left, other, isAlike, ignoreCase) => {
				const right = isAlike ? String([left].flat()[0]).toUpperCase() : other;
				const compared = { operator, left, right, ignoreCase };
				fc.pre(!isOurOwn(compared));
				expect(ours(compared)).toBe(theirs(compared));
			}),
			{ numRuns: 50 },
		);
	});
});
