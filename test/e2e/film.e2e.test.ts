/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';

import { startSimulator, type Simulator } from '../simulator';
import { N8nClient, PROJECT, startN8n, TEST_OWNER, waitFor, type N8n } from '../support/n8n';
import { launchBrowser } from './editor/browser';
import { Editor } from './editor/editor';
import { Film, SIZE } from './editor/film';
import { Album } from './editor/pictures';
import { startMailbox, type Mail, type Mailbox } from './examples/mailbox';
import { describeOnNewest } from './newest';

const EXAMPLE = 'alert-email-on-failure.json';

/** What it shows is tested elsewhere (`editor`, `examples`): it is made when the pictures are made, and left out otherwise. */
const describeFilm = process.env.UPDATE_PICTURES ? describeOnNewest : describe.skip;

let simulator: Simulator;
let mailbox: Mailbox;
let n8n: N8n;
let browser: Browser;
let page: Page;
let editor: Editor;
let album: Album;
let film: Film;

describeFilm('the first alert, from an example to the published workflow', () => {
	beforeAll(async () => {
		simulator = await startSimulator();
		mailbox = await startMailbox();
		n8n = await startN8n();
		const client = new N8nClient(n8n);
		await client.setUpOwner();
		const { port } = mailbox;
		await client.createCredential(
			'smtp',
			{ user: '', password: '', host: '127.0.0.1', port, secure: false, disableStartTls: true },
			'SMTP account',
		);
		browser = await launchBrowser();
		const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC' });
		page = await context.newPage();
		editor = new Editor(page, n8n.url);
		album = new Album(page);
		film = await Film.of(page, album.updating);
		await editor.logIn(TEST_OWNER);
	});

	afterAll(async () => {
		await browser?.close();
		await n8n?.stop();
		await mailbox?.close();
		await simulator?.close();
		if (album) process.stdout.write(`What the editor looked like at the end: ${album.folder}\n`);
	});

	afterEach(async () => {
		await album?.step('the end');
	});

	/** The window of a mail program, as plain as can be. */
	async function openMail({ from, to, subject, text }: Mail): Promise<Page> {
		const opened = await page.context().newPage();
		await opened.setViewportSize(SIZE);
		await opened.setContent(`
		<body style="margin: 0; background: #eceef3; color: #1d2033; font: 16px/1.6 'Liberation Sans', Arial, sans-serif">
		<header style="padding: 14px 32px; background: #fff; border-bottom: 1px solid #d5d8e2; font-weight: 700">Inbox</header>
		<main style="margin: 28px 32px; padding: 24px 28px; background: #fff; border: 1px solid #d5d8e2; border-radius: 8px">
			<h1 style="margin: 0 0 8px; font-size: 22px"></h1>
			<p style="margin: 0; color: #666b80"></p>
			<pre style="margin: 18px 0 0; padding-top: 18px; border-top: 1px solid #d5d8e2; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere"></pre>
		</main>`);
		const write = async (element: string, words: string) =>
			await opened.locator(element).evaluate((found, content) => {
				found.textContent = content;
			}, words);
		await write('h1', subject);
		await write('p', `From ${from} to ${to.join(', ')}`);
		await write('pre', text);
		return opened;
	}

	/** The steps have the numbers of the README, whose first two happen outside of the editor. */
	it('is imported, connected, tried with a sample that ends in the mailbox, and published', async () => {
		await film.say('3. Import an example');
		await editor.newWorkflow();
		await film.show(500);
		await film.click(editor.at('workflow-menu'));
		await film.pointAt(editor.at('workflow-menu-item-import'));
		const chooser = page.waitForEvent('filechooser');
		await film.click(editor.at('workflow-menu-item-import-from-file'));
		await (await chooser).setFiles(join(PROJECT, 'examples', EXAMPLE));
		await editor.at('canvas-trigger-node').waitFor();
		const added = page.getByText('Credentials auto-added');
		await added.waitFor();
		await film.show(1_500);
		await added.waitFor({ state: 'hidden' });
		// Brings the nodes out from below the button; the note has been seen.
		await page.mouse.wheel(0, 170);

		await film.say('4. Connect: paste the API key of your Anchor project');
		await film.pointAt(editor.at('canvas-trigger-node'));
		await editor.openPanel();
		await film.show(800);
		await editor.openCredential();
		await film.show(800);
		await editor.fillIn('apiKey', simulator.apiKey);
		await film.show(800);
		await film.pointAt(editor.at('credential-save-button'));
		// Not shown, because nobody else has a simulated Anchor.
		await editor.fillIn('baseUrl', simulator.url);
		await editor.saveAccepted();
		await film.show(1_500);
		await album.step('connected');
		await film.click(editor.at('ndv-close-button'));
		await editor.at('ndv').waitFor({ state: 'hidden' });

		await film.say('5. Try: execute the workflow, and Anchor sends a sample');
		// Anchor takes a moment to send it; here it takes until the editor was seen listening.
		const asked = simulator.outage({ mode: 202, calls: 'POST /v1/webhooks/:id/test' });
		await film.click(editor.at('execute-workflow-button'));
		await page.getByText('Waiting for trigger event').waitFor();
		await page.getByText('Anchor Browser sends a sample at once').waitFor();
		await asked.met;
		await film.show(1_500);
		const [webhook] = simulator.webhooks();
		expect(webhook.url).toContain('/webhook-test/');

		await film.say('5. Try: the sample arrives, a task that failed');
		simulator.emit('task.failed', { to: webhook.id });
		await editor.at('canvas-node-status-success').nth(1).waitFor();
		// Resolves when the button has its words again.
		await editor.at('execute-workflow-button').click({ trial: true });
		await film.pointAt(editor.at('canvas-trigger-node'));
		await film.show(1_200);
		await editor.openPanel();
		await editor.widenOutput();
		await film.click(editor.at('radio-button-schema'));
		await editor.at('ndv-data-container').getByText('invalid_credentials').first().waitFor();
		await film.show(1_500);
		await album.step('the item');
		await film.click(editor.at('ndv-close-button'));
		await editor.at('ndv').waitFor({ state: 'hidden' });
		await waitFor(() => simulator.webhooks().length === 0);

		await film.say('5. Try: the alert is in the mailbox');
		const [mail] = await waitFor(() => mailbox.mails.length > 0 && mailbox.mails);
		expect(mail.subject).toBe('task.failed: tsk_4f8w9n2b (invalid_credentials)');
		const opened = await openMail(mail);
		await film.show(3_000, opened);
		await opened.close();

		await film.say('6. Publish: from now on every failure alerts you');
		await page.bringToFront();
		await film.click(editor.at('workflow-open-publish-modal-button'));
		await film.show(800);
		await album.step('publishing');
		await film.click(editor.at('workflow-publish-button'));
		await waitFor(() => simulator.webhooks().some(({ url }) => url.includes('/webhook/')));
		await page.getByText('Publishing').waitFor({ state: 'hidden' });
		await film.show(3_000);

		if (album.updating) album.keepFilm('first-event', film.encode());
	}, 600_000);
});
