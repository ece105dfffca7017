/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, no-console -- measurements run in Node, not in n8n's sandbox, and write to the terminal */
import { cpus, totalmem } from 'node:os';

import { missedAims } from './aims';
import { deliveriesBench } from './deliveriesBench';
import { gateBench } from './gateBench';
import { loadBench } from './loadBench';
import { receiveBench } from './receiveBench';
import { sizeBench } from './sizeBench';

/** What `npm run bench` knows; without names all of them run, in this order. */
const BENCHES: Readonly<Record<string, () => string | Promise<string>>> = {
	deliveries: deliveriesBench,
	receive: receiveBench,
	gate: gateBench,
	load: loadBench,
	size: sizeBench,
};

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
		console.log(`${await BENCHES[name]()}\n`);
	}
	console.log(missedAims());
}

main(process.argv.slice(2)).catch((cause: unknown) => {
	console.error(cause);
	process.exitCode = 1;
});
