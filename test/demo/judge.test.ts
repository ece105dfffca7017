import { judge, judgeBatch, type Run, type Sent } from './judge';
import { EVENT_COUNT, SCENARIOS, type Fate } from './scenarios';

const sent = (expected: Fate[], statuses: Array<number | null>): Sent => ({
	scenario: { title: 'it', type: 'task.failed', how: {}, expected },
	eventId: 'evt_1',
	deliveries: statuses.map((status) => ({
		attempts: [{ status, responseBody: '{"received":true}', error: status ? null : 'closed' }],
	})),
});
const run: Run = { id: '7', status: 'success', eventId: 'evt_1', eventType: 'task.failed' };
const good = (one: Sent, runs: Run[]) => judge(one, runs).every((row) => row.good);

test('an event is good only with a 202 and one successful run that shows it', () => {
	expect(good(sent(['runs'], [202]), [run])).toBe(true);
	expect(good(sent(['runs'], [202]), [])).toBe(false);
	expect(good(sent(['runs'], [503]), [run])).toBe(false);
	expect(good(sent(['runs'], [null]), [])).toBe(false);
	expect(good(sent(['runs'], [202]), [run, { ...run, id: '8' }])).toBe(false);
	expect(good(sent(['runs'], [202]), [{ ...run, status: 'error' }])).toBe(false);
	expect(good(sent(['runs'], [202]), [{ ...run, eventType: 'task.completed' }])).toBe(false);
	expect(good(sent(['runs'], [202]), [{ ...run, eventId: 'evt_2' }])).toBe(false);
});

test('a forged delivery is good only with a 400 or a 401 and no run', () => {
	expect(good(sent(['refused'], [400]), [])).toBe(true);
	expect(good(sent(['refused'], [401]), [])).toBe(true);
	expect(good(sent(['refused'], [202]), [])).toBe(false);
	expect(good(sent(['refused'], [500]), [])).toBe(false);
	expect(good(sent(['refused'], [401]), [run])).toBe(false);
	expect(good(sent(['refused'], [202]), [run])).toBe(false);
});

test('a doubled event is good only if it ran once', () => {
	expect(good(sent(['runs', 'ignored'], [202, 204]), [run])).toBe(true);
	expect(good(sent(['runs', 'ignored'], [202, 204]), [run, { ...run, id: '8' }])).toBe(false);
	expect(good(sent(['runs', 'ignored'], [202, 401]), [run])).toBe(false);
});

test('an event that found n8n stopped is good only if it was recovered once', () => {
	const recovered = { ...run, recovered: true };
	expect(good(sent(['recovered'], [null]), [recovered])).toBe(true);
	expect(good(sent(['recovered'], [null]), [])).toBe(false);
	expect(good(sent(['recovered'], [null]), [run])).toBe(false);
	expect(good(sent(['recovered'], [null]), [recovered, { ...recovered, id: '8' }])).toBe(false);
	expect(good(sent(['recovered'], [null]), [{ ...recovered, status: 'error' }])).toBe(false);
	expect(good(sent(['recovered'], [202]), [recovered])).toBe(false);
});

test('a delivery that was never made is not good', () => {
	expect(good(sent(['runs'], []), [])).toBe(false);
	expect(good(sent(['refused'], []), [])).toBe(false);
});

test('a batch is good only if each was taken, and one run has them all', () => {
	const both = ['evt_1', 'evt_2'].map((eventId) => ({ ...sent(['runs'], [202]), eventId }));
	const one = { id: '7', status: 'success', eventIds: ['evt_2', 'evt_1'] };
	const isGood = (...runs: Array<Partial<typeof one>>) =>
		judgeBatch(
			both,
			runs.map((run) => ({ ...one, ...run })),
		).good;
	expect(isGood(one)).toBe(true);
	expect(isGood()).toBe(false);
	expect(isGood({ status: 'error' })).toBe(false);
	expect(isGood({ eventIds: ['evt_1'] })).toBe(false);
	expect(isGood({ eventIds: ['evt_1', 'evt_2', 'evt_2'] })).toBe(false);
	expect(isGood({ eventIds: ['evt_1'] }, { eventIds: ['evt_2'] })).toBe(false);
	expect(judgeBatch([both[0], { ...both[1], ...sent([], [503]) }], [one]).good).toBe(false);
	expect(judgeBatch([both[0], { ...both[1], deliveries: [] }], [one]).good).toBe(false);
});

test('the demo sends one of each event first, and then what must not get through', () => {
	const genuine = SCENARIOS.slice(0, EVENT_COUNT);
	expect(new Set(genuine.map(({ type }) => type)).size).toBe(EVENT_COUNT);
	expect(genuine.every(({ expected }) => expected.join() === 'runs')).toBe(true);
	const others = SCENARIOS.slice(EVENT_COUNT).flatMap(({ expected }) => expected);
	expect(others.filter((fate) => fate === 'refused').length).toBeGreaterThanOrEqual(4);
	expect(others).toContain('ignored');
});
