/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- measurements run in Node, not in n8n's sandbox */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openDatabase } from '../e2e/faults/database';
import { startSimulator } from '../simulator';
import {
	ensureN8n,
	N8nClient,
	NEWEST,
	PROJECT,
	startN8n,
	waitFor,
	type Workflow,
	type WorkflowNode,
} from '../support/n8n';
import { withAim } from './aims';
import { headersOf, makeDeliveries, SECRET } from './deliveries';
import { NULL_TRIGGER_TYPE, writeNullTriggerPackage } from './nullTrigger/package';
import { volley, type Shot } from './post';
import { median, medianRatio, quantile, spread } from './statistics';
import { table } from './table';

const ROUNDS = Number(process.env.BENCH_ROUNDS) || 7;
const DELIVERIES = Number(process.env.BENCH_DELIVERIES) || 100;
const LANES = 8;
const BODY_BYTES = 2_000;

const NAME = 'Trigger';
const OURS = 'n8n-nodes-anchorbrowser-webhooks.anchorBrowserTrigger';
const NOBODYS_SECRET = 'cd'.repeat(32);

/** A workflow under measurement, and what to send to it. */
interface Contestant {
	name: string;
	url: string;
	workflowId: string;
	secret: string;
	expected: number;
	/** What it is measured against, and how much of that it should reach; the yardsticks have none. */
	aims: ReadonlyArray<{ against: Contestant; atLeast: number }>;
	rounds: Array<{ perSecond: number; shots: Shot[] }>;
}

/** Fills n8n's de-duplication store to its brim: the row is read and written whole, so a full one costs the most. */
async function fillStore(
	installed: Awaited<ReturnType<typeof ensureN8n>>,
	userFolder: string,
	workflow: Workflow,
): Promise<void> {
	const { id } = workflow.nodes.find(({ name }) => name === NAME) ?? {};
	const hashes = Array.from({ length: 4_000 }, () =>
		createHash('md5').update(randomBytes(12)).digest('base64'),
	);
	const database = await openDatabase(installed, userFolder);
	await database.query(
		`INSERT INTO processed_data ("workflowId", "context", "value", "createdAt", "updatedAt")
		 VALUES (?, ?, ?, datetime('now'), datetime('now'))`,
		workflow.id,
		`n:${id}`,
		JSON.stringify({ mode: 'entries', data: hashes }),
	);
	await database.close();
}

/** One round of one contestant: the time runs until n8n has carried out every run. */
async function round(client: N8nClient, contestant: Contestant): Promise<void> {
	const { url, workflowId, secret, expected } = contestant;
	const timestamp = Math.floor(Date.now() / 1000);
	const bodies = makeDeliveries(DELIVERIES, BODY_BYTES, timestamp).map(({ body }) => {
		const id = `evt_${randomBytes(12).toString('hex')}`;
		return Buffer.from(body.toString().replace(/evt_[0-9a-f]{24}/, id));
	});
	const parcels = bodies.map((body) => ({ body, headers: headersOf(body, timestamp, secret) }));

	const started = performance.now();
	const shots = await volley(url, { posts: DELIVERIES, lanes: LANES }, (index) => parcels[index]);
	const wrong = shots.find(({ status }) => status !== expected);
	if (wrong) throw new Error(`${contestant.name} answered ${wrong.status} instead of ${expected}`);
	const filter = { workflowId, status: ['new', 'running'] };
	await waitFor(async () => (await client.executions(filter, 1)).length === 0, {
		every: 25,
		timeout: 120_000,
		what: 'all executions to end',
	});
	const perSecond = (DELIVERIES * 1000) / (performance.now() - started);
	contestant.rounds.push({ perSecond, shots });
}

const speedsOf = ({ rounds }: Contestant) => rounds.map(({ perSecond }) => perSecond);
const inTenths = (value: number) => value.toFixed(1);

function rowsOf(
	contestants: readonly Contestant[],
	yardsticks: readonly Contestant[],
	what: string,
): string[][] {
	return contestants.map((contestant) => {
		const { name, rounds, aims } = contestant;
		const speeds = speedsOf(contestant);
		const times = rounds.flatMap(({ shots }) => shots.map(({ ms }) => ms));
		return [
			name,
			`${inTenths(median(speeds))} (${spread(speeds, inTenths)})`,
			...yardsticks.map((yardstick) => {
				const ratio = medianRatio(speeds, speedsOf(yardstick));
				const aim = aims.find(({ against }) => against === yardstick);
				if (aim === undefined) return ratio.toFixed(2);
				return withAim(`${what}, ${name} to ${yardstick.name}`, ratio, aim);
			}),
			`${quantile(times, 0.5).toFixed(0)} ms`,
			`${quantile(times, 0.99).toFixed(0)} ms`,
		];
	});
}

/** How n8n evaluates expressions, and what the trigger should reach beside the null trigger and n8n's Webhook node. */
/** What our trigger answers to an event that runs the workflow; the others answer 200. */
const TAKEN = 202;

interface Engine {
	name: string;
	env: Readonly<Record<string, string>>;
	accepted: { toNull: number; toWebhook?: number };
	refused: number;
}

const ENGINES: readonly Engine[] = [
	{ name: 'as it comes', env: {}, accepted: { toNull: 0.95 }, refused: 0.95 },
	{
		name: 'N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE=true',
		env: { N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE: 'true' },
		accepted: { toNull: 0.95, toWebhook: 0.95 },
		refused: 0.85,
	},
];

/**
 * Deliveries a second through a real n8n: this trigger against one that only verifies and emits, and against n8n's own
 * Webhook node, all in the same n8n and round by round, so that whatever slows the machine slows all of them. Once with
 * each way in which n8n evaluates expressions.
 * @returns Markdown
 */
