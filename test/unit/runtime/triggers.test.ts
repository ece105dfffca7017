import type { RegistrationState } from '../../../nodes/AnchorBrowser/registration/state';
import type { Trigger } from '../../../nodes/AnchorBrowser/runtime/trigger';
import {
	countTriggers,
	releaseIfOver,
	triggerOf,
} from '../../../nodes/AnchorBrowser/runtime/triggers';

const HOUR_MS = 60 * 60_000;
const find = (nodeId: string, workflowId = 'wf'): Trigger =>
	triggerOf({ getWorkflow: () => ({ id: workflowId }), getNode: () => ({ id: nodeId }) as never });

let nowMs = Date.UTC(2026, 0, 1);
beforeEach(() => {
	jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
	// Two days later nothing of an earlier test is left but what this one begins with.
	nowMs += 48 * HOUR_MS;
	find('sweeper', 'sweeper');
	releaseIfOver(find('sweeper', 'sweeper'));
	expect(countTriggers()).toBe(0);
});
afterEach(() => jest.restoreAllMocks());

it('is one object for one node of one workflow', () => {
	const one = find('node');
	expect(find('node')).toBe(one);
	expect(find('other')).not.toBe(one);
	expect(find('node', 'wf2')).not.toBe(one);
	expect(countTriggers()).toBe(3);
	for (const id of ['node', 'other']) releaseIfOver(find(id));
	expect(countTriggers()).toBe(1);
});

it('knows of each event that it has seen whether it was recovered', () => {
	const trigger = find('node');
	const ids = Array.from({ length: 25_000 }, (_none, index) => `e${index}`);
	for (const id of ids) {
		trigger.recovered.commit(id, nowMs);
		trigger.seen.commit(id, nowMs);
	}
	const known = ids.filter((id) => trigger.seen.has(id, nowMs));
	expect(known).toHaveLength(20_000);
	expect(known.filter((id) => !trigger.recovered.has(id, nowMs))).toEqual([]);
	releaseIfOver(trigger);
});

it.each<[string, (trigger: Trigger) => void]>([
	['is looked after', (trigger) => (trigger.monitor = { isOver: false, collector: undefined })],
	['awaits its end', (trigger) => trigger.removals.add({} as never)],
	[
		'is being changed',
		(trigger) => void trigger.registrationQueue.run(async () => await new Promise(() => {})),
	],
	[
		'asks the store',
		// It is given up a minute later, when another file's tests may run in this process.
		(trigger) => void trigger.store.run(async () => await new Promise(() => {})).catch(() => {}),
	],
	[
		'ends a window',
		(trigger) => void trigger.windowQueue.run(async () => await new Promise(() => {})),
	],
	['has events that wait', (trigger) => trigger.waiting.add({ event: { id: 'a' } } as never, 1)],
	[
		'awaits the clean-up after an activation',
		(trigger) => {
			const activation = { url: '', isStart: false, hasFailed: true, atMs: 0 };
			trigger.course = { activation, isRunning: false, isUnexplained: false };
		},
	],
	['has a webhook', (trigger) => trigger.production.remember({} as RegistrationState, [])],
	['is in service', (trigger) => (trigger.production.isInService = true)],
	['gets a new secret', (trigger) => (trigger.production.isChanging = true)],
	['listens', (trigger) => trigger.test.remember({} as RegistrationState, [])],
])('stays while it %s', (_what, change) => {
	const trigger = find('node');
	change(trigger);
	releaseIfOver(trigger);
	expect(find('node')).toBe(trigger);
	Object.assign(trigger, {
		monitor: undefined,
		registrationQueue: { isFree: true },
		store: { isFree: true },
		windowQueue: { isFree: true },
	});
	trigger.removals.clear();
});

it('frees what it was told to, not what has come in its place', () => {
	const before = find('node');
	releaseIfOver(before);
	const now = find('node');
	expect(now).not.toBe(before);
	releaseIfOver(before);
	expect(find('node')).toBe(now);
});

it('forgets a day after the last call what nobody tells the end of, unless it is attended', () => {
	const idle = find('idle');
	idle.production.remember({} as RegistrationState, []);
	const attended = find('attended');
	attended.monitor = { isOver: false, collector: undefined };
	nowMs += 24 * HOUR_MS;
	find('called');
	expect(countTriggers()).toBe(3);
	nowMs += HOUR_MS;
	find('another');
	expect(find('attended')).toBe(attended);
	expect(find('idle')).not.toBe(idle);
	attended.monitor = undefined;
});

it('keeps the times of mismatches a minute apart, however many forgeries come', () => {
	const trigger = find('node');
	for (let second = 0; second < 2 * 3_600; second++) trigger.noteMismatch(nowMs + second * 1_000);
	expect(trigger.mismatchesMs).toHaveLength(60);
	expect(trigger.mismatchesMs[0]).toBe(nowMs + 60 * 60_000);
	trigger.noteMismatch(0);
	expect(trigger.mismatchesMs[59]).toBe(0);
});
