/** The part of gifenc that a film needs; the package comes without types. */
declare module 'gifenc' {
	/** Red, green and blue, 0 to 255. */
	export type Colour = [number, number, number];

	/** @returns the colours that stand for all of a picture's, at most so many */
	export function quantize(rgba: Uint8Array, maxColours: number): Colour[];

	/** @returns the number of the nearest colour */
	export function nearestColorIndex(palette: readonly Colour[], colour: Colour): number;

	export interface FrameOptions {
		/** Needed for the first frame; later ones without it have the first one's. */
		palette?: readonly Colour[];
		/** In milliseconds. */
		delay?: number;
		transparent?: boolean;
		/** How many bits an index has; 8 unless told. */
		colorDepth?: number;
		/** The number of the colour that lets the picture below shine through. */
		transparentIndex?: number;
		/** GIF's disposal method: 1 leaves the frame for the next one to be drawn on. */
		dispose?: number;
	}

	export function GIFEncoder(): {
		writeFrame(index: Uint8Array, width: number, height: number, options: FrameOptions): void;
		finish(): void;
		bytes(): Uint8Array;
	};
}
