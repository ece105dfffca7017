/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import type { Browser, BrowserContext } from 'playwright-core';

import { CATALOGUE } from '../../nodes/AnchorBrowser/events/catalogue';
import { startSimulator, type Simulator } from '../simulator';
import { N8nClient, startN8n, TEST_OWNER, waitFor, type N8n } from '../support/n8n';
import { launchBrowser } from './editor/browser';
import { Editor } from './editor/editor';
import { Album } from './editor/pictures';
import { branchingWorkflow } from './editor/showcase';
import { describeOnNewest } from './newest';

const WINDOW = { width: 1280, height: 800 };

let n8n: N8n;
let simulator: Simulator;
let client: N8nClient;
let browser: Browser;
let context: BrowserContext;
let editor: Editor;
let album: Album;

beforeAll(async () => {
	simulator = await startSimulator({ events: '14' });
	n8n = await startN8n();
	client = new N8nClient(n8n);
	await client.setUpOwner();
	browser = await launchBrowser();
	context = await browser.newContext({ viewport: WINDOW, locale: 'en-GB', timezoneId: 'UTC' });
	const page = await context.newPage();
	editor = new Editor(page, n8n.url);
	album = new Album(page);
	await editor.logIn(TEST_OWNER);
});

afterAll(async () => {
	await browser?.close();
	await n8n?.stop();
	await simulator?.close();
	if (album) process.stdout.write(`What the editor looked like, step by step: ${album.folder}\n`);
});

afterEach(async () => {
	// What the editor looked like when a test ended, whichever way.
	await album?.step(expect.getState().currentTestName ?? 'a test');
});

let broken = false;

/** The tests are one journey: where a step did not work, those that follow would only wait for what cannot come. */
function step<Given extends unknown[]>(work: (...given: Given) => Promise<void>) {
	return async (...given: Given) => {
		if (broken) throw new Error('An earlier step did not work');
		broken = true;
		await work(...given);
		broken = false;
	};
}

/** Reads until the answer is the expected one; in the end the reader sees how it differs. */
async function eventually<T>(read: () => Promise<T>, expected: T): Promise<void> {
	let seen: T | undefined;
	await waitFor(
		async () => {
			seen = await read();
			return JSON.stringify(seen) === JSON.stringify(expected);
		},
		{ timeout: 20_000 },
	).catch((thrown: Error) => {
		if (!thrown.message.startsWith('Waited')) throw thrown;
	});
	expect(seen).toEqual(expected);
}

/** The same for a part of a text. */
async function eventuallyContains(read: () => Promise<string>, part: string): Promise<void> {
	let seen = '';
	await eventually(async () => {
		seen = await read();
		return seen.includes(part);
	}, true).catch(() => undefined);
	expect(seen).toContain(part);
}

