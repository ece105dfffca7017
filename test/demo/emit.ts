/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- the demo runs in Node, not in n8n's sandbox */
import { parseArgs } from 'node:util';

import { NEWEST_EVENTS } from '../simulator';
import { runningDemo, type RunningDemo } from './stateFile';

const USAGE = `npm run emit -- <event> [options]

  Lets the running demo (npm start) or simulator (npm run simulator) send an event.

  --error <type>   kind of failure, for events that have one: automation_failure, invalid_credentials, timeout,
                   agent_error, system_error; of an identity only the first two
  --data <json>    laid over the event's example data, key by key: --data '{"task_id":"tsk_1"}'
  --forged         signed with a secret that is not the webhook's
  --stale          signed ten minutes ago
  --double         sent twice
  --list           names the events
`;

/** Where \`npm run simulator\` listens unless told otherwise. */
const SIMULATOR: RunningDemo = { pid: 0, simulator: 'http://127.0.0.1:4010', executions: '' };

/** What is the caller's to correct: shown without a stack, and the program ends with 1. */
class Refused extends Error {}

function say(text: string): void {
	process.stdout.write(`${text}\n`);
}

/** How many letters have to be changed, added or left out to make one word of the other. */
function distance(one: string, other: string): number {
	let row = Array.from({ length: other.length + 1 }, (_, i) => i);
	for (let i = 1; i <= one.length; i++) {
		const next = [i];
		for (let j = 1; j <= other.length; j++) {
			const changed = row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1);
			next.push(Math.min(changed, row[j] + 1, next[j - 1] + 1));
		}
		row = next;
	}
	return row[other.length];
}

function checkName(type: string): void {
	if (NEWEST_EVENTS.includes(type)) return;
	const [nearest] = [...NEWEST_EVENTS].sort((a, b) => distance(type, a) - distance(type, b));
	throw new Refused(
		`Anchor has no event "${type}". Did you mean ${nearest}? npm run emit -- --list names them all`,
	);
}

function parsedData(text: string | undefined): Record<string, unknown> {
	if (text === undefined) return {};
	let data: unknown;
	try {
		data = JSON.parse(text);
	} catch {
		data = undefined;
	}
	if (typeof data !== 'object' || data === null || Array.isArray(data)) {
		throw new Refused(`--data takes a JSON object, such as '{"task_id":"tsk_1"}', not ${text}`);
	}
	return data as Record<string, unknown>;
}

/** The kind of failure, under the key that the event has it under. */
function failureData(type: string, kind: string | undefined): Record<string, unknown> {
	if (kind === undefined) return {};
	if (type === 'identity.authentication_failed') return { failure_type: kind };
	if (type.endsWith('.failed')) return { error: { type: kind } };
	throw new Refused(`${type} has no kind of failure: leave --error out, or send task.failed`);
}

async function answers(demo: RunningDemo): Promise<boolean> {
	try {
		const response = await fetch(`${demo.simulator}/_simulator/webhooks`, {
			signal: AbortSignal.timeout(5_000),
		});
		return (
			response.ok && Array.isArray(((await response.json()) as { webhooks?: unknown }).webhooks)
		);
	} catch {
		return false;
	}
}

/** The demo that runs, else a simulator of its own. */
async function findDemo(): Promise<RunningDemo> {
	for (const demo of [runningDemo(), SIMULATOR]) {
		if (demo && (await answers(demo))) return demo;
	}
	throw new Refused('Nothing is running. Start the demo in another terminal with: npm start');
}

interface Sent {
	id: string;
	event: { text: string };
	deliveries: Array<{
		webhookId: string;
		attempts: Array<{
			status: number | null;
			responseBody: string;
			error: string | null;
			ms: number;
		}>;
	}>;
}

async function send(demo: RunningDemo, body: Record<string, unknown>): Promise<Sent> {
	const response = await fetch(`${demo.simulator}/_simulator/emit`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(body),
	});
	if (!response.ok) throw new Refused(`The simulator refused: ${await response.text()}`);
	return (await response.json()) as Sent;
}

async function main(): Promise<void> {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			error: { type: 'string' },
			data: { type: 'string' },
			forged: { type: 'boolean', default: false },
			stale: { type: 'boolean', default: false },
			double: { type: 'boolean', default: false },
			list: { type: 'boolean', default: false },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.list) return say(NEWEST_EVENTS.join('\n'));
	if (values.help) return say(USAGE);
	const [type] = positionals;
	if (type === undefined || positionals.length > 1)
		throw new Refused(`Name one event.\n\n${USAGE}`);
	checkName(type);
	const data = { ...parsedData(values.data), ...failureData(type, values.error) };

	const demo = await findDemo();
	const { id, event, deliveries } = await send(demo, {
		type,
		data,
		...(values.forged ? { sign: 'forged' } : {}),
		...(values.stale ? { timestampOffsetSeconds: -600 } : {}),
		...(values.double ? { repeat: 2 } : {}),
	});
	say(`${type}  ${id}`);
	say(event.text);
	if (deliveries.length === 0) {
		say('Nobody is subscribed to it: is a workflow with the trigger published (n8n 1: activated)?');
	}
	for (const { webhookId, attempts } of deliveries) {
		const last = attempts[attempts.length - 1];
		const answer = last?.status
			? `${last.status} ${last.responseBody}`
			: (last?.error ?? 'not sent yet');
		say(`-> ${webhookId} answered ${answer} after ${Math.round(last?.ms ?? 0)} ms`);
	}
	if (demo.executions) say(`Executions: ${demo.executions}`);
}

main().catch((thrown: unknown) => {
	const known =
		thrown instanceof Refused ||
		(thrown as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
	const text =
		thrown instanceof Error
			? known
				? thrown.message
				: (thrown.stack ?? thrown.message)
			: String(thrown);
	process.stderr.write(`${text}\n`);
	process.exitCode = 1;
});
