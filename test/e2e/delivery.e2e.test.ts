import { testEach } from '../conformance/audit';
import { deliveryAudits } from '../conformance/deliveryAudits';
import type {
	AuditedTrigger,
	AuditRun,
	DeliveryDriver,
	TriggerSetup,
} from '../conformance/deliveryDriver';
import { send } from '../support/send';
import { eventOf, signed } from '../support/signedRequests';
import { isAtLeast, OLDEST, TESTED, waitFor, type Execution, type Workflow } from '../support/n8n';
import { startEnvironment, type Environment } from './faults/environment';
import { isUnfinished, LATE_MS } from './lateRuns';
import { publishManualTrigger, TRIGGER } from './trigger';

/** A workflow for one set-up; audits with the same set-up take turns on it. */
interface Audited {
	workflow: Workflow;
	url: string;
	/** The newest execution that belongs to an earlier audit. */
	lastId: number;
	/** When the last answer came, in milliseconds. */
	answeredAt: number;
}

const runOf = (execution: Execution): AuditRun =>
	(execution.data.resultData.runData[TRIGGER]?.[0]?.data?.main ?? [])
		.flat()
		.map((item) => item?.json ?? {});

/** A real n8n over HTTP. Its clock cannot be moved, a body that is no JSON reaches no node, its log is not one node's. */
function driverOf(environment: () => Environment, version: string): DeliveryDriver {
	const audited = new Map<string, Promise<Audited>>();

	const make = async (setup: TriggerSetup): Promise<Audited> => {
		const { client } = environment();
		const { workflow, url, credential } = await publishManualTrigger(client, setup);
		// n8n 2.x publishes no trigger without its credential; it can be lost afterwards.
		if (!setup.secrets) await client.rest('DELETE', `/credentials/${credential.id}`);
		return { workflow, url, lastId: 0, answeredAt: 0 };
	};

	const executionsOf = async ({ workflow, lastId }: Audited) =>
		(await environment().client.executions({ workflowId: workflow.id }, 100)).filter(
			({ id }) => Number(id) > lastId,
		);

	/** All executions, once none runs and none can come any more. */
	const settled = async (one: Audited) =>
		await waitFor(
			async () => {
				const lateUntil = one.answeredAt + (version === OLDEST ? LATE_MS : 0);
				if (Date.now() < lateUntil) return false;
				const found = await executionsOf(one);
				return !found.some(isUnfinished) && found;
			},
			{ timeout: 30_000, what: 'the executions of an audit to finish' },
		);

	return {
		capabilities: new Set(['compression']),
		start: async (setup): Promise<AuditedTrigger> => {
			const key = JSON.stringify(setup);
			const making = audited.get(key) ?? make(setup);
			audited.set(key, making);
			const one = await making;
			return {
				nowSeconds: () => Math.floor(Date.now() / 1000),
				deliver: async (request) => {
					const answer = await send(one.url, request);
					one.answeredAt = Date.now();
					return answer;
				},
				runs: async () => {
					const ids = (await settled(one)).map(({ id }) => Number(id)).sort((a, b) => a - b);
					const whole = ids.map(async (id) =>
						runOf(await environment().client.getExecution(String(id))),
					);
					return await Promise.all(whole);
				},
				close: async () => {
					one.lastId = Math.max(one.lastId, ...(await settled(one)).map(({ id }) => Number(id)));
				},
			};
		},
	};
}

describe.each(TESTED)('the trigger in a real n8n %s', (version) => {
	let environment: Environment;

	beforeAll(async () => {
		environment = await startEnvironment({ version });
	}, 600_000);

	afterAll(async () => await environment?.close());

	it('stores with a run the event, task and cause that it can be found by, where n8n can', async () => {
		const { client } = environment;
		const { workflow, url } = await publishManualTrigger(client, { events: ['*'] });
		const data = { task_id: 'tsk_4f8w9n2b', error: { type: 'timeout' } };
		const event = eventOf('task.failed', { data });
		await send(url, signed(event, Math.floor(Date.now() / 1000)));
		const [{ id }] = await waitFor(
			async () => {
				const found = await client.executions({ workflowId: workflow.id, status: ['success'] });
				return found.length > 0 && found;
			},
			{ what: 'the run' },
		);
		const { customData } = await client.getExecution(id);
		expect(customData).toEqual(
			isAtLeast(version, '2.0')
				? {
						event_type: 'task.failed',
						task_id: 'tsk_4f8w9n2b',
						event_id: event.id,
						failure_type: 'timeout',
					}
				: {},
		);
	});

	const driver = driverOf(() => environment, version);
	testEach(deliveryAudits, driver.capabilities, () => driver);
});
