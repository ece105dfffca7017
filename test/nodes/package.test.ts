/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { NodeHelpers } from 'n8n-workflow';
import type {
	INode,
	INodeParameters,
	INodeProperties,
	INodePropertyCollection,
	INodeTypeDescription,
} from 'n8n-workflow';
import { EVENT_TYPES, EVERY_EVENT } from '../../nodes/AnchorBrowser/events/catalogue';
import { outputNames } from '../../nodes/AnchorBrowser/output/branch';
import type { BranchBy } from '../../nodes/AnchorBrowser/output/branch';
import { readExecuteSettings } from '../../nodes/AnchorBrowser/settings/readSettings';
import { loadPackage, PACKAGE_FOLDER, PACKAGE_NAME } from '../support/core';
import type { LoadedPackage } from '../support/core';
import { openWorkflow, triggerNode } from '../support/workflowRow';

const BRANCHES: BranchBy[] = ['none', 'event', 'entity', 'outcome', 'failureType'];

let loaded: LoadedPackage;
let description: INodeTypeDescription;

beforeAll(async () => {
	loaded = await loadPackage();
	({ description } = loaded.trigger);
});

describe('the built package in n8n-core’s loader', () => {
	it('is known by its node and its two credentials', () => {
		expect(loaded.loader.packageName).toBe(PACKAGE_NAME);
		expect(loaded.loader.known.nodes.anchorBrowserTrigger).toEqual({
			className: 'AnchorBrowserTrigger',
			sourcePath: 'dist/nodes/AnchorBrowser/AnchorBrowserTrigger.node.js',
		});
		expect(Object.keys(loaded.loader.known.credentials).sort()).toEqual([
			'anchorBrowserApi',
			'anchorBrowserSigningSecretApi',
		]);
	});

	it('offers each credential to the trigger', () => {
		const { credentials } = loaded.loader.known;
		expect(credentials.anchorBrowserApi.supportedNodes).toContain('anchorBrowserTrigger');
		expect(credentials.anchorBrowserSigningSecretApi.supportedNodes).toEqual([
			'anchorBrowserTrigger',
		]);
	});

	it('keeps the signing secret from every other node', () => {
		const { mayUse } = loaded;
		const secret = 'anchorBrowserSigningSecretApi';
		expect(mayUse(secret, `${PACKAGE_NAME}.anchorBrowserTrigger`)).toBe(true);
		expect(mayUse(secret, 'n8n-nodes-base.httpRequest')).toBe(false);
		expect(mayUse('anchorBrowserApi', 'n8n-nodes-base.httpRequest')).toBe(true);
	});

	it('has a light and a dark icon for node and credentials, and both are there', () => {
		const described = [
			description,
			loaded.credentialType('anchorBrowserApi'),
			loaded.credentialType('anchorBrowserSigningSecretApi'),
		];
		for (const { iconUrl } of described) {
			const { light, dark } = iconUrl as { light: string; dark: string };
			expect(light).toBe(`icons/${PACKAGE_NAME}/dist/icons/anchorBrowser.svg`);
			expect(dark).toBe(`icons/${PACKAGE_NAME}/dist/icons/anchorBrowser.dark.svg`);
			for (const url of [light, dark]) {
				expect(existsSync(join(PACKAGE_FOLDER, url.slice(`icons/${PACKAGE_NAME}/`.length)))).toBe(
					true,
				);
			}
		}
	});

	it('is found in the nodes panel by its codex', () => {
		expect(description.codex?.categories?.length).toBeGreaterThan(0);
		expect(description.codex?.resources?.primaryDocumentation?.length).toBeGreaterThan(0);
	});
});

