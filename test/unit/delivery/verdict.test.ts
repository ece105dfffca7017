import {
	answerOf,
	COLLECTED,
	isUnmatched,
	logLineOf,
	mismatchLine,
	NOTHING_SELECTED_LINE,
} from '../../../nodes/AnchorBrowser/delivery/verdict';
import type { Verdict } from '../../../nodes/AnchorBrowser/delivery/verdict';
import type { AnchorEvent } from '../../../nodes/AnchorBrowser/events/event';

const event: AnchorEvent = { id: 'evt_1', type: 'task.failed', data: { task_id: 'tsk_1' } };

const accepted: Extract<Verdict, { kind: 'accepted' }> = {
	kind: 'accepted',
	event,
	facts: {
		deliveryId: null,
		timestamp: 1_795_334_400,
		receivedAt: 1_795_334_400_000,
		signedWith: 'current',
	},
};
const ignored = (['not_subscribed', 'filtered', 'duplicate'] as const).map(
	(reason): Verdict => ({ kind: 'ignored', reason, event }),
);
const retried = (
	['in_flight', 'no_secret', 'secret_changing', 'secret_outdated', 'secret_sealed'] as const
).map((reason): Verdict => ({ kind: 'retryLater', reason }));
const unformed: Verdict[] = [
	...(['wrong_method', 'header_missing', 'header_malformed', 'unreadable_body'] as const).map(
		(reason): Verdict => ({ kind: 'rejected', reason }),
	),
	{ kind: 'rejected', reason: 'stale', skewSeconds: 312, allowedSeconds: 120 },
];
const mismatch: Verdict = { kind: 'rejected', reason: 'signature_mismatch' };
const notAnEvent: Verdict = {
	kind: 'rejected',
	reason: 'not_an_event',
	detail: 'the body is not JSON',
};

const reasonOf = (verdict: Verdict) => ('reason' in verdict ? verdict.reason : verdict.kind);
const withReasons = (verdicts: Verdict[]) =>
	verdicts.map((verdict) => [reasonOf(verdict), verdict] as const);

describe('answerOf', () => {
	const refusedWith = (message: string) => ({ received: false, message });
	const takePerson = retried.filter((verdict) => /^no_|_sealed$/.test(reasonOf(verdict)));
	const passByThemselves = retried.filter((verdict) => !takePerson.includes(verdict));

	it.each<[number, string, Verdict[], object | undefined, object?]>([
		[202, 'what is accepted', [accepted], { received: true }],
		[204, 'what is ignored, without a body', ignored, undefined],
		[400, 'what is unformed, in one set of words', unformed, refusedWith('Bad Request')],
		[401, 'what matches no secret', [mismatch], refusedWith('Unauthorized')],
		[422, 'what is no event', [notAnEvent], refusedWith('Not an Anchor Browser event')],
		[503, 'what passes by itself', passByThemselves, { received: false }, { 'Retry-After': '5' }],
		[503, 'what takes a person', takePerson, { received: false }, { 'Retry-After': '60' }],
	])('is %i for %s', (status, _what, verdicts, body, headers = {}) => {
		expect(verdicts).not.toEqual([]);
		for (const verdict of verdicts) {
			expect(answerOf(verdict)).toEqual({ status, headers, body });
		}
	});

	it('is 202 for what was collected, to run with others, and says so', () => {
		const body = { received: true, collected: true };
		expect(COLLECTED).toEqual({ status: 202, headers: {}, body });
	});

	it('an answer that its receiver changes does not change the next one', () => {
		const first = answerOf(unformed[0]);
		Object.assign(first.body ?? {}, { message: 'changed' });
		first.headers['x-changed'] = 'yes';
		expect(answerOf(unformed[0])).toEqual(answerOf(unformed[1]));
		expect(answerOf(unformed[0]).body?.message).toBe('Bad Request');
	});
});

describe('isUnmatched', () => {
	const all = withReasons([accepted, ...ignored, ...retried, ...unformed, mismatch, notAnEvent]);
	const unmatched = [
		'no_secret',
		'secret_changing',
		'secret_outdated',
		'secret_sealed',
		'signature_mismatch',
	];

	it.each(all)('%s', (reason, verdict) => {
		expect(isUnmatched(verdict)).toBe(unmatched.includes(reason));
	});

	it('genuine', () => {
		expect(isUnmatched({ kind: 'genuine' })).toBe(false);
	});
});

