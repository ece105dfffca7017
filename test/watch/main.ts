/* eslint-disable @n8n/community-nodes/no-restricted-globals, no-console -- a program of its own, run by npm run watch:anchor */
import { differences, KNOWN, readFacts } from './facts';

/** Where Anchor describes its webhooks; its documentation serves each page as Markdown too. */
const DESCRIPTION = 'https://docs.anchorbrowser.io/openapi.yaml';
const PAGE = 'https://docs.anchorbrowser.io/webhooks/events.md';

async function read(address: string): Promise<string> {
	const response = await fetch(address, { signal: AbortSignal.timeout(60_000) });
	if (!response.ok) throw new Error(`${address} answered ${response.status}`);
	return await response.text();
}

/** Compares Anchor's public descriptions with what the code was written for; other addresses may be given. */
async function watch([description = DESCRIPTION, page = PAGE]: string[]): Promise<void> {
	const changes = differences(KNOWN, readFacts(await read(description), await read(page)));
	if (changes.length === 0)
		return console.log('Anchor describes its webhooks as this code knows them.');
	console.log(`Anchor's webhooks have changed:\n\n${changes.join('\n')}\n`);
	console.log('What to do: "When Anchor changes" in CONTRIBUTING.md.');
	process.exitCode = 1;
}

watch(process.argv.slice(2)).catch((thrown: Error) => {
	// fetch says why in the cause alone.
	const why = thrown.cause instanceof Error ? `: ${thrown.cause.message}` : '';
	console.error(`Anchor's descriptions could not be read: ${thrown.message}${why}`);
	process.exitCode = 2;
});