describeOnNewest('the trigger in the editor, from an empty workflow to the first item', () => {
	it(
		'is found by searching "anchor", with its icon and what it is for',
		step(async () => {
			await editor.newWorkflow();
			await editor.searchNodes('anchor');

			await eventually(async () => await editor.listed(), ['Anchor Browser']);
			expect(await editor.at('node-creator-item-description').innerText()).toMatch(
				/^Starts the workflow when a browser task.* changes at Anchor Browser$/,
			);
			const icon = editor.at('node-creator-action-item').locator('img').first();
			expect(await icon.getAttribute('src')).toMatch(/\/icons\/anchorBrowser\.svg$/);
			expect(
				await icon.evaluate((image: unknown) => (image as { naturalWidth: number }).naturalWidth),
			).toBeGreaterThan(0);
			await album.show('search', { x: 840, y: 64, width: 440, height: 260 });

			for (const purpose of ['alert', 'spreadsheet', 'failure']) {
				// n8n searches a moment after the last key: until then the list is that of the words before.
				await editor.at('node-creator-search-bar').fill('no such thing');
				await eventually(async () => await editor.listed(), []);
				await editor.at('node-creator-search-bar').fill(purpose);
				await eventually(async () => (await editor.listed()).includes('Anchor Browser'), true);
				await album.step(purpose);
			}
			await editor.at('node-creator-search-bar').fill('anchor');
			await eventually(async () => await editor.listed(), ['Anchor Browser']);
		}),
	);

	it(
		'offers each event as a way to start',
		step(async () => {
			await editor.pick('Anchor Browser');
			const starts = CATALOGUE.map(({ label }) => `On ${label.toLowerCase()}`);
			await eventually(async () => (await editor.listed()).slice(1), ['On all events', ...starts]);
			await album.step('events to start with');
		}),
	);

	it(
		'opens its panel with the fields in the order in which they are filled in',
		step(async () => {
			await editor.pick('On task failed');
			await eventually(
				async () => await editor.labels(),
				[
					'Credential for Anchor Browser API',
					'Registration',
					'Events',
					'Only When',
					'Branch By',
					'Format',
					'Options',
				],
			);
			expect(await editor.chosenSeveral('events')).toEqual(['Task Failed']);
			expect(await editor.chosen('registration')).toBe('Automatic');
			expect(await editor.chosen('branchBy')).toBe('None');
			expect(await editor.chosen('format')).toBe('Data');
			await album.step('panel as opened');
		}),
	);

	it(
		'refuses an API key that Anchor does not know, and says so; takes the right one',
		step(async () => {
			await editor.openCredential();
			await editor.fillIn('apiKey', 'not-a-key');
			await editor.fillIn('baseUrl', simulator.url);
			await editor.saveCredential();
			await eventuallyContains(
				async () => await editor.refusal(),
				'Anchor Browser does not know this API key',
			);
			await album.step('API key refused');

			await editor.fillIn('apiKey', simulator.apiKey);
			await editor.saveAccepted();
			await editor.openCredential();
			expect(await editor.acceptance()).toContain('Connection tested successfully');
			await album.step('API key accepted');
			await editor.closeCredential();
		}),
	);

	it(
		'lets several events be chosen, in the words of the menu',
		step(async () => {
			await editor.choose('events', 'Session Failed');
			await editor.choose('events', 'Task Completed');
			await eventually(
				async () => await editor.chosenSeveral('events'),
				['Task Failed', 'Session Failed', 'Task Completed'],
			);
			const filters = await editor.offeredBy('Add Filter');
			expect(filters).toContain('Task Failure Types');
			expect(filters).not.toContain('Identity Failure Types');
		}),
	);

	it.each([
		['Event', ['Task Completed', 'Task Failed', 'Session Failed', 'Other Events']],
		['Entity', ['Task', 'Session', 'Intervention', 'Batch', 'Identity', 'Other']],
		[
			'Failure Type',
			[
				'Automation Failure',
				'Invalid Credentials',
				'Timeout',
				'Agent Error',
				'System Error',
				'Other Failure',
				'Not a Failure',
			],
		],
		['None', ['']],
		['Outcome', ['Succeeded', 'Failed', 'Needs Attention', 'Other']],
	])(
		'shows on the canvas the outputs of Branch By: %s',
		step(async (branchBy: string, outputs: string[]) => {
			await editor.choose('branchBy', branchBy);
			expect(await editor.chosen('branchBy')).toBe(branchBy);
			await editor.closePanel();
			await eventually(async () => await editor.outputNames(), outputs);
			await editor.tidyView();
			const { x, y, height } = await editor.areaOf(editor.at('canvas-trigger-node'));
			const top = y + Math.round(height / 2) - 150;
			const name = `branches-${branchBy.toLowerCase().replace(' ', '-')}`;
			await album.show(name, { x: x - 60, y: top, width: 290, height: 340 });
			await editor.openPanel();
		}),
	);

	it(
		'shows data at once: a sample of the first event goes to Anchor, comes back and is the item',
		step(async () => {
			await editor.addTo('Add Filter', 'Task Failure Types');
			await editor.choose('failureTypes', 'Invalid Credentials');
			await editor.choose('failureTypes', 'Timeout');
			await editor.tidyPanel();
			await album.show('panel', await editor.areaOf(editor.at('ndv')));
			await editor.executeStep();

			expect(await editor.outputTabs()).toEqual([
				'Succeeded Branch',
				'Failed Branch (1 item)',
				'Needs Attention Branch',
				'Other Branch',
			]);
			const [{ eventId }] = simulator.deliveries();
			await editor.at('tab-1').click();
			await editor.at('radio-button-json').click();
			await eventuallyContains(
				async () => await editor.at('ndv-data-container').innerText(),
				eventId,
			);
			expect(await editor.at('ndv-data-container').innerText()).toContain('"invalid_credentials"');
			await editor.tidyPanel();
			await album.show('output', await editor.areaOf(editor.at('ndv')));
			await eventually(async () => await Promise.resolve(simulator.webhooks()), []);
		}),
	);

	it(
		'narrows events by conditions on any field, without an alarm for any of them',
		step(async () => {
			await editor.addTo('Add Filter', 'Conditions');
			await editor.addCondition('All of These', {
				field: 'error.message',
				operator: 'Text: Does Not Contain',
				value: 'captcha',
			});
			await editor.addCondition('One of These', {
				field: 'duration_ms',
				operator: 'Number: Is Less Than',
				value: '300000',
			});
			await editor.addCondition('One of These', {
				field: 'artifacts',
				operator: 'List: Is Not Empty',
			});
			expect(await editor.field('rightValue').count()).toBe(2);
			expect(await editor.at('parameter-issues').count()).toBe(0);
			await editor.page.setViewportSize({ ...WINDOW, height: 1150 });
			await editor.showInPanel(editor.page.getByText('Only When', { exact: true }));
			const { x, width } = await editor.areaOf(editor.at('node-parameters'));
			const { y, height } = await editor.areaOf(editor.at('fixed-collection-conditions'));
			await album.show('conditions', { x, width, y: y - 40, height: height + 40 });
			await editor.page.setViewportSize(WINDOW);
		}),
	);

	it(
		'listens until something really happens, takes no forged event for it, and clears up',
		step(async () => {
			await editor.addTo('Add Option', 'Sample Event');
			expect(await editor.chosen('sampleEvent')).toBe('None');
			await editor.executeStep();
			const listening = editor.page.getByText('Listening for test event');
			await listening.waitFor();
			await album.step('listening');
			const [webhook] = await waitFor(
				() => simulator.webhooks().length === 1 && simulator.webhooks(),
			);
			expect(webhook.url).toContain('/webhook-test/');
			expect([...webhook.subscribedEvents].sort()).toEqual([
				'session.failed',
				'task.completed',
				'task.failed',
			]);

			const forged = simulator.emit('task.failed', { sign: 'forged' });
			const [refused] = await forged.settled;
			expect(refused.attempts.map(({ status }) => status)).toEqual([401]);
			const unwanted = simulator.emit('task.failed', {
				data: { error: { type: 'timeout', message: 'Stopped by a CAPTCHA' } },
			});
			const [filtered] = await unwanted.settled;
			expect(filtered.attempts.map(({ status }) => status)).toEqual([204]);
			expect(await listening.isVisible()).toBe(true);

			const genuine = simulator.emit('task.failed', {
				data: { error: { type: 'timeout', message: 'The page took too long' } },
			});
			await listening.waitFor({ state: 'hidden' });
			expect(await editor.outputTabs()).toContain('Failed Branch (1 item)');
			await eventuallyContains(
				async () => await editor.at('ndv-data-container').innerText(),
				genuine.id,
			);
			expect(await editor.at('ndv-data-container').innerText()).toContain('The page took too long');
			await eventually(async () => await Promise.resolve(simulator.webhooks()), []);
		}),
	);
});

