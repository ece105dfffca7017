/* eslint-disable no-console -- tests print their figures */
import { startEnvironment, type Environment } from './faults/environment';
import { floodWithForgeries } from './faults/flood';
import { FULL } from './faults/scenario';

const FORGERIES = FULL ? 2_000 : 200;

jest.setTimeout(10 * 60_000);

let environment: Environment;
beforeAll(async () => {
	// n8n's insights write down the runs of before when a timer says so, also in the middle of a flood.
	environment = await startEnvironment({
		env: { N8N_DISABLED_MODULES: 'mcp-registry,insights' },
	});
});
afterAll(async () => await environment?.close());

test('a flood of forged requests costs no execution and no write to the database', async () => {
	const { refused, executions, changedTables, written, perSecond } = await floodWithForgeries(
		environment,
		FORGERIES,
	);
	console.log(`${FORGERIES} forged requests, ${perSecond.toFixed(0)} a second`);
	expect({ refused, executions, changedTables, written }).toEqual({
		refused: FORGERIES,
		executions: 0,
		changedTables: [],
		written: false,
	});
});