describe('the trigger’s description', () => {
	it('is what n8n takes for a webhook trigger', () => {
		expect(description).toMatchObject({
			name: 'anchorBrowserTrigger',
			displayName: 'Anchor Browser Trigger',
			group: ['trigger'],
			version: 2,
			inputs: [],
		});
		expect(description).not.toHaveProperty('usableAsTool');
		expect(loaded.trigger.webhook).toBeInstanceOf(Function);
		expect(loaded.trigger.execute).toBeInstanceOf(Function);
		expect(Object.keys(loaded.trigger.webhookMethods?.default ?? {}).sort()).toEqual([
			'checkExists',
			'create',
			'delete',
		]);
	});

	it('lets n8n answer with what webhook() returns, once the run is accepted', () => {
		expect(description.webhooks).toEqual([
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				responseCode: 202,
				responseData: '',
				path: 'webhook',
			},
		]);
	});

	it('has the parameters of the contract, with its defaults', () => {
		const defaults = Object.fromEntries(
			description.properties
				.filter(({ type }) => type !== 'notice')
				.map(({ name, default: value }) => [name, value]),
		);
		expect(defaults).toEqual({
			registration: 'automatic',
			events: ['task.completed', 'task.failed'],
			filters: {},
			branchBy: 'none',
			format: 'data',
			options: {},
		});
	});

	it('has the options and conditions of the contract, with their defaults', () => {
		expect(defaultsOf('filters')).toEqual({
			conditions: {},
			failureTypes: [],
			authenticationFailureTypes: [],
			taskIds: '',
			sessionIds: '',
			batchIds: '',
			identityIds: '',
			projectIds: '',
		});
		expect(defaultsOf('options')).toEqual({
			acknowledge: 'accepted',
			catchUp: true,
			collectMinutes: 0,
			deduplicate: 'durable',
			escapeFormulas: true,
			includeDelivery: false,
			onDeactivate: 'delete',
			resultColumns: '',
			sampleEvent: '',
			toleranceSeconds: 120,
		});
	});

	it('lets no condition take an expression, which n8n would evaluate for every delivery', () => {
		const filters = description.properties.find(({ name }) => name === 'filters');
		const conditions = filters?.options?.find(({ name }) => name === 'conditions');
		const groups = (conditions as INodeProperties).options as INodePropertyCollection[];
		expect(groups.map(({ name }) => name)).toEqual(['conditions', 'anyOf']);
		for (const { values } of groups) {
			expect(values.map(({ name }) => name)).toEqual([
				'leftValue',
				'operator',
				'rightValue',
				'ignoreCase',
			]);
			expect(values.filter(({ noDataExpression }) => !noDataExpression)).toEqual([]);
		}
	});

	it('no field is shown by a regular expression: n8n would run it in a sandbox, for each delivery', () => {
		expect(JSON.stringify(description.properties)).not.toContain('"regex"');
	});

	it('offers every event of the catalogue, and all of them at once', () => {
		const { options = [] } = description.properties.find(({ name }) => name === 'events') ?? {};
		const values = options.map((option) => (option as { value: string }).value);
		expect([...values].sort()).toEqual([EVERY_EVENT, ...EVENT_TYPES].sort());
	});

	it('offers the choices of the contract', () => {
		expect(valuesOf('registration')).toEqual(['automatic', 'manual']);
		expect(valuesOf('branchBy')).toEqual(['entity', 'event', 'failureType', 'none', 'outcome']);
		expect(valuesOf('format')).toEqual(['data', 'envelope', 'row']);
	});

	it('asks for the API key in automatic registration and for the secret in manual', () => {
		expect(description.credentials).toMatchObject([
			{
				name: 'anchorBrowserApi',
				required: true,
				displayOptions: { show: { registration: ['automatic'] } },
			},
			{
				name: 'anchorBrowserSigningSecretApi',
				required: true,
				testedBy: 'signingSecretTest',
				displayOptions: { hide: { registration: ['automatic'] } },
			},
		]);
	});

	// Words beside a field are read by people who click: a sentence of their own, in n8n's manner.
	it('puts no full stop after a single sentence, and one after each of several', () => {
		const wrong = texts().filter((text) => {
			const sentences = text.split(/[.!?] (?=[A-Z])/).length;
			return sentences === 1 ? text.endsWith('.') : !/[.!?]$/.test(text);
		});
		expect(wrong).toEqual([]);
	});
});

function valuesOf(name: string): unknown[] {
	const { options = [] } = description.properties.find((property) => property.name === name) ?? {};
	return options.map((option) => (option as { value: unknown }).value).sort();
}

function defaultsOf(collection: string): Record<string, unknown> {
	const property = description.properties.find(({ name }) => name === collection);
	return Object.fromEntries(
		(property?.options ?? []).map((option) => [
			(option as { name: string }).name,
			(option as { default: unknown }).default,
		]),
	);
}

function texts(): string[] {
	const found: string[] = [];
	const visit = (value: unknown) => {
		if (typeof value !== 'object' || value === null) return;
		for (const [key, inner] of Object.entries(value)) {
			if (key === 'description' && typeof inner === 'string') found.push(inner);
			else visit(inner);
		}
	};
	visit(description.properties);
	return found;
}

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
			const parameters: INodeParameters = { branchBy: 'event', events };
			const settings = readExecuteSettings((name) => parameters[name]);
			expect(outputsInN8n(parameters)).toEqual(outputNames(settings.branchBy, settings.events));
		},
	);

	it('are one without a name unless the user branches', () => {
		expect(outputsInN8n({})).toEqual(['']);
		expect(outputsInN8n({ branchBy: 'colour', events: [EVERY_EVENT] })).toEqual(['']);
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

const FILTERS = {
	failureTypes: ['timeout'],
	authenticationFailureTypes: ['invalid_credentials'],
	taskIds: 'tsk_1',
};

/** The filters that n8n keeps, as its editor shows them, when these events are selected. */
function keptWith(parameters: INodeParameters): string[] {
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

describe('the causes of a failure', () => {
	const both = ['authenticationFailureTypes', 'failureTypes', 'taskIds'];

	it.each<[string, INodeParameters, string[]]>([
		['that is chosen', { events: ['task.failed', 'session.failed'] }, ['failureTypes', 'taskIds']],
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
});
