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
import { eventOf, signed, STRANGERS_SECRET } from '../support/signedRequests';

const ID = '550e8400-e29b-41d4-a716-446655440000';

const subscriptions: DeliveryAudit[] = [
	audit(
		'43b9',
		'MUST answer 204 without an execution for an event that was not selected',
		async (trigger) => {
			const now = trigger.nowSeconds();
			isIgnored(await trigger.deliver(signed(eventOf('task.completed'), now)));
			isIgnored(await trigger.deliver(signed(eventOf('brand.new'), now)));
			await hasRun(trigger, 0);
			isAccepted(await trigger.deliver(signed(eventOf('task.failed'), now)));
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
		async (trigger) => {
			const now = trigger.nowSeconds();
			isIgnored(await trigger.deliver(signed(failed('agent_error'), now)));
			isIgnored(await trigger.deliver(signed(failed(undefined), now)));
			await hasRun(trigger, 0);
			isAccepted(await trigger.deliver(signed(failed('timeout'), now)));
			isAccepted(await trigger.deliver(signed(eventOf('task.completed'), now)));
			isAccepted(await trigger.deliver(signed(eventOf('session.failed'), now)));
			isAccepted(await trigger.deliver(signed(eventOf('identity.authentication_failed'), now)));
			await hasRun(trigger, 4);
		},
		{ filters: { failureTypes: ['timeout', 'system_error'] } },
	),
	audit(
		'9b40',
		'MUST let authenticationFailureTypes narrow identity.authentication_failed and nothing else',
		async (trigger) => {
			const now = trigger.nowSeconds();
			const refused = (failure_type: string) =>
				eventOf('identity.authentication_failed', { data: { failure_type } });
			isIgnored(await trigger.deliver(signed(refused('automation_failure'), now)));
			await hasRun(trigger, 0);
			isAccepted(await trigger.deliver(signed(refused('invalid_credentials'), now)));
			isAccepted(await trigger.deliver(signed(failed('automation_failure'), now)));
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
			async (trigger) => {
				const now = trigger.nowSeconds();
				const [key] = Object.keys(data);
				const other = eventOf('volume.mounted', { data: { [key]: 'another' } });
				isIgnored(await trigger.deliver(signed(other, now)));
				const none = eventOf('volume.mounted', { data: {} });
				isIgnored(await trigger.deliver(signed(none, now)));
				await hasRun(trigger, 0);
				isAccepted(await trigger.deliver(signed(eventOf('volume.mounted', { data }), now)));
				await hasRun(trigger, 1);
			},
			{ filters: { [filter]: `something-else, ${ID}` } },
		),
	),
	audit(
		'dc92',
		'MUST let projectIds drop events of other projects',
		async (trigger) => {
			const now = trigger.nowSeconds();
			const other = eventOf('task.completed', { project_id: 'another' });
			isIgnored(await trigger.deliver(signed(other, now)));
			isAccepted(await trigger.deliver(signed(eventOf('task.completed', { project_id: ID }), now)));
			await hasRun(trigger, 1);
		},
		{ filters: { projectIds: ID } },
	),
	audit(
		'c47e',
		'MUST judge conditions on any field before an execution is spent',
		async (trigger) => {
			const now = trigger.nowSeconds();
			const ended = (data: Record<string, unknown>) =>
				signed(eventOf('task.failed', { data }), now);
			const captcha = { duration_ms: 10, error: { message: 'Stopped by a CAPTCHA' } };
			const slow = { duration_ms: 300_000, error: { message: 'Timed out' }, artifacts: [] };
			const unclear = { duration_ms: 'long', error: { message: 'Timed out' } };
			for (const data of [captcha, slow, unclear]) {
				isIgnored(await trigger.deliver(ended(data)));
			}
			await hasRun(trigger, 0);
			isAccepted(await trigger.deliver(ended({ duration_ms: 299_999 })));
			isAccepted(await trigger.deliver(ended({ artifacts: [{ name: 'page.png' }] })));
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
		async (trigger) => {
			const now = trigger.nowSeconds();
			isIgnored(await trigger.deliver(signed(failed('agent_error'), now)));
			await hasRun(trigger, 0);
			isAccepted(await trigger.deliver(signed(failed('timeout'), now)));
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
		async (trigger) => {
			const now = trigger.nowSeconds();
			const withId = (digits: string) =>
				JSON.stringify(eventOf('task.completed', { data: { task_id: 'ID' } })).replace(
					'"ID"',
					digits,
				);
			isIgnored(await trigger.deliver(signed(withId('12345678901234567891'), now)));
			isAccepted(await trigger.deliver(signed(withId('12345678901234567890'), now)));
			strictEqual((await onlyItem(trigger)).task_id, '12345678901234567890');
		},
		{ filters: { taskIds: '12345678901234567890' } },
	),
	audit(
		'5f2d',
		'MUST verify before it filters: a forged event that nobody wants is refused all the same',
		async (trigger) => {
			const request = signed(eventOf('task.cancelled'), trigger.nowSeconds(), {
				secrets: [STRANGERS_SECRET],
			});
			isUnauthorized(await trigger.deliver(request));
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
		async (trigger) => {
			isNoEvent(await trigger.deliver(signed(body, trigger.nowSeconds())));
			await hasRun(trigger, 0);
		},
		isJson ? {} : { needs: ['anyBody'] },
	),
);

const repeated: DeliveryAudit[] = [
	audit('e7b4', 'MUST run an event once, however often it is delivered', async (trigger) => {
		const event = eventOf('task.completed');
		isAccepted(await trigger.deliver(signed(event, trigger.nowSeconds())));
		for (let again = 0; again < 3; again++) {
			isIgnored(await trigger.deliver(signed(event, trigger.nowSeconds())));
		}
		await hasRunWith(trigger, event);
	}),
	audit(
		'35ac',
		'MUST know an event again when it is signed anew and its bytes differ',
		async (trigger) => {
			const event = eventOf('task.completed');
			const now = trigger.nowSeconds();
			isAccepted(await trigger.deliver(signed(event, now - 50)));
			const again = JSON.stringify(event, null, 2);
			isIgnored(await trigger.deliver(signed(again, now)));
			await hasRun(trigger, 1);
		},
	),
	audit(
		'98f5',
		'MUST tell events apart by the signed id, not by Anchor-Delivery-Id',
		// Lago's trigger goes by a header that is not signed.
		async (trigger) => {
			const now = trigger.nowSeconds();
			const headers = { 'anchor-delivery-id': 'one-and-the-same' };
			isAccepted(await trigger.deliver(signed(eventOf('task.completed'), now, { headers })));
			isAccepted(await trigger.deliver(signed(eventOf('task.completed'), now, { headers })));
			await hasRun(trigger, 2);
		},
	),
	audit('c60b', 'MUST NOT let a forged copy keep the real event from running', async (trigger) => {
		const event = eventOf('task.completed');
		const now = trigger.nowSeconds();
		isUnauthorized(await trigger.deliver(signed(event, now, { secrets: [STRANGERS_SECRET] })));
		isBadRequest(await trigger.deliver(signed(event, now - 3600)));
		isAccepted(await trigger.deliver(signed(event, now)));
		await hasRunWith(trigger, event);
	}),
	audit(
		'7192',
		'MUST run every copy when de-duplication is off',
		async (trigger) => {
			const event = eventOf('task.completed');
			isAccepted(await trigger.deliver(signed(event, trigger.nowSeconds())));
			isAccepted(await trigger.deliver(signed(event, trigger.nowSeconds())));
			await hasRun(trigger, 2);
		},
		{ options: { deduplicate: 'off' } },
	),
	audit(
		'ae3e',
		'MUST know an event again with de-duplication in memory alone',
		async (trigger) => {
			const event = eventOf('task.completed');
			isAccepted(await trigger.deliver(signed(event, trigger.nowSeconds())));
			isIgnored(await trigger.deliver(signed(event, trigger.nowSeconds())));
			await hasRun(trigger, 1);
		},
		{ options: { deduplicate: 'memory' } },
	),
	audit(
		'14d0',
		'MUST run an event once when eight copies arrive at the same moment',
		async (trigger) => {
			const event = eventOf('task.completed');
			const copies = Array.from({ length: 8 }, () => signed(event, trigger.nowSeconds()));
			const answers = await Promise.all(copies.map(async (copy) => await trigger.deliver(copy)));
			for (const { status } of answers) ok([202, 204, 503].includes(status), `status ${status}`);
			await hasRun(trigger, 1);
		},
	),
	audit(
		'b25d',
		'MUST ask for a copy again while n8n is still taking the first, and ignore it afterwards',
		async (trigger) => {
			const event = eventOf('task.completed');
			const held = trigger.holdRuns!();
			const first = trigger.deliver(signed(event, trigger.nowSeconds()));
			await held.arrived;
			isToComeAgain(await trigger.deliver(signed(event, trigger.nowSeconds())));
			held.settle('accept');
			isAccepted(await first);
			isIgnored(await trigger.deliver(signed(event, trigger.nowSeconds())));
			await hasRun(trigger, 1);
		},
		{ needs: ['hold'] },
	),
	audit(
		'690f',
		'MUST run an event that is delivered again after n8n could not take it',
		// Directoryz' and OxaPay's triggers answer before n8n has the run.
		async (trigger) => {
			const event = eventOf('task.completed');
			const held = trigger.holdRuns!();
			const first = trigger.deliver(signed(event, trigger.nowSeconds()));
			await held.arrived;
			isToComeAgain(await trigger.deliver(signed(event, trigger.nowSeconds())));
			held.settle('refuse');
			strictEqual((await first).status >= 500, true, 'Anchor will send it again');
			await hasRun(trigger, 0);
			isAccepted(await trigger.deliver(signed(event, trigger.nowSeconds())));
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
