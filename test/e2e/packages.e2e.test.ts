/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AnchorBrowserTrigger } from '../../nodes/AnchorBrowser/AnchorBrowserTrigger.node';
import manifest from '../../package.json';
import { startSimulator, type Simulator } from '../simulator';
import {
	ensureN8n,
	N8nClient,
	pack,
	PROJECT,
	startN8n,
	TESTED,
	waitFor,
	type N8n,
	type Workflow,
} from '../support/n8n';
import { ANCHORS_NODE_TYPE, ANCHORS_PACKAGE, writeAnchorsPackage } from './packages/anchorsPackage';
import { startRegistry } from './packages/npmRegistry';

const OURS = manifest.name;
const KEY_TYPE = 'anchorBrowserApi';

/** What n8n's page *Community nodes* is told of a package. */
interface InstalledPackage {
	packageName: string;
	installedVersion: string;
	installedNodes: Array<{ name: string; type: string }>;
}

// The tests of one n8n are one journey: each goes on where the one before it ended.
describe.each(TESTED)('the packed package in an n8n %s that nothing is installed in', (version) => {
	const undo: Array<() => Promise<void> | void> = [];
	let n8n: N8n;
	let client: N8nClient;
	let simulator: Simulator;
	let key: { id: string; name: string };
	let triggered: Workflow;
	let acting: Workflow;

	beforeAll(async () => {
		const work = realpathSync(mkdtempSync(join(tmpdir(), 'packages-')));
		undo.push(() => rmSync(work, { recursive: true, force: true }));
		simulator = await startSimulator();
		undo.push(async () => await simulator.close());
		const anchors = join(work, 'anchors');
		writeAnchorsPackage(anchors);
		const installed = await ensureN8n(version);
		const tarballs = [await pack(PROJECT, work), await pack(anchors, work)];
		const registry = await startRegistry(work, installed, tarballs);
		undo.push(async () => await registry.close());
		n8n = await startN8n({
			version: installed,
			packages: [],
			trustedCa: registry.caFile,
			env: { HTTPS_PROXY: registry.proxyUrl, NO_PROXY: '127.0.0.1,localhost' },
		});
		undo.push(async () => await n8n.stop());
		// n8n 1 hands npm no setting of its own environment, so npm learns of the proxy as it would on any such machine.
		const nodes = join(n8n.userFolder, '.n8n', 'nodes');
		mkdirSync(nodes, { recursive: true });
		writeFileSync(
			join(nodes, '.npmrc'),
			`https-proxy=${registry.proxyUrl}\ncafile=${registry.caFile}\ncache=${join(work, 'cache')}\n`,
		);
		client = new N8nClient(n8n);
		await client.setUpOwner();
	});

	afterAll(async () => {
		for (const step of undo.reverse()) await step();
	});

	const keyData = () => ({ apiKey: simulator.apiKey, baseUrl: simulator.url });
	const install = async (name: string) =>
		await client.rest<InstalledPackage>('POST', '/community-packages', { name });
	const uninstall = async (name: string) =>
		await client.rest('DELETE', `/community-packages?name=${name}`);

	/** Lets a task complete, and answers what the trigger gave for it. */
	async function triggeredBy(id: string): Promise<unknown> {
		const before = (await client.executions({ workflowId: triggered.id })).length;
		await simulator.emit('task.completed', { id }).attempted;
		const newest = await waitFor(
			async () => {
				const all = await client.executions({ workflowId: triggered.id });
				return all.length > before && all[0];
			},
			{ what: `an execution for ${id}` },
		);
		const { status, data } = await client.finishedExecution(newest.id);
		expect(status).toBe('success');
		const item = data.resultData.runData['Anchor Browser Trigger'][0].data?.main?.[0]?.[0];
		return (item?.json._event as { id: string }).id;
	}

	/** Runs Anchor's own node by hand, and answers how that ended. */
	async function act(): Promise<string> {
		const { status } = await client.finishedExecution(await client.runManually(acting.id, 'Start'));
		return status;
	}

	/** *Test* of the stored key, as the credential's dialog does it. */
	async function keyTest(): Promise<string> {
		return (await client.testCredential(key, KEY_TYPE, keyData())).status;
	}

	it("is installed by n8n's own installer, with its node and its icons", async () => {
		expect(await install(OURS)).toMatchObject({
			packageName: OURS,
			installedVersion: manifest.version,
			installedNodes: [{ name: 'Anchor Browser Trigger', type: `${OURS}.anchorBrowserTrigger` }],
		});
		for (const icon of ['anchorBrowser.svg', 'anchorBrowser.dark.svg']) {
			const answer = await fetch(`${n8n.url}/icons/${OURS}/dist/icons/${icon}`);
			expect(answer.headers.get('content-type')).toContain('image/svg+xml');
		}
	});

	it('works as installed: it registers itself and runs its workflow', async () => {
		key = await client.createCredential(KEY_TYPE, keyData());
		triggered = await client.createWorkflow({
			name: 'Triggered',
			nodes: [
				{
					name: 'Anchor Browser Trigger',
					type: `${OURS}.anchorBrowserTrigger`,
					typeVersion: new AnchorBrowserTrigger().description.version as number,
					credentials: { [KEY_TYPE]: key },
				},
			],
			connections: {},
		});
		await client.activate(triggered.id);
		expect(simulator.webhooks()).toHaveLength(1);
		expect(await triggeredBy('evt_alone')).toBe('evt_alone');
	});

	// n8n puts new code in the place of the old, which goes on looking after what it has activated.
	it('goes on when it is updated while its workflow is active', async () => {
		await client.rest('PATCH', '/community-packages', { name: OURS });
		expect(await triggeredBy('evt_updated')).toBe('evt_updated');
		await client.deactivate(triggered.id);
		await waitFor(() => simulator.webhooks().length === 0, { what: 'the webhook to be removed' });
		await client.activate(triggered.id);
		expect(simulator.webhooks()).toHaveLength(1);
		expect(await triggeredBy('evt_activated')).toBe('evt_activated');
	});

	it("shares one stored key with Anchor's own package", async () => {
		await install(ANCHORS_PACKAGE);
		acting = await client.createWorkflow({
			name: 'Acting',
			nodes: [
				{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1 },
				{
					name: 'Anchor Browser',
					type: ANCHORS_NODE_TYPE,
					typeVersion: 1,
					parameters: { baseUrl: simulator.url },
					credentials: { [KEY_TYPE]: key },
				},
			],
			connections: {
				Start: { main: [[{ node: 'Anchor Browser', type: 'main', index: 0 }]] },
			},
		});
		expect(await act()).toBe('success');
		expect(await triggeredBy('evt_beside')).toBe('evt_beside');
		expect(await keyTest()).toBe('OK');
	});

	it("keeps working when Anchor's own package is uninstalled", async () => {
		await uninstall(ANCHORS_PACKAGE);
		expect(await keyTest()).toBe('OK');
		expect(await triggeredBy('evt_left')).toBe('evt_left');
		await client.deactivate(triggered.id);
		await client.activate(triggered.id);
		await n8n.restart();
		expect(await triggeredBy('evt_restarted')).toBe('evt_restarted');
	});

	it("leaves Anchor's own package working when it is uninstalled itself", async () => {
		await install(ANCHORS_PACKAGE);
		await client.deactivate(triggered.id);
		await uninstall(OURS);
		expect(await keyTest()).toBe('OK');
		expect(await act()).toBe('success');
		await n8n.restart();
		expect(await act()).toBe('success');
	});

	it('takes its workflows up where they were when it is installed again', async () => {
		await install(OURS);
		await client.activate(triggered.id);
		expect(await triggeredBy('evt_again')).toBe('evt_again');
		expect(await act()).toBe('success');
	});
});
