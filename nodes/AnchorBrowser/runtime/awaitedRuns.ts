/** The runs of one trigger that this process has started by itself, until a run here takes one up. */
export class AwaitedRuns {
	private count = 0;
	private readonly waiting = new Map<number, () => void>();

	/**
	 * Announces a run that is about to be started.
	 * @returns its number, which travels with it, and a promise that resolves when `execute()` in this process has taken it
	 * up; it never does in n8n's queue mode, where another process carries runs out
	 */
	announce(): { run: number; taken: Promise<void> } {
		const run = ++this.count;
		const taken = new Promise<void>((resolve) => this.waiting.set(run, resolve));
		return { run, taken };
	}

	/** Says that a run was taken up. */
	report(run: number): void {
		this.waiting.get(run)?.();
		this.waiting.delete(run);
	}

	/** Nobody waits for this run any more. */
	giveUp(run: number): void {
		this.waiting.delete(run);
	}
}
