/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-dangerous-functions -- tests run in Node, not in n8n's sandbox, and start processes */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';

import { listen } from '../support/listen';
import { PROJECT } from '../support/n8n';
import { differences, KNOWN, readFacts } from './facts';

const FILES = ['openapi.yaml', 'events.md'] as const;
const today = Object.fromEntries(
	FILES.map((file) => [file, readFileSync(join(__dirname, 'fixtures', 'today', file), 'utf8')]),
);

/** What Anchor might describe one day: in which file, what is there now, and what stands in its place then. */
const CHANGES = [
	['openapi.yaml', '/v1/webhooks/{id}/test:', '/v1/webhooks/{id}/events/{event_id}/redeliver:'],
	['openapi.yaml', '- pending', '- pending\n              - in_flight'],
	['openapi.yaml', '- task.healed', '- session.teleported'],
	['openapi.yaml', 'project_id: {', 'signing_version: { type: string }\n        project_id: {'],
	['openapi.yaml', /^ +payload: .*$/m, ''],
	['events.md', /^\t"text": .*$/m, '\t"api_version": "2",'],
	['events.md', '`task.healed`', '`session.teleported`'],
] as const;

/** A file as Anchor serves it today, or would serve it later. */
const stored = (folder: string, file: string) =>
	CHANGES.filter(([changed]) => folder === 'later' && changed === file).reduce(
		(text, [, now, then]) => text.replace(now, then),
		today[file],
	);
const factsOf = (folder: string) =>
	readFacts(stored(folder, 'openapi.yaml'), stored(folder, 'events.md'));

describe('watching Anchor', () => {
	it('finds nothing while Anchor describes its webhooks as the code knows them', () => {
		expect(differences(KNOWN, factsOf('today'))).toEqual([]);
	});

	it('names every event type, field, call and state that has come or gone', () => {
		const named = [
			'event types in the API description:',
			'  + session.teleported (new)',
			'  - task.healed (gone)',
			'event types on the page Events:',
			'  + session.teleported (new)',
			'  - task.healed (gone)',
			'fields of the envelope:',
			'  + api_version (new)',
			'  - text (gone)',
			'webhook calls:',
			'  + POST /v1/webhooks/{id}/events/{event_id}/redeliver (new)',
			'  - POST /v1/webhooks/{id}/test (gone)',
			'fields of a webhook:',
			'  + signing_version (new)',
			'fields of a delivery in the history:',
			'  - payload (gone)',
			'states of a delivery:',
			'  + in_flight (new)',
		];
		// An event that Anchor adds goes into `today` alone, and is then gone as well.
		const changes = differences(factsOf('today'), factsOf('later'));
		expect(changes.filter((line) => named.includes(line))).toEqual(named);
	});

	it.each([
		['neither of the two', '', ''],
		['something else altogether', '<html>Sign in</html>', '<html>Sign in</html>'],
		[
			'an envelope that is no JSON',
			stored('today', 'openapi.yaml'),
			'## Envelope\n\n```json\n{\n```',
		],
	])('takes what it cannot read for gone, and never for unchanged: %s', (_, description, page) => {
		const changes = differences(KNOWN, readFacts(description, page));
		expect(changes).toContain('  - project_id (gone)');
		expect(changes.length).toBeGreaterThan(15);
	});

	describe('as a program', () => {
		let server: Server;
		let address: string;

		beforeAll(async () => {
			server = createServer((request, response) => {
				const [, folder, file] = (request.url ?? '').split('/');
				if (folder === 'missing') response.writeHead(404).end();
				else response.end(stored(folder, file));
			});
			address = await listen(server);
		});
		afterAll(() => server.close());

		const run = async (folder: string) =>
			await new Promise<{ code: unknown; output: string }>((resolve) => {
				const addresses = FILES.map((file) => `${address}/${folder}/${file}`);
				execFile(
					process.execPath,
					['--import', 'tsx', join(__dirname, 'main.ts'), ...addresses],
					{ cwd: PROJECT },
					(error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }),
				);
			});

		it.each([
			['today', 0, 'as this code knows them'],
			['later', 1, '+ in_flight (new)'],
			['missing', 2, 'answered 404'],
		])('%s ends it with %i and says why', async (folder, code, words) => {
			expect(await run(folder)).toEqual({ code, output: expect.stringContaining(words) as string });
		});
	});
});
