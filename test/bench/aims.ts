const missed: string[] = [];

/**
 * A measured value beside what it should be, as the cell of a table, such as `0.97 (≥ 0.95)`. One that misses its aim is
 * marked and remembered.
 * @param what is measured, for the list of missed aims
 * @param value as measured
 * @param limit what it should be
 * @param show writes a value as text; with two digits unless told
 */
export function withAim(
	what: string,
	value: number,
	limit: { atLeast: number } | { atMost: number },
	show: (value: number) => string = (number) => number.toFixed(2),
): string {
	const [sign, bound, isMet] =
		'atLeast' in limit
			? ['≥', limit.atLeast, value >= limit.atLeast]
			: ['≤', limit.atMost, value <= limit.atMost];
	const cell = `${show(value)} (${sign} ${show(bound)})`;
	if (isMet) return cell;
	missed.push(`${what}: ${cell}`);
	return `${cell} missed`;
}

/** @returns what has missed its aim so far, as Markdown */
export function missedAims(): string {
	if (missed.length === 0) return 'Every aim is met.';
	return ['Missed aims:', '', ...missed.map((line) => `- ${line}`)].join('\n');
}
