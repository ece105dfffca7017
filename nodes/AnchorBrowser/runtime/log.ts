import type { INode, Logger } from 'n8n-workflow';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Of how many reasons the last line is remembered: nodes times reasons, far more than an instance has in a minute. */
const MAX_KEYS = 5_000;

interface Held {
	since: number;
	count: number;
}

const held = new Map<string, Held>();

/** What of n8n's contexts a line needs. */
interface Logging {
	getNode(): Pick<INode, 'id' | 'name'>;
	getWorkflow(): { id?: string };
	logger: Pick<Logger, 'debug' | 'info' | 'warn'>;
}

/**
 * Writes a line about a trigger to n8n's log.
 * @param context n8n's context
 * @param sentence what happened and what to do; never a secret, a signature or a payload
 * @param meta structured fields, beside those that name the workflow and the node
 */
export function log(
	context: Logging,
	level: 'debug' | 'info' | 'warn',
	sentence: string,
	meta: Record<string, unknown> = {},
): void {
	const { id: nodeId, name } = context.getNode();
	const workflowId = context.getWorkflow().id;
	context.logger[level](`${name}: ${sentence}`, { workflowId, nodeId, ...meta });
}

/**
 * Writes at most one warning a minute for each node and reason, and says how many like it came in between: a flood of forged
 * requests must not become a flood of log lines.
 * @param reason what is counted together
 */
export function warnOncePerMinute(
	context: Logging,
	reason: string,
	sentence: string,
	meta: Record<string, unknown> = {},
): void {
	warnOncePer(MINUTE_MS, context, { reason, sentence, meta });
}

/** The same, once an hour: for what the regular look meets again and again until a person changes it. */
export function warnOncePerHour(context: Logging, reason: string, sentence: string): void {
	warnOncePer(HOUR_MS, context, { reason, sentence, meta: {} });
}

function warnOncePer(
	intervalMs: number,
	context: Logging,
	{ reason, sentence, meta }: { reason: string; sentence: string; meta: Record<string, unknown> },
): void {
	const key = `${context.getWorkflow().id} ${context.getNode().id} ${reason}`;
	const nowMs = Date.now();
	const last = held.get(key);
	// A clock that was set back must not keep it silent for longer.
	if (last !== undefined && Math.abs(nowMs - last.since) < intervalMs) {
		last.count += 1;
		return;
	}
	const unreported = last?.count ?? 0;
	held.delete(key);
	if (held.size >= MAX_KEYS) held.clear();
	held.set(key, { since: nowMs, count: 0 });
	const more = unreported === 0 ? '' : ` (${unreported} more like this since the last line)`;
	log(context, 'warn', sentence + more, { ...meta, unreported });
}
