/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { createWriteStream, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { delimiter, dirname } from 'node:path';

import { endGroup, spawnGroup } from './processGroup';

/** npm's settings that say where packages come from; they hold for every npm that is started from here. */
const SOURCES =
	/^npm_config_(registry|cache|userconfig|globalconfig|cafile|ca|strict_ssl|proxy|https_proxy|noproxy|maxsockets|offline|prefer_offline|fetch_.*|@.*|\/\/.*)$/i;

/**
 * The environment of a program that must not be told apart from one that a user starts in a shell: npm hands its own
 * settings (`ignore-scripts` of this project among them) and the name of the running script to everything below it.
 */
export function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	return Object.fromEntries(
		Object.entries(env).filter(
			([name]) =>
				SOURCES.test(name) || !/^(npm_|INIT_CWD$|NODE_ENV$|NODE_OPTIONS$|JEST_)/i.test(name),
		),
	);
}

interface NpmOptions {
	/** Folder to work in. */
	cwd: string;
	/** First in PATH, so that install scripts run on it; this process's own Node unless told. */
	nodeBin?: string;
	env?: Readonly<Record<string, string>>;
	/** Where npm's own output goes. */
	logFile: string;
	/** Called every few seconds while npm works, with the seconds since it began. */
	progress?: (seconds: number) => void;
	signal?: AbortSignal;
}

/** The last lines of a log, for a message. */
export function tail(text: string, lines: number): string {
	return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/**
 * Runs npm, quietly.
 *
 * @throws Error when npm ends with anything but 0, with the end of its output and the place of all of it
 */
export async function npm(args: readonly string[], options: NpmOptions): Promise<void> {
	const { cwd, nodeBin = process.execPath, env = {}, logFile, progress, signal } = options;
	signal?.throwIfAborted();
	// The npm that started us, where one did: there may be no other on PATH.
	const script = process.env.npm_execpath;
	const direct = script !== undefined && /npm-cli\.c?js$/.test(script);
	const [command, head] = direct ? [process.execPath, [script]] : ['npm', []];

	const log = createWriteStream(logFile, { flags: 'a' });
	log.write(`\n$ npm ${args.join(' ')}\n`);
	const started = Date.now();
	const child = spawnGroup(command, [...head, ...args], {
		cwd,
		env: {
			...withoutNpm(process.env),
			...env,
			PATH: `${dirname(nodeBin)}${delimiter}${process.env.PATH ?? ''}`,
		},
		stdio: ['ignore', 'pipe', 'pipe'],
		// Only npm.cmd is found on Windows' PATH, which no longer starts without a shell.
		shell: !direct && process.platform === 'win32',
	});
	child.stdout?.pipe(log, { end: false });
	child.stderr?.pipe(log, { end: false });
	const beat = progress
		? setInterval(() => progress(Math.round((Date.now() - started) / 1000)), 5_000)
		: undefined;
	const abort = () => void endGroup(child, 0);
	signal?.addEventListener('abort', abort, { once: true });
	try {
		const [code] = (await once(child, 'close')) as [number | null];
		signal?.throwIfAborted();
		if (code !== 0) {
			await new Promise<void>((resolve) => log.end(resolve));
			throw new Error(
				`npm ${args.slice(0, 2).join(' ')} ended with ${code ?? 'a signal'}. The end of its output:\n` +
					`${tail(readFileSync(logFile, 'utf8'), 15)}\nAll of it: ${logFile}`,
			);
		}
	} finally {
		clearInterval(beat);
		signal?.removeEventListener('abort', abort);
		log.end();
		await endGroup(child, 0);
	}
}
