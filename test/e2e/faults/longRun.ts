/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

import type { Simulator } from '../../simulator';
import { NEWEST, waitFor, type N8n } from '../../support/n8n';
import { publishChange } from './publishChange';
import { FULL, startAgain, type Scenario, type ScenarioContext } from './scenario';
import { usageOf } from './usage';

const SECONDS = FULL ? 30 * 60 : 60;
const PUBLISH_EVERY_SECONDS = FULL ? 60 : 10;
/** The full run: a third of what n8n takes on two cores of its own. */
const EVERY_MS = FULL ? 40 : 200;
/** Both restarts are over after a third of the time: memory is compared in the last of n8n's lives. */
const RESTARTS_AT = [1 / 6, 1 / 3];
const FAILS_ONE_IN = 20;
/**
 * Longer than in the other scenarios, yet not hours: an n8n that is behind for a moment would get each late event again
 * within seconds, and never be in time again.
 */
const RETRY_DELAYS_MS = [5_000, 15_000, 30_000, 60_000, 120_000];

/** Memory and open files of a process, where the system tells. */
function usageInWords(n8n: N8n): string {
	const usage = usageOf(n8n);
	if (usage === undefined) return 'unknown';
	return `${usage.mebibytes.toFixed(0)} MiB, ${usage.openFiles} open files`;
}

/** Lets Anchor's API fail one call in so many, until the signal comes. */
async function failNowAndThen(simulator: Simulator, signal: AbortSignal): Promise<void> {
	for (let next = FAILS_ONE_IN; !signal.aborted; await pause(200)) {
		if (simulator.requests().length < next) continue;
		const outage = simulator.outage({ mode: 503, times: 1 });
		await outage.met;
		next = simulator.requests().length + FAILS_ONE_IN;
	}
}

async function live(context: ScenarioContext): Promise<void> {
	const { environment, subscription, noteStart, note } = context;
	const { n8n, client, simulator } = environment;
	const ended = new AbortController();
	// Ends with the calls that it waits for, or with the simulator.
	void failNowAndThen(simulator, ended.signal);
	const restartsAt = RESTARTS_AT.map((share) => share * SECONDS);
	const started = performance.now();
	const seconds = () => (performance.now() - started) / 1_000;
	let usage: string | undefined;
	// Anchor may fail it, which n8n 2 then says; an n8n that is behind may refuse it.
	const refusals: unknown[] = [];
	const publish = async () =>
		await publishChange(client, subscription.workflow.id).then(
			() => true,
			(cause: unknown) => {
				refusals.push(cause);
				return false;
			},
		);
	while (seconds() < SECONDS) {
		const next = seconds() + PUBLISH_EVERY_SECONDS;
		if (restartsAt.length > 0 && seconds() > restartsAt[0]) {
			restartsAt.shift();
			await startAgain(n8n);
			noteStart();
		} else {
			await publish();
		}
		await pause(Math.max(0, next - seconds()) * 1_000);
		if (restartsAt.length === 0) usage ??= usageInWords(n8n);
	}
	ended.abort();
	simulator.liftOutages();
	await waitFor(publish, {
		timeout: 120_000,
		every: 2_000,
		what: 'n8n to publish at the end',
	}).catch((cause: Error) => {
		throw new Error(`${cause.message}: ${refusals.at(-1)}`);
	});
	noteStart();
	note(
		`a long run: ${refusals.length} publications were refused; n8n had ${usage} after its last start, ${usageInWords(n8n)} at the end`,
	);
}

/** Everything that is usual, for a long time: events, publications, restarts, and an Anchor that fails now and then. */
export const LONG_RUN: Scenario = {
	name: `${SECONDS / 60} minutes with a publication each ${PUBLISH_EVERY_SECONDS} s, ${RESTARTS_AT.length} restarts, and an Anchor that fails one call in ${FAILS_ONE_IN}`,
	versions: [NEWEST],
	setting: { name: 'for a long time', retryDelaysMs: RETRY_DELAYS_MS },
	everyMs: EVERY_MS,
	// A start of 20 s misses 500 events.
	seconds: 300,
	happen: live,
};
