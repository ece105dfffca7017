/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';

import { PROJECT } from '../support/n8n';

/** A folder below nodes/AnchorBrowser, or the file that n8n loads. */
interface Box {
	readonly name: string;
	/** The boxes that it imports from. */
	readonly uses: ReadonlySet<string>;
	/** Whether one of its files imports n8n-workflow. */
	readonly knowsN8n: boolean;
}

const ROOT = join(PROJECT, 'nodes', 'AnchorBrowser');
/** The name of the box for what lies in no folder. */
const TOP = '*.node.ts';

const boxNameOf = (file: string): string => {
	const [folder, ...rest] = relative(ROOT, file).split(sep);
	return rest.length === 0 ? TOP : `${folder}/`;
};

/** Who imports whom: for each of our files what it names, types included; ours by path, others by name. */
export function readImports(): Map<string, string[]> {
	const entries = readdirSync(ROOT, { recursive: true, withFileTypes: true });
	const files = entries.filter(({ name }) => name.endsWith('.ts'));
	return new Map(
		files.map(({ parentPath, name }) => {
			const file = join(parentPath, name);
			const named = readFileSync(file, 'utf8').matchAll(/ from '([^']+)';$/gm);
			const imports = [...named].map(([, wanted]) =>
				wanted.startsWith('.') ? `${resolve(parentPath, wanted)}.ts` : wanted,
			);
			return [file, imports];
		}),
	);
}

/**
 * Looks for a way that leads back to where it began.
 * @returns its stations, the first one again at the end; undefined when there is none
 */
export function findCircle(uses: ReadonlyMap<string, Iterable<string>>): string[] | undefined {
	const done = new Set<string>();
	const follow = (name: string, way: readonly string[]): string[] | undefined => {
		if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
		if (done.has(name)) return undefined;
		for (const next of uses.get(name) ?? []) {
			const circle = follow(next, [...way, name]);
			if (circle) return circle;
		}
		done.add(name);
		return undefined;
	};
	for (const name of uses.keys()) {
		const circle = follow(name, []);
		if (circle) return circle;
	}
	return undefined;
}

/** Reads from the import statements who uses whom. */
export function readBoxes(): Box[] {
	const boxes = new Map<string, { uses: Set<string>; knowsN8n: boolean }>();
	for (const [file, imports] of readImports()) {
		const name = boxNameOf(file);
		const box = boxes.get(name) ?? { uses: new Set<string>(), knowsN8n: false };
		boxes.set(name, box);
		for (const wanted of imports) {
			if (wanted === 'n8n-workflow') box.knowsN8n = true;
			if (!wanted.startsWith(ROOT)) continue;
			const other = boxNameOf(wanted);
			if (other !== name) box.uses.add(other);
		}
	}
	return [...boxes]
		.map(([name, box]) => ({ name, ...box }))
		.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const WIDTH = 132;
const HEIGHT = 40;
const COLUMN = WIDTH + 64;
const ROW = HEIGHT + 28;
const MARGIN = 16;
const LEGEND = 40;

/**
 * Draws who uses whom, from left to right. An arrow that other arrows already imply is left out.
 * @returns an SVG document
 */
export function drawArrows(boxes: readonly Box[]): string {
	const named = new Map(boxes.map((box) => [box.name, box]));
	const usesOf = (name: string) => [...(named.get(name)?.uses ?? [])].sort();
	const reaches = (from: string, to: string): boolean =>
		usesOf(from).some((next) => next === to || reaches(next, to));
	/** How many steps lead down from a box, the longest way. */
	const heightOf = (name: string): number =>
		usesOf(name).reduce((height, next) => Math.max(height, 1 + heightOf(next)), 0);

	// A box stands as far to the right as the boxes that it uses allow.
	const last = Math.max(...boxes.map(({ name }) => heightOf(name)));
	const columns: string[][] = Array.from({ length: last + 1 }, () => []);
	for (const { name } of boxes) columns[last - heightOf(name)].push(name);
	const tallest = Math.max(...columns.map(({ length }) => length));
	const places = new Map<string, { x: number; y: number }>();
	columns.forEach((names, column) =>
		names.forEach((name, row) =>
			places.set(name, {
				x: MARGIN + column * COLUMN,
				y: MARGIN + (row + (tallest - names.length) / 2) * ROW,
			}),
		),
	);
	const placeOf = (name: string) => places.get(name) ?? { x: 0, y: 0 };

	const arrows = boxes.flatMap(({ name }) =>
		usesOf(name)
			.filter((to) => !usesOf(name).some((other) => other !== to && reaches(other, to)))
			.map((to) => {
				const [start, end] = [placeOf(name), placeOf(to)];
				const [x1, y1] = [start.x + WIDTH, start.y + HEIGHT / 2];
				const [x2, y2] = [end.x - 6, end.y + HEIGHT / 2];
				// The whole bend lies in front of the next column: below or above its boxes an arrow runs straight.
				const bend = COLUMN - WIDTH - 6;
				return `<path d="M${x1} ${y1} C${x1 + bend / 2} ${y1} ${x1 + bend / 2} ${y2} ${x1 + bend} ${y2} H${x2}" marker-end="url(#tip)"/>`;
			}),
	);
	const shapes = boxes.map(({ name, knowsN8n }) => {
		const { x, y } = placeOf(name);
		const look = knowsN8n ? 'n8n' : 'pure';
		return (
			`<rect class="${look}" x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="6"/>` +
			`<text x="${x + WIDTH / 2}" y="${y + HEIGHT / 2 + 5}">${name}</text>`
		);
	});
	const width = 2 * MARGIN + (columns.length - 1) * COLUMN + WIDTH;
	const height = 2 * MARGIN + (tallest - 1) * ROW + HEIGHT + LEGEND;
	const legend = (x: number, look: string, words: string) =>
		`<rect class="${look}" x="${x}" y="${height - 34}" width="18" height="18" rx="3"/>` +
		`<text class="words" x="${x + 26}" y="${height - 20}">${words}</text>`;

	return `${[
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
		'<title>Which folder of nodes/AnchorBrowser imports from which</title>',
		'<style>',
		'text{font:14px ui-monospace,monospace;text-anchor:middle;fill:#1f2328}',
		'.words{font:13px system-ui,sans-serif;text-anchor:start}',
		'.n8n{fill:#ffe3e3;stroke:#c0392b}.pure{fill:#e3f1ff;stroke:#2468a8}',
		'path{fill:none;stroke:#57606a;stroke-width:1.5}#tip path{fill:#57606a;stroke:none}',
		'</style>',
		'<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="2" refY="4" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>',
		`<rect width="${width}" height="${height}" fill="#fff"/>`,
		...arrows,
		...shapes,
		legend(MARGIN, 'n8n', 'imports n8n-workflow'),
		legend(MARGIN + 200, 'pure', 'works without n8n'),
		'</svg>',
	].join('\n')}\n`;
}
