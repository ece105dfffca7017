/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, no-console -- measurements run in Node, not in n8n's sandbox, and write to the terminal */
import { cpus, totalmem } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

import { missedAims } from './aims';
import { collectingBench } from './collectingBench';
import { AS_IT_COMES, deliveriesBench, LAZY } from './deliveriesBench';
import { gateBench } from './gateBench';
import { loadBench } from './loadBench';
import { queueBench } from './queueBench';
import { receiveBench } from './receiveBench';
import { recoveryBench } from './recoveryBench';
import { sizeBench } from './sizeBench';

/** What `npm run bench` knows; without names all of them run, in this order. */
const BENCHES: Readonly<Record<string, () => string | Promise<string>>> = {
	lazy: async () => await deliveriesBench(LAZY),
	default: async () => await deliveriesBench(AS_IT_COMES),
	recovery: recoveryBench,
	collecting: collectingBench,
	queue: queueBench,
	receive: receiveBench,
	gate: gateBench,
	load: loadBench,
	size: sizeBench,
};

/** The share of the cores' time that is taken, over three seconds: how much others disturb what is measured next. */
async function busyShare(): Promise<number> {
	const look = () => {
		const times = cpus().map((core) => core.times);
		const all = times.reduce((sum, core) => sum + Object.values(core).reduce((a, b) => a + b), 0);
		return { all, idle: times.reduce((sum, { idle }) => sum + idle, 0) };
	};
	const before = look();
	await pause(3_000);
	const after = look();
	return 1 - (after.idle - before.idle) / (after.all - before.all);
}

async function main(names: readonly string[]): Promise<void> {
	const unknown = names.filter((name) => BENCHES[name] === undefined);
	if (unknown.length > 0) {
		throw new Error(
			`There is no measurement ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`,
		);
	}
	const [{ model }] = cpus();
	console.log(
		`Node ${process.version}, ${cpus().length} × ${model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB\n`,
	);
	for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
		const busy = (100 * (await busyShare())).toFixed(0);
		console.log(`${await BENCHES[name]()}\n\nBefore it began, ${busy} % of the cores were busy.\n`);
	}
	console.log(missedAims());
}

main(process.argv.slice(2)).catch((cause: unknown) => {
	console.error(cause);
	process.exitCode = 1;
});