export async function deliveriesBench(): Promise<string> {
	const tables: string[] = [];
	for (const engine of ENGINES) tables.push(await measure(engine));
	return tables.join('\n\n');
}

async function measure(engine: Engine): Promise<string> {
	const nullPackage = mkdtempSync(join(tmpdir(), 'null-trigger-'));
	writeNullTriggerPackage(nullPackage);
	const simulator = await startSimulator();
	const installed = await ensureN8n(NEWEST, { log: (line) => process.stderr.write(`${line}\n`) });
	const n8n = await startN8n({
		version: installed,
		packages: [PROJECT, nullPackage],
		env: engine.env,
	});
	try {
		const client = new N8nClient(n8n);
		await client.setUpOwner();
		const apiKey = await client.createCredential('anchorBrowserApi', {
			apiKey: simulator.apiKey,
			baseUrl: simulator.url,
		});
		const pasted = await client.createCredential('anchorBrowserSigningSecretApi', {
			signingSecret: SECRET,
		});
		const add = async (name: string, node: Partial<WorkflowNode> & { type: string }) => {
			const { id } = await client.createWorkflow({
				name,
				nodes: [{ name: NAME, typeVersion: 2, ...node }],
				connections: {},
			});
			await client.activate(id);
			const workflow = await client.getWorkflow(id);
			const url = client.webhookUrl(workflow, NAME);
			await waitFor(async () => await client.isRegistered(url), { what: `${name} to be live` });
			return { workflow, url };
		};
		const entrant = (
			name: string,
			{
				workflow,
				url,
				secret = SECRET,
				expected = 200,
			}: { workflow: Workflow; url: string; secret?: string; expected?: number },
			aims: Contestant['aims'] = [],
		): Contestant => ({
			name,
			url,
			workflowId: workflow.id,
			secret,
			expected,
			aims,
			rounds: [],
		});
		const refusing = (entered: Contestant, aims: Contestant['aims'] = []): Contestant => ({
			...entered,
			secret: NOBODYS_SECRET,
			expected: 401,
			aims,
			rounds: [],
		});
		const automatic = async (deduplicate: string) => {
			const added = await add(`Automatic, ${deduplicate}`, {
				type: OURS,
				parameters: { events: ['task.completed'], options: { deduplicate } },
				credentials: { anchorBrowserApi: apiKey },
			});
			const { pathname } = new URL(added.url);
			const webhook = simulator.webhooks().find(({ url }) => new URL(url).pathname === pathname);
			if (!webhook) throw new Error('The trigger did not register its webhook');
			return { ...added, secret: webhook.secret, expected: TAKEN };
		};
		const manual = {
			...(await add('Manual', {
				type: OURS,
				parameters: { registration: 'manual', events: ['task.completed'] },
				credentials: { anchorBrowserSigningSecretApi: pasted },
			})),
			expected: TAKEN,
		};
		const nothing = await add('Null trigger', {
			type: NULL_TRIGGER_TYPE,
			parameters: { secret: SECRET },
		});
		const withCredential = await add('Null trigger with a credential', {
			type: NULL_TRIGGER_TYPE,
			parameters: { secret: SECRET },
			credentials: { anchorBrowserApi: apiKey },
		});
		const core = await add('Webhook', {
			type: 'n8n-nodes-base.webhook',
			parameters: { httpMethod: 'POST', path: 'bench', responseMode: 'onReceived', options: {} },
		});
		const durable = await automatic('durable');
		const memory = await automatic('memory');
		await fillStore(installed, n8n.userFolder, durable.workflow);

		const yardstick = entrant('null trigger', nothing);
		const webhook = entrant('Webhook node of n8n', core);
		const { toNull, toWebhook } = engine.accepted;
		const aims = [
			{ against: yardstick, atLeast: toNull },
			...(toWebhook === undefined ? [] : [{ against: webhook, atLeast: toWebhook }]),
		];
		const accepted = [
			yardstick,
			entrant('null trigger that names a credential', withCredential),
			webhook,
			entrant('manual', manual, aims),
			entrant('automatic', durable, aims),
			entrant('automatic, de-duplication in memory', memory, aims),
		];
		const refusingYardstick = refusing(yardstick);
		const refusal = [{ against: refusingYardstick, atLeast: engine.refused }];
		const refused = [
			refusingYardstick,
			refusing(entrant('manual', manual), refusal),
			refusing(entrant('automatic', durable), refusal),
		];

		const all = [...accepted, ...refused];
		for (let number = -1; number < ROUNDS; number++) {
			for (const contestant of number % 2 === 0 ? all : [...all].reverse()) {
				await round(client, contestant);
			}
			// The first round warms n8n up.
			if (number === -1) for (const contestant of all) contestant.rounds.length = 0;
		}

		const headings = (...yardsticks: string[]) => [
			'Trigger',
			'A second (middle half)',
			...yardsticks,
			'p50',
			'p99',
		];
		return [
			`### Deliveries through n8n ${n8n.version}, ${engine.name} (SQLite; ${ROUNDS} rounds of ${DELIVERIES}, ${LANES} at a time, 2 KB each)`,
			'',
			'Accepted: counted when the run is over; p50 and p99 are the answers to Anchor. The store of `automatic` is full.',
			'',
			table(
				headings('To null trigger', 'To Webhook node'),
				rowsOf(accepted, [yardstick, webhook], `accepted, ${engine.name}`),
			),
			'',
			'Refused with 401, forged signature:',
			'',
			table(
				headings('To null trigger'),
				rowsOf(refused, [refusingYardstick], `refused, ${engine.name}`),
			),
		].join('\n');
	} finally {
		await n8n.stop();
		await simulator.close();
		rmSync(nullPackage, { recursive: true, force: true });
	}
}
