import { NodeConnectionTypes } from 'n8n-workflow';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import {
	AUTHENTICATION_FAILURE_TYPES,
	CATALOGUE,
	EVERY_EVENT,
	FAILURE_TYPES,
	titleOf,
} from '../events/catalogue';
import { OPERATORS } from '../delivery/conditions';
import { EVENT_OUTPUTS, FIXED_OUTPUTS, OTHER_EVENTS_OUTPUT } from '../output/branch';
import {
	DEFAULT_TOLERANCE_SECONDS,
	MAX_TOLERANCE_SECONDS,
	MIN_TOLERANCE_SECONDS,
} from './readSettings';

/** In the order of the catalogue: what is wanted most comes first. */
const EVENT_OPTIONS: INodePropertyOptions[] = CATALOGUE.map(({ type, label, description }) => ({
	name: label,
	value: type,
	description,
}));

const asOptions = (values: readonly string[]): INodePropertyOptions[] =>
	values.map((value) => ({ name: titleOf(value), value }));

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
			'The path of a field as the format Data shows it; names that Envelope and Row show mean the same field. A field that an event does not have is empty.',
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
		description: 'What the field is compared with, as plain text, a number or an ISO 8601 date',
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

const CONDITIONS: INodeProperties = {
	displayName: 'Conditions',
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
};

const TASK_FAILURE_TYPES: INodeProperties = {
	displayName: 'Task Failure Types',
	name: 'failureTypes',
	type: 'multiOptions',
	options: asOptions(FAILURE_TYPES),
	default: [],
	description: 'Task Failed runs only with these causes. All other selected events still run.',
};

const IDENTITY_FAILURE_TYPES: INodeProperties = {
	displayName: 'Identity Failure Types',
	name: 'authenticationFailureTypes',
	type: 'multiOptions',
	options: asOptions(AUTHENTICATION_FAILURE_TYPES),
	default: [],
	description:
		'Identity Authentication Failed runs only with these causes. All other selected events still run.',
};

/**
 * The expression from which n8n's editor and engine learn the node's outputs. It knows `$parameter` alone, so the
 * names it can choose from are written into it, taken from the same table as `outputIndex`.
 */
export const OUTPUTS_EXPRESSION: `={{${string}}}` = `={{ (${JSON.stringify(FIXED_OUTPUTS)}[$parameter["branchBy"]] ?? ${JSON.stringify(
	EVENT_OUTPUTS,
)}.filter((o) => ($parameter["events"] ?? []).includes("${EVERY_EVENT}") || ($parameter["events"] ?? []).includes(o.type)).map((o) => o.label).concat("${OTHER_EVENTS_OUTPUT}")).map((name) => name === "" ? { type: "${NodeConnectionTypes.Main}" } : { type: "${NodeConnectionTypes.Main}", displayName: name }) }}`;

