/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { Requirement } from './audit';
import type { AuditRequest, DeliveryCapability } from './deliveryDriver';
import {
	audit,
	hasRun,
	isAccepted,
	isBadRequest,
	isToComeAgain,
	isUnauthorized,
	type DeliveryAudit,
} from './deliveryChecks';
import {
	bytesOf,
	eventOf,
	PREVIOUS_SECRET,
	SECRET,
	signed,
	STRANGERS_SECRET,
	withBody,
	type Envelope,
} from '../support/signedRequests';

const hexOf = (key: string | Buffer, text: string) =>
	createHmac('sha256', key).update(text).digest('hex');

/** Ways to sign an event that are not Anchor's; each must be refused and cost nothing. */
const FORGERIES: ReadonlyArray<
	[
		id: string,
		what: string,
		forge: (event: Envelope, now: number) => AuditRequest,
		needs?: readonly DeliveryCapability[],
	]
> = [
	[
		'a03c',
		'signed with a secret of somebody else',
		(event, now) => signed(event, now, { secrets: [STRANGERS_SECRET] }),
	],
	['58f1', 'signed with a blank secret', (event, now) => signed(event, now, { secrets: [''] })],
	[
		'c2d9',
		'signed with the bytes that the secret’s hexadecimal text stands for',
		(event, now) =>
			withSignature(
				event,
				now,
				hexOf(Buffer.from(SECRET, 'hex'), `v0:${now}:${JSON.stringify(event)}`),
			),
	],
	[
		'ee60',
		'whose signature covers the body alone',
		(event, now) => withSignature(event, now, hexOf(SECRET, JSON.stringify(event))),
	],
	[
		'7b18',
		'signed under another version’s prefix',
		(event, now) => withSignature(event, now, hexOf(SECRET, `v1:${now}:${JSON.stringify(event)}`)),
	],
	[
		'0ac5',
		'with the signature of another event',
		(event, now) => withBody(signed(eventOf('task.failed'), now), event),
	],
	[
		'd3f2',
		'with one byte changed after signing',
		(event, now) => {
			const request = signed(event, now);
			const body = Buffer.from(request.body);
			body[body.lastIndexOf('"') - 1] ^= 1;
			return withBody(request, body);
		},
	],
	[
		'6e9b',
		'with a line break added after signing',
		(event, now) => withBody(signed(event, now), `${JSON.stringify(event)}\n`),
	],
	[
		'4480',
		're-serialised after signing, equal as JSON',
		(event, now) => withBody(signed(JSON.stringify(event, null, 2), now), event),
	],
	[
		'bf7d',
		'whose body was left out after signing',
		(event, now) => withBody(signed(event, now), ''),
		['anyBody'],
	],
	[
		'2c46',
		'whose timestamps were both renewed after signing',
		(event, now) => {
			const headers = signed(event, now).headers;
			const renewed = String(now + 1);
			return {
				headers: {
					...headers,
					'anchor-timestamp': renewed,
					'anchor-signature': String(headers['anchor-signature']).replace(/t=\d+/, `t=${renewed}`),
				},
				body: bytesOf(event),
			};
		},
	],
];

function withSignature(event: Envelope, now: number, hex: string): AuditRequest {
	return signed(event, now, { headers: { 'anchor-signature': `t=${now},v1=${hex}` } });
}

const forgeries: DeliveryAudit[] = FORGERIES.map(([id, what, forge, needs]) =>
	audit(
		id,
		`MUST refuse a request ${what}`,
		async (trigger, send) => {
			const event = eventOf('task.completed');
			isUnauthorized(await trigger.deliver(forge(event, trigger.nowSeconds())));
			await hasRun(trigger, 0);

			// A refused request leaves nothing behind: the real one still comes through.
			isAccepted(await send(event));
			await hasRun(trigger, 1);
		},
		{ needs },
	),
);

/** Seconds by which the signed timestamp lies before (-) or after (+) the clock. */
const AGES: ReadonlyArray<
	[id: string, requirement: Requirement, seconds: number, taken: boolean, exact: boolean]
> = [
	['9d51', 'MUST accept a delivery that is exactly as old as allowed', -120, true, true],
	['f0e7', 'MUST refuse a delivery one second older than allowed', -121, false, false],
	['38c4', 'MUST accept a timestamp exactly as far ahead as allowed', 120, true, false],
	['ab92', 'MUST refuse a timestamp one second further ahead than allowed', 121, false, true],
	[
		'7e0d',
		'MUST refuse a recorded delivery that is played again an hour later',
		-3600,
		false,
		false,
	],
	['15b6', 'MUST refuse a timestamp an hour ahead', 3600, false, false],
];

const ages: DeliveryAudit[] = AGES.map(([id, requirement, seconds, taken, exact]) =>
	audit(
		id,
		requirement,
		async (trigger, send) => {
			(taken ? isAccepted : isBadRequest)(await send(eventOf('task.completed'), { at: seconds }));
			await hasRun(trigger, taken ? 1 : 0);
		},
		exact ? { needs: ['clock'] } : {},
	),
);

