/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import type { Clock } from './clock';
import { Poster, type Drop } from './post';
import type { Store } from './store';
import type { Attempt, Delivery } from './types';

/** Attempts of one delivery (API reference: `attempt` is at most 6). */
const MOST_ATTEMPTS = 6;
/** A 2xx must come within 10 seconds (Anchor's overview of webhooks). */
export const ACKNOWLEDGE_MS = 10_000;
/** Anchor does not publish its delays; these grow, and together stay within the 24 hours that it advises to remember ids. */
export const RETRY_DELAYS_MS: readonly number[] = [10_000, 60_000, 300_000, 1_800_000, 7_200_000];

/** What is sent at one attempt; made anew for each, so that timestamp and signature are fresh. */
export interface Parcel {
	headers: Record<string, string | string[]>;
	body: Buffer;
}

/** How one delivery is carried out. */
interface Order {
	delivery: Delivery;
	pack: () => Parcel;
	/** How long to wait before the first attempt, in milliseconds. */
	delayMs?: number;
	maxAttempts?: number;
	/** Cuts the connection at the first `dropAttempts` attempts (1 unless told). */
	drop?: Drop;
	dropAttempts?: number;
}

export interface Job {
	readonly delivery: Delivery;
	/** Resolves when the first attempt has ended, whatever came of it. */
	readonly attempted: Promise<Delivery>;
	/** Resolves when no attempt will follow: a final state, or the simulator was reset or closed. */
	readonly settled: Promise<Delivery>;
	start(): void;
}

interface DispatcherSettings {
	store: Store;
	clock: Clock;
	retryDelaysMs: readonly number[];
	acknowledgeMs: number;
}

/** Carries deliveries out: first attempt, retries, verdict, log. */
export class Dispatcher {
	private readonly poster = new Poster();
	private readonly naps = new Map<() => void, { retry: boolean }>();
	/** Goes up with every `cancelAll`: a delivery of an earlier round makes no further step. */
	private round = 0;

	constructor(private readonly settings: DispatcherSettings) {}

	/** A delivery ready to start. */
	prepare(order: Order): Job {
		const attempted = deferred<Delivery>();
		const settled = deferred<Delivery>();
		const { round } = this;
		return {
			delivery: order.delivery,
			attempted: attempted.promise,
			settled: settled.promise,
			start: () => {
				void this.run(order, round, () => attempted.resolve(order.delivery)).then(() => {
					attempted.resolve(order.delivery);
					settled.resolve(order.delivery);
					this.settings.store.changed();
				});
			},
		};
	}

	/** Lets every delivery that waits for its next attempt make it now. */
	retryNow(): void {
		for (const [wake, nap] of [...this.naps]) if (nap.retry) wake();
	}

	/** Gives up everything under way; what waits for it is told. */
	cancelAll(): void {
		this.round += 1;
		this.poster.abortAll();
		for (const wake of [...this.naps.keys()]) wake();
	}

	close(): void {
		this.cancelAll();
		this.poster.close();
	}

	private async run(order: Order, round: number, firstEnded: () => void): Promise<void> {
		const { delivery } = order;
		const { store, clock, retryDelaysMs } = this.settings;
		if (order.delayMs) await this.nap(order.delayMs, false);
		while (round === this.round) {
			const attempt = await this.attempt(order);
			if (round !== this.round) return;
			delivery.attempts.push(attempt);
			delivery.status = this.statusAfter(attempt, order.maxAttempts ?? MOST_ATTEMPTS);
			if (delivery.status !== 'pending') delivery.completedAt = clock.serviceNow();
			firstEnded();
			store.changed();
			if (delivery.status !== 'pending') return;
			const delay = retryDelaysMs[attempt.number - 1] ?? retryDelaysMs[retryDelaysMs.length - 1];
			await this.nap(delay ?? 0, true);
		}
	}

	private async attempt(order: Order): Promise<Attempt> {
		const { delivery } = order;
		const number = delivery.attempts.length + 1;
		const { headers, body } = order.pack();
		const startedAt = this.settings.clock.now();
		const started = performance.now();
		// The address as it is now: a retry follows a webhook whose address was changed meanwhile.
		const url = this.settings.store.find(delivery.webhookId)?.url ?? '';
		const answer = await this.poster.send({
			url,
			headers,
			body,
			timeoutMs: this.settings.acknowledgeMs,
			drop: number <= (order.dropAttempts ?? 1) ? order.drop : undefined,
		});
		const good = answer.status !== null && answer.status >= 200 && answer.status < 300;
		return {
			number,
			startedAt,
			ms: performance.now() - started,
			status: answer.status,
			responseHeaders: answer.headers,
			responseBody: answer.body,
			requestHeaders: headers,
			requestBody: body,
			error: good ? null : (answer.error ?? `HTTP ${answer.status}`),
		};
	}

	/**
	 * 2xx ends well, everything else is tried again while attempts are left, but for 4xx. Anchor does not say which 4xx
	 * end a delivery: all of them do here, which is the worst for a receiver.
	 */
	private statusAfter(attempt: Attempt, maxAttempts: number): Delivery['status'] {
		const { status, number } = attempt;
		if (status !== null && status >= 200 && status < 300) return 'succeeded';
		if (status !== null && status >= 400 && status < 500) return 'failed';
		return number >= maxAttempts ? 'dead' : 'pending';
	}

	private async nap(ms: number, retry: boolean): Promise<void> {
		await new Promise<void>((resolve) => {
			const wake = () => {
				clearTimeout(timer);
				this.naps.delete(wake);
				resolve();
			};
			const timer = setTimeout(wake, ms);
			this.naps.set(wake, { retry });
		});
	}
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
	let resolve!: (value: T) => void;
	const promise = new Promise<T>((done) => (resolve = done));
	return { promise, resolve };
}
