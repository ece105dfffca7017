import type { Locator, Page } from 'playwright-core';

import type { Owner } from '../../support/n8n';
import type { Area } from './pictures';

/** n8n's editor on a machine that others use too: it may take its time. */
const PATIENCE = 60_000;

/** Around the nodes of a picture, in CSS pixels: for their names, and the pluses where more nodes can follow. */
const MARGIN = 88;

/**
 * n8n's editor as somebody uses it who sees and clicks. Elements are found by n8n's own test ids; what n8n has none for
 * is found by what a screen reader would say.
 */
export class Editor {
	constructor(
		readonly page: Page,
		private readonly url: string,
	) {
		page.setDefaultTimeout(PATIENCE);
	}

	/** What is on the screen under one of n8n's test ids. */
	at(testId: string): Locator {
		return this.page.getByTestId(testId).filter({ visible: true });
	}

	async logIn({ email, password }: Owner): Promise<void> {
		await this.page.goto(`${this.url}/signin`);
		await this.page.locator('input[name="emailOrLdapLoginId"]').fill(email);
		await this.page.locator('input[type="password"]').fill(password);
		await this.at('form-submit-button').click();
		await this.page.waitForURL((url) => !url.pathname.includes('signin'));
	}

	/** What the machine asks for; n8n follows it unless its user chose a theme. */
	async useTheme(theme: 'light' | 'dark'): Promise<void> {
		await this.page.emulateMedia({ colorScheme: theme });
	}

	async newWorkflow(): Promise<void> {
		await this.page.goto(`${this.url}/workflow/new`);
		await this.at('canvas-plus-button').first().waitFor();
	}

	async openWorkflow(id: string): Promise<void> {
		await this.page.goto(`${this.url}/workflow/${id}`);
		await this.at('canvas-trigger-node').first().waitFor();
	}

	// The list of nodes

	/** Opens the list of nodes and types into its search. */
	async searchNodes(text: string): Promise<void> {
		await this.at('canvas-plus-button').first().click();
		await this.at('node-creator-search-bar').fill(text);
	}

	/** The names in the list of nodes, or of what one node offers. */
	async listed(): Promise<string[]> {
		const names = await this.at('node-creator-item-name').allInnerTexts();
		return names.map((name) => name.trim());
	}

	async pick(name: string): Promise<void> {
		await this.at('node-creator-item-name').getByText(name, { exact: true }).click();
	}

	// The panel of a node

	async openPanel(): Promise<void> {
		await this.at('canvas-trigger-node').dblclick();
		await this.at('node-parameters').waitFor();
	}

	async closePanel(): Promise<void> {
		await this.at('ndv-close-button').click();
		await this.at('ndv').waitFor({ state: 'hidden' });
	}

	/** The labels of the panel's fields, from top to bottom. */
	async labels(): Promise<string[]> {
		const texts = await this.at('node-parameters')
			.locator('label')
			.filter({ visible: true })
			.evaluateAll((labels) => labels.map((label) => label.querySelector('span')?.textContent));
		return texts.map((text) => (text ?? '').trim());
	}

	field(name: string): Locator {
		return this.at(`parameter-input-${name}`);
	}

	/** What a drop-down field shows. */
	async chosen(name: string): Promise<string> {
		return await this.field(name).getByRole('combobox').inputValue();
	}

	/** What a field for several shows. */
	async chosenSeveral(name: string): Promise<string[]> {
		return await this.field(name).locator('.el-tag').allInnerTexts();
	}

	/** Chooses from a drop-down field; in one for several, adds to what is chosen. */
	async choose(name: string, option: string): Promise<void> {
		await this.chooseIn(this.field(name), option);
	}

	private async chooseIn(field: Locator, option: string): Promise<void> {
		await field.click();
		const options = this.page.getByRole('option').filter({ visible: true });
		await options.filter({ has: this.page.getByText(option, { exact: true }) }).click();
		if (await options.first().isVisible()) {
			await this.page.keyboard.press('Escape');
			await options.first().waitFor({ state: 'hidden' });
		}
	}

