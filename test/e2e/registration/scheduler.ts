/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import type { RegistrationCapability } from '../../conformance/registrationDriver';

/** An audit with the n8n that it runs on, which others use at the same time. */
interface ScheduledAudit {
	readonly id: string;
	readonly needs: readonly RegistrationCapability[];
	run(): Promise<void>;
}

type Interruption = 'kill' | 'restart';

type Result = { ok: true } | { ok: false; why: unknown };

/** So many audits at once: n8n is waited for most of the time, and it has two cores at best. */
const MOST = 10;

/**
 * Runs audits side by side on one n8n, so that a refused publication, which n8n 2.41 tries for 15 seconds, keeps nobody
 * waiting. Who wants n8n ended waits until nobody is in the middle of anything; it is then ended once for all who wait.
 */
export class AuditScheduler {
	private readonly results = new Map<string, Promise<Result>>();
	private readonly tell = new Map<string, (result: Result) => void>();
	private waiting: Array<{ how: Interruption; resume: () => void; fail: (why: unknown) => void }> =
		[];
	private queue: ScheduledAudit[] = [];
	private running = 0;
	private down = false;
	private idle = () => {};

	/**
	 * @param n8n how it is killed, and how it is started again (shut down before, if it runs)
	 */
	constructor(private readonly n8n: Readonly<Record<Interruption, () => Promise<void>>>) {}

	/**
	 * Starts all of them; returns at once.
	 * @param patienceMs after which those that still run have failed, so that one that hangs costs this time once
	 */
	start(audits: readonly ScheduledAudit[], patienceMs: number): void {
		for (const { id } of audits) {
			this.results.set(id, new Promise((resolve) => this.tell.set(id, resolve)));
		}
		const why = new Error(`It had not ended after ${patienceMs / 1_000} s`);
		setTimeout(() => this.failRest(why), patienceMs).unref();

		const needs = (capability: RegistrationCapability) => (audit: ScheduledAudit) =>
			audit.needs.includes(capability);
		const killing = audits.filter(needs('crash'));
		const moving = audits.filter(needs('address'));
		const others = audits.filter((audit) => !killing.includes(audit) && !moving.includes(audit));
		const byRestart = (one: ScheduledAudit, other: ScheduledAudit) =>
			Number(needs('restart')(other)) - Number(needs('restart')(one));
		void (async () => {
			await this.runAll(killing);
			// Those that restart n8n come first, so that they do it at the same time.
			await this.runAll(others.sort(byRestart));
			// They change n8n's address for everybody.
			for (const audit of moving) await this.runAll([audit]);
		})();
	}

	/**
	 * Resolves when an audit has met its requirement.
	 * @throws what the audit threw
	 */
	async resultOf(id: string): Promise<void> {
		const result = await this.results.get(id);
		if (result?.ok !== true) throw result?.why ?? new Error(`There is no audit ${id}`);
	}

	/** For an audit in the middle of its run: n8n is ended, or started again, when all others can bear it. */
	async request(how: Interruption): Promise<void> {
		await new Promise<void>((resume, fail) => {
			this.waiting.push({ how, resume, fail });
			this.interruptIfAllWait();
		});
	}

	private async runAll(audits: readonly ScheduledAudit[]): Promise<void> {
		if (audits.length === 0) return;
		this.queue = [...audits];
		await new Promise<void>((resolve) => {
			this.idle = resolve;
			this.admit();
		});
	}

	private admit(): void {
		while (this.running < MOST && this.waiting.length === 0 && !this.down) {
			const audit = this.queue.shift();
			if (audit === undefined) break;
			this.running += 1;
			void this.attempt(audit);
		}
		if (this.running === 0 && this.queue.length === 0) this.idle();
	}

	private async attempt(audit: ScheduledAudit): Promise<void> {
		let result: Result = { ok: true };
		try {
			await audit.run();
		} catch (why) {
			result = { ok: false, why };
		}
		this.tell.get(audit.id)?.(result);
		this.running -= 1;
		this.interruptIfAllWait();
		this.admit();
	}

	/** Ends or starts n8n if all that run wait for it. Who wants it killed goes first, and starts it again. */
	private interruptIfAllWait(): void {
		if (this.waiting.length === 0 || this.waiting.length < this.running) return;
		const how = this.waiting.some((one) => one.how === 'kill') ? 'kill' : 'restart';
		const served = this.waiting.filter((one) => one.how === how);
		this.waiting = this.waiting.filter((one) => one.how !== how);
		this.down = true;
		this.n8n[how]().then(
			() => {
				this.down = how === 'kill';
				for (const { resume } of served) resume();
				this.admit();
			},
			(why: unknown) => {
				for (const { fail } of served) fail(why);
				this.failRest(why);
			},
		);
	}

	private failRest(why: unknown): void {
		for (const tell of this.tell.values()) tell({ ok: false, why });
	}
}
