/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { ok, strictEqual } from 'node:assert/strict';
import {
	audit,
	hasRun,
	hasRunWith,
	isAccepted,
	isBadRequest,
	isIgnored,
	isNoEvent,
	isToComeAgain,
	isUnauthorized,
	onlyItem,
	type DeliveryAudit,
} from './deliveryChecks';
import { eventOf, STRANGERS_SECRET } from '../support/signedRequests';

const ID = '550e8400-e29b-41d4-a716-446655440000';

const subscriptions: DeliveryAudit[] = [
	audit(
		'43b9',
		'MUST answer 204 without an execution for an event that was not selected',
		async (trigger, send) => {
			isIgnored(await send(eventOf('task.completed')));
			isIgnored(await send(eventOf('brand.new')));
			await hasRun(trigger, 0);
			isAccepted(await send(eventOf('task.failed')));
			await hasRun(trigger, 1);
		},
		{ events: ['task.failed'] },
	),
];

const failed = (type: unknown) => eventOf('task.failed', { data: { error: { type } } });

const filters: DeliveryAudit[] = [
	audit(
		'ea17',
		'MUST let failureTypes narrow task.failed and nothing else',
		async (trigger, send) => {
			isIgnored(await send(failed('agent_error')));
			isIgnored(await send(failed(undefined)));
			await hasRun(trigger, 0);
			isAccepted(await send(failed('timeout')));
			isAccepted(await send(eventOf('task.completed')));
			isAccepted(await send(eventOf('session.failed')));
			isAccepted(await send(eventOf('identity.authentication_failed')));
			await hasRun(trigger, 4);
		},
		{ filters: { failureTypes: ['timeout', 'system_error'] } },
	),
	audit(
		'9b40',
		'MUST let authenticationFailureTypes narrow identity.authentication_failed and nothing else',
		async (trigger, send) => {
			const refused = (failure_type: string) =>
				eventOf('identity.authentication_failed', { data: { failure_type } });
			isIgnored(await send(refused('automation_failure')));
			await hasRun(trigger, 0);
			isAccepted(await send(refused('invalid_credentials')));
			isAccepted(await send(failed('automation_failure')));
			await hasRun(trigger, 2);
		},
		{ filters: { authenticationFailureTypes: ['invalid_credentials'] } },
	),
	...(
		[
			['2e6b', 'taskIds', { task_id: ID }],
			['b408', 'sessionIds', { session_id: ID }],
			['f5d1', 'batchIds', { batch_id: ID }],
			['06ca', 'identityIds', { identity_id: ID }],
		] as const
	).map(([id, filter, data]) =>
		audit(
			id,
			`MUST let ${filter} drop events that carry none of the ids`,
			async (trigger, send) => {
				const [key] = Object.keys(data);
				isIgnored(await send(eventOf('volume.mounted', { data: { [key]: 'another' } })));
				isIgnored(await send(eventOf('volume.mounted', { data: {} })));
				await hasRun(trigger, 0);
				isAccepted(await send(eventOf('volume.mounted', { data })));
				await hasRun(trigger, 1);
			},
			{ filters: { [filter]: `something-else, ${ID}` } },
		),
	),
	audit(
		'dc92',
		'MUST let projectIds drop events of other projects',
		async (trigger, send) => {
			isIgnored(await send(eventOf('task.completed', { project_id: 'another' })));
			isAccepted(await send(eventOf('task.completed', { project_id: ID })));
			await hasRun(trigger, 1);
		},
		{ filters: { projectIds: ID } },
	),
	audit(
		'c47e',
		'MUST judge conditions on any field before an execution is spent',
		async (trigger, send) => {
			const ended = async (data: Record<string, unknown>) =>
				await send(eventOf('task.failed', { data }));
			const captcha = { duration_ms: 10, error: { message: 'Stopped by a CAPTCHA' } };
			const slow = { duration_ms: 300_000, error: { message: 'Timed out' }, artifacts: [] };
			const unclear = { duration_ms: 'long', error: { message: 'Timed out' } };
			for (const data of [captcha, slow, unclear]) {
				isIgnored(await ended(data));
			}
			await hasRun(trigger, 0);
			isAccepted(await ended({ duration_ms: 299_999 }));
			isAccepted(await ended({ artifacts: [{ name: 'page.png' }] }));
			await hasRun(trigger, 2);
		},
		{
			filters: {
				conditions: {
					conditions: [
						{
							leftValue: 'error.message',
							operator: 'string:notContains',
							rightValue: 'captcha',
						},
					],
					anyOf: [
						{ leftValue: 'duration_ms', operator: 'number:lt', rightValue: '300000' },
						{ leftValue: 'artifacts', operator: 'array:notEmpty' },
					],
				},
			},
		},
	),
	audit(
		'a83b',
		'MUST take a condition for the field that it means, however people spell it',
		async (trigger, send) => {
			isIgnored(await send(failed('agent_error')));
			await hasRun(trigger, 0);
			isAccepted(await send(failed('timeout')));
			await hasRun(trigger, 1);
		},
		{
			filters: {
				conditions: {
					conditions: [
						'error.type',
						'$json.error.type',
						'={{ $json.error.type }}',
						"{{ $('Anchor Browser Trigger').item.json.error.type }}",
						'data.error.type',
						'error_type',
					].map((leftValue) => ({ leftValue, operator: 'string:equals', rightValue: 'timeout' })),
				},
			},
		},
	),
	audit(
		'd0f6',
		'MUST compare an id with all its digits, also where it is a number',
		async (trigger, send) => {
			const withId = (digits: string) =>
				JSON.stringify(eventOf('task.completed', { data: { task_id: 'ID' } })).replace(
					'"ID"',
					digits,
				);
			isIgnored(await send(withId('12345678901234567891')));
			isAccepted(await send(withId('12345678901234567890')));
			strictEqual((await onlyItem(trigger)).task_id, '12345678901234567890');
		},
		{ filters: { taskIds: '12345678901234567890' } },
	),
	audit(
		'5f2d',
		'MUST verify before it filters: a forged event that nobody wants is refused all the same',
		async (trigger, send) => {
			isUnauthorized(await send(eventOf('task.cancelled'), { secrets: [STRANGERS_SECRET] }));
			await hasRun(trigger, 0);
		},
		{ events: ['task.failed'] },
	),
];

