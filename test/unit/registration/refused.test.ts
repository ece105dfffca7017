import type { ApiFailure, ApiResult } from '../../../nodes/AnchorBrowser/api/client';
import { EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import { refusedEvents, sendEvents } from '../../../nodes/AnchorBrowser/registration/refused';

const refusal = (detail: string, status = 400): ApiFailure => ({
	ok: false,
	status,
	message: detail,
	detail,
});
const allowed = EVENT_TYPES.filter((type) => type !== 'session.ready');
const listed = allowed.map((type) => `'${type}'`).join(' | ');

describe('which events a refusal names', () => {
	const events = ['task.completed', 'session.completed', 'session.ready'];

	it.each([
		['by name', 'Unknown event type: session.ready', ['session.ready']],
		['by name, at the end of a sentence', 'Anchor has no session.ready.', ['session.ready']],
		[
			'two by name',
			'"task.completed" and "session.ready" are not available',
			['task.completed', 'session.ready'],
		],
		[
			'received, with the list of what is allowed',
			`Invalid enum value. Expected ${listed}, received 'session.ready'`,
			['session.ready'],
		],
		['by place', '{"path":["subscribed_events",2],"message":"invalid"}', ['session.ready']],
		['by place, written as a path', 'subscribed_events[0] is invalid', ['task.completed']],
		['by place, with dots', 'subscribed_events.1: invalid', ['session.completed']],
		['a place that is not there', 'subscribed_events[9] is invalid', []],
		['only what is allowed', `must be one of ${listed}`, []],
		['all of them', events.join(), []],
		['part of a longer name', 'Unknown event type: session.ready.soon or my-session.ready', []],
		['none', 'Bad request', []],
		['nothing', '', []],
	])('%s', (_what, detail, named) => {
		expect(refusedEvents(refusal(detail), events)).toEqual(named);
	});

	it('a name with a special character does no harm', () => {
		expect(refusedEvents(refusal('no'), ['a(b', 'c['])).toEqual([]);
	});
});

describe('sending events', () => {
	/** Anchor in one function: refuses each list that holds one of these, in these words. */
	const anchorThat = (refuses: readonly string[], words: (event: string) => string) => {
		const sent: string[][] = [];
		const send = async (events: string[]): Promise<ApiResult<string>> => {
			sent.push(events);
			const refused = events.find((event) => refuses.includes(event));
			return refused === undefined ? { ok: true, body: 'taken' } : refusal(words(refused));
		};
		return { sent, send };
	};
	const silent = () => 'invalid request';
	const naming = (event: string) => `unknown event ${event}`;

	it('sends once when Anchor takes them', async () => {
		const { sent, send } = anchorThat([], silent);
		expect(await sendEvents(EVENT_TYPES, send)).toEqual({
			result: { ok: true, body: 'taken' },
			events: EVENT_TYPES,
			leftOut: [],
		});
		expect(sent).toHaveLength(1);
	});

	it('leaves out the undocumented when Anchor does not say which', async () => {
		const { send } = anchorThat(['session.ready'], silent);
		expect(await sendEvents(EVENT_TYPES, send)).toMatchObject({
			events: allowed,
			leftOut: ['session.ready'],
		});
	});

	it('leaves out only the named when Anchor says which', async () => {
		const { sent, send } = anchorThat(['task.healed'], naming);
		const { leftOut, events } = await sendEvents(EVENT_TYPES, send);
		expect(leftOut).toEqual(['task.healed']);
		expect(events).toContain('session.ready');
		expect(sent).toHaveLength(2);
	});

	it('leaves out both a named and an undocumented one', async () => {
		const { send } = anchorThat(['task.healed', 'session.ready'], naming);
		const { result, leftOut } = await sendEvents(EVENT_TYPES, send);
		expect(result.ok).toBe(true);
		expect(leftOut).toEqual(['task.healed', 'session.ready']);
	});

	it('is not misled by a list of what Anchor takes', async () => {
		const { send } = anchorThat(['session.ready'], () => `must be one of ${listed}`);
		for (const events of [EVENT_TYPES, ['task.completed', 'session.ready']]) {
			expect(await sendEvents(events, send)).toMatchObject({ leftOut: ['session.ready'] });
		}
	});

	it('fails with the first words when leaving out does not help', async () => {
		const { sent, send } = anchorThat(['task.failed'], silent);
		const { result, leftOut } = await sendEvents(['task.failed', 'session.ready'], send);
		expect(result).toMatchObject({ ok: false, message: 'invalid request' });
		expect(leftOut).toEqual([]);
		expect(sent).toEqual([['task.failed', 'session.ready'], ['task.failed']]);
	});

	it('never sends an empty list, nor the same twice', async () => {
		const { sent, send } = anchorThat(['session.ready'], naming);
		expect((await sendEvents(['session.ready'], send)).result.ok).toBe(false);
		expect(sent).toEqual([['session.ready']]);
	});

	it('stops at a trouble that has nothing to do with the events', async () => {
		const answers = [refusal('no'), { ...refusal('busy'), status: 503 }];
		const { result } = await sendEvents(EVENT_TYPES, async () => answers.shift() as ApiFailure);
		expect(result).toMatchObject({ status: 503 });
		expect(answers).toEqual([]);
	});

	it('takes 422 for a refusal of the content, too', async () => {
		const answers: Array<ApiResult<string>> = [refusal('no', 422), { ok: true, body: '' }];
		const { leftOut } = await sendEvents(
			EVENT_TYPES,
			async () => answers.shift() as ApiResult<string>,
		);
		expect(leftOut).toEqual(['session.ready']);
	});
});
