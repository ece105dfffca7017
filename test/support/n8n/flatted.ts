/**
 * Reads the form in which n8n's REST API hands out an execution's data: a JSON list of values, in which every text
 * inside an object or a list is the number of another entry (so that one value can stand in several places).
 *
 * @param text as n8n sends it
 * @returns the value of the first entry, all references followed
 */
export function readFlatted(text: string): unknown {
	const entries = JSON.parse(text) as unknown[];
	const built = new Map<number, unknown>();

	function valueOf(index: number): unknown {
		if (built.has(index)) return built.get(index);
		const entry = entries[index];
		if (typeof entry !== 'object' || entry === null) return entry;
		// Remembered before it is filled: it may contain itself.
		const target: unknown[] | Record<string, unknown> = Array.isArray(entry) ? [] : {};
		built.set(index, target);
		for (const [key, inner] of Object.entries(entry)) {
			const value = typeof inner === 'string' ? valueOf(Number(inner)) : inner;
			Object.defineProperty(target, key, {
				value,
				enumerable: true,
				writable: true,
				configurable: true,
			});
		}
		return target;
	}

	return valueOf(0);
}
