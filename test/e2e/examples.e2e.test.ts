import { describeAlerts } from './examples/alerts';
import { describeBlocks } from './examples/blocks';
import { describeCollecting } from './examples/collecting';
import { ExampleEnvironment, succeeded } from './examples/environment';
import { exampleFiles, readExample } from './examples/example';
import { describeResults } from './examples/results';
import { describeRetries } from './examples/retries';
import { Stage } from './examples/stage';
import { TRIGGER_TYPE } from './trigger';
import { TESTED } from '../support/n8n';

describe.each(TESTED)('the examples in n8n %s', (version) => {
	const stage = new Stage();

	beforeAll(async () => {
		stage.begin(await ExampleEnvironment.start(version));
	}, 300_000);

	afterEach(async () => await stage.clear());

	afterAll(async () => await stage.stop());

	describeAlerts(stage);
	describeRetries(stage);
	describeResults(stage);
	describeBlocks(stage, version);
	describeCollecting(stage);

	it.each(exampleFiles())('%s without its credentials says what is missing', async (file) => {
		const { client } = stage.environment;
		const imported = readExample(file);
		const { id } = await client.createWorkflow(imported);
		const start = imported.nodes.find(({ type }) => type === TRIGGER_TYPE);
		const refused = start
			? client.activate(id)
			: client.finishedExecution(await client.runManually(id, 'Every Hour')).then(succeeded);
		await expect(refused).rejects.toThrow(/credential/i);
	});
});
