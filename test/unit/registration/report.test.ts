import type { ApiFailure } from '../../../nodes/AnchorBrowser/api/client';
import { EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import type { TakenSlot } from '../../../nodes/AnchorBrowser/registration/plan';
import {
	limitWords,
	logLineOf,
	unknownEventWords,
} from '../../../nodes/AnchorBrowser/registration/report';
import type { Happening, LogLine } from '../../../nodes/AnchorBrowser/registration/report';

const failure: ApiFailure = { ok: false, status: 503, message: 'maintenance' };
const id = 'wh_1';

describe('the log line', () => {
	it.each<[Happening, LogLine['level'], string[]]>([
		[{ what: 'created', id }, 'info', [id, 'created']],
		[{ what: 'changed', id, fields: ['url', 'enabled'] }, 'info', [id, 'url, enabled']],
		[{ what: 'rotated', id, reason: 'wrong' }, 'info', [id, 'not the one that Anchor Browser']],
		[{ what: 'rotated', id, reason: 'unknown' }, 'info', [id, 'did not know it']],
		[{ what: 'rotated', id, reason: 'outdated' }, 'info', [id, 'not the last one']],
		[{ what: 'rotated', id, reason: 'doubtful' }, 'info', [id, 'had not answered']],
		[{ what: 'unmarked', id, failure }, 'debug', ['(503)', 'maintenance']],
		[
			{ what: 'unchecked', id, failure, operation: 'read the webhooks', isRoutine: false },
			'warn',
			['read the webhooks', '(503)', `${id} stays as it is`],
		],
		[
			{
				what: 'unchecked',
				id,
				failure: { ok: false, status: 401, message: '' },
				operation: 'read the webhooks',
				isRoutine: false,
			},
			'warn',
			['read the webhooks', '(401)', 'Copy the key again', `${id} stays as it is`],
		],
		[
			{ what: 'unchecked', id, failure, operation: 'read the webhooks', isRoutine: true },
			'debug',
			[`${id} stays as it is`],
		],
		[{ what: 'yielded', id }, 'warn', [id, 'another n8n process']],
		[{ what: 'unsupported', events: ['session.ready'] }, 'warn', ['session.ready', 'left out']],
		[{ what: 'strangers', ids: ['wh_2', 'wh_3'] }, 'warn', ['wh_2, wh_3', 'refused', 'Remove']],
		[{ what: 'removed', id, role: 'served' }, 'info', [`the webhook ${id} was removed`]],
		[{ what: 'removed', id, role: 'leftover' }, 'info', [`leftover webhook ${id} was removed`]],
		[{ what: 'disabled', id }, 'info', [id, 'disabled']],
		[{ what: 'absent', id }, 'info', [id, 'another project']],
		[{ what: 'takenUp', id }, 'debug', [id, 'stays', 'has activated']],
		[{ what: 'stayed', id, failure }, 'warn', [id, '(503)', 'n8n tries again', 'dashboard']],
		[{ what: 'unended', id, failure }, 'warn', [id, '(503)', 'n8n tries again', 'dashboard']],
		[{ what: 'unended', id: undefined, failure }, 'warn', ['the webhook of this trigger']],
	])('of %j', (happening, level, parts) => {
		const line = logLineOf(happening);
		expect(line.level).toBe(level);
		for (const part of parts) expect(line.sentence).toContain(part);
		expect(line.sentence).not.toMatch(/undefined|\.\.|\s\s/);
		expect(line.webhookId).toBe('id' in happening ? happening.id : undefined);
	});
});

describe('the words for a full project', () => {
	const slot = (number: number): TakenSlot => ({
		id: `wh_${number}`,
		host: `${number}.example.com`,
		madeBy: 'someone else',
	});
	const textsOf = (taken: TakenSlot[]) => Object.values(limitWords(taken)) as string[];

	it('name each webhook, who made it and for which workflow, in message and description alike', () => {
		const bills = { workflowName: 'Bills', mode: 'test' } as const;
		const taken: TakenSlot[] = [
			...[1, 2, 3].map(slot),
			{ ...slot(4), ...bills, madeBy: 'this n8n' },
			{ ...slot(5), ...bills, madeBy: 'another n8n' },
		];
		for (const text of textsOf(taken)) {
			expect(text).toContain('1. 1.example.com, not made by n8n, wh_1; 2. 2.example.com');
			expect(text).toContain('4. 4.example.com, made by this n8n for the workflow "Bills" (test)');
			expect(text).toContain('5. 5.example.com, made by another n8n for the workflow "Bills"');
			expect(text).toContain('Remove one');
			expect(text).not.toContain('may be missing');
		}
	});

	it('say that disabled ones may be missing when fewer than five are listed', () => {
		for (const text of textsOf([1, 2, 3, 4].map(slot))) expect(text).toContain('may be missing');
	});

	it('say that n8n could not list them', () => {
		for (const text of textsOf([])) expect(text).toContain('n8n could not list them');
	});
});

describe('the words for an unknown event', () => {
	it.each([
		['task.complete', 'task.completed'],
		['task_failed', 'task.failed'],
		['sesion.ready', 'session.ready'],
		['batch.fail', 'batch.failed'],
		['Intervention.Requested', 'intervention.requested'],
	])('%s: the nearest is %s', (name, nearest) => {
		const refusal: ApiFailure = { ok: false, status: 400, message: 'invalid event' };
		const { message, description } = unknownEventWords([name], refusal, 'create the webhook');
		for (const text of [message, description]) {
			expect(text).toContain(`There is no event "${name}"; the nearest is "${nearest}"`);
			expect(text).toContain('create the webhook');
		}
		expect(description).toContain('invalid event');
	});

	it('name each of several, however long', () => {
		const names = ['task.heal', 'x'.repeat(100_000)];
		const { message } = unknownEventWords(names, { ...failure, status: 422 }, 'create it');
		expect(message).toContain('"task.heal"; the nearest is "task.healed". There is no event "xxx');
		expect(
			EVENT_TYPES.some((event) =>
				message.endsWith(`"${event}". Choose events from the list, then try again`),
			),
		).toBe(true);
	});
});
