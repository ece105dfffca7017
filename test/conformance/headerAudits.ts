/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { ok } from 'node:assert/strict';
import type { Requirement } from './audit';
import {
	audit,
	hasRun,
	hasRunWith,
	isAccepted,
	isBadRequest,
	isIgnored,
	isUnauthorized,
	type DeliveryAudit,
} from './deliveryChecks';
import type { AuditRequest, DeliveryCapability } from './deliveryDriver';
import { eventOf, signed, STRANGERS_SECRET, withBody } from '../support/signedRequests';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

interface HeaderCase {
	id: string;
	what: string;
	/** The headers to send instead; `good` is the right `v1`, `now` the signed timestamp. */
	headers(good: string, now: number): Headers;
	needs?: readonly DeliveryCapability[];
}

const WRONG = '0'.repeat(64);

/** Signature headers that are missing or break the grammar, around a signature that would be right. */
const BROKEN: readonly HeaderCase[] = [
	{
		id: '94b7',
		what: 'without any of Anchor’s headers',
		headers: () => ({
			'anchor-signature': undefined,
			'anchor-timestamp': undefined,
			'anchor-delivery-id': undefined,
			'anchor-event': undefined,
			'user-agent': undefined,
		}),
	},
	{
		id: 'b3a1',
		what: 'without Anchor-Signature',
		headers: () => ({ 'anchor-signature': undefined }),
	},
	{
		id: '40fd',
		what: 'without Anchor-Timestamp',
		headers: () => ({ 'anchor-timestamp': undefined }),
	},
	{
		id: '8d27',
		what: 'with an empty Anchor-Signature',
		headers: () => ({ 'anchor-signature': '' }),
	},
	{
		id: 'e95c',
		what: 'with an empty Anchor-Timestamp',
		headers: () => ({ 'anchor-timestamp': '' }),
	},
	{
		id: '6a0e',
		what: 'with two Anchor-Signature headers, the first one right',
		headers: (good, now) => ({
			'anchor-signature': [`t=${now},v1=${good}`, `t=${now},v1=${WRONG}`],
		}),
	},
	{
		id: '21c8',
		what: 'with two Anchor-Signature headers, the second one right',
		headers: (good, now) => ({
			'anchor-signature': [`t=${now},v1=${WRONG}`, `t=${now},v1=${good}`],
		}),
	},
	{
		id: 'f74a',
		what: 'with two Anchor-Timestamp headers',
		headers: (_good, now) => ({ 'anchor-timestamp': [String(now), String(now)] }),
	},
	{
		id: '5c93',
		what: 'whose Anchor-Signature has no t',
		headers: (good) => ({ 'anchor-signature': `v1=${good}` }),
	},
	{
		id: 'ce1b',
		what: 'whose t is there twice',
		headers: (good, now) => ({ 'anchor-signature': `t=${now},t=${now},v1=${good}` }),
	},
	{
		id: '03d6',
		what: 'whose t is there twice, with two times',
		headers: (good, now) => ({ 'anchor-signature': `t=${now - 9},t=${now},v1=${good}` }),
	},
	{
		id: '9f48',
		what: 'whose t is not the time in Anchor-Timestamp',
		headers: (good, now) => ({ 'anchor-signature': `t=${now - 1},v1=${good}` }),
	},
	{
		id: '7aa2',
		what: 'whose t is the same number written otherwise',
		headers: (good, now) => ({ 'anchor-signature': `t=0${now},v1=${good}` }),
	},
	{
		id: 'd5e0',
		what: 'whose t is empty',
		headers: (good) => ({ 'anchor-signature': `t=,v1=${good}` }),
	},
	{
		id: '3167',
		what: 'without any v1',
		headers: (_good, now) => ({ 'anchor-signature': `t=${now}` }),
	},
	{
		id: 'c04f',
		what: 'whose v1 is empty',
		headers: (_good, now) => ({ 'anchor-signature': `t=${now},v1=` }),
	},
	{
		id: '84e9',
		what: 'whose v1 has 63 digits',
		headers: (good, now) => ({ 'anchor-signature': `t=${now},v1=${good.slice(0, 63)}` }),
	},
	{
		id: '1be5',
		what: 'whose v1 has 65 digits',
		headers: (good, now) => ({ 'anchor-signature': `t=${now},v1=${good}0` }),
	},
	{
		id: 'a96d',
		what: 'whose v1 is upper-case',
		headers: (good, now) => ({ 'anchor-signature': `t=${now},v1=${good.toUpperCase()}` }),
	},
	{
		id: '4f32',
		what: 'whose v1 is no hexadecimal number',
		headers: (_good, now) => ({ 'anchor-signature': `t=${now},v1=${'xyz!'.repeat(16)}` }),
	},
	{
		id: 'e27b',
		what: 'whose v1 has a prefix',
		headers: (good, now) => ({ 'anchor-signature': `t=${now},v1=0x${good.slice(2)}` }),
	},
	{
		id: '68b0',
		what: 'whose right signature is under another scheme',
		headers: (good, now) => ({ 'anchor-signature': `t=${now},v0=${good}` }),
	},
	{
		id: 'fd15',
		what: 'whose scheme is written V1',
		headers: (good, now) => ({ 'anchor-signature': `t=${now},V1=${good}` }),
	},
	{
		id: '92c6',
		what: 'whose parts are separated by semicolons',
		headers: (good, now) => ({ 'anchor-signature': `t=${now};v1=${good}` }),
	},
	{
		id: '0e8a',
		what: 'whose Anchor-Signature is the bare signature',
		headers: (good) => ({ 'anchor-signature': good }),
	},
	{
		id: 'b7f3',
		what: 'whose Anchor-Signature is commas',
		headers: () => ({ 'anchor-signature': ','.repeat(500) }),
	},
	{
		id: '59d0',
		what: 'with 300,000 characters of Anchor-Signature',
		headers: (good, now) => ({
			'anchor-signature': `t=${now},v1=${good},${'x=1,'.repeat(75_000)}`,
		}),
		needs: ['longHeaders'],
	},
];

