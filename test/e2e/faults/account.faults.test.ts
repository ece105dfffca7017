import type { Delivery } from '../../simulator';
import { takeAccount } from './account';
import type { Run } from './runs';

const row = (eventId: string, status: number, responseBody = '') =>
	({ eventId, attempts: [{ status, responseBody }] }) as unknown as Delivery;

const run = (eventIds: string[], other: Partial<Run> = {}): Run => ({
	id: '7',
	mode: 'webhook',
	status: 'success',
	eventIds,
	endedIds: eventIds,
	stoppedAt: 1_000,
	isHalfWritten: false,
	...other,
});
const crash = (eventIds: string[]) => run(eventIds, { status: 'crashed', endedIds: [] });
const everybody = () => true;
const nobody = () => false;

test('an event is lost when no run of it reached its end, whatever Anchor was answered', () => {
	const rows = [row('a', 200), row('b', 404, '<pre>Cannot POST /webhook/1</pre>'), row('c', 200)];
	const account = takeAccount(rows, [run(['a'])], nobody);
	expect(account.lost).toEqual(['b', 'c']);
	expect(account.lostAfter).toEqual({ '404 Cannot POST': 1, 200: 1 });
});

test('an event is doubled when two runs of it reached their end', () => {
	const rows = [row('a', 200), row('a', 200), row('b', 200)];
	const runs = [run(['a']), run(['a'], { id: '8', mode: 'trigger' }), run(['b']), crash(['b'])];
	expect(takeAccount(rows, runs, everybody)).toMatchObject({
		doubled: ['a in webhook run 7 and trigger run 8'],
		lost: [],
		events: 2,
	});
});

test('a broken run counts beside the lost ones only if it had claimed its event', () => {
	const account = takeAccount([row('a', 200), row('b', 200)], [crash(['a']), crash(['b'])], (id) =>
		id.startsWith('a'),
	);
	expect(account).toMatchObject({ crashed: ['a'], lost: ['b'] });
});

test('a claimed event of which n8n shows nothing is lost', () => {
	expect(takeAccount([row('a', 200)], [], everybody)).toMatchObject({ crashed: [], lost: ['a'] });
});

test('a broken run without any data stands for one claimed event', () => {
	const blank = run([], { status: 'error' });
	const account = takeAccount([row('a', 200), row('b', 200)], [blank], everybody);
	expect(account).toMatchObject({ crashed: ['a'], lost: ['b'] });
});

test('an event is doubled when one run has it twice', () => {
	expect(takeAccount([row('a', 202)], [run(['a', 'a'])], nobody).doubled).toEqual([
		'a in webhook run 7',
	]);
});

test('the largest run is the one in which most events reached the end', () => {
	const rows = ['a', 'b', 'c'].map((id) => row(id, 202));
	const runs = [run(['a']), run(['b', 'c']), run([])];
	expect(takeAccount(rows, runs, nobody)).toMatchObject({ carryingRuns: 2, mostInOneRun: 2 });
	expect(takeAccount(rows, [], nobody).mostInOneRun).toBe(0);
});

test('what the trigger started itself counts as recovered, or as empty when it had no item left', () => {
	const empty = { endedIds: [], stoppedAt: 9_000 };
	const account = takeAccount(
		[row('a', 404), row('b', 200)],
		[
			run(['a'], { mode: 'trigger', stoppedAt: 5_000 }),
			run(['b']),
			run(['b'], { mode: 'trigger', ...empty }),
			run(['b'], empty),
		],
		everybody,
	);
	expect(account).toMatchObject({
		recovered: 1,
		lastRecoveredAt: 5_000,
		emptyRuns: 2,
		emptyRecoveries: 1,
	});
});
