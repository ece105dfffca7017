import { wait } from './wait';

/** What is waited for in this process, by key. */
const waiting = new Map<string, (value: unknown) => void>();

/**
 * Waits until somebody else in this process settles the key.
 * @param ms how long at most, in milliseconds
 * @returns the value; undefined when nobody came, as in n8n's queue mode, where another process runs `execute()`
 */
export async function meet<T>(key: string, ms: number): Promise<T | undefined> {
	const met = new Promise<T>((resolve) => {
		waiting.set(key, resolve as (value: unknown) => void);
	});
	try {
		return await Promise.race([met, wait(ms).then(() => undefined)]);
	} finally {
		waiting.delete(key);
	}
}

/**
 * Hands a value to whoever waits for the key.
 * @returns whether somebody did
 */
export function settle(key: string, value: unknown): boolean {
	const resolve = waiting.get(key);
	resolve?.(value);
	return resolve !== undefined;
}
