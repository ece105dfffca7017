/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- the demo runs in Node, not in n8n's sandbox */
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import manifest from '../../package.json';
import { startSimulator, type Simulator } from '../simulator';
import {
	ensureN8n,
	itemsOf,
	N8nClient,
	PROJECT,
	RELEASES,
	startN8n,
	waitFor,
	type N8n,
	type Owner,
	type Workflow,
	type WorkflowFile,
} from '../support/n8n';
import { endGroup, spawnGroup } from '../support/n8n/processGroup';
import collectingSample from './collecting.json';
import { judge, judgeBatch, nameOf, type CollectedRun, type Run, type Sent } from './judge';
import { onEnd } from './lifeline';
import { BATCH, EVENT_COUNT, SCENARIOS, WHILE_STOPPED, type Sending } from './scenarios';
import { announce, withdraw } from './stateFile';
import { columns } from './table';
import sample from './workflow.json';

const USAGE = `npm start -- [--once | --watch] [--n8n <version>]

  Starts a real n8n with this package, and Anchor's webhook service in miniature; sends one of each event, and some
  that must not get through; sends a batch to a second workflow, which collects for a minute; stops n8n, which ends
  that minute early, while more are sent, and starts it again; then stays up until Ctrl-C, and lets a minute end by itself.

  --once            ends after the table, with 0 if everything went as it must, else with 1
  --watch           sends nothing by itself; compiles what you change, and n8n takes it up (npm run dev)
  --n8n <version>   another n8n than the newest: ${RELEASES.map(({ version }) => version).join(', ')}
`;

/** Who logs in to the demo's n8n, which only this machine reaches. */
const OWNER: Owner = { email: 'demo@example.com', password: 'Anchor-demo-1' };

const TRIGGER = 'Anchor Browser Trigger';
const LAST_NODE = 'Show the Event';

const say = (text = '') => process.stdout.write(`${text}\n`);

interface Demo {
	n8n: N8n;
	client: N8nClient;
	simulator: Simulator;
	/** Runs once for each event. */
	workflow: Workflow;
	/** Runs once for all events of a minute. */
	collecting: Workflow;
}

/** Everything that has to be taken down again, the newest first. */
const takeDown: Array<() => Promise<void> | void> = [];

async function tidyUp(): Promise<void> {
	for (let next = takeDown.pop(); next; next = takeDown.pop()) await next();
}

/** Shows every few seconds that something goes on. */
async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
	say(`${what} …`);
	const started = Date.now();
	const beat = setInterval(() => say(`  … ${Math.round((Date.now() - started) / 1000)} s`), 5_000);
	try {
		return await work;
	} finally {
		clearInterval(beat);
	}
}

async function startDemo(
	{ n8n: version, watch }: { n8n: string; watch: boolean },
	signal: AbortSignal,
): Promise<Demo> {
	const installed = await ensureN8n(version, { log: (line) => say(line), signal });
	const simulator = await startSimulator({ events: '14' });
	takeDown.push(async () => await simulator.close());

	const n8n = await withProgress(
		`Starting n8n ${installed.version} (10 to 30 s)`,
		startN8n({
			version: installed,
			preferredPort: 5678,
			signal,
			// n8n then looks for changes below each package's dist.
			env: watch ? { N8N_DEV_RELOAD: 'true' } : {},
		}),
	);
	takeDown.push(async () => await n8n.stop());
	signal.throwIfAborted();

	const client = new N8nClient(n8n);
	await client.setUpOwner(OWNER);
	const anchorBrowserApi = await client.createCredential(
		'anchorBrowserApi',
		{ apiKey: simulator.apiKey, baseUrl: simulator.url },
		'Anchor Browser in miniature',
	);
	const activate = async (file: WorkflowFile) => {
		const { id } = await client.createWorkflow({
			...file,
			nodes: file.nodes.map((node) =>
				node.name === TRIGGER ? { ...node, credentials: { anchorBrowserApi } } : node,
			),
		});
		return await client.activate(id);
	};
	const workflow = await activate(sample as unknown as WorkflowFile);
	const collecting = await activate(collectingSample as unknown as WorkflowFile);
	say(`n8n is at ${n8n.url}, Anchor's webhook service in miniature at ${simulator.url}`);
	const demo = { n8n, client, simulator, workflow, collecting };
	for (const one of [workflow, collecting]) {
		for (const { url, subscribedEvents } of webhooksOf(demo, one)) {
			say(`"${one.name}" is active: it registered ${url} for ${subscribedEvents.length} events`);
		}
	}
	return demo;
}

