import { automaticTrigger } from '../support/automaticTrigger';
import type { LoadedPackage } from '../support/core';
import {
	anchor,
	emitted,
	FIRST_TWO_LOOKS_MS,
	host,
	ran,
	setUp,
	swallowed,
	timers,
} from '../support/recovering';
import type { WorkflowRow } from '../support/workflowRow';

/* Two main processes of n8n: one leads, and the other one has taken a delivery before what it has to know of has happened. */

const MORE_EVENTS = ['task.completed', 'task.failed', 'task.cancelled'];

let row: WorkflowRow;
let leader: LoadedPackage;
let follower: LoadedPackage;
beforeEach(async () => {
	await setUp();
	row = automaticTrigger(host, anchor);
	follower = host.loaded;
	leader = await host.anotherProcess();
	await host.activate(row, 'activate', leader);
	await timers.advance(FIRST_TWO_LOOKS_MS);
	await emitted(1);
	anchor.advance(60_000);
});

/** The leader publishes the workflow with other events, and ends some time later. */
async function publishAndEnd(): Promise<void> {
	row.nodes = structuredClone(row.nodes);
	row.nodes[0].parameters.events = MORE_EVENTS;
	await host.stepDown(leader);
	await host.activate(row, 'update', leader);
	await timers.advance(FIRST_TWO_LOOKS_MS);
	anchor.advance(10 * 60_000);
	await host.stepDown(leader);
}

it('one that takes over recovers what came in between, though the workflow was published since its last delivery', async () => {
	await publishAndEnd();
	const before = await ran();
	const missed = await swallowed(3, 404);
	anchor.advance(20_000);
	await host.activate(row, 'leadershipChange', follower);
	await timers.advance(FIRST_TWO_LOOKS_MS);
	expect(await ran()).toEqual([...before, ...missed]);
});

it('one that takes over while Anchor does not answer keeps the webhook as it was published', async () => {
	await publishAndEnd();
	anchor.outage({ mode: 503 });
	await expect(host.activate(row, 'leadershipChange', follower)).resolves.toBeUndefined();
});

it('one that activates what the other one has deactivated runs nothing from in between', async () => {
	const before = await ran();
	await host.stepDown(leader);
	await host.deactivate(row, leader);
	await swallowed(2, 404);
	await timers.advance(15_000);
	anchor.advance(60 * 60_000);
	await host.activate(row, 'activate', follower);
	await timers.advance(FIRST_TWO_LOOKS_MS);
	expect(await ran()).toEqual(before);
});
