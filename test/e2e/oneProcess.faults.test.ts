/* eslint-disable @n8n/community-nodes/no-restricted-globals, no-console -- tests run in Node, not in n8n's sandbox, and print their figures */
import { NEWEST, OLDEST } from '../support/n8n';
import { sendBurst } from './faults/burst';
import { counts, Figures } from './faults/figures';
import { floodWithForgeries } from './faults/flood';
import { killAtRandom, type KillResult } from './faults/kills';
import type { Account } from './faults/ledger';
import { rotateUnderLoad } from './faults/rotation';
import { setStage, type Stage } from './faults/stage';
import { lockDatabase, refuseExecutions } from './faults/troubledDatabase';

/** `FAULTS=full` takes the numbers of the README, about half an hour; without it they fit into a merge check. */
const FULL = process.env.FAULTS === 'full';
const numberOf = (name: string, full: number, short: number): number =>
	Number(process.env[name]) || (FULL ? full : short);

const EVENTS = numberOf('FAULTS_EVENTS', 2_000, 120);
const KILLS = numberOf('FAULTS_KILLS', 10, 2);
const BURST = numberOf('FAULTS_BURST', 300, 60);
const FORGERIES = numberOf('FAULTS_FORGERIES', 2_000, 200);
const ROTATIONS = numberOf('FAULTS_ROTATIONS', 30, 5);
/** Longer than the 10 s that Anchor waits for an answer. */
const LONG_RUN_SECONDS = 11;
const LONG_RUNS = numberOf('FAULTS_LONG_RUNS', 10, 2);

jest.setTimeout(30 * 60_000);

const figures = new Figures();
afterAll(() => console.log(`${figures}`));

const alsoKills = ({ kills, ranAfterCrash, crashedRuns, retried }: KillResult) =>
	`${kills} kills; ${crashedRuns} crashed runs, ${ranAfterCrash} of an event that ran anew, ${retried} succeeded on retry`;

function expectNothingLost(account: Account): void {
	expect(account.lost).toEqual([]);
	expect(account.swallowed).toEqual([]);
	expect(account.refused).toEqual([]);
	expect(account.dead).toEqual([]);
}

describe(`faults, n8n ${NEWEST}`, () => {
	let stage: Stage;
	beforeAll(async () => {
		// Republishing: n8n knows no webhook for a moment and says 404, and what Anchor makes of a 404 it does not say.
		stage = await setStage({ simulator: { retriedStatuses: [404] } });
	});
	afterAll(async () => await stage?.close());

	test('loses no event when n8n is killed at random times', async () => {
		const result = await killAtRandom(stage, { events: EVENTS, kills: KILLS });
		figures.add(`n8n ${NEWEST} killed at random`, result, alsoKills(result));
		expectNothingLost(result);
		expect(result.ranTwice).toEqual([]);
		expect(result.ranOnce + result.crashed.length).toBe(EVENTS);
		expect(result.retried).toBe(result.crashedRuns);
	});

	test('loses no event when Anchor repeats and reorders as well', async () => {
		const result = await killAtRandom(stage, {
			events: EVENTS,
			kills: KILLS,
			order: 'shuffle',
			wish: { repeat: 2, concurrently: true },
		});
		figures.add(
			'the same, every event sent twice at once, out of order',
			result,
			alsoKills(result),
		);
		expectNothingLost(result);
		expect(result.ranTwice).toEqual([]);
		expect(result.ranOnce + result.crashed.length).toBe(EVENTS);
	});

	test('runs every event of a burst once', async () => {
		const result = await sendBurst(stage, { events: BURST });
		figures.add(
			`${BURST} at once`,
			result,
			`${result.timeouts} answers later than 10 s; ${result.seconds.toFixed(0)} s in all`,
		);
		expectNothingLost(result);
		expect(result.ranTwice).toEqual([]);
	});

	test('refuses no event while the secret is rotated every second', async () => {
		const result = await rotateUnderLoad(stage, { rotations: ROTATIONS });
		figures.add(
			'secret rotated every second',
			result,
			`${result.rotations} rotations; answers ${counts(result.answers)}`,
		);
		expectNothingLost(result);
		expect(result.ranTwice).toEqual([]);
		expect(result.rotations).toBe(ROTATIONS);
		expect(result.answers['401']).toBeUndefined();
	});

	test('loses no event while the database is locked', async () => {
		const lockedMs = 15_000;
		const result = await lockDatabase(stage, { events: Math.ceil(EVENTS / 10), lockedMs });
		figures.add(`database locked for ${lockedMs / 1000} s`, result);
		expectNothingLost(result);
		expect(result.ranTwice).toEqual([]);
	});

	test('takes an event again that n8n could not store', async () => {
		const refusals = Math.ceil(EVENTS / 20);
		const result = await refuseExecutions(stage, { events: Math.ceil(EVENTS / 5), refusals });
		figures.add('database refuses to write', result, `${result.answered500} answers 500`);
		expectNothingLost(result);
		expect(result.ranTwice).toEqual([]);
		expect(result.answered500).toBeGreaterThanOrEqual(refusals);
	});

	test('spends no execution and no database write on a flood of forged requests', async () => {
		const result = await floodWithForgeries(stage, FORGERIES);
		console.log(
			`${FORGERIES} forged requests: answers ${counts(result.answers)}, ${result.executions} executions, ` +
				`database ${result.written ? 'written' : 'not written'}, ${result.perSecond.toFixed(0)} a second`,
		);
		expect(result.answers).toEqual({ 401: FORGERIES });
		expect(result.executions).toBe(0);
		expect(result.changedTables).toEqual([]);
		expect(result.written).toBe(false);
	});

	describe('with runs longer than 10 s, one at a time', () => {
		beforeAll(async () => {
			await stage.n8n.restart({ env: { N8N_CONCURRENCY_PRODUCTION_LIMIT: '1' } });
			await stage.client.login();
		});

		test.each(['accepted', 'immediately'])(
			'runs every event once, acknowledged %s',
			async (acknowledge) => {
				const result = await sendBurst(stage, {
					events: LONG_RUNS,
					runSeconds: LONG_RUN_SECONDS,
					parameters: { options: { acknowledge } },
				});
				figures.add(
					`runs of ${LONG_RUN_SECONDS} s one at a time, acknowledged ${acknowledge}`,
					result,
					`${result.timeouts} answers later than 10 s`,
				);
				expectNothingLost(result);
				expect(result.ranTwice).toEqual([]);
				if (acknowledge === 'immediately') {
					expect(result.timeouts).toBe(0);
					expect(result.attempts).toBe(LONG_RUNS);
				}
			},
		);
	});
});

describe(`faults, n8n ${OLDEST}, which answers before it has stored the run`, () => {
	let stage: Stage;
	beforeAll(async () => {
		stage = await setStage({ version: OLDEST });
	});
	afterAll(async () => await stage?.close());

	test('shows what a kill can lose there, and runs nothing twice', async () => {
		const result = await killAtRandom(stage, { events: EVENTS, kills: KILLS });
		figures.add(`n8n ${OLDEST} killed at random`, result, alsoKills(result));
		expect(result.ranTwice).toEqual([]);
		expect(result.swallowed).toEqual([]);
		// At most what was on its way at the moment of each kill.
		expect(result.lost.length).toBeLessThanOrEqual(KILLS * 8);
	});
});
