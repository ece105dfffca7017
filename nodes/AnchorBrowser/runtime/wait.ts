/**
 * Waits without keeping the process alive, as a timer of n8n-workflow's `sleep` would: n8n must be able to stop.
 * @param ms how long, in milliseconds
 */
export async function wait(ms: number): Promise<void> {
	await new Promise<void>((resolve) => {
		AbortSignal.timeout(ms).addEventListener('abort', () => resolve());
	});
}
