/**
 * Takes a test for names in use; returns a function that turns a wished name into a free one: itself, else with `_2`,
 * `_3` and so on, never of more than `longest` characters. It remembers how far it counted, so that ten thousand equal
 * names take no longer than others.
 */
export function uniqueNames(
	isTaken: (name: string) => boolean,
	longest = Infinity,
): (wish: string) => string {
	const counted = new Map<string, number>();
	return (long) => {
		const wish = long.slice(0, longest);
		if (!isTaken(wish)) return wish;
		let count = counted.get(wish) ?? 1;
		let name: string;
		do {
			count += 1;
			const tail = `_${count}`;
			name = wish.slice(0, longest - tail.length) + tail;
		} while (isTaken(name));
		counted.set(wish, count);
		return name;
	};
}

/**
 * Puts delivered keys between ours. One of the same name as one of ours is kept as `<name>_2`. Spread and fromEntries
 * make own keys of all, even of one named `__proto__`.
 */
export function withOurs(
	first: Record<string, unknown>,
	delivered: Record<string, unknown>,
	last: Record<string, unknown> = {},
): Record<string, unknown> {
	const ours = { ...first, ...last };
	const freeName = uniqueNames(
		(name) => Object.hasOwn(ours, name) || Object.hasOwn(delivered, name),
	);
	const renamed = Object.entries(delivered).map(([key, value]) => [
		Object.hasOwn(ours, key) ? freeName(key) : key,
		value,
	]);
	return { ...first, ...Object.fromEntries(renamed), ...last };
}
