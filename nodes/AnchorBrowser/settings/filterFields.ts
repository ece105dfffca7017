import type {
	DisplayCondition,
	IDisplayOptions,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';
import { OPERATORS } from '../delivery/conditions';
import {
	AUTHENTICATION_FAILURE_TYPES,
	CATALOGUE,
	EVERY_EVENT,
	FAILURE_TYPES,
	titleOf,
} from '../events/catalogue';
import type { EventType } from '../events/catalogue';
import { CONDITIONS_HINT } from './builderHints';

const asOptions = (values: readonly string[]): INodePropertyOptions[] =>
	values.map((value) => ({ name: titleOf(value), value }));

/**
 * One text with several names: it begins with a blank, or with a name that a blank, a comma or a semicolon follows. Told by
 * comparing texts, because n8n runs a regular expression in a sandbox, for each delivery: a tenth of all that one costs.
 */
const SEVERAL_NAMES: DisplayCondition[] = ['', ...CATALOGUE.map(({ type }) => type)].map(
	(name) => ({
		_cnd: { between: { from: `${name}\t`, to: `${name};\uffff` } },
	}),
);

/**
 * Offers a filter only where such an event can come. n8n drops the value of a field that it does not show, so whatever
 * else can name the event shows it too: an expression, by n8n's own rule, and one text with several names.
 */
const onlyWith = (type: EventType): IDisplayOptions => ({
	show: { '/events': [EVERY_EVENT, type, ...SEVERAL_NAMES] },
});

const idFilter = (displayName: string, name: string, what: string): INodeProperties => ({
	displayName,
	name,
	type: 'string',
	default: '',
	placeholder: `e.g. ${what}`,
	description:
		'Only events that carry one of these IDs. Separate several with commas, spaces or line breaks.',
});

const namesOf = (operators: typeof OPERATORS) => operators.map(({ name }) => name);

/** One condition. No field takes an expression: none shall be evaluated for a delivery. */
const CONDITION: INodeProperties[] = [
	{
		displayName: 'Field',
		name: 'leftValue',
		type: 'string',
		default: '',
		noDataExpression: true,
		placeholder: 'e.g. error.message',
		hint: 'Such as status, duration_ms, error.type, artifacts, artifacts[0].name, tags, result.total, _event.text',
		description:
			'The path of a field as the format Data shows it; names that Envelope and Row show mean the same field. A field that an event does not have is empty. A condition on _event.text holds for every recovered event, because Anchor does not keep that text.',
	},
	{
		displayName: 'Operator',
		name: 'operator',
		type: 'options',
		default: 'string:contains',
		noDataExpression: true,
		options: OPERATORS.map(({ name, label }) => ({ name: label, value: name })),
		description:
			'How the field is compared, as in the Filter node. Text is converted where it can be; what cannot be compared does not meet the condition.',
	},
	{
		displayName: 'Value',
		name: 'rightValue',
		type: 'string',
		default: '',
		noDataExpression: true,
		placeholder: 'e.g. captcha',
		displayOptions: {
			hide: { operator: namesOf(OPERATORS.filter(({ singleValue }) => singleValue)) },
		},
		description:
			'What the field is compared with, as plain text, a number or an ISO 8601 date. A date without a time zone is in that of the workflow.',
	},
	{
		displayName: 'Ignore Case',
		name: 'ignoreCase',
		type: 'boolean',
		default: true,
		noDataExpression: true,
		displayOptions: {
			show: {
				operator: namesOf(
					OPERATORS.filter(
						({ name, rightType, singleValue }) =>
							!singleValue && (name.startsWith('string:') || rightType === 'any'),
					),
				),
			},
		},
		description: 'Whether upper and lower case count as the same',
	},
];

/** The filters in the order of the menu *Add Filter*. */
export const FILTER_FIELDS: INodeProperties[] = [
	{
		displayName: 'Conditions',
		...CONDITIONS_HINT,
		name: 'conditions',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true, sortable: true },
		placeholder: 'Add Condition',
		default: {},
		options: [
			{ displayName: 'All of These', name: 'conditions', values: CONDITION },
			{ displayName: 'One of These', name: 'anyOf', values: CONDITION },
		],
		description:
			'Conditions on any field of the event: each one under All of These has to be met, and at least one under One of These',
	},
	{
		displayName: 'Task Failure Types',
		name: 'failureTypes',
		type: 'multiOptions',
		options: asOptions(FAILURE_TYPES),
		default: [],
		displayOptions: onlyWith('task.failed'),
		description: 'Task Failed runs only with these causes. All other selected events still run.',
	},
	idFilter('Task IDs', 'taskIds', 'tsk_4f8w9n2b, tsk_9k2m5p7q'),
	idFilter('Session IDs', 'sessionIds', '550e8400-e29b-41d4-a716-446655440000'),
	idFilter('Batch IDs', 'batchIds', '0b6f2b1e-8d0d-4b7c-9a3e-5f2f7f0f9c11'),
	idFilter('Identity IDs', 'identityIds', '123e4567-e89b-12d3-a456-426614174000'),
	{
		displayName: 'Identity Failure Types',
		name: 'authenticationFailureTypes',
		type: 'multiOptions',
		options: asOptions(AUTHENTICATION_FAILURE_TYPES),
		default: [],
		displayOptions: onlyWith('identity.authentication_failed'),
		description:
			'Identity Authentication Failed runs only with these causes. All other selected events still run.',
	},
	idFilter('Project IDs', 'projectIds', '5d2c31f6-ab7e-481a-b6fd-8b4a96a4e197'),
];
