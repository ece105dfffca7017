/**
 * Runs in a process of its own: loads what n8n loads of the package, and writes down how long it took and what it left
 * behind. Arguments: `warm` (the host's packages are loaded before) or `cold`, then the files.
 */
const [, , start, ...files] = process.argv;

if (start === 'warm') {
	require('n8n-workflow');
	require('zod');
}
const heapNow = () => {
	global.gc();
	return process.memoryUsage().heapUsed;
};
const heapBefore = heapNow();
const started = process.hrtime.bigint();
for (const file of files) require(file);
const nanoseconds = Number(process.hrtime.bigint() - started);
process.stdout.write(JSON.stringify({ nanoseconds, bytes: heapNow() - heapBefore }));
