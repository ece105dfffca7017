import { Host } from '../support/host';
import { manualTrigger } from '../support/manualTrigger';
import { eventOf, PREVIOUS_SECRET, SECRET, STRANGERS_SECRET } from '../support/signedRequests';

let host: Host;
let nowMs: number;

beforeEach(async () => {
	host = await Host.start();
	nowMs = Date.now();
	jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
});
afterEach(async () => {
	jest.restoreAllMocks();
	await host.close();
});

/** A trigger that has had a delivery signed with `SECRET`, and what its deliveries are answered since. */
async function triggerInUse() {
	const { row, deliver, items } = await manualTrigger(host, { options: { includeDelivery: true } });
	const answerTo = async (secret: string) =>
		(await deliver(eventOf('task.completed'), { secrets: [secret] })).status;
	expect(await answerTo(SECRET)).toBe(202);
	const paste = (signingSecret: string, previousSigningSecret = '') =>
		host.credentials.stored.set(row.id, { signingSecret, previousSigningSecret });
	return { row, items, answerTo, paste };
}

describe('a pasted secret', () => {
	it('that is new counts at once', async () => {
		const { answerTo, paste } = await triggerInUse();
		paste(PREVIOUS_SECRET);
		expect(await answerTo(PREVIOUS_SECRET)).toBe(202);
		expect(await answerTo(SECRET)).toBe(401);
	});

	it('counts at once where there was none, or no credential that could be read', async () => {
		const { answerTo, paste, row } = await triggerInUse();
		host.credentials.stored.delete(row.id);
		expect(await answerTo(SECRET)).toBe(503);
		paste('');
		expect(await answerTo(SECRET)).toBe(503);
		paste(SECRET);
		expect(await answerTo(SECRET)).toBe(202);
	});

	it('that is new counts at once also after a forged request', async () => {
		const { answerTo, paste } = await triggerInUse();
		expect(await answerTo(STRANGERS_SECRET)).toBe(401);
		paste(PREVIOUS_SECRET);
		expect(await answerTo(PREVIOUS_SECRET)).toBe(202);
	});

	it('that was taken out stops at once, and signs as the previous one where it was moved', async () => {
		const { answerTo, paste, items } = await triggerInUse();
		paste(PREVIOUS_SECRET, SECRET);
		expect(await answerTo(SECRET)).toBe(202);
		expect(await items()).toMatchObject([
			{ _delivery: { signedWith: 'current' } },
			{ _delivery: { signedWith: 'previous' } },
		]);
		paste(PREVIOUS_SECRET);
		expect(await answerTo(SECRET)).toBe(401);
		paste('');
		expect(await answerTo(SECRET)).toBe(503);
	});

	describe('in a flood', () => {
		const flooded = async () => {
			const trigger = await triggerInUse();
			for (let request = 0; request < 60; request++) {
				expect(await trigger.answerTo(STRANGERS_SECRET)).toBe(401);
			}
			return trigger;
		};

		it('that is new counts within one second', async () => {
			const { answerTo, paste } = await flooded();
			paste(PREVIOUS_SECRET);
			nowMs += 1_000;
			expect(await answerTo(PREVIOUS_SECRET)).toBe(202);
		});

		it('that was taken out stops within five seconds', async () => {
			const { answerTo, paste } = await flooded();
			paste(PREVIOUS_SECRET);
			nowMs += 4_999;
			expect(await answerTo(SECRET)).toBe(202);
			nowMs += 1;
			expect(await answerTo(SECRET)).toBe(401);
		});

		it('that was taken out stops also when the clock has been set back', async () => {
			const { answerTo, paste } = await flooded();
			paste(PREVIOUS_SECRET);
			nowMs -= 5_000;
			expect(await answerTo(SECRET)).toBe(401);
		});
	});

	it('of another credential counts as soon as that one is chosen', async () => {
		const { row, answerTo } = await triggerInUse();
		host.credentials.stored.set('another', { signingSecret: PREVIOUS_SECRET });
		row.nodes[0].credentials = { anchorBrowserSigningSecretApi: { id: 'another', name: 'b' } };
		await host.republish(row);
		expect(await answerTo(SECRET)).toBe(401);
		expect(await answerTo(PREVIOUS_SECRET)).toBe(202);
	});
});
