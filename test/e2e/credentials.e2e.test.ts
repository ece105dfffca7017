/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { startSimulator, type Simulator } from '../simulator';
import { listen } from '../support/listen';
import { N8nClient, OLDEST, startN8n, TESTED, type N8n } from '../support/n8n';
import { TRIGGER, triggerNode } from './trigger';

const TYPE = 'anchorBrowserApi';

describe.each(TESTED)('an API key in n8n %s', (version) => {
	let n8n: N8n;
	let client: N8nClient;
	let anchor: Simulator;
	let elsewhere: Server;
	let urlElsewhere: string;
	let answer: (response: ServerResponse) => void;

	beforeAll(async () => {
		anchor = await startSimulator();
		elsewhere = createServer((_request, response) => answer(response));
		urlElsewhere = await listen(elsewhere);
		n8n = await startN8n({ version });
		client = new N8nClient(n8n);
		await client.setUpOwner();
	}, 600_000);

	afterAll(async () => {
		await n8n?.stop();
		elsewhere?.close();
		await anchor?.close();
	});

	const testOf = async (changes: { apiKey?: string; baseUrl?: string } = {}) => {
		const data = { apiKey: anchor.apiKey, baseUrl: anchor.url, ...changes };
		return await client.testCredential(await client.createCredential(TYPE, data), TYPE, data);
	};

	it('is tested green for a key that Anchor knows, and for an address with spaces around it', async () => {
		for (const baseUrl of [anchor.url, ` ${anchor.url} `]) {
			expect(await testOf({ baseUrl })).toMatchObject({ status: 'OK' });
		}
	});

	/** n8n 1 loses the status on its way to the rules for it: there it is red in n8n's own words. */
	const says = (ours: RegExp) => (version === OLDEST ? /./ : ours);

	it('is tested red for what is refused, and says it in our words', async () => {
		const unknown = await testOf({ apiKey: 'sk-unknown' });
		expect(unknown).toMatchObject({ status: 'Error' });
		expect(unknown.message).toMatch(says(/does not know this API key/));
		anchor.outage({ mode: 503 });
		const away = await testOf();
		expect(away).toMatchObject({ status: 'Error' });
		expect(away.message).toMatch(says(/could not answer \(503\)/));
		anchor.liftOutages();
	});

	it('goes to no other host when it is tested', async () => {
		const before = anchor.requests().length;
		answer = (response) => response.writeHead(302, { location: `${anchor.url}/v1/webhooks` }).end();
		const { status, message } = await testOf({ baseUrl: urlElsewhere });
		expect(status).toBe('Error');
		expect(message).toMatch(says(/leads to another address/));
		expect(anchor.requests()).toHaveLength(before);
	});

	it('is not there: n8n says so, and listens in another workflow all the same', async () => {
		const { apiKey, url: baseUrl } = anchor;
		const credential = await client.createCredential(TYPE, { apiKey, baseUrl });
		for (const credentials of [undefined, { [TYPE]: credential }]) {
			const nodes = [triggerNode({ events: ['task.completed'] }, credentials)];
			const { id } = await client.createWorkflow({ name: 'Tried', nodes, connections: {} });
			const listening = client.listenForTestEvent(id, TRIGGER);
			if (credentials !== undefined) await (await listening).stop();
			else await expect(listening).rejects.toThrow(/does not have any credentials/);
		}
	}, 60_000);

	it('is tested red for a page that answers 200 and is not Anchor', async () => {
		answer = (response) =>
			response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome</html>');
		const { status, message } = await testOf({ baseUrl: urlElsewhere });
		expect(status).toBe('Error');
		expect(message).toMatch(/not the Anchor Browser API/);
	});
});
