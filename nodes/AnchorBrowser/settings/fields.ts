import type { INodeProperties } from 'n8n-workflow';
import { EVERY_EVENT } from '../events/catalogue';
import { BRANCH_BY_HINT, FORMAT_HINT } from './builderHints';
import { FILTER_FIELDS } from './filterFields';
import { EVENT_OPTIONS, OPTION_FIELDS } from './optionFields';

/** The trigger's panel from top to bottom. */
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
			'1. Copy the Production URL from "Webhook URLs" above. It has to start with the public https address of your n8n; if it does not, set N8N_WEBHOOK_URL (before n8n 2.29: WEBHOOK_URL).<br>2. In the Anchor Browser dashboard, create a webhook with this URL and the events chosen below.<br>3. Anchor shows its signing secret once: paste it into the credential.<br>4. Publish the workflow (n8n 1: activate it).<br>With a wrong secret, events are refused and start no execution: the delivery history of the webhook in Anchor Browser then shows status 401. To try this step here, give the webhook the Test URL for a while.',
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
				description:
					'Every event that this version knows; with manual registration, also what Anchor Browser adds later',
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
		options: FILTER_FIELDS,
	},
	{
		displayName: 'Branch By',
		...BRANCH_BY_HINT,
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
		...FORMAT_HINT,
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
				description: 'The whole message in the shape in which Anchor Browser sends it',
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
		options: OPTION_FIELDS,
	},
];
