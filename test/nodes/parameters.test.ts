import type { IExecuteFunctions, IHookFunctions, INodeParameters } from 'n8n-workflow';
import { automaticTrigger } from '../support/automaticTrigger';
import { anchor, host, setUp } from '../support/recovering';
import { send } from '../support/send';
import { eventOf, signedNow } from '../support/signedRequests';
import { parameterReader } from '../../nodes/AnchorBrowser/settings/readParameters';

/*
 * One reading of the node's parameters must give what n8n's own getNodeParameter gives, in each of n8n's contexts.
 */

beforeEach(async () => await setUp());

const OPTIONS = [
	'acknowledge',
	'catchUp',
	'deduplicate',
	'escapeFormulas',
	'includeDelivery',
	'onDeactivate',
	'sampleEvent',
	'toleranceSeconds',
];
const PATHS = [
	...['registration', 'events', 'filters', 'branchBy', 'format', 'options', 'no.such'],
	...OPTIONS.map((name) => `options.${name}`),
];

const SETS: Record<string, INodeParameters> = {
	'nothing filled in': {},
	'all filled in': {
		events: ['*'],
		branchBy: 'entity',
		format: 'row',
		filters: { taskIds: 'tsk_1', failureTypes: [], conditions: { conditions: [{}] } },
		options: { acknowledge: 'immediately', escapeFormulas: false, toleranceSeconds: 300 },
	},
	'what the panel hides': {
		format: 'data',
		options: { escapeFormulas: false, catchUp: false, sampleEvent: 'task.healed' },
	},
	expressions: {
		events: '={{ ["task.completed", "task.failed"] }}',
		filters: { taskIds: '={{ "tsk_4f8w9n2b" }}', projectIds: '={{ null }}' },
		options: { toleranceSeconds: '={{ 300 }}', deduplicate: '={{ undefined }}' },
	},
	'a collection that is an expression': { options: '={{ ({ toleranceSeconds: 300 }) }}' },
	'a date that an expression makes': {
		filters: { taskIds: '={{ DateTime.fromISO("2026-01-01T00:00:00.000Z") }}' },
	},
};

type Source = Pick<IHookFunctions, 'getNode'> & {
	getNodeParameter(path: string, second: unknown, third?: unknown): unknown;
};

/** What a context's own reading gives, and what ours gives, at each path. */
function readings(source: Source, isRun: boolean) {
	const own = PATHS.map((path) =>
		isRun ? source.getNodeParameter(path, 0, 'none') : source.getNodeParameter(path, 'none'),
	);
	const read = parameterReader(source as unknown as IExecuteFunctions);
	return { own, ours: PATHS.map((path) => read(path, 'none')) };
}

describe.each(Object.entries(SETS))('with %s', (_name, parameters) => {
	it('reads what each context of n8n reads', async () => {
		const row = automaticTrigger(host, anchor, parameters);
		const found: Record<string, ReturnType<typeof readings>> = {};
		const { trigger } = host.loaded;
		const { create } = trigger.webhookMethods!.default!;
		trigger.webhookMethods!.default!.create = async function () {
			found.hook = readings(this as Source, false);
			return await create.call(this);
		};
		for (const method of ['trigger', 'webhook', 'execute'] as const) {
			const call = trigger[method] as (this: unknown) => Promise<never>;
			trigger[method] = async function (this: unknown) {
				found[method] = readings(this as Source, method === 'execute');
				return await call.call(this);
			};
		}
		await host.activate(row);
		const [{ secret }] = anchor.webhooks();
		const event = eventOf('task.completed', { data: { task_id: 'tsk_4f8w9n2b' } });
		await send(host.urlOf(row), signedNow(event, { secrets: [secret] }));
		await host.execute(row, [[{ json: {} }]]);

		expect(Object.keys(found).sort()).toEqual(['execute', 'hook', 'trigger', 'webhook']);
		for (const { own, ours } of Object.values(found)) expect(ours).toEqual(own);
	});
});
