import type { Logger } from 'n8n-workflow';

const INTERVAL_MS = 60_000;

/** Of how many reasons the last line is remembered: nodes times reasons, far more than an instance has in a minute. */
const MAX_KEYS = 5_000;

interface Held {
	since: number;
	count: number;
}

const held = new Map<string, Held>();

/**
 * Writes at most one warning a minute for each key, and says how many like it came in between: a flood of forged
 * requests must not become a flood of log lines.
 * @param logger n8n's logger
 * @param key what is counted together, node and reason
 * @param sentence what happened and what to do; never a secret, a signature or a payload
 * @param meta structured fields of the line
 * @param nowMs the time in milliseconds
 */
export function warnOncePerMinute(
	logger: Logger,
	key: string,
	sentence: string,
	meta: Record<string, unknown>,
	nowMs: number,
): void {
	const last = held.get(key);
	// A clock that was set back must not keep it silent for longer.
	if (last !== undefined && Math.abs(nowMs - last.since) < INTERVAL_MS) {
		last.count += 1;
		return;
	}
	const unreported = last?.count ?? 0;
	held.delete(key);
	if (held.size >= MAX_KEYS) held.clear();
	held.set(key, { since: nowMs, count: 0 });
	logger.warn(
		unreported === 0 ? sentence : `${sentence} (${unreported} more like this since the last line)`,
		{ ...meta, unreported },
	);
}
