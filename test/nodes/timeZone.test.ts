import { Workflow } from 'n8n-workflow';
import { TRIGGER_TYPE } from '../support/core';
import { Host } from '../support/host';
import { manualTrigger } from '../support/manualTrigger';
import { eventOf } from '../support/signedRequests';

let host: Host;
beforeEach(async () => {
	host = await Host.start();
});
afterEach(async () => await host.close());

/** Evaluates an expression of another workflow: n8n then sets the time zone of that one for its whole process. */
function evaluateElsewhere(timezone: string): void {
	const position: [number, number] = [0, 0];
	const node = { id: 'other', name: 'Other', type: TRIGGER_TYPE, typeVersion: 2, parameters: {} };
	const other = new Workflow({
		id: 'other',
		nodes: [{ ...node, position }],
		connections: {},
		active: false,
		nodeTypes: host.loaded.nodeTypes,
		settings: { timezone },
	});
	other.expression.getParameterValue('={{ 1 }}', null, 0, 0, 'Other', [], 'manual', {} as never);
}

it('is that of the workflow for a date without one, whatever other workflows do', async () => {
	const row = {
		leftValue: '_event.created',
		operator: 'dateTime:after',
		rightValue: '2026-05-24T15:00:00',
	};
	const { deliver } = await manualTrigger(host, { filters: { conditions: { conditions: [row] } } });
	for (const zone of ['UTC', 'America/New_York', 'Pacific/Auckland']) {
		evaluateElsewhere(zone);
		// n8n in these tests is in New York, as n8n is by default: four hours behind.
		for (const [created, status] of [
			['2026-05-24T18:59:00.000Z', 204],
			['2026-05-24T19:01:00.000Z', 202],
		] as const) {
			const delivered = await deliver(eventOf('task.completed', { created }));
			expect([zone, created, delivered.status]).toEqual([zone, created, status]);
		}
	}
});
