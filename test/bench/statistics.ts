/** The value below which a share of the values lie; 0.5 is the median. Undefined for an empty list comes out as NaN. */
export function quantile(values: readonly number[], share: number): number {
	if (values.length === 0) return NaN;
	const sorted = [...values].sort((one, other) => one - other);
	const place = (sorted.length - 1) * share;
	const below = Math.floor(place);
	const above = Math.min(below + 1, sorted.length - 1);
	return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

/** The middle value. */
export function median(values: readonly number[]): number {
	return quantile(values, 0.5);
}

/** The range in which the middle half of the values lie, for people. */
export function spread(values: readonly number[], show: (value: number) => string): string {
	return `${show(quantile(values, 0.25))} to ${show(quantile(values, 0.75))}`;
}

/** The quotients round by round: noise of the machine that hits a whole round cancels out. */
export function ratios(values: readonly number[], bases: readonly number[]): number[] {
	return values.map((value, round) => value / bases[round]);
}

/** The middle of those quotients. */
export function medianRatio(values: readonly number[], bases: readonly number[]): number {
	return median(ratios(values, bases));
}
