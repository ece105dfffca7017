import type {
	IDataObject,
	IExecuteFunctions,
	IHookFunctions,
	IRun,
	ITriggerFunctions,
} from 'n8n-workflow';
import * as core from './core';
import { Host } from './host';
import type { HostOptions } from './host';
import { triggerNode } from './workflowRow';
import type { WorkflowRow } from './workflowRow';

const { loadPackage } = core;

/** What n8n called, in order: `create Trigger update`, say. */
let called: string[];
/** The contexts of every `trigger()`, in order. */
let contexts: ITriggerFunctions[];
/** Called with the name of each method before it ends; may throw. */
let meanwhile: (method: string, nodeName: string) => Promise<void> | void;
let host: Host;

/** A trigger that does nothing but note how n8n calls it, in place of ours. */
async function loadNotingTrigger(): Promise<core.LoadedPackage> {
	const loaded = await loadPackage();
	const note = async (method: string, context: IHookFunctions | ITriggerFunctions) => {
		const { name } = context.getNode();
		called.push(`${method} ${name} ${context.getActivationMode()}`);
		await meanwhile(method, name);
	};
	const hook = (method: string, answer: boolean) =>
		async function (this: IHookFunctions) {
			await note(method, this);
			return answer;
		};
	Object.assign(loaded.trigger, {
		webhookMethods: {
			default: {
				checkExists: hook('checkExists', false),
				create: hook('create', true),
				delete: hook('delete', true),
			},
		},
		async trigger(this: ITriggerFunctions) {
			await note('trigger', this);
			contexts.push(this);
			const { name } = this.getNode();
			return { closeFunction: async () => void called.push(`close ${name}`) };
		},
		async execute(this: IExecuteFunctions) {
			return [this.getInputData()];
		},
	});
	return loaded;
}

async function startHost(options: HostOptions = {}): Promise<void> {
	host = await Host.start(options);
}

function addWorkflow(...names: string[]): WorkflowRow {
	return host.addWorkflow(names.map((name) => triggerNode({ id: `id-of-${name}`, name })));
}

beforeEach(() => {
	called = [];
	contexts = [];
	meanwhile = () => {};
	jest.spyOn(core, 'loadPackage').mockImplementation(loadNotingTrigger);
});

afterEach(async () => {
	await host.close();
	jest.restoreAllMocks();
});

/** Emits one item from the newest `trigger()`; resolves when n8n says that the run has ended. */
async function emit(json: IDataObject, key?: string) {
	const context = contexts[contexts.length - 1];
	const done = context.helpers.createDeferredPromise<IRun>();
	context.emit([[{ json }]], undefined, done, key);
	return await done.promise;
}

describe.each(['2.41', '1.123'] as const)('trigger() on %s', (line) => {
	beforeEach(async () => await startHost({ line }));

	it('is called at activation and at every start, and closed at deactivation', async () => {
		const row = addWorkflow('A');
		await host.activate(row);
		expect([...called].sort()).toEqual([
			'checkExists A activate',
			'create A activate',
			'trigger A activate',
		]);
		expect(contexts[0].getMode()).toBe('trigger');

		called = [];
		await host.restart();
		expect([...called].sort()).toEqual(['checkExists A init', 'create A init', 'trigger A init']);

		called = [];
		await host.deactivate(row);
		expect([...called].sort()).toEqual(['close A', 'delete A update']);
	});

	it('is not called while somebody listens', async () => {
		const row = addWorkflow('A');
		await host.stopListening(await host.listen(row));
		expect(called).toEqual(['checkExists A manual', 'create A manual', 'delete A update']);
	});

	it('is closed when n8n is shut down or loses the leadership, and not when it crashes', async () => {
		const row = addWorkflow('A');
		await host.activate(row);
		called = [];
		host.crash();
		await host.shutDown();
		expect(called).toEqual([]);

		await host.restart();
		called = [];
		await host.shutDown();
		expect(called).toEqual(['close A']);

		await host.restart();
		const other = await host.anotherProcess();
		called = [];
		await host.stepDown();
		await host.activate(row, 'leadershipChange', other);
		expect(called[0]).toBe('close A');
		expect(called).toContain('trigger A leadershipChange');
		await host.stepDown(other);
		expect(called.filter((entry) => entry === 'close A')).toHaveLength(2);
	});

	it('starts runs in mode trigger, and hears when they have ended', async () => {
		const row = addWorkflow('A');
		await host.activate(row);
		expect(await emit({ number: 1 })).toMatchObject({ mode: 'trigger', status: 'success' });
		expect(await host.runs(row)).toMatchObject([{ mode: 'trigger', outputs: [[{ number: 1 }]] }]);
	});

	it('can emit no more once the process has crashed', async () => {
		await host.activate(addWorkflow('A'));
		await host.boot();
		contexts[0].emit([[{ json: {} }]]);
		expect(await host.runs()).toEqual([]);
	});

	it('gets no answer to a request once the process has crashed', async () => {
		await host.activate(addWorkflow('A'));
		await host.boot();
		await host.activate(addWorkflow('A'));
		const [dead, alive] = contexts.map(async (context) => {
			const { httpRequestWithAuthentication: request } = context.helpers;
			// Without a credential, n8n refuses at once.
			await request.call(context, 'anchorBrowserApi', { url: host.address }).catch(() => {});
		});
		await alive;
		expect(await Promise.race([dead, Promise.resolve('waits')])).toBe('waits');
	});

	it('saves its static data whole with a run, if it has changed them, as activation found them', async () => {
		const row = addWorkflow('A');
		row.staticData = '{"global":{"kept":1}}';
		await host.activate(row);
		row.staticData = '{"global":{"kept":1,"counter":5}}';
		await emit({});
		expect(JSON.parse(row.staticData)).toEqual({ global: { kept: 1, counter: 5 } });

		contexts[0].getWorkflowStaticData('global').mine = 2;
		await emit({});
		expect(JSON.parse(row.staticData)).toEqual({ global: { kept: 1, mine: 2 } });

		row.staticData = '{"global":{}}';
		await emit({});
		expect(JSON.parse(row.staticData)).toEqual({ global: {} });
	});

	it('waits like a webhook while n8n does not accept runs', async () => {
		const row = addWorkflow('A');
		await host.activate(row);
		const acceptance = host.holdRuns();
		const run = emit({});
		await acceptance.arrived;
		expect(host.executions).toHaveLength(0);
		acceptance.settle('accept');
		await run;
		expect(await host.runs(row)).toHaveLength(1);
	});

	it('goes on after a failed start of another workflow', async () => {
		await host.activate(addWorkflow('A'));
		const other = host.addWorkflow([triggerNode({ id: 'b', name: 'B' })], { id: 'wf2' });
		await host.activate(other);
		called = [];
		meanwhile = (method, name) => {
			if (method === 'create' && name === 'A') throw new Error('no');
		};
		await expect(host.restart()).rejects.toThrow('no');
		expect(called).toContain('trigger B init');
	});
});