describe('logLineOf', () => {
	const refused = [...retried, ...unformed, mismatch, notAnEvent];

	it('has nothing to say when everything went as configured', () => {
		for (const verdict of [accepted, ...ignored]) expect(logLineOf(verdict)).toBeUndefined();
	});

	it('names the fields of conditions that could not be judged, whatever became of the event', () => {
		const unjudged = ['error.code', 'duration_ms'];
		for (const verdict of [accepted, ignored[1]]) {
			const line = logLineOf({ ...verdict, unjudged } as Verdict);
			expect(line).toMatch(/^A condition under Only When .*\(error\.code, duration_ms\)/);
			expect(line).toMatch(/Check that its operator fits/);
		}
	});

	it('says that an expression under Events gives nothing, for then nothing runs', () => {
		const line = logLineOf({ ...ignored[0], isNothingSelected: true } as Verdict);
		expect(line).toBe(NOTHING_SELECTED_LINE);
		expect(line).toMatch(/expression under Events gave no event name.*Check the expression/);
		expect(logLineOf({ ...ignored[0], isNothingSelected: false } as Verdict)).toBeUndefined();
	});

	it('has a line of its own for every reason, and each says what to do', () => {
		const lines = refused.map(logLineOf);
		expect(new Set(lines).size).toBe(refused.length);
		for (const line of lines) {
			expect(line).toMatch(/^A .+\.$/);
			expect(line).toMatch(/check|add the option|unpublish|needs? to be done|somebody else/i);
		}
	});

	it.each(withReasons(refused))('%s: in words that blame nobody', (_reason, verdict) => {
		expect(logLineOf(verdict)).not.toMatch(/error|problem|failure|mistake/i);
		expect(logLineOf(verdict)).not.toContain('undefined');
	});

	const stale = (skewSeconds: number) =>
		logLineOf({ kind: 'rejected', reason: 'stale', skewSeconds, allowedSeconds: 120 });

	it('names the seconds of a clock that is off, and the direction', () => {
		expect(stale(312)).toBe(
			"A delivery was refused because its timestamp is 312 seconds behind this machine's clock (allowed: 120). Check the clock of the n8n host, or add the option Timestamp Tolerance (Seconds) and raise it.",
		);
		expect(stale(-121)).toContain("121 seconds ahead of this machine's clock (allowed: 120)");
	});

	const tenYears = 10 * 365 * 24 * 60 * 60;

	it('names ten years, and no more', () => {
		expect(stale(tenYears)).toContain(`${tenYears} seconds behind`);
		expect(stale(tenYears + 1)).toContain('years away');
	});

	it.each([-1_793_539_065_600, 1_795_334_400, -Infinity, NaN])(
		'does not name %d seconds, which no clock is off',
		(skew) => {
			expect(stale(skew)).toContain("years away from this machine's clock (allowed: 120)");
			expect(stale(skew)).not.toMatch(/\d{5}|NaN|Infinity/);
		},
	);

	it('points at everything that makes a signature differ', () => {
		const line = logLineOf({ kind: 'rejected', reason: 'signature_mismatch' });
		expect(line).toMatch(/rotated/);
		expect(line).toMatch(/another webhook pasted/);
		expect(line).toMatch(/proxy .* changes the body/);
	});

	it('says what is missing from a body that is not an event', () => {
		expect(logLineOf(notAnEvent)).toContain('(the body is not JSON)');
	});

	it('names fields that do not look as documented, at most five of them', () => {
		const named = ['data.a', 'data.b', 'data.c', 'data.d', 'data.e'];
		const line = mismatchLine('task.failed', [...named, 'data.f', 'data.g']);
		expect(line).toContain('task.failed');
		expect(line).toContain(`${named.join(', ')} and 2 more.`);
		expect(line).not.toContain('data.f');
		expect(mismatchLine('task.failed', ['data.a'])).toContain('documented: data.a.');
		expect(mismatchLine('task.failed', named)).toContain('data.e. Check');
	});
});
