/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { setTimeout as pause } from 'node:timers/promises';

interface WaitOptions {
	/** Milliseconds until it gives up; 30,000 unless told. */
	timeout?: number;
	/** Milliseconds between two looks; 100 unless told. */
	every?: number;
	/** Completes "Waited … s for " in the message. */
	what?: string;
	/** Ends the waiting with the signal's reason. */
	signal?: AbortSignal;
}

/**
 * Looks again and again until there is something to see.
 *
 * @param look answers anything but undefined, null or false once it is there; what it throws ends the waiting
 * @returns what `look` answered
 * @throws Error after the timeout, naming what was waited for
 */
export async function waitFor<T>(
	look: () => Promise<T> | T,
	options: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
	const { timeout = 30_000, every = 100, what = 'something to happen', signal } = options;
	const deadline = Date.now() + timeout;
	for (;;) {
		signal?.throwIfAborted();
		const seen = await look();
		if (seen !== undefined && seen !== null && seen !== false) {
			return seen as Exclude<T, undefined | null | false>;
		}
		if (Date.now() >= deadline) throw new Error(`Waited ${timeout / 1000} s for ${what}`);
		await pause(every);
	}
}
