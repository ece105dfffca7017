/* eslint-disable @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n */
import { RestError, waitFor, type Execution, type N8nClient } from '../../support/n8n';
import type { Simulator } from '../../simulator';
import { TRIGGER, WORK, type Act } from './stage';

/** What became of the events of one workflow, as Anchor's history and n8n's executions together tell. */
export interface Account {
	/** Events that Anchor sent. */
	events: number;
	/** Requests that Anchor made for them. */
	attempts: number;
	/** Anchor holds it delivered, and n8n shows no execution of it. */
	lost: string[];
	/** The work after the trigger was begun more than once. */
	ranTwice: string[];
	/** The work was begun exactly once. */
	ranOnce: number;
	/** No execution of it was carried out, one crashed, and nothing will repeat it by itself: for the user to retry. */
	crashed: Array<{ eventId: string; executionId: string }>;
	/** One execution of it crashed, n8n does not say how far it was, and another was carried out. */
	ranAfterCrash: number;
	/** n8n shows an execution, the trigger passed nothing on, and none of its executions crashed. */
	swallowed: string[];
	/** Anchor ended it at a 4xx. */
	refused: string[];
	/** Anchor gave it up after its last attempt. */
	dead: string[];
	/** Repetitions answered as such by the gate: they cost no execution. */
	stoppedAtGate: number;
	/** Repetitions that ended in an execution without items. */
	stoppedInRun: number;
	/**
	 * Executions that n8n marked as failed and stripped of all data, so that they name no event and cannot be retried: each
	 * leaves an event among the lost ones. Queue mode of n8n 2.x does that when a worker dies.
	 */
	blankRuns: number;
}

interface Run {
	id: string;
	status: string;
	eventIds: string[];
	worked: boolean;
}

const UNFINISHED = ['new', 'running', 'waiting', 'unknown'];

/**
 * Asks n8n, and asks again while it is too busy to answer: under load 2.x says for seconds at a time that its database
 * is not ready.
 */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
	const { answer } = await waitFor(
		async () => {
			try {
				return { answer: await ask() };
			} catch (thrown) {
				const { name, message } = thrown as Error;
				const busy = thrown instanceof RestError && thrown.status === 503;
				if (busy || name === 'TimeoutError' || message === 'fetch failed') return undefined;
				throw thrown;
			}
		},
		{ timeout: 120_000, every: 500, what: 'n8n to answer' },
	);
	return answer;
}

/**
 * Waits until n8n has nothing left to do for a workflow.
 * @param timeout in milliseconds
 */
export async function allQuiet(
	client: N8nClient,
	workflowId: string,
	timeout = 240_000,
): Promise<void> {
	const filter = { workflowId, status: UNFINISHED };
	await waitFor(
		async () => (await patiently(async () => await client.executions(filter, 1))).length === 0,
		{ timeout, every: 500, what: 'all executions to end' },
	);
}