const goodOf = (request: AuditRequest): string =>
	String(request.headers['anchor-signature']).slice(-64);

const broken: DeliveryAudit[] = BROKEN.map(({ id, what, headers, needs }) =>
	audit(
		id,
		`MUST refuse a request ${what}`,
		async (trigger) => {
			const now = trigger.nowSeconds();
			const event = eventOf('task.completed');
			const request = signed(event, now);
			const changed = signed(event, now, { headers: headers(goodOf(request), now) });
			isBadRequest(await trigger.deliver(changed));
			await hasRun(trigger, 0);
		},
		{ needs },
	),
);

/** Timestamps that are rightly signed and no Unix seconds of now. */
const TIMES: ReadonlyArray<[id: string, what: string, text: (now: number) => string]> = [
	['cb84', 'in milliseconds', (now) => `${now}000`],
	['37a9', 'zero', () => '0'],
	['e15f', 'negative', (now) => `-${now}`],
	['7dd8', 'huge', () => '9'.repeat(40)],
	['f6b2', 'with a fraction', (now) => `${now}.5`],
	['2950', 'with a plus sign', (now) => `+${now}`],
	['8c6f', 'with an exponent', (now) => `${now}e0`],
	['a1d4', 'in hexadecimal', (now) => `0x${now.toString(16)}`],
	['56fb', 'as a date', (now) => new Date(now * 1000).toISOString()],
	['03e1', 'NaN', () => 'NaN'],
	['db79', 'Infinity', () => 'Infinity'],
];

const times: DeliveryAudit[] = TIMES.map(([id, what, text]) =>
	audit(id, `MUST refuse a rightly signed timestamp that is ${what}`, async (trigger) => {
		const now = trigger.nowSeconds();
		const timestamp = text(now);
		isBadRequest(await trigger.deliver(signed(eventOf('task.completed'), now, { timestamp })));
		await hasRun(trigger, 0);
	}),
);

