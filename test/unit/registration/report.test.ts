import type { ApiFailure } from '../../../nodes/AnchorBrowser/api/client';
import type { RemoteWebhook } from '../../../nodes/AnchorBrowser/api/webhooks';
import { EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import { formatMark } from '../../../nodes/AnchorBrowser/registration/mark';
import type { MarkOwner } from '../../../nodes/AnchorBrowser/registration/mark';
import {
	limitWords,
	logLineOf,
	unknownEventAdvice,
	unlistedEventWords,
} from '../../../nodes/AnchorBrowser/registration/report';
import type { Happening, LogLine } from '../../../nodes/AnchorBrowser/registration/report';
import { owner } from './owners';

const failure: ApiFailure = { ok: false, status: 503, message: 'maintenance' };
const id = 'wh_1';
const operation = 'read the webhooks';
const unchecked = { what: 'unchecked', id, failure, operation, isRoutine: false } as const;

describe('the log line', () => {
	it.each<[Happening, LogLine['level'], string[]]>([
		[{ what: 'created', id }, 'info', [id, 'created']],
		[{ what: 'changed', id, fields: ['url', 'enabled'] }, 'info', [id, 'url, enabled']],
		[{ what: 'rotated', id, reason: 'wrong' }, 'info', [id, 'not the one that Anchor Browser']],
		[{ what: 'rotated', id, reason: 'unknown' }, 'info', [id, 'did not know it']],
		[{ what: 'rotated', id, reason: 'outdated' }, 'info', [id, 'not the last one']],
		[{ what: 'rotated', id, reason: 'doubtful' }, 'info', [id, 'had not answered']],
		[{ what: 'unmarked', id, failure }, 'debug', ['(503)', 'maintenance']],
		[unchecked, 'warn', ['read the webhooks', '(503)', `${id} stays as it is`]],
		[
			{ ...unchecked, failure: { ok: false, status: 401, message: '' } },
			'warn',
			['read the webhooks', '(401)', 'Copy the key again', `${id} stays as it is`],
		],
		[{ ...unchecked, isRoutine: true }, 'debug', [`${id} stays as it is`]],
		[{ what: 'yielded', id }, 'warn', [id, 'another n8n process']],
		[{ what: 'unsupported', events: ['session.ready'] }, 'warn', ['session.ready', 'left out']],
		[{ what: 'strangers', ids: ['wh_2', 'wh_3'] }, 'warn', ['wh_2, wh_3', 'refused', 'Remove']],
		[{ what: 'removed', id, role: 'served' }, 'info', [`the webhook ${id} was removed`]],
		[{ what: 'removed', id, role: 'leftover' }, 'info', [`leftover webhook ${id} was removed`]],
		[{ what: 'disabled', id }, 'info', [id, 'disabled']],
		[{ what: 'absent', id }, 'info', [id, 'another project']],
		[{ what: 'takenUp', id }, 'debug', [id, 'stays', 'has activated']],
		[{ what: 'stayed', id, failure }, 'warn', [id, '(503)', 'n8n tries again', 'dashboard']],
		[{ what: 'stayed', id: undefined, failure }, 'warn', ['the webhook of this trigger']],
	])('of %j', (happening, level, parts) => {
		const line = logLineOf(happening);
		expect(line.level).toBe(level);
		for (const part of parts) expect(line.sentence).toContain(part);
		expect(line.sentence).not.toMatch(/undefined|\.\.|\s\s/);
		expect(line.webhookId).toBe('id' in happening ? happening.id : undefined);
	});
});

describe('the words for a full project', () => {
	const bills = { ...owner, workflowName: 'Bills' };
	const slot = (number: number, whose?: MarkOwner): RemoteWebhook => ({
		id: `wh_${number}`,
		project_id: 'p1',
		url: `https://${number}.example.com/webhook/0b6f`,
		description: whose === undefined ? 'made by hand' : formatMark(whose, {}),
		subscribed_events: [],
		enabled: true,
	});
	const textsOf = (taken: RemoteWebhook[]): string[] => Object.values(limitWords(taken, owner));

	it('name each webhook, who made it and for which workflow, in message and description alike', () => {
		const taken = [
			slot(1),
			{ ...slot(2), url: 'x'.repeat(100) },
			{ ...slot(3), description: null },
			slot(4, { ...bills, mode: 'test' }),
			slot(5, { ...bills, instanceId: 'other' }),
		];
		for (const text of textsOf(taken)) {
			expect(text).toContain(
				`They are: 1. 1.example.com, not made by n8n, wh_1; 2. ${'x'.repeat(60)}, not made by n8n, wh_2; 3. 3.example.com, not made by n8n, wh_3; 4. 4.example.com, made by this n8n for the workflow "Bills" (test), wh_4; 5. 5.example.com, made by another n8n for the workflow "Bills" (production), wh_5`,
			);
		}
	});

	it('say that disabled ones may be missing when fewer than five are listed', () => {
		const taken = [1, 2, 3, 4].map((number) => slot(number));
		for (const text of textsOf(taken)) expect(text).toContain('may be missing');
	});

	it('say what to do before n8n cuts them, however long the list', () => {
		const long = { ...owner, workflowName: 'n'.repeat(300) };
		const taken = [1, 2, 3, 4, 5].map((number) => slot(number, long));
		for (const text of textsOf(taken)) expect(text.slice(0, 500)).toMatch(/Remove one.*try again/);
		expect(textsOf(taken)).toEqual([
			expect.stringMatching(/ wh_5$/),
			expect.stringMatching(/ wh_5\.$/),
		]);
	});

	it('say that n8n could not list them', () => {
		for (const text of textsOf([])) expect(text).toContain('n8n could not list them');
	});
});

describe('the advice about an unknown event', () => {
	it.each([
		['task.complete', 'task.completed'],
		['task_failed', 'task.failed'],
		['sesion.ready', 'session.ready'],
		['batch.fail', 'batch.failed'],
		['Intervention.Requested', 'intervention.requested'],
	])('%s: the nearest is %s', (name, nearest) => {
		expect(unknownEventAdvice([name])).toBe(
			`There is no event "${name}"; the nearest is "${nearest}". Choose events from the list, or correct the expression under Events, then try again.`,
		);
	});

	it('names each of several, however long', () => {
		const advice = unknownEventAdvice(['task.heal', 'x'.repeat(100_000)]);
		expect(advice).toContain('"task.heal"; the nearest is "task.healed". There is no event "xxx');
		expect(EVENT_TYPES.some((event) => advice.includes(`x"; the nearest is "${event}". `))).toBe(
			true,
		);
	});

	it('is all that is said where Anchor is not asked', () => {
		expect(unlistedEventWords(['task.heal'])).toEqual({
			message: unknownEventAdvice(['task.heal']).slice(0, -1),
			description: `${unknownEventAdvice(['task.heal'])} All Events also takes what is newer than this node.`,
		});
	});
});
