/* eslint-disable no-console -- tests print their figures */
import { NEWEST, OLDEST } from '../support/n8n';
import { sendBurst } from './faults/burst';
import { counts, Figures } from './faults/figures';
import { floodWithForgeries } from './faults/flood';
import { killAtRandom, type KillResult } from './faults/kills';
import type { Account } from './faults/ledger';
import { ENGINE, numberOf } from './faults/scale';
import { setStage, type Stage } from './faults/stage';
import { lockDatabase, refuseExecutions } from './faults/troubledDatabase';

const EVENTS = numberOf('FAULTS_EVENTS', 2_000, 120);
const KILLS = numberOf('FAULTS_KILLS', 10, 2);
const BURST = numberOf('FAULTS_BURST', 300, 60);
const FORGERIES = numberOf('FAULTS_FORGERIES', 2_000, 200);
/**
 * n8n's insights write down the runs of before when a timer says so, also in the middle of a flood; and in 2.41.1 they
 * end n8n's start when it recovers a run that was killed before it had begun.
 */
const WITHOUT_INSIGHTS = { N8N_DISABLED_MODULES: 'mcp-registry,insights' };
/** As Anchor's own last attempt, hours after the first, the last one here comes when the killing is over. */
const RETRY_DELAYS_MS = [4_000, 8_000, 16_000, 24_000, 24_000 + KILLS * 25_000];
/** Longer than the 10 s that Anchor waits for an answer. */
const LONG_RUN_SECONDS = 11;
const LONG_RUNS = numberOf('FAULTS_LONG_RUNS', 10, 2);

jest.setTimeout(30 * 60_000);

const figures = new Figures();
afterAll(() => console.log(`${figures}`));

const DOUBLED = { order: 'shuffle', wish: { repeat: 2, concurrently: true } } as const;

const alsoKills = ({ kills, ranAfterCrash, crashed, answeredByStart, retried }: KillResult) =>
	[
		`${kills} kills`,
		`${ranAfterCrash} crashed and ran anew`,
		...(crashed.length > 0 ? [`${retried} of ${crashed.length} succeeded on retry`] : []),
		...(answeredByStart.length > 0 ? [`${answeredByStart.length} answered by n8n's start`] : []),
	].join('; ');

function expectNothingLost(account: Account): void {
	expect(account.lost).toEqual([]);
	expect(account.swallowed).toEqual([]);
	expect(account.refused).toEqual([]);
	expect(account.dead).toEqual([]);
}

describe(`faults, n8n ${NEWEST} behind a proxy that checks its health`, () => {
	let stage: Stage;
	beforeAll(async () => {
		stage = await setStage({
			behindProxy: true,
			n8n: { env: { ...ENGINE, ...WITHOUT_INSIGHTS } },
			simulator: { retryDelaysMs: RETRY_DELAYS_MS },
		});
	});
	afterAll(async () => await stage?.close());

	test('loses no event when n8n is killed at random times', async () => {
		const result = await killAtRandom(stage, { events: EVENTS, kills: KILLS });
		figures.add(`n8n ${NEWEST} killed at random`, result, alsoKills(result));
		expectNothingLost(result);
		expect(result.ranTwice).toEqual([]);
		expect(result.ranOnce + result.crashed.length).toBe(EVENTS);
		expect(result.retried).toBe(result.crashed.length);
	});

	test('loses no event when Anchor repeats and reorders as well', async () => {
		const result = await killAtRandom(stage, { events: EVENTS, kills: KILLS, ...DOUBLED });
		figures.add(
			'the same, every event sent twice at once, out of order',
			result,
			alsoKills(result),
		);
		expectNothingLost(result);
		expect(result.ranTwice).toEqual([]);
		expect(result.ranOnce + result.crashed.length).toBe(EVENTS);
	});
});

describe(`faults, n8n ${NEWEST} with nothing before it`, () => {
	let stage: Stage;
	beforeAll(async () => {
		stage = await setStage({
			simulator: {
				retryDelaysMs: RETRY_DELAYS_MS,
			},
			n8n: { env: { ...ENGINE, ...WITHOUT_INSIGHTS } },
		});
	});
	afterAll(async () => await stage?.close());

	test('loses to kills only what n8n itself answers while it starts', async () => {
		const events = Math.ceil(EVENTS / 4);
		const kills = Math.ceil(KILLS / 2);
		const result = await killAtRandom(stage, { events, kills, ...DOUBLED });
		figures.add('the same without a proxy before n8n', result, alsoKills(result));
		expect(result.lost).toEqual(result.answeredByStart);
		expect(result.ranTwice).toEqual([]);
		expect(result.swallowed).toEqual([]);
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
		stage = await setStage({
			version: OLDEST,
			behindProxy: true,
			simulator: { retryDelaysMs: RETRY_DELAYS_MS },
		});
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
