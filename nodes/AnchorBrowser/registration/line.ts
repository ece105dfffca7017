/** The last call in each line. */
const lines = new Map<string, Promise<unknown>>();

/**
 * Runs calls with the same key one after the other, in the order in which they came. n8n can activate a workflow twice
 * at the same moment (two users, a publish during start-up), and two that look at Anchor together would both create.
 * @param key what may not run at the same time
 * @param task gets what the call right before it in the line returned; undefined when it did not have to wait, or that
 * call threw
 * @returns what the task returns; throws what it throws
 */
export async function inLine<T>(
	key: string,
	task: (before: T | undefined) => Promise<T>,
): Promise<T> {
	const ahead = lines.get(key) as Promise<T> | undefined;
	const mine = after(ahead, task);
	lines.set(key, mine);
	try {
		return await mine;
	} finally {
		if (lines.get(key) === mine) lines.delete(key);
	}
}

async function after<T>(
	ahead: Promise<T> | undefined,
	task: (before: T | undefined) => Promise<T>,
): Promise<T> {
	const before = await ahead?.catch(() => undefined);
	return await task(before);
}
