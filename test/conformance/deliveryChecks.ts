/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict';
import type { Audit, Requirement } from './audit';
import type {
	AuditAnswer,
	AuditedTrigger,
	DeliveryCapability,
	DeliveryDriver,
	TriggerSetup,
} from './deliveryDriver';
import { SECRET, signed } from '../support/signedRequests';
import type { Envelope, SigningWish } from '../support/signedRequests';

export type DeliveryAudit = Audit<DeliveryDriver, DeliveryCapability>;

/** Every event wanted, one secret. */
const USUAL: TriggerSetup = { events: ['*'], secrets: { current: SECRET } };

/** Delivers a body, signed with `SECRET`, now by the trigger's clock or `at` seconds later, unless the wish says otherwise. */
type Send = (body: unknown, wish?: SigningWish & { at?: number }) => Promise<AuditAnswer>;

/**
 * An audit of one trigger: set up, tried, closed.
 * @param setup what differs from a trigger that takes every event and knows one secret; `secrets: undefined` for none
 */
export function audit(
	id: string,
	requirement: Requirement,
	attempt: (trigger: AuditedTrigger, send: Send) => Promise<void>,
	{ needs = [], ...setup }: TriggerSetup & { needs?: readonly DeliveryCapability[] } = {},
): DeliveryAudit {
	return {
		id,
		requirement,
		needs,
		run: async (driver) => {
			const trigger = await driver.start({ ...USUAL, ...setup });
			try {
				await attempt(
					trigger,
					async (body, { at = 0, ...wish } = {}) =>
						await trigger.deliver(signed(body, trigger.nowSeconds() + at, wish)),
				);
			} finally {
				await trigger.close();
			}
		},
	};
}

function answers(
	{ status, body }: AuditAnswer,
	...expected: [status: number, body: unknown]
): void {
	deepStrictEqual([status, body], expected);
}

/** The answer for an event that runs the workflow: a 200 would be n8n's own while it starts, or a proxy's. */
export function isAccepted(answer: AuditAnswer): void {
	answers(answer, 202, { received: true });
}

/** The answer for a genuine event that does not. */
export function isIgnored(answer: AuditAnswer): void {
	answers(answer, 204, '');
}

/**
 * The one answer for what has not the form of a delivery of now. It is not the one for a signature that matches nothing:
 * from that one, in Anchor's history, the trigger learns that its secret is wrong.
 */
export function isBadRequest(answer: AuditAnswer): void {
	answers(answer, 400, { received: false, message: 'Bad Request' });
	strictEqual(answer.headers['retry-after'], undefined);
}

/**
 * The one answer for a signature that matches nothing: it says that and nothing else. Lemon Squeezy's and Kapso's
 * triggers say it in a 200, which a sender takes for success.
 */
export function isUnauthorized(answer: AuditAnswer): void {
	answers(answer, 401, { received: false, message: 'Unauthorized' });
	strictEqual(answer.headers['retry-after'], undefined);
}

/** Anchor sends the event again after it. */
export function isToComeAgain(answer: AuditAnswer): void {
	answers(answer, 503, { received: false });
	match(answer.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
}

export function isNoEvent(answer: AuditAnswer): void {
	strictEqual(answer.status, 422);
}

/** So many executions, no more. */
export async function hasRun(trigger: AuditedTrigger, times: number): Promise<void> {
	strictEqual((await trigger.runs()).length, times, 'number of executions');
}

/** One execution, whose one item is this event in the format `data`. */
export async function hasRunWith(trigger: AuditedTrigger, event: Envelope): Promise<void> {
	const { id, type, created, project_id, text, data } = event;
	deepStrictEqual(
		{ ...(await onlyItem(trigger)) },
		{ _event: { id, type, created, project_id, text }, ...data },
	);
}

/** The only item of the only execution. */
export async function onlyItem(trigger: AuditedTrigger): Promise<Record<string, unknown>> {
	const runs = await trigger.runs();
	strictEqual(runs.length, 1, 'number of executions');
	strictEqual(runs[0].length, 1, 'number of items');
	return runs[0][0];
}