/** Makes up the account of an act whose deliveries have settled and whose executions have ended. */
export async function takeAccount(
	{ client, simulator }: { client: N8nClient; simulator: Simulator },
	{ workflow, webhook }: Act,
): Promise<Account> {
	const runs = await readRuns(client, workflow.id);
	const runsOf = new Map<string, Run[]>();
	for (const run of runs) {
		for (const id of run.eventIds) runsOf.set(id, [...(runsOf.get(id) ?? []), run]);
	}

	const rows = simulator.deliveries({ webhookId: webhook.id });
	const rowsOf = grouped(rows, (row) => row.eventId);
	const account: Account = {
		events: rowsOf.size,
		attempts: rows.reduce((sum, row) => sum + row.attempts.length, 0),
		lost: [],
		ranTwice: [],
		ranOnce: 0,
		crashed: [],
		ranAfterCrash: 0,
		swallowed: [],
		refused: [],
		dead: [],
		stoppedAtGate: rows
			.flatMap((row) => row.attempts)
			.filter(({ responseBody }) => responseBody.includes('"ignored":"duplicate"')).length,
		stoppedInRun: runs.filter(({ status, worked }) => status === 'success' && !worked).length,
		blankRuns: runs.filter(({ status, eventIds }) => status === 'error' && eventIds.length === 0)
			.length,
	};
	for (const [id, deliveries] of rowsOf) {
		const mine = runsOf.get(id) ?? [];
		const worked = mine.filter((run) => run.worked).length;
		const crash = mine.find(({ status }) => status === 'crashed');
		if (worked > 0 && crash) account.ranAfterCrash += 1;
		if (worked > 1) account.ranTwice.push(id);
		else if (worked === 1) account.ranOnce += 1;
		else if (crash) account.crashed.push({ eventId: id, executionId: crash.id });
		else if (mine.length > 0) account.swallowed.push(id);
		else if (deliveries.some(({ status }) => status === 'succeeded')) account.lost.push(id);
		else if (deliveries.some(({ status }) => status === 'failed')) account.refused.push(id);
		else account.dead.push(id);
	}
	return account;
}

function grouped<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
	const groups = new Map<string, T[]>();
	for (const value of values) {
		const key = keyOf(value);
		groups.set(key, [...(groups.get(key) ?? []), value]);
	}
	return groups;
}

/** How far the list of executions may fall short at either end. */
const MARGIN = 30;

/**
 * Reads all executions of a workflow, four at a time. n8n sorts its list by time and turns its pages by id, so that runs
 * which began at the same moment can slip through between two pages: what lies between is asked for one by one.
 */
async function readRuns(client: N8nClient, workflowId: string): Promise<Run[]> {
	const summaries = await patiently(async () => await client.executions({ workflowId }));
	const listed = summaries.map(({ id }) => Number(id));
	if (listed.length === 0) return [];
	const first = Math.max(1, listed.reduce((least, id) => Math.min(least, id)) - MARGIN);
	const last = listed.reduce((most, id) => Math.max(most, id)) + MARGIN;
	const queue = Array.from({ length: last - first + 1 }, (_nothing, index) =>
		String(first + index),
	);
	const runs: Run[] = [];
	const lane = async () => {
		for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
			const execution = await readExecution(client, id);
			if (execution?.workflowId === workflowId) runs.push(toRun(execution));
		}
	};
	await Promise.all([lane(), lane(), lane(), lane()]);
	return runs;
}

/**
 * One execution; undefined if there is none of that id, or none that anybody could open: n8n 1.x stores a run in two
 * steps, and killed in between it has the execution without its data, and answers 500.
 */
async function readExecution(client: N8nClient, id: string): Promise<Execution | undefined> {
	return await patiently(async () => {
		try {
			return await client.getExecution(id);
		} catch (thrown) {
			if (!(thrown instanceof RestError)) throw thrown;
			const hasNoData = thrown.status === 500 && thrown.message.includes("reading 'data'");
			if (hasNoData || thrown.status === 404) return undefined;
			throw thrown;
		}
	});
}

function toRun(execution: Execution): Run {
	const { runData } = execution.data.resultData;
	// Also what stands on the stack of a run that never began names its event.
	const eventIds = new Set(JSON.stringify(execution.data).match(/evt_[0-9a-f]{24}/g) ?? []);
	const passedOn = runData[TRIGGER]?.some((run) => run.data?.main?.some((items) => items?.length));
	// n8n 1.x writes the end of a run in two steps, its status and then its data. Killed in between, it shows a success
	// whose data are still those of the start, where the event waits for the trigger to begin.
	const onlyStatusWritten = execution.status === 'success' && runData[TRIGGER] === undefined;
	return {
		id: execution.id,
		status: execution.status,
		eventIds: [...eventIds],
		worked: runData[WORK] !== undefined || passedOn === true || onlyStatusWritten,
	};
}
