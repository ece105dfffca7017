/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- a program of its own, run by Node */
import { parseArgs } from 'node:util';
import { startSimulator } from './index';

const USAGE = `npm run simulator -- [options]

  --port <number>         port on 127.0.0.1 (4010)
  --api-key <text>        the API key to accept
  --signing <mode>        which secret signs after a rotation: current, previous or both
  --time-scale <number>   factor on the waits between attempts (0.1: a tenth)
  --events <13|14>        13 documented events, or also session.ready (14)
  --strict                refuse http, loopback and private addresses, as Anchor does
`;

/** Reads the command line, serves until Ctrl-C, and leaves nothing running. */
async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			port: { type: 'string', default: '4010' },
			'api-key': { type: 'string' },
			signing: { type: 'string', default: 'current' },
			'time-scale': { type: 'string', default: '1' },
			events: { type: 'string', default: '14' },
			strict: { type: 'boolean', default: false },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) {
		process.stdout.write(USAGE);
		return;
	}
	const local = { allowHttp: true, allowLoopback: true, allowPrivate: true };
	const simulator = await startSimulator({
		port: numberFrom('port', values.port),
		apiKey: values['api-key'],
		signing: oneOf('signing', values.signing, ['current', 'previous', 'both']),
		timeScale: { retries: numberFrom('time-scale', values['time-scale']) },
		events: oneOf('events', values.events, ['13', '14']),
		rules: values.strict ? {} : local,
	});
	process.stdout.write(
		[
			`Anchor's webhook service in miniature is at ${simulator.url}`,
			`API key: ${simulator.apiKey}`,
			'',
			'In n8n, an Anchor Browser API credential with this key and this address as its base URL registers here.',
			'Send an event:  npm run emit -- task.failed --error timeout',
			`See deliveries: ${simulator.url}/_simulator/deliveries`,
			'Ctrl-C ends it.',
			'',
		].join('\n'),
	);
	const end = () => void simulator.close();
	process.once('SIGINT', end);
	process.once('SIGTERM', end);
}

function numberFrom(name: string, text: string): number {
	const value = Number(text);
	if (text === '' || !(value >= 0)) throw new Error(`--${name} takes a number, not "${text}"`);
	return value;
}

function oneOf<const T extends string>(name: string, text: string, choices: readonly T[]): T {
	const choice = choices.find((one) => one === text);
	if (!choice) throw new Error(`--${name} takes one of ${choices.join(', ')}, not "${text}"`);
	return choice;
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
});