describeOnNewest('manual registration in the editor', () => {
	it(
		'says what to do at Anchor, and leaves out what only the API key can do',
		step(async () => {
			expect(await editor.offeredBy('Add Option')).toContain('On Deactivation');
			await editor.choose('registration', 'Manual');
			await editor.page.getByText('Copy the Production URL').waitFor();
			const options = await editor.offeredBy('Add Option');
			expect(options).toContain('Timestamp Tolerance (Seconds)');
			expect(options).not.toContain('On Deactivation');
			await editor.field('sampleEvent').waitFor({ state: 'hidden' });

			await editor.page.getByText('Webhook URLs', { exact: true }).click();
			await editor.page.getByText('Production URL', { exact: true }).click();
			const address = editor.page.getByText(/\/webhook\/[0-9a-f-]{36}\/webhook$/);
			await address.first().waitFor();
			await album.step('manual registration');
		}),
	);

	it(
		'refuses what cannot be a signing secret, and says what is wrong with it',
		step(async () => {
			await editor.openCredential();
			await editor.fillIn('signingSecret', 'whsec-0123');
			await editor.saveCredential();
			await eventuallyContains(
				async () => await editor.refusal(),
				'those have 64 characters, 0 to 9 and a to f, and this one has 10',
			);
			await editor.fillIn('signingSecret', ` ${'ab'.repeat(32)}`);
			await editor.saveCredential();
			await eventuallyContains(
				async () => await editor.refusal(),
				'white space before or after it',
			);
			await album.step('signing secret refused');

			await editor.fillIn('signingSecret', 'ab'.repeat(32));
			await editor.saveAccepted();
			await editor.openCredential();
			expect(await editor.acceptance()).toContain('Connection tested successfully');
			await album.show('credential', await editor.areaOf(editor.at('editCredential-modal')));
			await editor.closeCredential();
			await editor.closePanel();
		}),
	);
});

describeOnNewest('a workflow with a branch for each outcome', () => {
	it(
		'is readable on the canvas: no name is cut short, no node asks for anything',
		step(async () => {
			const anchorBrowserApi = await client.createCredential(
				'anchorBrowserApi',
				{ apiKey: simulator.apiKey, baseUrl: simulator.url },
				'Another Anchor Browser account',
			);
			const { id } = await client.createWorkflow(await branchingWorkflow(client, anchorBrowserApi));
			await editor.openWorkflow(id);
			await editor.tidyView();
			await eventually(
				async () => (await editor.outputNames()).slice(0, 4),
				['Succeeded', 'Failed', 'Needs Attention', 'Other'],
			);
			expect(await editor.namesCutShort()).toEqual([]);
			expect(await editor.at('node-issues').count()).toBe(0);
		}),
	);

	it.each([
		['trigger', 'light', 'anchorBrowser.svg'],
		['dark', 'dark', 'anchorBrowser.dark.svg'],
	] as const)(
		'shows %s: the icon made for the %s theme',
		step(async (name: string, theme: 'light' | 'dark', icon: string) => {
			await editor.useTheme(theme);
			const image = editor.at('canvas-trigger-node').locator('img').first();
			await eventually(async () => (await image.getAttribute('src'))?.split('/').pop(), icon);
			await album.show(name, { x: 220, y: 150, width: 840, height: 540 });
		}),
	);
});
