/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

import type { N8n } from '../../support/n8n';

/** What a process of n8n takes of the machine. */
export interface Usage {
	/** Of RAM, in MiB. */
	mebibytes: number;
	/** Of all cores together since its start, in seconds. */
	cpuSeconds: number;
	openFiles: number;
}

/** Linux counts a process's time in hundredths of a second, whatever the machine (`USER_HZ`). */
const TICKS_A_SECOND = 100;

/** @returns undefined where the system does not tell, as outside of Linux */
export function usageOf({ pid }: N8n): Usage | undefined {
	const folder = `/proc/${pid}`;
	if (!existsSync(folder)) return undefined;
	const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`${folder}/status`, 'utf8'))?.[1];
	// The second field is a name in brackets, which may hold anything; user and system time are the 14th and 15th.
	const fields = readFileSync(`${folder}/stat`, 'utf8')
		.replace(/^.*\) /s, '')
		.split(' ');
	return {
		mebibytes: Number(kibibytes) / 1_024,
		cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
		openFiles: readdirSync(`${folder}/fd`).length,
	};
}
