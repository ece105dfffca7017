import type { INodeProperties } from 'n8n-workflow';
import {
	BATCH_IDS,
	CONDITIONS,
	IDENTITY_FAILURE_TYPES,
	IDENTITY_IDS,
	PROJECT_IDS,
	SESSION_IDS,
	TASK_FAILURE_TYPES,
	TASK_IDS,
} from './filterFields';
import { BRANCH_BY, EVENTS, FORMAT, MANUAL_NOTICE, REGISTRATION } from './mainFields';
import {
	ACKNOWLEDGE,
	COLLECT_EVENTS,
	ESCAPE_FORMULAS,
	IGNORE_REPEATED_DELIVERIES,
	INCLUDE_DELIVERY_DETAILS,
	ON_DEACTIVATION,
	RECOVER_MISSED_EVENTS,
	RESULT_COLUMNS,
	SAMPLE_EVENT,
	TIMESTAMP_TOLERANCE,
} from './optionFields';

/** The trigger's panel from top to bottom; what a field says and offers stands in the file that it comes from. */
export const TRIGGER_PROPERTIES: INodeProperties[] = [
	REGISTRATION,
	MANUAL_NOTICE,
	EVENTS,
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
			TASK_IDS,
			SESSION_IDS,
			BATCH_IDS,
			IDENTITY_IDS,
			IDENTITY_FAILURE_TYPES,
			PROJECT_IDS,
		],
	},
	BRANCH_BY,
	FORMAT,
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		options: [
			ACKNOWLEDGE,
			COLLECT_EVENTS,
			ESCAPE_FORMULAS,
			IGNORE_REPEATED_DELIVERIES,
			INCLUDE_DELIVERY_DETAILS,
			ON_DEACTIVATION,
			RECOVER_MISSED_EVENTS,
			RESULT_COLUMNS,
			SAMPLE_EVENT,
			TIMESTAMP_TOLERANCE,
		],
	},
];
