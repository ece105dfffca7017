/** Runs tasks one after the other, in the order in which they came. */
export class Mutex {
	private last: Promise<unknown> | undefined;

	/** Whether no task runs or waits. */
	get isFree(): boolean {
		return this.last === undefined;
	}

	/**
	 * @param task the work; it begins when all earlier tasks have ended, well or badly
	 * @returns what the task returns; throws what it throws
	 */
	async run<T>(task: () => Promise<T>): Promise<T> {
		const mine = this.last === undefined ? task() : this.last.then(task, task);
		this.last = mine;
		try {
			return await mine;
		} finally {
			if (this.last === mine) this.last = undefined;
		}
	}
}
