import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { CATALOGUE } from '../events/catalogue';
import {
	DEFAULT_TOLERANCE_SECONDS,
	MAX_COLLECT_MINUTES,
	MAX_TOLERANCE_SECONDS,
	MIN_TOLERANCE_SECONDS,
} from './readSettings';

/** The events as menus offer them, in the order of the catalogue: what is wanted most comes first. */
export const EVENT_OPTIONS: INodePropertyOptions[] = CATALOGUE.map(
	({ type, label, description }) => ({
		name: label,
		value: type,
		description,
	}),
);

/** The options in the order of the menu *Add Option*. */
export const OPTION_FIELDS: INodeProperties[] = [
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
	/** Read as it was filled in, because `webhook()` and `trigger()` must agree (`collectMinutesOf`). */
	{
		displayName: 'Collect Events (Minutes)',
		name: 'collectMinutes',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: MAX_COLLECT_MINUTES, numberPrecision: 0 },
		default: 0,
		noDataExpression: true,
		displayOptions: { show: { '/registration': ['automatic'] } },
		description:
			'How many minutes events wait for each other, to run the workflow once with one item each; 0 runs it for every event. Publishing, unpublishing and stopping n8n (in n8n 1 also each save) run what waits at once. A run has 500 events at most.',
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
				description: 'Keeps its ID, signing secret and delivery history for the next activation',
			},
		],
		default: 'delete',
		description: 'What happens at Anchor Browser when this workflow is deactivated (unpublished)',
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
];
