import type { Browser } from 'playwright-core';

import { launchBrowser } from './editor/browser';
import { Editor } from './editor/editor';
import { Album } from './editor/pictures';
import { ExampleEnvironment } from './examples/environment';
import { exampleFiles, STICKY_NOTE } from './examples/example';
import { Stage } from './examples/stage';
import { describeOnNewest } from './newest';
import { NEWEST, TEST_OWNER, waitFor } from '../support/n8n';

/** Without what floats over the canvas. */
const CANVAS_ALONE = `
	body * { visibility: hidden; }
	.vue-flow, .vue-flow__background, .vue-flow marker *, .vue-flow__viewport, .vue-flow__viewport * { visibility: visible; }
	[data-test-id^="execute-workflow-button-"] * { visibility: hidden; }
`;

describeOnNewest('the examples on the canvas', () => {
	const stage = new Stage();
	let browser: Browser;
	let editor: Editor;
	let album: Album;
	let table: { id: string };

	beforeAll(async () => {
		stage.begin(await ExampleEnvironment.start(NEWEST));
		table = await stage.importTable('task-results.csv');
		browser = await launchBrowser();
		const page = await browser.newPage({ viewport: { width: 1600, height: 800 }, locale: 'en-GB' });
		editor = new Editor(page, stage.environment.n8n.url);
		album = new Album(page);
		await editor.logIn(TEST_OWNER);
	}, 300_000);

	afterAll(async () => {
		await browser?.close();
		await stage.stop();
	});

	it.each(exampleFiles())('%s asks for nothing more once its note is followed', async (file) => {
		const example = stage.environment.filledIn(file);
		// Its note is text, and larger than what is to be seen.
		const nodes = example.nodes.filter(({ type }) => type !== STICKY_NOTE);
		for (const { parameters = {} } of nodes) {
			const chosen = { __rl: true, mode: 'list' };
			if ('dataTableId' in parameters) parameters.dataTableId = { ...chosen, value: table.id };
			if ('workflowId' in parameters) parameters.workflowId = { ...chosen, value: 'another' };
		}
		const { id } = await stage.environment.client.createWorkflow({ ...example, nodes });
		await editor.openWorkflow(id);
		await editor.tidyView();

		await waitFor(async () => (await editor.nodeNames()).length === nodes.length, {
			what: 'all nodes to be on the canvas',
		});
		expect((await editor.nodeNames()).sort()).toEqual(nodes.map(({ name }) => name).sort());
		expect(await editor.at('node-issues').count()).toBe(0);
		await waitFor(async () => await editor.areIconsShown(), { what: 'the icons of all nodes' });
		await editor.page.addStyleTag({ content: CANVAS_ALONE });
		await album.show(`examples/${file.replace('.json', '')}`, await editor.areaOfNodes());
	});
});