	/**
	 * Adds a field to a collection.
	 *
	 * @param button the words on the collection's button
	 */
	async addTo(button: string, option: string): Promise<void> {
		await this.openCollection(button);
		await this.at('collection-parameter-option').getByText(option, { exact: true }).click();
	}

	/**
	 * Adds a condition under Only When, below those that are there.
	 *
	 * @param group the group of conditions: All of These, then One of These
	 */
	async addCondition(
		group: string,
		{ field, operator, value }: { field: string; operator: string; value?: string },
	): Promise<void> {
		const conditions = this.at('fixed-collection-conditions');
		const rows = await this.field('leftValue').count();
		await this.chooseIn(conditions.getByPlaceholder('Add Condition'), group);
		await this.field('leftValue').nth(rows).locator('input').fill(field);
		await this.chooseIn(this.field('operator').last(), operator);
		if (value !== undefined) await this.field('rightValue').last().locator('input').fill(value);
	}

	/** What a collection's button offers. */
	async offeredBy(button: string): Promise<string[]> {
		await this.openCollection(button);
		const names = await this.at('collection-parameter-option').allInnerTexts();
		await this.page.keyboard.press('Escape');
		await this.at('collection-parameter-option').first().waitFor({ state: 'hidden' });
		return names.map((name) => name.trim());
	}

	private async openCollection(button: string): Promise<void> {
		await this.at('collection-parameter-add')
			.filter({ has: this.page.getByPlaceholder(button) })
			.click();
		await this.at('collection-parameter-option').first().waitFor();
	}

	/** Shows the panel from its top, with nothing in use: no field has the focus, no button its hint. */
	async tidyPanel(): Promise<void> {
		await this.at('node-parameters').hover();
		await this.page.mouse.wheel(0, -5_000);
		await this.leaveFields();
		await this.page.getByText('Webhook URLs', { exact: true }).click({ trial: true });
		await this.page.mouse.move(640, 5);
	}

	/** Scrolls the panel until something stands in it, in the same way with nothing in use. */
	async showInPanel(element: Locator): Promise<void> {
		await element.evaluate((found: unknown) =>
			(found as { scrollIntoView(where: object): void }).scrollIntoView({ block: 'start' }),
		);
		await this.leaveFields();
	}

	private async leaveFields(): Promise<void> {
		await this.page.evaluate('document.activeElement?.blur()');
		await this.page.mouse.move(640, 5);
	}

	/** Gives the panel's output the room that its fields do not need, so that no value is cut short. */
	async widenOutput(): Promise<void> {
		await this.at('panel-drag-button').hover();
		await this.page.mouse.down();
		await this.page.mouse.move(0, 60, { steps: 10 });
		await this.page.mouse.up();
	}

	// Credentials

	/** Opens the dialog of the panel's credential: of a new one, or of the one that is chosen. */
	async openCredential(): Promise<void> {
		const slot = this.at('node-credentials-slot');
		const edit = slot.getByTestId('credential-edit-button');
		await edit.or(slot.getByRole('button')).first().click();
		await this.at('editCredential-modal').waitFor();
	}

	async fillIn(field: string, text: string): Promise<void> {
		await this.at('editCredential-modal')
			.getByTestId(`parameter-input-${field}`)
			.locator('input')
			.fill(text);
	}

	async saveCredential(): Promise<void> {
		await this.at('credential-save-button').click();
	}

	/** The red words at the top of a credential's dialog, with the reason that n8n folds away. */
	async refusal(): Promise<string> {
		const dialog = this.at('editCredential-modal');
		const details = dialog.getByText('More details');
		const banner = dialog.locator('.el-tag--danger').filter({ visible: true });
		await banner.waitFor();
		if (await details.isVisible()) await details.click();
		return (await banner.innerText()).replace(/\s+/g, ' ');
	}

	/** Saves a credential that n8n's test accepts: n8n closes the dialog then. */
	async saveAccepted(): Promise<void> {
		await this.saveCredential();
		await this.at('editCredential-modal').waitFor({ state: 'hidden' });
		await this.at('node-credentials-select').waitFor();
	}