/** What the trigger of a workflow has made at Anchor. */
function webhooksOf({ client, simulator }: Demo, workflow: Workflow) {
	const address = client.webhookUrl(workflow, TRIGGER);
	return simulator.webhooks().filter(({ url }) => url === address);
}

/** Sends one after the other to the trigger of a workflow, and waits for every answer. */
async function sendAll<What extends Sending>(
	demo: Demo,
	workflow: Workflow,
	scenarios: readonly What[],
): Promise<Array<Sent<What>>> {
	// Named, as Anchor need not subscribe us to an event for us to prove that the trigger takes it.
	const to = webhooksOf(demo, workflow).map(({ id }) => id);
	const sent: Array<Sent<What>> = [];
	for (const scenario of scenarios) {
		const emission = demo.simulator.emit(scenario.type, { ...scenario.how, to });
		await emission.settled;
		sent.push({ scenario, eventId: emission.id, deliveries: emission.deliveries });
	}
	return sent;
}

/** Sends while n8n is stopped, and starts it again. */
async function sendWhileStopped(demo: Demo): Promise<Sent[]> {
	const { n8n, client } = demo;
	await n8n.shutDown();
	const sent = await sendAll(demo, demo.workflow, WHILE_STOPPED);
	await n8n.restart();
	await client.login(OWNER);
	return sent;
}

/** All executions so far, with the event in the item of the last node. */
async function listRuns({ client, workflow }: Demo): Promise<Run[]> {
	const executions = await client.executions({ workflowId: workflow.id });
	return await Promise.all(
		executions.map(async ({ id, status }) => {
			const [item] = itemsOf(await client.getExecution(id), LAST_NODE);
			const event = item?._event as { id?: string; type?: string; recovered?: boolean } | undefined;
			return {
				id,
				status,
				eventId: event?.id,
				eventType: event?.type,
				recovered: event?.recovered === true,
			};
		}),
	);
}

/** All runs so far of the workflow that collects, less those without an event: so the trigger asks n8n what it knows. */
async function listCollectedRuns({ client, collecting }: Demo): Promise<CollectedRun[]> {
	const executions = await client.executions({ workflowId: collecting.id });
	const runs = await Promise.all(
		executions.map(async ({ id, status }) => {
			const items = itemsOf(await client.getExecution(id), TRIGGER);
			return { id, status, eventIds: items.map(({ _event }) => (_event as { id: string }).id) };
		}),
	);
	return runs.filter(({ eventIds }) => eventIds.length > 0);
}

/**
 * Waits until every event that must run has run, and all executions are over; answers all that came.
 * @param timeout in milliseconds; what is missing then is shown by the table
 */
async function untilRun<
	Kind extends { status: string; eventId?: string; eventIds?: readonly string[] },
>(
	list: () => Promise<Kind[]>,
	wanted: ReadonlyArray<Sent<Sending>>,
	timeout: number,
): Promise<Kind[]> {
	let runs: Kind[] = [];
	try {
		await waitFor(
			async () => {
				runs = await list();
				const seen = new Set(runs.flatMap(({ eventId, eventIds = [] }) => [eventId, ...eventIds]));
				const isOver = runs.every(({ status }) => !['new', 'running'].includes(status));
				return isOver && wanted.every(({ eventId }) => seen.has(eventId));
			},
			{ timeout, every: 1_000 },
		);
	} catch {
		// The table shows which one is missing.
	}
	return runs;
}

const mustRun = ({ scenario }: Sent) =>
	scenario.expected.some((fate) => fate === 'runs' || fate === 'recovered');

/** Sends, waits, prints the table. Answers whether everything went as it must. */
async function show(demo: Demo): Promise<boolean> {
	const list = async () => await listRuns(demo);
	const listCollected = async () => await listCollectedRuns(demo);
	const sent = await withProgress('Sending', sendAll(demo, demo.workflow, SCENARIOS));
	await untilRun(list, sent.filter(mustRun), 60_000);
	const batch = await withProgress(
		`Sending ${BATCH.length} tasks to the workflow that collects for a minute`,
		sendAll(demo, demo.collecting, BATCH),
	);
	const missed = await withProgress(
		'Stopping n8n, which ends that minute early, sending meanwhile, starting n8n again',
		sendWhileStopped(demo),
	);
	const wanted = [...sent, ...missed].filter(mustRun);
	const runs = await withProgress(
		'Waiting for the trigger to recover what n8n missed (90 s at most)',
		untilRun(list, wanted, 90_000),
	);
	const collected = judgeBatch(batch, await untilRun(listCollected, batch, 90_000));
	const rows = [...sent, ...missed].map((one) => judge(one, runs));
	say();
	say(
		columns(
			['What was sent', 'Answer', 'In n8n', 'As it must be'],
			[...rows.flat(), collected].map((row) => row.cells),
		),
	);
	say();

	const goodOf = (some: typeof rows) => some.filter((all) => all.every(({ good }) => good)).length;
	const parts = {
		'events came through': rows.slice(0, EVENT_COUNT),
		'other deliveries ended as they must': rows.slice(EVENT_COUNT, sent.length),
		'events that n8n missed were recovered': rows.slice(sent.length),
	};
	for (const [words, part] of Object.entries(parts)) {
		say(`${goodOf(part)} of ${part.length} ${words}.`);
	}
	say(`${collected.good ? 'A' : 'No'} batch of ${batch.length} tasks came in one run.`);
	// After a start, one run without an item is how the trigger asks n8n which events it knows.
	const empty = runs.filter(({ eventId }) => eventId === undefined).length;
	const exact = runs.length - empty === wanted.length && empty <= 1;
	if (!exact) {
		say(
			`n8n has ${runs.length} executions, ${empty} of them empty; there must be ${wanted.length}.`,
		);
	}
	return exact && collected.good && goodOf(rows) === rows.length;
}