/** Signature headers that are right, however they look. */
const WHOLE: ReadonlyArray<HeaderCase & { requirement: Requirement }> = [
	{
		id: '4ae6',
		what: '',
		// Stripe's trigger looks at the last one alone.
		requirement: 'MUST find the right v1 when it comes first of several',
		headers: (good, now) => ({ 'anchor-signature': `t=${now},v1=${good},v1=${WRONG},v1=${WRONG}` }),
	},
	{
		id: 'e83d',
		what: '',
		requirement: 'MUST find the right v1 when it comes in the middle',
		headers: (good, now) => ({ 'anchor-signature': `t=${now},v1=${WRONG},v1=${good},v1=${WRONG}` }),
	},
	{
		id: '71b5',
		what: '',
		requirement: 'MUST find the right v1 when it comes last',
		headers: (good, now) => ({ 'anchor-signature': `t=${now},v1=${WRONG},v1=${WRONG},v1=${good}` }),
	},
	{
		id: '9ce2',
		what: '',
		requirement: 'MUST find the right v1 beside others that cannot be one',
		headers: (good, now) => ({ 'anchor-signature': `t=${now},v1=,v1=nonsense,v1=${good}` }),
	},
	{
		id: 'bd07',
		what: '',
		requirement: 'MUST find the right v1 among a hundred',
		headers: (good, now) => ({
			'anchor-signature': `t=${now},${`v1=${WRONG},`.repeat(99)}v1=${good}`,
		}),
	},
	{
		id: '64cf',
		what: '',
		requirement: 'MUST find the right v1 among a thousand',
		headers: (good, now) => ({
			'anchor-signature': `t=${now},${`v1=${WRONG},`.repeat(999)}v1=${good}`,
		}),
		needs: ['longHeaders'],
	},
	{
		id: '2df9',
		what: '',
		requirement: 'SHOULD pass over parts of Anchor-Signature that it does not know',
		headers: (good, now) => ({ 'anchor-signature': `k=1,t=${now},v0=${WRONG},v1=${good},v2=x,y` }),
	},
	{
		id: 'a5f8',
		what: '',
		requirement: 'SHOULD accept blanks and tabs around the parts of Anchor-Signature',
		headers: (good, now) => ({ 'anchor-signature': `t=${now} ,\t v1=${good}` }),
	},
	{
		id: '18c0',
		what: '',
		requirement: 'SHOULD accept the parts of Anchor-Signature in any order',
		headers: (good, now) => ({ 'anchor-signature': `v1=${good},t=${now}` }),
	},
	{
		id: 'f329',
		what: '',
		requirement: 'MUST read its headers whatever the case of their names',
		headers: (good, now) => ({
			'anchor-signature': undefined,
			'anchor-timestamp': undefined,
			'ANCHOR-SIGNATURE': `t=${now},v1=${good}`,
			'Anchor-Timestamp': String(now),
		}),
	},
	{
		id: '6d1e',
		what: '',
		requirement: 'MUST NOT need the headers that are not signed',
		headers: () => ({
			'anchor-delivery-id': undefined,
			'anchor-event': undefined,
			'user-agent': undefined,
		}),
	},
];

const whole: DeliveryAudit[] = WHOLE.map(({ id, requirement, headers, needs }) =>
	audit(
		id,
		requirement,
		async (trigger) => {
			const now = trigger.nowSeconds();
			const event = eventOf('task.completed');
			const request = signed(event, now);
			const changed = signed(event, now, { headers: headers(goodOf(request), now) });
			isAccepted(await trigger.deliver(changed));
			await hasRunWith(trigger, event);
		},
		{ needs },
	),
);

const unsigned: DeliveryAudit[] = [
	audit(
		'0b36',
		'MUST go by the signed type, not by Anchor-Event',
		async (trigger) => {
			const now = trigger.nowSeconds();
			const headers = { 'anchor-event': 'task.failed' };
			const unwanted = await trigger.deliver(signed(eventOf('task.cancelled'), now, { headers }));
			isIgnored(unwanted);
			await hasRun(trigger, 0);
			isAccepted(
				await trigger.deliver(
					signed(eventOf('task.failed'), now, { headers: { 'anchor-event': 'task.cancelled' } }),
				),
			);
			await hasRun(trigger, 1);
		},
		{ events: ['task.failed'] },
	),
	audit('c73a', 'MUST refuse a thousand wrong v1, a hundred at a time', async (trigger) => {
		const now = trigger.nowSeconds();
		const request = signed(eventOf('task.completed'), now, {
			secrets: Array.from({ length: 100 }, () => STRANGERS_SECRET),
		});
		for (let round = 0; round < 10; round++) isUnauthorized(await trigger.deliver(request));
		await hasRun(trigger, 0);
	}),
	...(['GET', 'PUT', 'PATCH', 'DELETE'] as const).map((method, index) =>
		audit(
			['ad5b', '52f7', 'e0c9', '7f84'][index],
			`MUST refuse a rightly signed ${method} for good`,
			async (trigger) => {
				const request = signed(eventOf('task.completed'), trigger.nowSeconds(), { method });
				const { status } = await trigger.deliver(
					method === 'GET' ? withBody(request, '') : request,
				);
				// The trigger's own answer is 400; n8n, which knows the route's method, answers 404 before it.
				ok(status === 400 || status === 404, `status ${status}`);
				await hasRun(trigger, 0);
			},
		),
	),
];

/** Headers and methods, right and wrong. */
export const headerAudits: readonly DeliveryAudit[] = [...broken, ...times, ...whole, ...unsigned];