/** Rightly signed bodies that are no event; the last column tells which of them n8n would answer by itself. */
const NO_EVENTS: ReadonlyArray<[id: string, what: string, body: string, isJson: boolean]> = [
	['48d7', 'empty', '', false],
	['a2b6', 'no JSON', 'hello', false],
	['76ef', 'JSON that was cut off', '{"id":"evt_1","type":"task.completed","data":{', false],
	['c1e3', 'null', 'null', true],
	['3d9c', 'a number', '42', true],
	['e4a0', 'a text', '"evt_1"', true],
	['905b', 'a list', '[{"id":"evt_1","type":"task.completed","data":{}}]', true],
	['1a78', 'an empty object', '{}', true],
	['fb6e', 'without id', '{"type":"task.completed","data":{}}', true],
	['2fd3', 'with a blank id', '{"id":" ","type":"task.completed","data":{}}', true],
	['8ab7', 'with a number for an id', '{"id":7,"type":"task.completed","data":{}}', true],
	['d619', 'without type', '{"id":"evt_1","data":{}}', true],
	['53c2', 'with a list for a type', '{"id":"evt_1","type":["task.completed"],"data":{}}', true],
	['bc0f', 'without data', '{"id":"evt_1","type":"task.completed"}', true],
	['6784', 'with null for data', '{"id":"evt_1","type":"task.completed","data":null}', true],
	['f9e8', 'with a list for data', '{"id":"evt_1","type":"task.completed","data":[]}', true],
	['0d43', 'with a text for data', '{"id":"evt_1","type":"task.completed","data":"{}"}', true],
];

