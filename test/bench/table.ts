/** One cell: text as it is, numbers as the caller has written them. */
type Cell = string;

/**
 * A Markdown table that can be pasted into the README.
 *
 * @param headings of the columns; all but the first are aligned to the right
 * @param rows as many cells each as there are headings
 */
export function table(headings: readonly Cell[], rows: ReadonlyArray<readonly Cell[]>): string {
	const widths = headings.map((heading, column) =>
		Math.max(4, heading.length, ...rows.map((row) => row[column].length)),
	);
	const line = (cells: readonly Cell[]) =>
		`| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
	const rule = widths.map((width, i) =>
		i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
	);
	return [line(headings), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** A ratio as the aims state it, such as `1.08`. */
export function ratio(value: number): string {
	return value.toFixed(2);
}

/** A duration for people: nanoseconds come out as ns, µs or ms with three figures. */
export function duration(nanoseconds: number): string {
	if (nanoseconds < 1_000) return `${threeFigures(nanoseconds)} ns`;
	if (nanoseconds < 1_000_000) return `${threeFigures(nanoseconds / 1_000)} µs`;
	return `${threeFigures(nanoseconds / 1_000_000)} ms`;
}

const threeFigures = (value: number): string =>
	value < 100 ? value.toPrecision(3) : value.toFixed(0);
