/** Lets one after the other in. */
export class Mutex {
	private last: Promise<void> = Promise.resolve();

	/** Resolves when the mutex is the caller's, with what releases it. */
	async acquire(): Promise<() => void> {
		const before = this.last;
		let release = () => {};
		this.last = new Promise((resolve) => (release = resolve));
		await before;
		return release;
	}

	/** Does something while it has the mutex. */
	async runExclusive<T>(work: () => Promise<T>): Promise<T> {
		const release = await this.acquire();
		try {
			return await work();
		} finally {
			release();
		}
	}
}
