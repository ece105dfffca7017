import { automaticTrigger } from '../support/automaticTrigger';
import { logLines, warnings } from '../support/core';
import type { LoadedPackage } from '../support/core';
import { activated, anchor, host, setUp } from '../support/recovering';
import { send } from '../support/send';
import { eventOf, signedNow, STRANGERS_SECRET } from '../support/signedRequests';
import type { WorkflowRow } from '../support/workflowRow';

/*
 * n8n's queue mode: the main process keeps the webhook, a webhook processor takes the deliveries. All that the second
 * knows of the first is static data, which n8n reads anew for each request and saves when an activation has ended.
 */

let main: LoadedPackage;
let row: WorkflowRow;

beforeEach(async () => {
	await setUp();
	main = host.loaded;
	row = await activated();
	host.loaded = await host.anotherProcess();
	logLines.length = 0;
});
const secretNow = () => anchor.webhooks()[0].secret;

/** What the webhook processor answers to an event with a signature for each secret. */
async function answerTo(secrets: string | string[], to = row): Promise<number> {
	const request = signedNow(eventOf('task.completed'), { secrets: [secrets].flat() });
	return (await send(host.urlOf(to), request)).status;
}

/** The main process activates the workflow without knowing its secret any more, and so gets a new one. */
async function rotate(): Promise<{ before: string; after: string }> {
	const before = row.staticData;
	row.staticData = '{}';
	await host.activate(row, 'update', await host.anotherProcess());
	return { before, after: row.staticData };
}

const lastReason = () => warnings().at(-1)?.meta.reason;

it('a main process that has lost the leadership knows no better than a webhook processor', async () => {
	host.loaded = main;
	expect(await answerTo(STRANGERS_SECRET)).toBe(401);
	await host.stepDown(main);
	const { before, after } = await rotate();
	row.staticData = before;
	expect(await answerTo(secretNow())).toBe(503);
	row.staticData = after;
	expect(await answerTo(secretNow())).toBe(202);
});

it('a main process changes nothing and asks nothing of Anchor for what is forged or unsigned', async () => {
	host.loaded = main;
	const state = () => [row.staticData, JSON.stringify(anchor.webhooks()), anchor.requests().length];
	const before = state();
	expect(await answerTo(STRANGERS_SECRET)).toBe(401);
	expect(await answerTo([])).toBe(400);
	expect(state()).toEqual(before);
	expect(host.processedData.calls).toBe(0);
	expect(await host.runs()).toEqual([]);
});

describe('a webhook processor', () => {
	it('whose copy is up to date takes what is genuine and refuses what is forged', async () => {
		expect(await answerTo(secretNow())).toBe(202);
		expect(await answerTo(STRANGERS_SECRET)).toBe(401);
		expect(await answerTo(STRANGERS_SECRET)).toBe(401);
	});

	it('without a copy takes nothing that is unsigned, and asks for the rest again', async () => {
		row.staticData = '{}';
		expect(await answerTo([])).toBe(400);
		expect(await answerTo(secretNow())).toBe(503);
		expect(lastReason()).toBe('no_secret');
	});

	it('whose copy is not the newest asks again until n8n has saved the new one', async () => {
		const first = secretNow();
		expect(await answerTo(first)).toBe(202);
		const { before, after } = await rotate();
		expect(secretNow()).not.toBe(first);
		row.staticData = before;
		expect(await answerTo(secretNow())).toBe(503);
		expect(lastReason()).toBe('secret_outdated');
		row.staticData = after;
		expect(await answerTo(secretNow())).toBe(202);
	});

	it('asks for a delivery again when Anchor cannot tell whether the copy is up to date', async () => {
		expect(await answerTo(secretNow())).toBe(202);
		anchor.outage({ mode: 503 });
		expect(await answerTo(STRANGERS_SECRET)).toBe(503);
		anchor.liftOutages();
		expect(await answerTo(STRANGERS_SECRET)).toBe(401);
		anchor.changeWebhook(anchor.webhooks()[0].id, { description: 'My webhook' });
		expect(await answerTo(STRANGERS_SECRET)).toBe(503);
	});

	it('asks Anchor no more than ten times, however many forged requests come', async () => {
		const before = anchor.requests().length;
		for (let number = 0; number < 40; number++) {
			expect([401, 503]).toContain(await answerTo(STRANGERS_SECRET));
		}
		expect(anchor.requests().length - before).toBeLessThanOrEqual(11);
	});

	it('that cannot open the secret because the API key was replaced says just that', async () => {
		const { apiKey, baseUrl } = host.credentials.stored.get(row.id) ?? {};
		host.credentials.stored.set(row.id, { apiKey: 'the-next-key', baseUrl });
		const readings = jest.spyOn(host.credentials, 'getDecrypted');
		for (let number = 0; number < 20; number++) expect(await answerTo(secretNow())).toBe(503);
		expect(readings).toHaveBeenCalledTimes(1);
		expect(warnings()).toHaveLength(1);
		expect(warnings()[0].meta).toMatchObject({ reason: 'secret_sealed' });
		expect(warnings()[0].message).toMatch(
			/API key .* was replaced .* unpublish .* publish it again/,
		);

		// Once it is put right, so is the trigger.
		host.credentials.stored.set(row.id, { apiKey, baseUrl });
		const later = Date.now() + 1_000;
		jest.spyOn(Date, 'now').mockImplementation(() => later);
		expect(await answerTo(secretNow())).toBe(202);
	});

	it('does not take the registration of the workflow that this one was copied from for its own', async () => {
		const copy = automaticTrigger(host, anchor);
		await host.activate(copy, 'activate', main);
		copy.staticData = row.staticData.replace(row.nodes[0].id, copy.nodes[0].id);
		expect(await answerTo(secretNow(), copy)).toBe(503);
		expect(lastReason()).toBe('no_secret');
	});
});