const windows: DeliveryAudit[] = [
	audit(
		'c5a8',
		'MUST narrow the window to the tolerance that the user set',
		async (trigger, send) => {
			isBadRequest(await send(eventOf('task.completed'), { at: -60 }));
			isBadRequest(await send(eventOf('task.completed'), { at: 60 }));
			isAccepted(await send(eventOf('task.completed'), { at: -2 }));
			await hasRun(trigger, 1);
		},
		{ options: { toleranceSeconds: 30 } },
	),
	audit(
		'8f3b',
		'MUST widen the window to the tolerance that the user set',
		async (trigger, send) => {
			isAccepted(await send(eventOf('task.completed'), { at: -500 }));
			isAccepted(await send(eventOf('task.completed'), { at: 500 }));
			isBadRequest(await send(eventOf('task.completed'), { at: -700 }));
			await hasRun(trigger, 2);
		},
		{ options: { toleranceSeconds: 600 } },
	),
];

const secretless: DeliveryAudit[] = [
	audit(
		'60d4',
		'MUST ask for a delivery again when there is no secret to check it against',
		async (trigger, send) => {
			isToComeAgain(await send(eventOf('task.completed')));
			await hasRun(trigger, 0);
		},
		{ secrets: undefined },
	),
	audit(
		'f91e',
		'MUST NOT take a blank secret for a secret',
		async (trigger, send) => {
			for (const secret of ['', ' ', ' \n']) {
				isToComeAgain(await send(eventOf('task.completed'), { secrets: [secret] }));
			}
			await hasRun(trigger, 0);
		},
		{ secrets: { current: ' \n', previous: '' } },
	),
	audit(
		'2b7a',
		'MUST NOT accept a blank previous secret beside a real one',
		async (trigger, send) => {
			isUnauthorized(await send(eventOf('task.completed'), { secrets: [''] }));
			await hasRun(trigger, 0);
		},
		{ secrets: { current: SECRET, previous: '' } },
	),
	audit(
		'd8e5',
		'MUST refuse the previous secret once the user has removed it',
		async (trigger, send) => {
			isUnauthorized(await send(eventOf('task.completed'), { secrets: [PREVIOUS_SECRET] }));
			await hasRun(trigger, 0);
		},
	),
];

/** Words that would tell a stranger which check he failed. */
const TELLING = /signature|secret|timestamp|stale|expired|hmac|header|mismatch|malformed|v1|clock/i;

const privacy: DeliveryAudit[] = [
	audit(
		'a4c1',
		'MUST tell a stranger no more than whether it was for the signature',
		async (trigger) => {
			const event = eventOf('task.completed');
			const now = trigger.nowSeconds();
			const answersTo = async (requests: AuditRequest[]) => {
				const answers = requests.map(async (request) => await trigger.deliver(request));
				return (await Promise.all(answers)).map(({ status, body, headers }) => {
					const others = Object.entries(headers).filter(([name]) => name !== 'date');
					return { status, body, headers: others };
				});
			};
			const unmatched = await answersTo([
				signed(event, now, { secrets: [STRANGERS_SECRET] }),
				withBody(signed(event, now), eventOf('task.failed')),
			]);
			const unformed = await answersTo([
				signed(event, now, { secrets: [] }),
				signed(event, now - 3600),
				signed(event, now - 3600, { secrets: [STRANGERS_SECRET] }),
				signed(event, now, { headers: { 'anchor-signature': undefined } }),
				signed(event, now, { headers: { 'anchor-signature': 'nonsense' } }),
			]);
			for (const answers of [unmatched, unformed]) {
				for (const answer of answers) {
					deepStrictEqual(answer, answers[0]);
					const told = JSON.stringify([answer.body, ...answer.headers]);
					ok(!TELLING.test(told), 'tells nothing');
				}
			}
		},
	),
	audit(
		'17f6',
		'MUST NOT write a secret, a signature or a payload into the log',
		async (trigger, send) => {
			const event = eventOf('task.failed', {
				text: 'payload-text',
				data: { error: 'payload-words', session_id: 7 },
			});
			await send(event, { secrets: [STRANGERS_SECRET] });
			await send(event);
			await send(eventOf('task.completed'), { at: -9000 });
			await send({ id: 'payload-id', data: 'payload-data' });
			const log = trigger.log?.() ?? '';
			ok(log.length > 0, 'the refusals are logged');
			strictEqual(/payload-/.test(log), false, 'no payload');
			strictEqual(log.includes(SECRET), false, 'no secret');
			strictEqual(/[0-9a-f]{64}/.test(log), false, 'no signature');
		},
		{ needs: ['log'] },
	),
];

/** Deliveries that are not Anchor's, or not fresh. */
export const forgedAudits: readonly DeliveryAudit[] = [
	...forgeries,
	...ages,
	...windows,
	...secretless,
	...privacy,
];
