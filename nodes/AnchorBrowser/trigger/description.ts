import { NodeConnectionTypes } from 'n8n-workflow';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import {
	AUTHENTICATION_FAILURE_TYPES,
	CATALOGUE,
	EVERY_EVENT,
	FAILURE_TYPES,
} from '../events/catalogue';
import { EVENT_OUTPUTS, FIXED_OUTPUTS, OTHER_EVENTS_OUTPUT } from '../output/branch';
import {
	DEFAULT_TOLERANCE_SECONDS,
	MAX_TOLERANCE_SECONDS,
	MIN_TOLERANCE_SECONDS,
} from './settings';

const EVENT_OPTIONS: INodePropertyOptions[] = CATALOGUE.map(({ type, label, description }) => ({
	name: label,
	value: type,
	description,
})).sort((one, other) => (one.name < other.name ? -1 : 1));

const asOptions = (values: readonly string[]): INodePropertyOptions[] =>
	values.map((value) => ({
		name: value
			.split('_')
			.map((word) => word[0].toUpperCase() + word.slice(1))
			.join(' '),
		value,
	}));

const idFilter = (displayName: string, name: string, what: string): INodeProperties => ({
	displayName,
	name,
	type: 'string',
	default: '',
	placeholder: `e.g. ${what}`,
	description:
		'Only events that carry one of these IDs. Separate several with commas, spaces or line breaks.',
});

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
					'With your API key, this node creates its webhook at Anchor Browser, keeps it up to date and removes it again',
			},
			{
				name: 'Manual',
				value: 'manual',
				description:
					'You create the webhook in the Anchor Browser dashboard yourself and put its signing secret into a credential',
			},
		],
		default: 'automatic',
		description: 'Who looks after the webhook at Anchor Browser',
	},
	{
		displayName:
			'In the Anchor Browser dashboard, create a webhook with the Production URL shown under "Webhook URLs" above and choose the same events there. Anchor shows its signing secret once: paste it into the credential. To try this step in the editor, give that webhook the Test URL for a while.',
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
				description: 'Everything Anchor Browser sends, also events it may add later',
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
		placeholder: 'Add Condition',
		default: {},
		description:
			'Conditions on what is inside an event. An event that does not meet all of them starts no execution.',
		options: [
			{
				displayName: 'Authentication Failure Types',
				name: 'authenticationFailureTypes',
				type: 'multiOptions',
				options: asOptions(AUTHENTICATION_FAILURE_TYPES),
				default: [],
				description:
					'Narrows Identity Authentication Failed to these causes. Other events are not affected.',
			},
			idFilter('Batch IDs', 'batchIds', '0b6f2b1e-8d0d-4b7c-9a3e-5f2f7f0f9c11'),
			{
				displayName: 'Failure Types',
				name: 'failureTypes',
				type: 'multiOptions',
				options: asOptions(FAILURE_TYPES),
				default: [],
				description: 'Narrows Task Failed to these causes. Other events are not affected.',
			},
			idFilter('Identity IDs', 'identityIds', '123e4567-e89b-12d3-a456-426614174000'),
			idFilter('Project IDs', 'projectIds', '5d2c31f6-ab7e-481a-b6fd-8b4a96a4e197'),
			idFilter('Session IDs', 'sessionIds', '550e8400-e29b-41d4-a716-446655440000'),
			idFilter('Task IDs', 'taskIds', 'tsk_4f8w9n2b, tsk_9k2m5p7q'),
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
				description: 'One output each for Task, Session, Intervention, Batch, Identity, and Other',
			},
			{
				name: 'Event',
				value: 'event',
				description: 'One output for each selected event, and one for other events',
			},
			{
				name: 'Failure Type',
				value: 'failureType',
				description:
					'One output for each kind of failure, one for other failures, and one for whatever is not a failure',
			},
			{
				name: 'None',
				value: 'none',
				description: 'One output for everything',
			},
			{
				name: 'Outcome',
				value: 'outcome',
				description: 'One output each for Succeeded, Failed, Needs Attention, and Other',
			},
		],
		default: 'none',
		description:
			'Gives this trigger several outputs, so that no Switch node is needed. Wires keep their place, counted from the top: after you change this field, or add or remove an event while it is Event, check where each wire starts.',
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
				description: 'The fields of the event itself, and what it is under _event',
			},
			{
				name: 'Envelope',
				value: 'envelope',
				description: 'The whole message exactly as Anchor Browser sent it',
			},
			{
				name: 'Row',
				value: 'row',
				description: 'One flat line with stable columns, made for spreadsheets and tables',
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
						description:
							'Anchor Browser sends the event again if n8n could not take it: no event is lost',
					},
					{
						name: 'Immediately',
						value: 'immediately',
						description:
							'For instances whose queue takes longer than the 10 seconds Anchor Browser waits. An event that n8n then cannot take is not sent again.',
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
					'Whether text that a spreadsheet would run as a formula gets a leading apostrophe. Results come from web pages, so leave this on unless you trust every page your tasks visit.',
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
					'Whether events that did not reach this workflow, for example while n8n was restarting, are fetched from the delivery history of Anchor Browser and run',
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
						description: 'Wait for something to really happen',
					},
					...EVENT_OPTIONS,
				],
				default: '',
				description:
					'While you listen for a test event in the editor, Anchor Browser is asked to send this one, so that you have data to build with at once. It arrives whatever you selected under Events and Only When. Never used in production.',
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
