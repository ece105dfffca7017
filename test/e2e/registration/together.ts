/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
/** One thing to try on an n8n that others use at the same time. */
export interface Trial {
	readonly id: string;
	/**
	 * `crash`: it kills n8n. `restart`: it restarts n8n, at the same time as others of its kind, to save time. `address`:
	 * it changes n8n's address for everybody, so it comes last and runs by itself.
	 */
	readonly kind: 'crash' | 'restart' | 'ordinary' | 'address';
	run(): Promise<void>;
}

export type Pause = 'kill' | 'restart';

type Result = { ok: true } | { ok: false; why: unknown };

/** So many trials at once: n8n is waited for most of the time, and it has two cores at best. */
const MOST = 10;

/**
 * Runs trials side by side on one n8n, so that a refused publication, which n8n 2.41 tries for 15 seconds, keeps nobody
 * waiting. Who wants n8n ended waits until nobody is in the middle of anything; it is then ended once for all who wait.
 */
export class Together {
	private readonly results = new Map<string, Promise<Result>>();
	private readonly tell = new Map<string, (result: Result) => void>();
	private waiting: Array<{ pause: Pause; resume: () => void; fail: (why: unknown) => void }> = [];
	private queue: Trial[] = [];
	private running = 0;
	private down = false;
	private idle = () => {};

	/**
	 * @param acts how n8n is killed, and how it is started again (shut down before, if it runs)
	 */
	constructor(private readonly acts: Readonly<Record<Pause, () => Promise<void>>>) {}

	/**
	 * Starts all of them; returns at once.
	 * @param patienceMs after which those that still run have failed, so that one that hangs costs this time once
	 */
	start(trials: readonly Trial[], patienceMs: number): void {
		for (const { id } of trials) {
			this.results.set(id, new Promise((resolve) => this.tell.set(id, resolve)));
		}
		const why = new Error(`It had not ended after ${patienceMs / 1_000} s`);
		setTimeout(() => {
			for (const tell of this.tell.values()) tell({ ok: false, why });
		}, patienceMs).unref();
		const of = (kind: Trial['kind']) => trials.filter((trial) => trial.kind === kind);
		void (async () => {
			await this.runAll(of('crash'));
			await this.runAll([...of('restart'), ...of('ordinary')]);
			for (const trial of of('address')) await this.runAll([trial]);
		})();
	}

	/**
	 * Resolves when a trial has met its requirement.
	 * @throws what the trial threw
	 */
	async resultOf(id: string): Promise<void> {
		const result = await this.results.get(id);
		if (result?.ok !== true) throw result?.why ?? new Error(`There is no trial ${id}`);
	}

	/** For a trial in the middle of its run: n8n is ended, or started again, when all others can bear it. */
	async pause(pause: Pause): Promise<void> {
		await new Promise<void>((resume, fail) => {
			this.waiting.push({ pause, resume, fail });
			this.act();
		});
	}

	private async runAll(trials: readonly Trial[]): Promise<void> {
		if (trials.length === 0) return;
		this.queue = [...trials];
		await new Promise<void>((resolve) => {
			this.idle = resolve;
			this.admit();
		});
	}

	private admit(): void {
		while (this.running < MOST && this.waiting.length === 0 && !this.down) {
			const trial = this.queue.shift();
			if (trial === undefined) break;
			this.running += 1;
			void this.attempt(trial);
		}
		if (this.running === 0 && this.queue.length === 0) this.idle();
	}

	private async attempt(trial: Trial): Promise<void> {
		let result: Result = { ok: true };
		try {
			await trial.run();
		} catch (why) {
			result = { ok: false, why };
		}
		this.tell.get(trial.id)?.(result);
		this.running -= 1;
		this.act();
		this.admit();
	}

	/** Ends or starts n8n if all that run wait for it. Who wants it killed goes first, and starts it again. */
	private act(): void {
		if (this.waiting.length === 0 || this.waiting.length < this.running) return;
		const pause = this.waiting.some((one) => one.pause === 'kill') ? 'kill' : 'restart';
		const served = this.waiting.filter((one) => one.pause === pause);
		this.waiting = this.waiting.filter((one) => one.pause !== pause);
		this.down = true;
		this.acts[pause]().then(
			() => {
				this.down = pause === 'kill';
				for (const { resume } of served) resume();
				this.admit();
			},
			(why: unknown) => {
				for (const { fail } of served) fail(why);
			},
		);
	}
}
