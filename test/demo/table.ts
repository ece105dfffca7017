/**
 * Rows in aligned columns, for a terminal.
 *
 * @param headings one for each column
 * @param rows as many cells each
 */
export function columns(
	headings: readonly string[],
	rows: ReadonlyArray<readonly string[]>,
): string {
	const widths = headings.map((heading, column) =>
		Math.max(heading.length, ...rows.map((row) => row[column].length)),
	);
	const line = (cells: readonly string[]) =>
		cells
			.map((cell, column) => cell.padEnd(widths[column]))
			.join('  ')
			.trimEnd();
	return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join(
		'\n',
	);
}
