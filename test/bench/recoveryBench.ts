/* eslint-disable @n8n/community-nodes/no-restricted-globals -- measurements run in Node, not in n8n's sandbox */
import { startEnvironment } from '../e2e/faults/environment';
import { runScenario } from '../e2e/faults/runScenario';
import { ALONE } from '../e2e/faults/scenario';
import { waitFor } from '../support/n8n';
import { withAim } from './aims';
import { table } from './table';

/** `BENCH_MISSED=1000` measures fewer of them. */
const MISSED = (process.env.BENCH_MISSED ?? '1000,5000,10000').split(',').map(Number);
/** No run of it should take longer than this for an event, whatever else the machine does. */
const PATIENCE_MS = 300;

const inSeconds = (value: number) => value.toFixed(1);

/**
 * How long n8n takes to recover what it has missed while it was off, and what that does to the deliveries that arrive
 * meanwhile, two a second.
 * @returns Markdown
 */
export async function recoveryBench(): Promise<string> {
	const rows: string[][] = [];
	let version = '';
	for (const missed of MISSED) {
		const environment = await startEnvironment();
		({ version } = environment.n8n);
		try {
			const { secondsToRecover, recovered, lost, doubled, slowestMs } = await runScenario(
				environment,
				{
					name: `${missed} events missed`,
					versions: [],
					setting: ALONE,
					everyMs: 500,
					seconds: 120,
					happen: async ({ environment: { n8n }, runs, sendOnce, noteStart }) => {
						await n8n.shutDown();
						await sendOnce(missed);
						await n8n.restart();
						noteStart();
						await waitFor(async () => (await runs.recovered()) >= missed, {
							timeout: 120_000 + missed * PATIENCE_MS,
							every: 1_000,
							what: `${missed} missed events to run`,
						});
					},
				},
			);
			const seconds = secondsToRecover ?? NaN;
			const what = `recovery of ${missed}`;
			rows.push([
				missed.toLocaleString('en'),
				withAim(`${what}, seconds`, seconds, { atMost: missed * 0.06 }, inSeconds),
				inSeconds(recovered / seconds),
				withAim(`${what}, slowest answer`, slowestMs / 1_000, { atMost: 1 }, inSeconds),
				String(lost.length),
				String(doubled.length),
			]);
		} finally {
			await environment.close();
		}
	}
	return [
		`### Recovery through n8n ${version} (SQLite, N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE=true, two other events a second)`,
		'',
		'Seconds from n8n being up to the end of the last recovered run: the first look comes 6 to 14 s after the start.',
		'',
		table(
			['Missed', 'Seconds', 'A second', 'Slowest other answer, seconds', 'Lost', 'Doubled'],
			rows,
		),
	].join('\n');
}
