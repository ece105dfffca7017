/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { createServer, type Server } from 'node:http';

import { listen } from '../listen';
import { N8nClient, type Execution } from './client';

type State = { status: string; data?: Partial<Execution['data']> };

let server: Server;

afterEach(() => server.close());

/** An n8n that shows one state of an execution after the other, and then the last one again and again. */
async function n8nThatShows(...states: State[]): Promise<N8nClient> {
	server = createServer((_request, response) => {
		const { status, data } = states.length > 1 ? (states.shift() as State) : states[0];
		const all = data && { resultData: { runData: {} }, ...data };
		const flatted = JSON.stringify(all ? flat(all) : []);
		response.end(JSON.stringify({ data: { id: '49', status, data: flatted } }));
	});
	return new N8nClient({ url: await listen(server), version: '1.123.81' });
}

/** A value in n8n's form: objects and texts stand in entries of their own. */
function flat(value: unknown): unknown[] {
	const entries: unknown[] = [];
	const add = (one: unknown): number => {
		const index = entries.push(one) - 1;
		if (typeof one === 'object' && one !== null) {
			const pairs = Object.entries(one).map(([key, inner]) => [
				key,
				typeof inner === 'object' || typeof inner === 'string' ? String(add(inner)) : inner,
			]);
			entries[index] = Object.fromEntries(pairs);
		}
		return index;
	};
	add(value);
	return entries;
}

const WAITING = { waitTill: '2026-05-24T12:00:00.000Z' };
const ENDED = { resultData: { runData: {}, lastNodeExecuted: 'Post to Slack' } };
const FAILED = { resultData: { runData: {}, error: { message: 'No bot' } } };

describe('an execution that has finished', () => {
	it.each<[string, State[], Partial<Execution['data']>]>([
		['succeeded', [{ status: 'success' }, { status: 'success', data: {} }], ENDED],
		['failed', [{ status: 'error', data: {} }], FAILED],
		['begins to wait', [{ status: 'waiting', data: {} }], WAITING],
		[
			'went on after it had waited',
			[
				{ status: 'running', data: WAITING },
				{ status: 'success', data: { ...ENDED, ...WAITING } },
			],
			ENDED,
		],
	])('is not shown before n8n has saved what it did, when it %s', async (_how, early, data) => {
		const { status } = early[early.length - 1];
		const client = await n8nThatShows({ status: 'new' }, ...early, { status, data });
		const seen = await client.finishedExecution('49');
		expect({ status: seen.status, data: seen.data }).toEqual({
			status,
			data: { resultData: { runData: {} }, ...data },
		});
	});

	it('may have nothing to show, when it crashed', async () => {
		const client = await n8nThatShows({ status: 'crashed', data: {} });
		expect(await client.finishedExecution('49')).toMatchObject({ status: 'crashed' });
	});
});
