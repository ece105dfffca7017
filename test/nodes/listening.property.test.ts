import fc from 'fast-check';
import { startSimulator } from '../simulator';
import type { Simulator } from '../simulator';
import { automaticTrigger } from '../support/automaticTrigger';
import { Host } from '../support/host';
import { fakeTimers } from '../support/timers';
import type { WorkflowRow } from '../support/workflowRow';

/** What people and n8n do in the editor of an active workflow, and what goes wrong meanwhile. */
const steps = {
	listen: async ({ host, row }: Editor) => void (await host.listen(row).catch(() => {})),
	listenWithoutEvents: async ({ host, row }: Editor) => {
		const [node] = row.nodes;
		const draft = { ...node, parameters: { ...node.parameters, events: [] } };
		await host.listen({ ...row, nodes: [draft] }).catch(() => {});
	},
	listenAndEndAtOnce: async ({ host, row, path }: Editor) => {
		const listening = host.listen(row).catch(() => {});
		await host.stopListening(path).catch(() => {});
		await listening;
	},
	listenWhileAnchorIsDown: async ({ anchor, host, row }: Editor) => {
		const outage = anchor.outage({ mode: 503 });
		await host.listen(row).catch(() => {});
		outage.lift();
	},
	listenWithoutSample: async ({ anchor, host, row }: Editor) => {
		const outage = anchor.outage({ mode: 400, calls: '/v1/webhooks/:id/test' });
		await host.listen(row).catch(() => {});
		outage.lift();
	},
	stop: async ({ host, path }: Editor) => void (await host.stopListening(path).catch(() => {})),
	restart: async ({ host }: Editor) => void (await host.restart().catch(() => {})),
	aMinutePasses: async ({ timers }: Editor) => void (await timers.advance(60_000)),
} satisfies Record<string, (editor: Editor) => Promise<void>>;

interface Editor {
	host: Host;
	anchor: Simulator;
	row: WorkflowRow;
	/** Of the test address. */
	path: string;
	timers: ReturnType<typeof fakeTimers>;
}

const names = Object.keys(steps) as Array<keyof typeof steps>;

it('leaves production alone, whatever is done while listening', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(fc.constantFrom(...names), { maxLength: 8 }), async (sequence) => {
			const timers = fakeTimers();
			const host = await Host.start();
			const anchor = await startSimulator();
			try {
				const row = automaticTrigger(host, anchor, { options: { sampleEvent: 'task.failed' } });
				await host.activate(row);
				const [production] = structuredClone(anchor.webhooks());
				const path = `${row.nodes[0].webhookId}/webhook`;
				for (const name of sequence) await steps[name]({ host, anchor, row, path, timers });
				await timers.advance(60_000);
				expect(anchor.webhooks().find(({ id }) => id === production.id)).toEqual(production);
				const [{ attempts }] = await anchor.emit('task.completed', { to: production.id }).settled;
				expect(attempts[0].status).toBe(202);
			} finally {
				anchor.liftOutages();
				await host.close();
				await anchor.close();
				timers.restore();
			}
		}),
		{ numRuns: 40 },
	);
}, 120_000);
