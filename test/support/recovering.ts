import type { INodeParameters } from 'n8n-workflow';
import { startSimulator } from '../simulator';
import type { EmitOptions, Simulator, SimulatorOptions } from '../simulator';
import { startReceiver } from '../simulator/receiver';
import { automaticTrigger } from './automaticTrigger';
import { logLines } from './core';
import type { LoadedPackage } from './core';
import type { Run } from './execution';
import { Host } from './host';
import { fakeTimers } from './timers';
import type { FakeTimers } from './timers';
import type { WorkflowRow } from './workflowRow';

/* A host, an Anchor and the waits of a node, made anew by `setUp`, and what tests of recovery do. */

/** When the looks after a start of n8n are over; each is so long after the one before. */
export const FIRST_LOOK_MS = 20_000;
const SECOND_LOOK_MS = 60_000;
export const FIRST_TWO_LOOKS_MS = FIRST_LOOK_MS + SECOND_LOOK_MS;
export const LATER_LOOK_MS = 15 * 60_000;

export let host: Host;
export let anchor: Simulator;
export let timers: FakeTimers;

let isSetUp = false;

/** Where it is called before each test, a test that wants others calls it again. */
export async function setUp(
	options: SimulatorOptions = {},
	line: '2.41' | '1.123' = '2.41',
): Promise<void> {
	await tearDown();
	isSetUp = true;
	timers = fakeTimers();
	host = await Host.start({ line });
	host.processedData.reset();
	anchor = await startSimulator({ retryDelaysMs: [1], ...options });
	logLines.length = 0;
}

/** An n8n of this line in place of the one of the test. */
export async function startLine(line: '2.41' | '1.123'): Promise<void> {
	await host.close();
	host = await Host.start({ line });
}

async function tearDown(): Promise<void> {
	if (!isSetUp) return;
	isSetUp = false;
	jest.restoreAllMocks();
	anchor.liftOutages();
	await host.close();
	await anchor.close();
	timers.restore();
}
afterEach(tearDown);

export async function activated(parameters: INodeParameters = {}): Promise<WorkflowRow> {
	const row = automaticTrigger(host, anchor, parameters);
	await host.activate(row);
	return row;
}

/** The same, when its first two looks are over: nothing but a regular look is to come. */
export async function settledIn(parameters?: INodeParameters): Promise<WorkflowRow> {
	const row = await activated(parameters);
	await timers.advance(FIRST_TWO_LOOKS_MS);
	return row;
}

/** A start of n8n, with its first look. */
export async function started(): Promise<void> {
	await host.restart();
	await timers.advance(FIRST_LOOK_MS);
}

/** A start of n8n, with its first two looks. */
export async function restarted(): Promise<void> {
	await host.restart();
	await timers.advance(FIRST_TWO_LOOKS_MS);
}

/**
 * n8n's queue mode: another process takes the deliveries, and a third one carries out the runs.
 * @returns the row, and the main process
 */
export async function activatedInQueueMode(
	parameters: INodeParameters = {},
): Promise<{ row: WorkflowRow; main: LoadedPackage }> {
	const row = await settledIn(parameters);
	const main = host.loaded;
	host.loaded = await host.anotherProcess();
	host.worker = await host.anotherProcess();
	return { row, main };
}

export const webhookId = () => anchor.webhooks()[0].id;

/** Emits events one after the other, a time apart, each until Anchor has ended with it. */
export async function emitted(
	count: number,
	type = 'task.completed',
	{ apartMs = 1, ...wish }: EmitOptions & { apartMs?: number } = {},
): Promise<string[]> {
	const ids = [];
	for (let number = 0; number < count; number++) {
		const emission = anchor.emit(type, { to: webhookId(), ...wish });
		await emission.settled;
		ids.push(emission.id);
		// Two events of the same millisecond have no order.
		anchor.advance(apartMs);
	}
	return ids;
}

/** Emits events that are sent once, all in one moment, until Anchor has ended with them. */
export async function emittedAtOnce(count: number, wish: EmitOptions = {}): Promise<string[]> {
	const emissions = Array.from({ length: count }, () =>
		anchor.emit('task.completed', { to: webhookId(), maxAttempts: 1, ...wish }),
	);
	await Promise.all(emissions.map(async ({ settled }) => await settled));
	return emissions.map(({ id }) => id);
}

/** The ids of the events that came out of a run. */
export const idsOf = ({ outputs }: Run): string[] =>
	outputs.flat().map(({ _event: about }) => (about as { id: string }).id);

/** The same of each run so far, in order. */
export async function runs(): Promise<string[][]> {
	return (await host.runs()).map(idsOf);
}

export const ran = async () => (await runs()).flat();

/** These events have run, each once, in whichever run, and no others. */
export async function expectEachOnce(ids: readonly string[]): Promise<void> {
	expect([...(await ran())].sort()).toEqual([...ids].sort());
}

export const emptyRuns = async () => (await runs()).filter(({ length }) => length === 0).length;

/** The next regular look, with all runs that it starts: in queue mode their claims take some real time. */
export async function nextLook(): Promise<void> {
	await timers.advance(LATER_LOOK_MS, async () => await host.runs());
}

/** n8n is off, and Anchor gives up what it sends meanwhile. */
export async function missedWhileOff(count: number): Promise<string[]> {
	host.crash();
	return await emitted(count);
}

/** n8n takes events and dies before it has stored their runs, as 1.x may. */
export async function takenAndLost(count: number, apartMs = 1): Promise<string[]> {
	host.limitRuns(0);
	const ids = await emitted(count, undefined, { apartMs });
	host.crash();
	host.liftLimit();
	// It needs some seconds to start again; Anchor says what time it is in whole ones.
	anchor.advance(5_000);
	return ids;
}

/** Emits events that something in front of n8n, or n8n while it starts, answers in the node's place. */
export async function swallowed(count: number, status = 200): Promise<string[]> {
	const { id, url } = anchor.webhooks()[0];
	const swallower = await startReceiver();
	swallower.reply = () => ({ status, body: 'n8n is starting up. Please wait' });
	anchor.changeWebhook(id, { url: swallower.url });
	const ids = await emitted(count);
	anchor.changeWebhook(id, { url });
	await swallower.close();
	return ids;
}

/** Something in front of n8n has turned every 2xx of ours into 200. */
export function maskAnswers(): void {
	for (const attempt of anchor.deliveries().flatMap(({ attempts }) => attempts)) {
		if (attempt.status === 202 || attempt.status === 204) attempt.status = 200;
	}
}

/** Lets time pass for `Date` here and at Anchor, and for the waits. */
export async function liveThrough(ms: number, effects?: () => Promise<unknown>): Promise<void> {
	const { now } = Date;
	const before = (jest.isMockFunction(now) && now.getMockImplementation()) || now;
	jest.spyOn(Date, 'now').mockImplementation(() => Number(before()) + ms);
	await timers.advance(ms, effects);
}
