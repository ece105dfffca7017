import type { INodeParameters } from 'n8n-workflow';
import { logLines } from '../support/core';
import { Host } from '../support/host';
import { send } from '../support/send';
import { triggerNode } from '../support/workflowRow';
import { testEach } from './audit';
import { deliveryAudits } from './deliveryAudits';
import type { DeliveryCapability, DeliveryDriver, TriggerSetup } from './deliveryDriver';

const CAPABILITIES: DeliveryCapability[] = [
	'clock',
	'hold',
	'anyBody',
	'longHeaders',
	'compression',
	'log',
];

const NOW_SECONDS = 1_795_334_400;

let host: Host;
let started = 0;

/** The built node, loaded and run by n8n-core, behind a real HTTP server. */
const driver: DeliveryDriver = {
	capabilities: new Set(CAPABILITIES),
	start: async (setup) => {
		const name = `audited-${++started}`;
		const row = host.addWorkflow([nodeFor(setup, name)], { id: name });
		await host.activate(row);
		logLines.length = 0;
		return {
			nowSeconds: () => NOW_SECONDS,
			deliver: async (request) => await send(host.urlOf(row), request),
			runs: async () => (await host.runs(row)).map(({ outputs }) => outputs.flat()),
			holdRuns: () => host.holdRuns(),
			log: () => JSON.stringify(logLines),
			close: async () => await host.deactivate(row),
		};
	},
};

function nodeFor({ events, filters, options, secrets }: TriggerSetup, name: string) {
	if (secrets) {
		const { current, previous = '' } = secrets;
		host.credentials.stored.set(name, {
			signingSecret: current,
			previousSigningSecret: previous,
		});
	}
	return triggerNode({
		id: `node-of-${name}`,
		parameters: {
			registration: 'manual',
			events: [...(events ?? [])],
			...(filters ? { filters: filters as INodeParameters } : {}),
			...(options ? { options: options as INodeParameters } : {}),
		},
		credentials: secrets ? { anchorBrowserSigningSecretApi: name } : {},
	});
}

beforeAll(async () => {
	host = await Host.start();
	jest.spyOn(Date, 'now').mockReturnValue(NOW_SECONDS * 1000);
});

afterAll(async () => {
	jest.restoreAllMocks();
	await host.close();
});

describe('the built node in n8n-core', () =>
	testEach(deliveryAudits, driver.capabilities, () => driver));
