import type { INodeParameters } from 'n8n-workflow';
import { logLines } from '../support/core';
import { Host } from '../support/host';
import { manualTrigger } from '../support/manualTrigger';
import { send } from '../support/send';
import { testEach } from './audit';
import { deliveryAudits } from './deliveryAudits';
import type { DeliveryCapability, DeliveryDriver } from './deliveryDriver';

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

/** The built node, loaded and run by n8n-core, behind a real HTTP server. */
const driver: DeliveryDriver = {
	capabilities: new Set(CAPABILITIES),
	start: async ({ secrets, ...parameters }) => {
		const { row, runs } = await manualTrigger(
			host,
			parameters as INodeParameters,
			secrets && { signingSecret: secrets.current, previousSigningSecret: secrets.previous ?? '' },
		);
		if (secrets === undefined) row.nodes[0].credentials = {};
		logLines.length = 0;
		return {
			nowSeconds: () => NOW_SECONDS,
			deliver: async (request) => await send(host.urlOf(row), request),
			runs: async () => (await runs()).map(({ outputs }) => outputs.flat()),
			holdRuns: () => host.holdRuns(),
			log: () => JSON.stringify(logLines),
			close: async () => await host.deactivate(row),
		};
	},
};

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
