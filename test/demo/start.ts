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
import { judge, type Run, type Sent } from './judge';
import { onEnd } from './lifeline';
import { EVENT_COUNT, SCENARIOS, WHILE_STOPPED, type Scenario } from './scenarios';
import { announce, withdraw } from './stateFile';
import { columns } from './table';
import sample from './workflow.json';

const USAGE = `npm start -- [--once | --watch] [--n8n <version>]

  Starts a real n8n with this package, and Anchor's webhook service in miniature; sends one of each event, and some
  that must not get through; stops n8n while more are sent, and starts it again; then stays up until Ctrl-C.

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
	workflow: Workflow;
	simulator: Simulator;
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
	const file = sample as unknown as WorkflowFile;
	const workflow = await client.createWorkflow({
		...file,
		nodes: file.nodes.map((node) =>
			node.name === TRIGGER ? { ...node, credentials: { anchorBrowserApi } } : node,
		),
	});
	await client.activate(workflow.id);
	say(`n8n is at ${n8n.url}, Anchor's webhook service in miniature at ${simulator.url}`);
	for (const webhook of simulator.webhooks()) {
		say(
			`The sample workflow is active: its trigger registered ${webhook.url} for ${webhook.subscribedEvents.length} events`,
		);
	}
	return { n8n, client, workflow, simulator };
}

/** Sends scenarios one after the other, and waits for every answer. */
async function sendAll({ simulator }: Demo, scenarios: readonly Scenario[]): Promise<Sent[]> {
	// Named, as Anchor need not subscribe us to an event for us to prove that the trigger takes it.
	const to = simulator.webhooks().map((webhook) => webhook.id);
	const sent: Sent[] = [];
	for (const scenario of scenarios) {
		const emission = simulator.emit(scenario.type, { ...scenario.how, to });
		await emission.settled;
		sent.push({ scenario, eventId: emission.id, deliveries: emission.deliveries });
	}
	return sent;
}

/** Sends while n8n is stopped, and starts it again. */
async function sendWhileStopped(demo: Demo): Promise<Sent[]> {
	const { n8n, client } = demo;
	await n8n.shutDown();
	const sent = await sendAll(demo, WHILE_STOPPED);
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

/**
 * Waits until every event that must run has run, and all executions are over; answers all that came.
 * @param timeout in milliseconds; what is missing then is shown by the table
 */
async function runsOf(demo: Demo, wanted: readonly Sent[], timeout: number): Promise<Run[]> {
	const isOver = ({ status }: Run) => !['new', 'running'].includes(status);
	let runs: Run[] = [];
	try {
		await waitFor(
			async () => {
				runs = await listRuns(demo);
				const seen = new Set(runs.map(({ eventId }) => eventId));
				return wanted.every(({ eventId }) => seen.has(eventId)) && runs.every(isOver);
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
	const sent = await withProgress('Sending', sendAll(demo, SCENARIOS));
	await runsOf(demo, sent.filter(mustRun), 60_000);
	const missed = await withProgress(
		'Stopping n8n, sending meanwhile, starting n8n again',
		sendWhileStopped(demo),
	);
	const wanted = [...sent, ...missed].filter(mustRun);
	const runs = await withProgress(
		'Waiting for the trigger to recover what n8n missed (90 s at most)',
		runsOf(demo, wanted, 90_000),
	);
	const rows = [...sent, ...missed].map((one) => judge(one, runs));
	say();
	say(
		columns(
			['What was sent', 'Answer', 'In n8n', 'As it must be'],
			rows.flat().map((row) => row.cells),
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
	// After a start, one run without an item is how the trigger asks n8n which events it knows.
	const empty = runs.filter(({ eventId }) => eventId === undefined).length;
	const exact = runs.length - empty === wanted.length && empty <= 1;
	if (!exact) {
		say(
			`n8n has ${runs.length} executions, ${empty} of them empty; there must be ${wanted.length}.`,
		);
	}
	return exact && goodOf(rows) === rows.length;
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
