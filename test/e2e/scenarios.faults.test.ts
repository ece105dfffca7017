/* eslint-disable @n8n/community-nodes/no-restricted-globals, no-console -- tests run in Node, not in n8n's sandbox, and print their figures */
import { TESTED } from '../support/n8n';
import { startEnvironment, type Environment } from './faults/environment';
import { Figures } from './faults/figures';
import { awaitsRecovery, runScenario, withinSeconds } from './faults/runScenario';
import { windowMs, type Scenario } from './faults/scenario';
import { SCENARIOS } from './faults/scenarios';
import { installServices, missingServices } from './faults/services';

jest.setTimeout(120 * 60_000);

const figures = new Figures();
afterAll(() => console.log(`${figures}`));

// A merge check may change its machine, and must not pass without queue mode; on anybody else's, it is left out.
if (process.env.CI) installServices();
const missing = missingServices();
if (missing.length > 0)
	console.log(`Queue mode is not tested: this machine has no ${missing.join(' and no ')}`);

const titleOf = (scenario: Scenario) =>
	awaitsRecovery(scenario)
		? scenario.name
		: `${scenario.name} (the short run does not wait for the recovery)`;

const settings = [...new Set(SCENARIOS.map(({ setting }) => setting))];
const places = TESTED.flatMap((version) =>
	settings.map((setting) => ({
		version,
		setting,
		scenarios: SCENARIOS.filter((one) => one.setting === setting && one.versions.includes(version)),
	})),
);

for (const { version, setting, scenarios } of places.filter((place) => place.scenarios.length)) {
	const describePlace = setting.queue && missing.length > 0 ? describe.skip : describe;
	describePlace(`every event runs once, n8n ${version}, ${setting.name}`, () => {
		let environment: Environment;
		beforeAll(async () => {
			environment = await startEnvironment({ ...setting, version });
		});
		afterAll(async () => await environment?.close());

		test.each(scenarios.map((scenario) => [titleOf(scenario), scenario] as const))(
			'%s',
			async (_title, scenario) => {
				const result = await runScenario(environment, scenario);
				figures.add(scenario.name, version, result);
				if (awaitsRecovery(scenario)) expect(result.lostAfter).toEqual({});
				const tolerated = Math.ceil(result.events * (scenario.doubledShare ?? 0));
				expect(result.doubled.slice(tolerated)).toEqual([]);
				const isCollecting = windowMs(scenario.options) > 0;
				if (isCollecting) expect(result.carryingRuns).toBeLessThanOrEqual(result.events / 3);
				// One look into n8n's store after each start, and after each activation; where n8n takes long to begin a run, it may
				// be asked for it once more.
				const asked = scenario.oneEventARun ? result.recovered : 0;
				// Progress is noted after each 25, each a run of its own, or after each run of collected events: a kill may make so
				// many ask n8n's store in vain.
				const inVain = isCollecting ? 2 : 26;
				// In queue mode each look asks about what the webhook processors have taken.
				const looks = scenario.setting.queue ? 3 : 1;
				expect(result.emptyRecoveries).toBeLessThanOrEqual(looks + inVain * result.starts + asked);
				expect(result.secondsToRecover ?? 0).toBeLessThanOrEqual(withinSeconds(scenario));
				if (scenario.oneEventARun) expect(result.mostInOneRun).toBe(1);
				if (scenario.retried) expect(result.crashed).toEqual([]);
				if (scenario.answersInTime) expect(result.requests).toBe(result.events);
			},
		);
	});
}
