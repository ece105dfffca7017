import { NEWEST_EVENTS, type EmitOptions } from '../simulator';

/** One thing that the demo sends. */
export interface Sending {
	type: string;
	how: EmitOptions;
}

/** One thing that the demo sends, and what has to become of each of its copies. */
export interface Scenario extends Sending {
	/** First column of the table. */
	title: string;
	expected: readonly Fate[];
}

/** An execution of its own, a 204 without one, a refusal, or no answer and an execution all the same, later. */
export type Fate = 'runs' | 'ignored' | 'refused' | 'recovered';

/** One of each event, as Anchor sends it. */
const GENUINE: readonly Scenario[] = NEWEST_EVENTS.map((type) => ({
	title: type,
	type,
	how: {},
	expected: ['runs'],
}));

/** What anybody who knows the address could post, and what Anchor itself may post twice. */
const OTHERWISE: readonly Scenario[] = [
	{
		title: 'forged: signed with another secret',
		type: 'task.completed',
		how: { sign: 'forged' },
		expected: ['refused'],
	},
	{
		title: 'unsigned: no signature at all',
		type: 'task.completed',
		how: { sign: 'none' },
		expected: ['refused'],
	},
	{
		title: 'stale: signed ten minutes ago',
		type: 'task.failed',
		how: { timestampOffsetSeconds: -600 },
		expected: ['refused'],
	},
	{
		title: 'from the future: ten minutes ahead',
		type: 'task.failed',
		how: { timestampOffsetSeconds: 600 },
		expected: ['refused'],
	},
	{
		title: 'changed: one byte after signing',
		type: 'task.failed',
		how: { tamper: true },
		expected: ['refused'],
	},
	{
		title: 'reformatted: other white space',
		type: 'task.completed',
		how: { reserialise: true },
		expected: ['refused'],
	},
	{
		title: 'doubled: the same event twice',
		type: 'task.completed',
		how: { repeat: 2 },
		expected: ['runs', 'ignored'],
	},
];

/** All that the demo sends, in order. One attempt each: what is refused for good is not tried again anyway. */
export const SCENARIOS: readonly Scenario[] = [...GENUINE, ...OTHERWISE].map((scenario) => ({
	...scenario,
	how: { ...scenario.how, maxAttempts: 1 },
}));

/** How many of them are events that must come through, one of each type. */
export const EVENT_COUNT = GENUINE.length;

/** What is sent while n8n is stopped. Anchor would try for hours: the last attempt is made the first. */
export const WHILE_STOPPED: readonly Scenario[] = [
	'task.completed',
	'task.failed',
	'intervention.requested',
].map((type) => ({
	title: `${type}, while n8n is stopped`,
	type,
	how: { maxAttempts: 1 },
	expected: ['recovered'],
}));

/** What is sent to the workflow that collects: tasks of a batch, of which every tenth fails. */
export const BATCH: readonly Sending[] = Array.from({ length: 30 }, (_, index) => ({
	type: index % 10 === 9 ? 'task.failed' : 'task.completed',
	how: { data: { task_id: `tsk_${index + 1}` }, maxAttempts: 1 },
}));
