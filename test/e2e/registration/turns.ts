/** One after the other. */
export class Turns {
	private last: Promise<void> = Promise.resolve();

	/** Resolves when it is the caller's turn, with what ends the turn. */
	async take(): Promise<() => void> {
		const before = this.last;
		let end = () => {};
		this.last = new Promise((resolve) => (end = resolve));
		await before;
		return end;
	}

	/** Does something when it is its turn. */
	async next<T>(act: () => Promise<T>): Promise<T> {
		const end = await this.take();
		try {
			return await act();
		} finally {
			end();
		}
	}
}