const noEvents: DeliveryAudit[] = NO_EVENTS.map(([id, what, body, isJson]) =>
	audit(
		id,
		`MUST answer 422 without an execution to a signed body that is ${what}`,
		async (trigger, send) => {
			isNoEvent(await send(body));
			await hasRun(trigger, 0);
		},
		isJson ? {} : { needs: ['anyBody'] },
	),
);

const repeated: DeliveryAudit[] = [
	audit('e7b4', 'MUST run an event once, however often it is delivered', async (trigger, send) => {
		const event = eventOf('task.completed');
		isAccepted(await send(event));
		for (let again = 0; again < 3; again++) {
			isIgnored(await send(event));
		}
		await hasRunWith(trigger, event);
	}),
	audit(
		'35ac',
		'MUST know an event again when it is signed anew and its bytes differ',
		async (trigger, send) => {
			const event = eventOf('task.completed');
			isAccepted(await send(event, { at: -50 }));
			isIgnored(await send(JSON.stringify(event, null, 2)));
			await hasRun(trigger, 1);
		},
	),
	audit(
		'98f5',
		'MUST tell events apart by the signed id, not by Anchor-Delivery-Id',
		// Lago's trigger goes by a header that is not signed.
		async (trigger, send) => {
			const headers = { 'anchor-delivery-id': 'one-and-the-same' };
			isAccepted(await send(eventOf('task.completed'), { headers }));
			isAccepted(await send(eventOf('task.completed'), { headers }));
			await hasRun(trigger, 2);
		},
	),
	audit(
		'c60b',
		'MUST NOT let a forged copy keep the real event from running',
		async (trigger, send) => {
			const event = eventOf('task.completed');
			isUnauthorized(await send(event, { secrets: [STRANGERS_SECRET] }));
			isBadRequest(await send(event, { at: -3600 }));
			isAccepted(await send(event));
			await hasRunWith(trigger, event);
		},
	),
	audit(
		'7192',
		'MUST run every copy when de-duplication is off',
		async (trigger, send) => {
			const event = eventOf('task.completed');
			isAccepted(await send(event));
			isAccepted(await send(event));
			await hasRun(trigger, 2);
		},
		{ options: { deduplicate: 'off' } },
	),
	audit(
		'ae3e',
		'MUST know an event again with de-duplication in memory alone',
		async (trigger, send) => {
			const event = eventOf('task.completed');
			isAccepted(await send(event));
			isIgnored(await send(event));
			await hasRun(trigger, 1);
		},
		{ options: { deduplicate: 'memory' } },
	),
	audit(
		'14d0',
		'MUST run an event once when eight copies arrive at the same moment',
		async (trigger, send) => {
			const event = eventOf('task.completed');
			const answers = await Promise.all(Array.from({ length: 8 }, async () => await send(event)));
			for (const { status } of answers) ok([202, 204, 503].includes(status), `status ${status}`);
			await hasRun(trigger, 1);
		},
	),
	audit(
		'b25d',
		'MUST ask for a copy again while n8n is still taking the first, and ignore it afterwards',
		async (trigger, send) => {
			const event = eventOf('task.completed');
			const held = trigger.holdRuns!();
			const first = send(event);
			await held.arrived;
			isToComeAgain(await send(event));
			held.settle('accept');
			isAccepted(await first);
			isIgnored(await send(event));
			await hasRun(trigger, 1);
		},
		{ needs: ['hold'] },
	),
	audit(
		'690f',
		'MUST run an event that is delivered again after n8n could not take it',
		// Directoryz' and OxaPay's triggers answer before n8n has the run.
		async (trigger, send) => {
			const event = eventOf('task.completed');
			const held = trigger.holdRuns!();
			const first = send(event);
			await held.arrived;
			isToComeAgain(await send(event));
			held.settle('refuse');
			strictEqual((await first).status >= 500, true, 'Anchor will send it again');
			await hasRun(trigger, 0);
			isAccepted(await send(event));
			await hasRunWith(trigger, event);
		},
		{ needs: ['hold'] },
	),
];

/** Genuine deliveries: wanted or not, new or not, events or not. */
export const wantedAudits: readonly DeliveryAudit[] = [
	...subscriptions,
	...filters,
	...noEvents,
	...repeated,
];