export const TRIGGER_PROPERTIES: INodeProperties[] = [
	{
		displayName: 'Registration',
		name: 'registration',
		type: 'options',
		noDataExpression: true,
		options: [
			{
				name: 'Automatic',
				value: 'automatic',
				description:
					'With your API key, this node creates its webhook at Anchor Browser, repairs it and removes it',
			},
			{
				name: 'Manual',
				value: 'manual',
				description:
					'You create the webhook in the Anchor Browser dashboard and paste its signing secret',
			},
		],
		default: 'automatic',
		description: 'Whether this node or you create and maintain the webhook at Anchor Browser',
	},
	{
		displayName:
			'<ul><li>1. Copy the Production URL from "Webhook URLs" above. It has to start with the public https address of your n8n; if it does not, set N8N_WEBHOOK_URL (n8n 1: WEBHOOK_URL).</li><li>2. In the Anchor Browser dashboard, create a webhook with this URL and the events chosen below.</li><li>3. Anchor shows its signing secret once: paste it into the credential.</li><li>4. Publish the workflow (n8n 1: activate it).</li></ul>With a wrong secret, events are refused and start no execution: the delivery history of the webhook in Anchor Browser then shows status 401. To try this step here, give the webhook the Test URL for a while.',
		name: 'manualNotice',
		type: 'notice',
		default: '',
		displayOptions: { show: { registration: ['manual'] } },
	},
	{
		displayName: 'Events',
		name: 'events',
		type: 'multiOptions',
		required: true,
		options: [
			{
				name: 'All Events',
				value: EVERY_EVENT,
				description: 'Everything that Anchor Browser sends, also what it may add later',
			},
			...EVENT_OPTIONS,
		],
		default: ['task.completed', 'task.failed'],
		description: 'What has to happen at Anchor Browser for this workflow to run',
	},
	{
		displayName: 'Only When',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add Filter',
		default: {},
		description: 'Filters that an event has to pass before it starts an execution',
		options: [
			CONDITIONS,
			TASK_FAILURE_TYPES,
			idFilter('Task IDs', 'taskIds', 'tsk_4f8w9n2b, tsk_9k2m5p7q'),
			idFilter('Session IDs', 'sessionIds', '550e8400-e29b-41d4-a716-446655440000'),
			idFilter('Batch IDs', 'batchIds', '0b6f2b1e-8d0d-4b7c-9a3e-5f2f7f0f9c11'),
			idFilter('Identity IDs', 'identityIds', '123e4567-e89b-12d3-a456-426614174000'),
			IDENTITY_FAILURE_TYPES,
			idFilter('Project IDs', 'projectIds', '5d2c31f6-ab7e-481a-b6fd-8b4a96a4e197'),
		],
	},
	{
		displayName: 'Branch By',
		name: 'branchBy',
		type: 'options',
		noDataExpression: true,
		options: [
			{
				name: 'Entity',
				value: 'entity',
				description: 'One output each for Task, Session, Intervention, Batch, Identity and Other',
			},
			{
				name: 'Event',
				value: 'event',
				description: 'One output for each selected event, and one for other events',
			},
			{
				name: 'Failure Type',
				value: 'failureType',
				description: 'One output for each cause of a failure, and one for what is not a failure',
			},
			{
				name: 'None',
				value: 'none',
				description: 'One output for everything',
			},
			{
				name: 'Outcome',
				value: 'outcome',
				description: 'One output each for Succeeded, Failed, Needs Attention and Other',
			},
		],
		default: 'none',
		description:
			'Gives this trigger several outputs, without a Switch node. Connections keep their output number when you change this, so check them. In the output panel the item may be on another tab than the first. Leave Always Output Data off in the settings: up to n8n 2 it adds an empty item to an empty first output.',
	},
	{
		displayName: 'Format',
		name: 'format',
		type: 'options',
		noDataExpression: true,
		options: [
			{
				name: 'Data',
				value: 'data',
				description: 'The fields of the event, and its ID, type and time under _event',
			},
			{
				name: 'Envelope',
				value: 'envelope',
				description: 'The whole message exactly as Anchor Browser sent it',
			},
			{
				name: 'Row',
				value: 'row',
				description: 'One flat row whose columns stay the same, for spreadsheets and tables',
			},
		],
		default: 'data',
		description: 'What the item that leaves this node looks like',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		options: [
			{
				displayName: 'Acknowledge',
				name: 'acknowledge',
				type: 'options',
				options: [
					{
						name: 'When the Execution Is Accepted',
						value: 'accepted',
						description: 'An event that n8n could not take is sent again: none is lost',
					},
					{
						name: 'Immediately',
						value: 'immediately',
						description:
							'For an n8n that is slower than the 10 seconds Anchor Browser waits. An event that n8n then cannot take is not sent again.',
					},
				],
				default: 'accepted',
				description: 'When Anchor Browser is told that the event has arrived',
			},
			{
				displayName: 'Escape Formulas',
				name: 'escapeFormulas',
				type: 'boolean',
				default: true,
				displayOptions: { show: { '/format': ['row'] } },
				description:
					'Whether text that a spreadsheet would run as a formula, or turn into another value (04001, 12E5, 1-2, more than 15 digits), gets a leading apostrophe. Results come from web pages, so leave this on unless you trust every page your tasks visit.',
			},
			{
				displayName: 'Ignore Repeated Deliveries',
				name: 'deduplicate',
				type: 'options',
				options: [
					{
						name: 'Durable (Survives a Restart)',
						value: 'durable',
						description:
							'Also remembers the last 2,000 events in the n8n database, shared by all its processes',
					},
					{
						name: 'Memory (Until a Restart)',
						value: 'memory',
						description:
							'Remembers up to 20,000 events for 24 hours in this process; a restart forgets them',
					},
					{
						name: 'Off',
						value: 'off',
						description: 'Every delivery runs the workflow, repeated ones too',
					},
				],
				default: 'durable',
				description:
					'How the trigger keeps an event that Anchor Browser sends twice from running twice',
			},
			{
				displayName: 'Include Delivery Details',
				name: 'includeDelivery',
				type: 'boolean',
				default: false,
				description:
					'Whether to add _delivery to the item: the delivery ID, when it was signed and received, and which secret signed it',
			},
			{
				displayName: 'On Deactivation',
				name: 'onDeactivate',
				type: 'options',
				displayOptions: { show: { '/registration': ['automatic'] } },
				options: [
					{
						name: 'Delete the Webhook',
						value: 'delete',
						description:
							'Frees the place at Anchor Browser, which allows five webhooks for each project',
					},
					{
						name: 'Disable the Webhook',
						value: 'disable',
						description:
							'Keeps its ID, signing secret and delivery history for the next activation',
					},
				],
				default: 'delete',
				description:
					'What happens at Anchor Browser when this workflow is deactivated (unpublished)',
			},
			{
				displayName: 'Recover Missed Events',
				name: 'catchUp',
				type: 'boolean',
				default: true,
				displayOptions: { show: { '/registration': ['automatic'] } },
				description:
					'Whether events that did not reach this workflow, for example while n8n restarted, are fetched from the delivery history of Anchor Browser and run',
			},
			{
				displayName: 'Result Columns',
				name: 'resultColumns',
				type: 'string',
				default: '',
				placeholder: 'e.g. total, customer.name',
				displayOptions: { show: { '/format': ['row'] } },
				description:
					'Fields of the result of a task that get a column each, separated by commas. Their columns (result_total, result_customer_name) are always there, whatever a result holds.',
			},
			{
				displayName: 'Sample Event',
				name: 'sampleEvent',
				type: 'options',
				displayOptions: { show: { '/registration': ['automatic'] } },
				options: [
					{
						name: 'None',
						value: '',
						description: 'Waits until something really happens at Anchor Browser',
					},
					...EVENT_OPTIONS,
				],
				default: '',
				description:
					'The event that Anchor Browser sends when you click "Execute step", whatever you chose under Only When. Without this option it is the first selected event. Never used in production.',
			},
			{
				displayName: 'Timestamp Tolerance (Seconds)',
				name: 'toleranceSeconds',
				type: 'number',
				typeOptions: { minValue: MIN_TOLERANCE_SECONDS, maxValue: MAX_TOLERANCE_SECONDS },
				default: DEFAULT_TOLERANCE_SECONDS,
				description:
					"How old, or how far ahead of this machine's clock, a delivery may be. Anchor Browser recommends 120; a larger window gives a recorded delivery more time to be replayed.",
			},
		],
	},
];