	/** The green words at the top of a credential's dialog. */
	async acceptance(): Promise<string> {
		const banner = this.at('credentials-config-container-test-success');
		await banner.waitFor();
		return (await banner.innerText()).replace(/\s+/g, ' ');
	}

	async closeCredential(): Promise<void> {
		await this.page.getByRole('button', { name: 'Close this dialog' }).last().click();
		await this.at('editCredential-modal').waitFor({ state: 'hidden' });
	}

	// Running

	async executeStep(): Promise<void> {
		await this.at('node-execute-button').click();
	}

	/** Waits for a test event, and answers the titles of the panel's outputs. */
	async outputTabs(): Promise<string[]> {
		await this.at('node-run-status-success').waitFor();
		const tabs = this.at('branches').locator('[data-test-id^="tab-"]');
		return (await tabs.allInnerTexts()).map((text) => text.trim());
	}

	// The canvas

	/** The names on the trigger's outputs, from top to bottom, as the page has them (the canvas may cut them short). */
	async outputNames(): Promise<string[]> {
		const handles = this.at('canvas-node-output-handle');
		await handles.first().waitFor();
		return await handles.evaluateAll((all) =>
			all.map(
				(handle) =>
					handle
						.querySelector('.canvas-node-handle-main-output')
						?.firstElementChild?.textContent?.trim() ?? 'no handle',
			),
		);
	}

	/** Which of those names the canvas has no room for. */
	async namesCutShort(): Promise<string[]> {
		return await this.at('canvas-node-output-handle')
			.locator('.canvas-node-handle-main-output > :first-child')
			.evaluateAll((labels) =>
				labels
					.filter((label) => label.scrollWidth > label.clientWidth)
					.map((label) => label.textContent ?? ''),
			);
	}

	/** Brings the whole workflow into view, with nothing selected and the mouse where it changes nothing. */
	async tidyView(): Promise<void> {
		await this.at('zoom-to-fit').click();
		await this.at('canvas').click({ position: { x: 20, y: 20 } });
		// Resolves when the node no longer moves; the mouse over it would show its buttons.
		await this.at('canvas-trigger-node').first().click({ trial: true });
		await this.page.mouse.move(640, 30);
	}

	/** The names below the nodes on the canvas. */
	async nodeNames(): Promise<string[]> {
		return await this.at('canvas-node').evaluateAll((all) =>
			all.map((node) => node.getAttribute('data-node-name') ?? ''),
		);
	}

	/** Whether the browser has loaded and understood the icons of all nodes on the canvas. */
	async areIconsShown(): Promise<boolean> {
		const icons = this.at('canvas-node').locator('img');
		return await icons.evaluateAll((all) =>
			all.every((icon: unknown) => (icon as { naturalWidth: number }).naturalWidth > 0),
		);
	}

	/** The part of the canvas that its nodes and the lines between them take up, with their names. */
	async areaOfNodes(): Promise<Area> {
		const canvas = await this.areaOf(this.at('canvas'));
		const drawn = await this.page.locator('.vue-flow__node, .vue-flow__edge-path').all();
		const boxes = (await Promise.all(drawn.map(async (one) => await one.boundingBox()))).filter(
			(box) => box !== null,
		);
		const left = Math.max(canvas.x, Math.min(...boxes.map(({ x }) => x)) - MARGIN);
		const top = Math.max(canvas.y, Math.min(...boxes.map(({ y }) => y)) - MARGIN);
		const right = Math.max(...boxes.map(({ x, width }) => x + width)) + MARGIN;
		const bottom = Math.max(...boxes.map(({ y, height }) => y + height)) + MARGIN;
		return {
			x: left,
			y: top,
			width: Math.min(right, canvas.x + canvas.width) - left,
			height: Math.min(bottom, canvas.y + canvas.height) - top,
		};
	}

	/** The part of the window that an element takes up, without the line around it. */
	async areaOf(element: Locator): Promise<Area> {
		const box = await element.boundingBox();
		if (!box) throw new Error('There is nothing to take a picture of');
		return {
			x: Math.round(box.x) + 2,
			y: Math.round(box.y) + 2,
			width: Math.round(box.width) - 4,
			height: Math.round(box.height) - 4,
		};
	}
}