/** Compiles what changes in the sources into the package that n8n has installed. */
function watchSources({ n8n }: Demo): void {
	const installed = join(n8n.userFolder, '.n8n', 'nodes', 'node_modules', manifest.name, 'dist');
	const tsc = spawnGroup(
		process.execPath,
		[
			require.resolve('typescript/bin/tsc'),
			...['--project', PROJECT, '--outDir', installed, '--watch', '--preserveWatchOutput'],
		],
		{ stdio: ['ignore', 'inherit', 'inherit'] },
	);
	takeDown.push(async () => await endGroup(tsc, 0));
}

/** Lets the workflow that collects have its whole minute, and says what came of it. */
async function showWindow(demo: Demo): Promise<void> {
	const batch = await sendAll(demo, demo.collecting, BATCH);
	say();
	say(
		`${batch.length} more tasks wait for the end of a minute; then one run has them all. Look in a minute at`,
	);
	say(`Runs     ${demo.n8n.url}/workflow/${demo.collecting.id}/executions`);
	const runs = await untilRun(async () => await listCollectedRuns(demo), batch, 120_000);
	const isOfBatch = (id: string) => batch.some(({ eventId }) => eventId === id);
	const found = runs.filter(({ eventIds }) => eventIds.some(isOfBatch)).map(nameOf);
	say(found.length > 0 ? `They came: ${found.join(', ')}` : 'They have not come in two minutes');
}

function sayWhereToGo({ n8n, workflow, simulator }: Demo): void {
	const address = `${n8n.url}/workflow/${workflow.id}`;
	say();
	say(`Open     ${address}`);
	say(`Log in   ${OWNER.email}   ${OWNER.password}`);
	say(`Runs     ${address}/executions`);
	say();
	say('For a workflow of your own there, a credential of the type Anchor Browser API with');
	say(`API Key  ${simulator.apiKey}`);
	say(`Base URL ${simulator.url}`);
	say();
	say('Send more, from another terminal:');
	say('  npm run emit -- task.failed --error timeout');
	say('  npm run emit -- --list');
	say();
	say('Ctrl-C ends everything.');
}

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			once: { type: 'boolean', default: false },
			watch: { type: 'boolean', default: false },
			n8n: { type: 'string', default: 'newest' },
			help: { type: 'boolean' },
		},
	});
	if (values.help) {
		say(USAGE);
		return;
	}
	const abort = new AbortController();
	let exitCode = 130;
	onEnd((reason) => {
		say(`\nEnding everything (${reason}) …`);
		abort.abort(new Error(reason));
		// What is half started by now, an install or n8n, goes with this process.
		void tidyUp().finally(() => process.exit(exitCode));
	});
	try {
		const demo = await startDemo(values, abort.signal);
		if (values.watch) watchSources(demo);
		const good = values.watch || (await show(demo));
		exitCode = values.once && !good ? 1 : 0;
		if (!values.once) {
			announce({
				pid: process.pid,
				simulator: demo.simulator.url,
				executions: `${demo.n8n.url}/workflow/${demo.workflow.id}/executions`,
			});
			takeDown.push(withdraw);
			sayWhereToGo(demo);
			if (!values.watch) await showWindow(demo);
			return;
		}
	} catch (thrown) {
		// The one who was asked to end takes care of the rest.
		if (abort.signal.aborted) return;
		exitCode = 1;
		say(thrown instanceof Error ? thrown.message : String(thrown));
	}
	await tidyUp();
	process.exit(exitCode);
}

void main();
