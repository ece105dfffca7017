/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions, no-console -- a program of its own, run by npm run lint */
import { spawnSync } from 'node:child_process';

import { scripts } from '../../package.json';

/** Runs every `check:` script of package.json, each one also when an earlier one has failed, and counts them. */
function runChecks(): void {
	const checks = Object.keys(scripts).filter((name) => name.startsWith('check:'));
	const npm = process.env.npm_execpath;
	const [command, head] = npm ? [process.execPath, [npm]] : ['npm', []];
	const failed = checks.filter((name) => {
		console.log(`\n--> ${name}`);
		const { status } = spawnSync(command, [...head, 'run', '--silent', name], { stdio: 'inherit' });
		return status !== 0;
	});

	console.log('');
	for (const name of checks) console.log(`${failed.includes(name) ? 'FAIL' : 'ok  '}  ${name}`);
	console.log(`Checks:      ${failed.length} failed, ${checks.length - failed.length} passed`);
	process.exitCode = failed.length > 0 ? 1 : 0;
}

runChecks();
