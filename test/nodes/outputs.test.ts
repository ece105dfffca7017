import fc from 'fast-check';
import { NodeHelpers } from 'n8n-workflow';
import type { INode, INodeParameters } from 'n8n-workflow';
import { EVENT_TYPES, EVERY_EVENT } from '../../nodes/AnchorBrowser/events/catalogue';
import { outputNames } from '../../nodes/AnchorBrowser/output/branch';
import type { BranchBy } from '../../nodes/AnchorBrowser/output/branch';
import { readExecuteSettings } from '../../nodes/AnchorBrowser/settings/readSettings';
import { loadPackage } from '../support/core';
import type { LoadedPackage } from '../support/core';
import { openWorkflow, triggerNode } from '../support/workflowRow';

const BRANCHES: BranchBy[] = ['none', 'event', 'entity', 'outcome', 'failureType'];

let loaded: LoadedPackage;

beforeAll(async () => {
	loaded = await loadPackage();
});

/** The outputs as n8n's editor and engine work them out from the description. */
function outputsInN8n(parameters: INodeParameters): string[] {
	const row = {
		id: 'wf1',
		name: 'Outputs',
		nodes: [triggerNode({ parameters })],
		active: false,
		staticData: '{}',
	};
	const workflow = openWorkflow(row, loaded.nodeTypes);
	const node = workflow.getNode(row.nodes[0].name) as INode;
	return NodeHelpers.getNodeOutputs(workflow, node, loaded.trigger.description).map((output) => {
		const { type, displayName = '' } =
			typeof output === 'string' ? { type: output, displayName: '' } : output;
		expect(type).toBe('main');
		return displayName;
	});
}

describe('the outputs that n8n shows', () => {
	it.each(BRANCHES)(
		'are those that execute() fills, for default or all events and %s',
		(branchBy) => {
			const defaults = ['task.completed', 'task.failed'];
			expect(outputsInN8n({ branchBy })).toEqual(outputNames(branchBy, defaults));
			const events = [EVERY_EVENT];
			expect(outputsInN8n({ branchBy, events })).toEqual(outputNames(branchBy, events));
		},
	);

	it('are those that execute() fills, for any selection in any order', () => {
		const choice = fc.constantFrom<string>(...EVENT_TYPES, EVERY_EVENT, 'brand.new');
		const selection = fc.uniqueArray(choice, { maxLength: 16 });
		fc.assert(
			fc.property(selection, fc.constantFrom(...BRANCHES), (events, branchBy) => {
				expect(outputsInN8n({ branchBy, events })).toEqual(outputNames(branchBy, events));
			}),
			{ numRuns: 200 },
		);
	});

	it.each([[['task.completed, task.failed']], ['session.ready;task.failed'], ['task.failed\n*']])(
		'are those that execute() fills, for events written as %j',
		(events) => {
			const parameters = { branchBy: 'event', events };
			const read = readExecuteSettings((name) => parameters[name as 'events']);
			expect(outputsInN8n(parameters as INodeParameters)).toEqual(
				outputNames(read.branchBy, read.events),
			);
		},
	);

	it('are one where nobody knows the choice', () => {
		expect(outputsInN8n({ branchBy: 'colour', events: [EVERY_EVENT] })).toEqual(['']);
	});

	it('are one without a name unless the user branches', () => {
		expect(outputsInN8n({})).toEqual(['']);
	});

	it('end with the one that takes what fits nowhere', () => {
		expect(outputsInN8n({ branchBy: 'event', events: ['task.failed'] })).toEqual([
			'Task Failed',
			'Other Events',
		]);
		expect(outputsInN8n({ branchBy: 'entity' }).at(-1)).toBe('Other');
		expect(outputsInN8n({ branchBy: 'outcome' }).at(-1)).toBe('Other');
		expect(outputsInN8n({ branchBy: 'failureType' }).at(-1)).toBe('Not a Failure');
	});
});
