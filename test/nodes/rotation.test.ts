import { startSimulator } from '../simulator';
import type { Simulator } from '../simulator';
import { automaticTrigger } from '../support/automaticTrigger';
import { Host } from '../support/host';
import { send } from '../support/send';
import { eventOf, signed, STRANGERS_SECRET } from '../support/signedRequests';
import { fakeTimers } from '../support/timers';
import type { FakeTimers } from '../support/timers';
import type { WorkflowRow } from '../support/workflowRow';

const FIRST_TWO_LOOKS_MS = 80_000;
const NEXT_LOOK_MS = 15 * 60_000;

let host: Host;
let anchor: Simulator;
let timers: FakeTimers;
let row: WorkflowRow;

beforeEach(async () => {
	timers = fakeTimers();
	host = await Host.start();
	anchor = await startSimulator({ retryDelaysMs: [1] });
	row = automaticTrigger(host, anchor);
	await host.activate(row);
});
afterEach(async () => {
	anchor.liftOutages();
	await host.close();
	await anchor.close();
	timers.restore();
});

async function answerTo(secret: string): Promise<number> {
	const now = Math.floor(Date.now() / 1000);
	const { status } = await send(
		host.urlOf(row),
		signed(eventOf('task.completed'), now, { secrets: [secret] }),
	);
	return status;
}

describe('a rotation that Anchor did not answer', () => {
	it('leaves open what is forged, and is settled within a minute', async () => {
		await timers.advance(FIRST_TWO_LOOKS_MS);
		const [{ id }] = anchor.webhooks();
		// Rows from the second in which a secret was made are taken for refused with the one before.
		anchor.advance(5_000);
		anchor.rotateSecret(id);
		await anchor.emit('task.completed', { to: id }).settled;
		anchor.outage({ mode: 'close', calls: '/v1/webhooks/:id/rotate-secret' });
		await timers.advance(NEXT_LOOK_MS);
		expect(anchor.requests({ calls: '/v1/webhooks/:id/rotate-secret' }).length).toBeGreaterThan(0);
		// It may have been carried out, to a secret that nobody knows: what does not match may be genuine.
		expect(await answerTo(STRANGERS_SECRET)).toBe(503);

		anchor.liftOutages();
		await timers.advance(60_000);
		expect(await answerTo(STRANGERS_SECRET)).toBe(401);
		expect(await answerTo(anchor.webhooks()[0].secret)).toBe(200);
	});

	it('is settled by the next activation, too', async () => {
		row.staticData = '{}';
		await host.boot();
		anchor.outage({ mode: 'close', calls: '/v1/webhooks/:id/rotate-secret' });
		await expect(host.activate(row)).rejects.toThrow();
		anchor.liftOutages();
		await host.activate(row);
		expect(await answerTo(STRANGERS_SECRET)).toBe(401);
		expect(await answerTo(anchor.webhooks()[0].secret)).toBe(200);
	});
});
