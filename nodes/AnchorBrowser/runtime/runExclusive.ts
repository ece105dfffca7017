/** The last call of each key. */
const last = new Map<string, Promise<unknown>>();

/**
 * Runs calls with the same key one after the other, in the order in which they came.
 * @param key what must not run at the same time
 * @param task the work
 * @returns what the task returns; throws what it throws
 */
export async function runExclusive<T>(key: string, task: () => Promise<T>): Promise<T> {
	const before = last.get(key) ?? Promise.resolve();
	const mine = before.then(task, task);
	last.set(key, mine);
	try {
		return await mine;
	} finally {
		if (last.get(key) === mine) last.delete(key);
	}
}
