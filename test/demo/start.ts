/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- the demo runs in Node, not in n8n's sandbox */
import { parseArgs } from 'node:util';

import { startSimulator, type Simulator } from '../simulator';
import {
	ensureN8n,
	itemsOf,
	N8nClient,
	RELEASES,
	startN8n,
	waitFor,
	type N8n,
	type Owner,
	type Workflow,
	type WorkflowFile,
} from '../support/n8n';
import { judge, type Run, type Sent } from './judge';
import { onEnd } from './lifeline';
import { EVENT_COUNT, SCENARIOS } from './scenarios';
import { announce, withdraw } from './stateFile';
import { columns } from './table';
import sample from './workflow.json';

const USAGE = `npm start -- [--once] [--n8n <version>]

  Starts a real n8n with this package, and Anchor's webhook service in miniature; sends one of each event, and some
  that must not get through; then stays up until Ctrl-C.

  --once            ends after the table, with 0 if everything went as it must, else with 1
  --n8n <version>   another n8n than the newest: ${RELEASES.map(({ version }) => version).join(', ')}
`;

/** Who logs in to the demo's n8n, which only this machine reaches. */
const OWNER: Owner = { email: 'demo@example.com', password: 'Anchor-demo-1' };

const TRIGGER = 'Anchor Browser Trigger';
const LAST_NODE = 'Show the Event';

const say = (text = '') => process.stdout.write(`${text}\n`);

interface Stage {
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

async function setTheStage(version: string, signal: AbortSignal): Promise<Stage> {
	const installed = await ensureN8n(version, { log: (line) => say(line), signal });
	const simulator = await startSimulator({
		events: '14',
		rules: 'local',
	});
	takeDown.push(async () => await simulator.close());

	const n8n = await withProgress(
		`Starting n8n ${installed.version} (10 to 30 s)`,
		startN8n({ version: installed, preferredPort: 5678, signal }),
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

/** Sends everything, one after the other, and waits for every answer. */
async function sendAll({ simulator }: Stage): Promise<Sent[]> {
	// Named, as Anchor need not subscribe us to an event for us to prove that the trigger takes it.
	const to = simulator.webhooks().map((webhook) => webhook.id);
	const sent: Sent[] = [];
	for (const scenario of SCENARIOS) {
		const emission = simulator.emit(scenario.type, { ...scenario.how, to });
		await emission.settled;
		sent.push({ scenario, eventId: emission.id, deliveries: emission.deliveries });
	}
	return sent;
}

/** Waits until as many executions as must come have come, and all are over; answers all that came. */
async function runsOf({ client, workflow }: Stage, count: number): Promise<Run[]> {
	const list = async () => await client.executions({ workflowId: workflow.id });
	const isOver = ({ status }: { status: string }) => !['new', 'running'].includes(status);
	try {
		await waitFor(
			async () => {
				const seen = await list();
				return seen.length >= count && seen.every(isOver);
			},
			{ timeout: 60_000 },
		);
	} catch {
		// The table shows which one is missing.
	}
	return await Promise.all(
		(await list()).map(async ({ id, status }) => {
			const [item] = itemsOf(await client.getExecution(id), LAST_NODE);
			const event = item?._event as { id?: string; type?: string } | undefined;
			return { id, status, eventId: event?.id, eventType: event?.type };
		}),
	);
}

/** Sends, waits, prints the table. Answers whether everything went as it must. */
async function show(stage: Stage): Promise<boolean> {
	const sent = await withProgress('Sending', sendAll(stage));
	const wanted = SCENARIOS.flatMap(({ expected }) => expected).filter((fate) => fate === 'runs');
	const runs = await runsOf(stage, wanted.length);
	const rows = sent.flatMap((one) => judge(one, runs));
	say();
	say(
		columns(
			['What was sent', 'Answer', 'In n8n', 'As it must be'],
			rows.map((row) => row.cells),
		),
	);
	say();

	const through = sent
		.slice(0, EVENT_COUNT)
		.filter((one) => judge(one, runs).every((row) => row.good)).length;
	const others = rows.slice(EVENT_COUNT);
	const exact = runs.length === wanted.length;
	say(`${through} of ${EVENT_COUNT} events came through.`);
	say(
		`${others.filter((row) => row.good).length} of ${others.length} other deliveries ended as they must.`,
	);
	if (!exact) say(`n8n has ${runs.length} executions; there must be ${wanted.length}.`);
	return exact && rows.every((row) => row.good);
}

function sayWhereToGo({ n8n, workflow }: Stage): void {
	const address = `${n8n.url}/workflow/${workflow.id}`;
	say();
	say(`Open     ${address}`);
	say(`Log in   ${OWNER.email}   ${OWNER.password}`);
	say(`Runs     ${address}/executions`);
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
		const stage = await setTheStage(values.n8n, abort.signal);
		const good = await show(stage);
		exitCode = values.once && !good ? 1 : 0;
		if (!values.once) {
			announce({
				pid: process.pid,
				simulator: stage.simulator.url,
				executions: `${stage.n8n.url}/workflow/${stage.workflow.id}/executions`,
			});
			takeDown.push(withdraw);
			sayWhereToGo(stage);
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
