import { GIFEncoder, nearestColorIndex, quantize, type Colour } from 'gifenc';
import type { Locator, Page } from 'playwright-core';
import { PNG } from 'pngjs';

/** What a film shows of a page, in CSS pixels: as wide as a README, so that words are not made smaller. */
export const SIZE = { width: 1000, height: 600 };

/** The strip below it that says what is being done. */
const STRIP = { width: SIZE.width, height: 44 };

/** How many bits a pixel of the GIF has: the editor is flat. */
const DEPTH = 5;
/** One of its numbers is for what stays as it was. */
const COLOURS = 2 ** DEPTH - 1;

/** How long a frame is shown while the pointer moves, in milliseconds; browsers slow down what is faster than 20. */
const GLIDE_MS = 120;
const GLIDE_FRAMES = 2;

/** A browser without a window draws no mouse pointer. */
const POINTER = `
	addEventListener('DOMContentLoaded', () => {
		const pointer = document.createElement('div');
		pointer.id = 'film-pointer';
		pointer.innerHTML = '<svg width="22" height="26" viewBox="0 0 22 26"><path d="M2 1v20l5-4.6 3.3 7.6 3.6-1.6-3.3-7.4H17.5z" fill="#111" stroke="#fff" stroke-width="1.6"/></svg>';
		pointer.style.cssText = 'position: fixed; left: -2px; top: -1px; transform: translate(${SIZE.width / 2}px, ${SIZE.height}px); z-index: 2147483647; pointer-events: none';
		document.documentElement.append(pointer);
	});
`;

/** A picture and how long it is shown. */
interface Frame {
	/** RGBA, a pixel each. */
	readonly pixels: Uint32Array;
	ms: number;
}

/** An animated picture of what somebody does in the editor, made of one frame for each moment in which something changes. */
export class Film {
	private readonly frames: Frame[] = [];
	private strip: Uint8Array = new Uint8Array();
	private pointer = { x: SIZE.width / 2, y: SIZE.height };

	private constructor(
		private readonly page: Page,
		private readonly captions: Page,
		private readonly records: boolean,
	) {}

	/**
	 * @param page the page to show; its window becomes as large as the film, and what it opens from now on has a pointer
	 * @param records false only does what the film would show: no pictures are taken, which is most of the time it takes
	 */
	static async of(page: Page, records: boolean): Promise<Film> {
		await page.setViewportSize(SIZE);
		await page.addInitScript(POINTER);
		const captions = await page.context().newPage();
		await captions.setViewportSize(STRIP);
		await page.bringToFront();
		return new Film(page, captions, records);
	}

	/** Says below the next frames what is being done. */
	async say(words: string): Promise<void> {
		if (!this.records) return;
		await this.captions.setContent(
			`<body style="margin: 0; padding-left: 20px; background: #101330; color: #fff; font: 500 19px/${STRIP.height}px 'Liberation Sans', Arial, sans-serif">${words}`,
		);
		this.strip = await pixelsOf(this.captions);
		// Chromium lets a page that stands behind another one wait.
		await this.page.bringToFront();
	}

	/**
	 * Shows what is there now; what has not changed is shown for longer.
	 *
	 * @param ms for how long
	 * @param page another one than the film's own, of the same size
	 */
	async show(ms: number, page = this.page): Promise<void> {
		if (!this.records) return;
		const picture = await pixelsOf(page);
		const bytes = new Uint8Array(picture.length + this.strip.length);
		bytes.set(picture);
		bytes.set(this.strip, picture.length);
		const pixels = new Uint32Array(bytes.buffer);
		const last = this.frames.at(-1);
		if (last?.pixels.every((pixel, at) => pixel === pixels[at])) last.ms += ms;
		else this.frames.push({ pixels, ms });
	}

	/**
	 * Moves the mouse to the middle of something. What the film shows takes its time; the mouse itself goes there at once,
	 * because a menu closes under a hand that is as slow as taking pictures is.
	 */
	async pointAt(target: Locator): Promise<void> {
		// Resolves when it no longer moves and nothing lies over it.
		await target.click({ trial: true });
		if (this.records) await this.glideTo(target);
		await target.hover();
		await this.show(300);
	}

	private async glideTo(target: Locator): Promise<void> {
		const box = await target.boundingBox();
		if (!box) throw new Error('There is nothing to point at');
		const from = this.pointer;
		const to = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
		for (let frame = 1; frame <= GLIDE_FRAMES; frame++) {
			const part = frame / GLIDE_FRAMES;
			await this.drawPointer(from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part);
			await this.show(GLIDE_MS);
		}
		this.pointer = to;
	}

	private async drawPointer(x: number, y: number): Promise<void> {
		await this.page.locator('#film-pointer').evaluate((pointer, to) => {
			pointer.style.transform = to;
		}, `translate(${x}px, ${y}px)`);
	}

	async click(target: Locator): Promise<void> {
		await this.pointAt(target);
		await target.click();
	}

	/** The film as an animated GIF that starts again when it has ended. */
	encode(): Uint8Array {
		const changes = this.frames.map(({ pixels }, at) => {
			const before = this.frames[at - 1]?.pixels;
			return before === undefined ? pixels : pixels.filter((pixel, spot) => pixel !== before[spot]);
		});
		const palette = quantize(bytesOf(concatenated(changes)), COLOURS);
		const gif = GIFEncoder();
		let shown: Uint8Array | undefined;
		const numberOf = colourNumbers(palette);
		for (const { pixels, ms } of this.frames) {
			const numbers = Uint8Array.from(pixels, numberOf);
			const before = shown;
			const drawn = before
				? numbers.map((number, spot) => (number === before[spot] ? COLOURS : number))
				: numbers;
			gif.writeFrame(drawn, SIZE.width, SIZE.height + STRIP.height, {
				palette: before ? undefined : palette,
				colorDepth: DEPTH,
				delay: ms,
				transparent: before !== undefined,
				transparentIndex: COLOURS,
				dispose: 1,
			});
			shown = numbers;
		}
		gif.finish();
		return gif.bytes();
	}
}

async function pixelsOf(page: Page): Promise<Uint8Array> {
	const picture = await page.screenshot({ animations: 'disabled', caret: 'hide', scale: 'css' });
	return PNG.sync.read(picture).data;
}

/**
 * One number for each colour in the whole film. gifenc's own lookup takes, in each frame anew, the first of similar colours
 * for all of them: then a white that stays differs from a white that comes.
 */
function colourNumbers(palette: readonly Colour[]): (pixel: number) => number {
	const known = new Map<number, number>();
	return (pixel) => {
		const number =
			known.get(pixel) ??
			nearestColorIndex(palette, [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255]);
		known.set(pixel, number);
		return number;
	};
}

function bytesOf(pixels: Uint32Array): Uint8Array {
	return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}

function concatenated(parts: readonly Uint32Array[]): Uint32Array {
	const all = new Uint32Array(parts.reduce((length, part) => length + part.length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}
