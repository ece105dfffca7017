import { NodeHelpers } from 'n8n-workflow';
import type { INodeParameters } from 'n8n-workflow';
import { Host } from '../support/host';
import { manualTrigger } from '../support/manualTrigger';
import { eventOf } from '../support/signedRequests';
import { triggerNode } from '../support/workflowRow';

let host: Host;

beforeAll(async () => {
	host = await Host.start();
});
afterAll(async () => await host.close());

const FILTERS = {
	failureTypes: ['timeout'],
	authenticationFailureTypes: ['invalid_credentials'],
	taskIds: 'tsk_1',
};

/** The filters that n8n keeps, as its editor shows them, when these events are selected. */
function keptWith(parameters: INodeParameters): string[] {
	const { description } = host.loaded.trigger;
	const given = { ...parameters, filters: FILTERS };
	const kept = NodeHelpers.getNodeParameters(
		description.properties,
		given,
		false,
		false,
		triggerNode(),
		description,
	);
	return Object.keys(kept?.filters ?? {}).sort();
}

it('no field is shown by a regular expression: n8n would run it in a sandbox, for each delivery', () => {
	const { properties } = host.loaded.trigger.description;
	expect(JSON.stringify(properties)).not.toContain('"regex"');
});

describe('the causes of a failure', () => {
	const both = ['authenticationFailureTypes', 'failureTypes', 'taskIds'];

	it.each<[string, INodeParameters, string[]]>([
		[
			'that is selected',
			{ events: ['task.failed', 'session.failed'] },
			['failureTypes', 'taskIds'],
		],
		['that is selected by default', {}, ['failureTypes', 'taskIds']],
		[
			'of an identity',
			{ events: ['identity.authentication_failed'] },
			['authenticationFailureTypes', 'taskIds'],
		],
		['of no event, where neither is selected', { events: ['session.failed'] }, ['taskIds']],
		['of both, with all events', { events: ['*'] }, both],
		['of both, with an expression', { events: '={{ ["task.failed"] }}' }, both],
		['of both, with one text of names', { events: 'task.failed, task.completed' }, both],
		['of both, with another one first', { events: 'session.failed\ntask.failed' }, both],
		['of both, with a blank before it', { events: ' task.completed; task.failed' }, both],
		['of no event, with another one alone', { events: 'session.failed' }, ['taskIds']],
	])('are offered for a failure %s', (_, parameters, kept) => {
		expect(keptWith(parameters)).toEqual(kept);
	});

	it.each<[string, INodeParameters]>([
		['a list', { events: ['task.completed', 'task.failed'] }],
		['all events', { events: ['*'] }],
		['an expression', { events: '={{ ["task.failed", "task.completed"] }}' }],
		['an expression in the list', { events: ['={{ "task.failed" }}', 'task.completed'] }],
		['one text', { events: 'task.failed, task.completed' }],
	])('count, however the event is selected: by %s', async (_, parameters) => {
		const filters = { failureTypes: ['timeout'] };
		const { deliver, items } = await manualTrigger(host, { ...parameters, filters });
		const failed = (type: string) => eventOf('task.failed', { data: { error: { type } } });
		await deliver(failed('agent_error'));
		await deliver(failed('timeout'));
		await deliver(eventOf('task.completed'));
		expect(await items()).toHaveLength(2);
	});
});