describe('a key of a run', () => {
	it('lets it run once on 2.41, after a crash too', async () => {
		await startHost();
		const row = addWorkflow('A');
		await host.activate(row);
		await emit({ number: 1 }, 'key');
		expect(await emit({ number: 2 }, 'key')).toBeUndefined();
		await host.restart();
		expect(await emit({ number: 3 }, 'key')).toBeUndefined();
		await emit({ number: 4 }, 'other');
		expect((await host.runs(row)).map(({ outputs }) => outputs)).toEqual([
			[[{ number: 1 }]],
			[[{ number: 4 }]],
		]);
	});

	it('is ignored on 1.123', async () => {
		await startHost({ line: '1.123' });
		const row = addWorkflow('A');
		await host.activate(row);
		await emit({}, 'key');
		await emit({}, 'key');
		expect(await host.runs(row)).toHaveLength(2);
	});
});

describe('publishing again', () => {
	it('stops and starts on 2.41 what has changed, with the words of the version before', async () => {
		await startHost();
		const row = addWorkflow('A', 'B');
		await host.activate(row);
		called = [];
		await host.republish(row);
		expect(called).toEqual([]);

		row.nodes[0].name = 'Renamed';
		await host.republish(row);
		expect(called.slice(0, 2).sort()).toEqual(['close A', 'delete A update']);
		expect(called.slice(2).sort()).toEqual([
			'checkExists Renamed update',
			'create Renamed update',
			'trigger Renamed update',
		]);
	});

	it('stops and starts everything on 1.123', async () => {
		await startHost({ line: '1.123' });
		const row = addWorkflow('A', 'B');
		await host.activate(row);
		called = [];
		await host.republish(row);
		expect(called).toEqual([
			...['delete A update', 'delete B update', 'close A', 'close B'],
			...['checkExists A update', 'create A update', 'checkExists B update', 'create B update'],
			...['trigger A update', 'trigger B update'],
		]);
	});
});

describe('a failed activation', () => {
	const failing = async (line: HostOptions['line']) => {
		await startHost({ line });
		const row = addWorkflow('A', 'B');
		meanwhile = (method, name) => {
			if (method === 'create' && name === 'A') throw new Error('no');
		};
		await expect(host.activate(row)).rejects.toThrow('no');
		return row;
	};

	it('is cleaned up for the failing trigger alone on 2.41, and trigger() goes on', async () => {
		const row = await failing('2.41');
		expect(called.filter((entry) => entry.startsWith('delete'))).toEqual(['delete A update']);
		expect(called).toEqual(expect.arrayContaining(['trigger A activate', 'trigger B activate']));

		called = [];
		meanwhile = () => {};
		await host.republish(row);
		expect([...called].sort()).toEqual([
			'checkExists A update',
			'create A update',
			'trigger A update',
		]);
	});

	it('is cleaned up for every trigger on 1.123, before any trigger() is called', async () => {
		await failing('1.123');
		expect(called).toEqual([
			...['checkExists A activate', 'create A activate'],
			...['delete A update', 'delete B update'],
		]);
	});
});
