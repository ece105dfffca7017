/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions, @n8n/community-nodes/require-node-api-error -- tests run in Node, not in n8n's sandbox */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';

import { PROJECT } from '../../support/n8n';

/** A part of the window, in CSS pixels. */
export interface Area {
	x: number;
	y: number;
	width: number;
	height: number;
}

/** In bytes. Larger pictures make a README slow to open. */
const LARGEST = 120_000;
const LARGEST_FILM = 2_000_000;

/** What comes and goes by itself and would make each picture different. */
const QUIET = `
	.el-notification, [role="tooltip"], .el-popper.is-dark,
	[data-test-id^="execute-workflow-button-"] { visibility: hidden !important; }
`;

/**
 * Where this run's pictures go: into the README's folder when UPDATE_PICTURES is set, else into a temporary one, where
 * they tell what a step looked like when a later one did not work.
 */
export class Album {
	/** Whether this run makes the README's pictures anew. */
	readonly updating = Boolean(process.env.UPDATE_PICTURES);
	private readonly scrap = mkdtempSync(join(tmpdir(), 'editor-pictures-'));
	private readonly docs = join(PROJECT, 'docs');
	private steps = 0;

	constructor(private readonly page: Page) {}

	/** The folder of the pictures that are not in the README. */
	get folder(): string {
		return this.scrap;
	}

	/** A picture of the whole window, for whoever looks into a run. */
	async step(name: string): Promise<void> {
		const number = String(++this.steps).padStart(2, '0');
		await this.shoot(join(this.scrap, `${number} ${name.replace(/\W+/g, ' ').slice(-80)}.png`));
	}

	/**
	 * A picture for the README.
	 *
	 * @param name of the file below the folder of pictures, without its ending
	 * @param area the part to keep
	 * @throws Error when it has become too large for a README
	 */
	async show(name: string, area: Area): Promise<void> {
		const file = join(this.updating ? this.docs : this.scrap, `${name}.png`);
		mkdirSync(dirname(file), { recursive: true });
		await this.shoot(file, area);
		if (!this.updating) return;
		fewerColours(file);
		const { size } = statSync(file);
		if (size > LARGEST)
			throw new Error(`${file} has ${size} bytes: install pngquant, or show less`);
	}

	/**
	 * A film for the README; call it only while `updating`.
	 *
	 * @param name of the file, without its ending
	 * @param film an animated GIF
	 * @throws Error when it has become too large for a README
	 */
	keepFilm(name: string, film: Uint8Array): void {
		if (film.length > LARGEST_FILM)
			throw new Error(`${name} has ${film.length} bytes: show less, or fewer moments`);
		writeFileSync(join(this.docs, `${name}.gif`), film);
	}

	private async shoot(path: string, clip?: Area): Promise<void> {
		await this.page.screenshot({
			path,
			clip,
			animations: 'disabled',
			caret: 'hide',
			scale: 'css',
			style: QUIET,
		});
	}
}

/** Makes a picture of an interface a third as large; without pngquant it stays as it is. */
function fewerColours(file: string): void {
	try {
		execFileSync('pngquant', ['--force', '--skip-if-larger', '--output', file, '--', file]);
	} catch (thrown) {
		const { code, status } = thrown as { code?: string; status?: number };
		// 98: the result would be larger.
		if (code !== 'ENOENT' && status !== 98) throw thrown;
	}
}
