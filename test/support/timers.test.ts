/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { startSimulator } from '../simulator';
import { fakeTimers, type FakeTimers } from './timers';

let timers: FakeTimers;

beforeEach(() => {
	timers = fakeTimers();
});

afterEach(() => timers.restore());

/** What a node does to wait. */
const wait = async (ms: number) =>
	await new Promise<void>((resolve) =>
		AbortSignal.timeout(ms).addEventListener('abort', () => resolve()),
	);

it('ends waits in the order in which they are due, those begun meanwhile included', async () => {
	const ended: string[] = [];
	void wait(300).then(() => ended.push('late'));
	void wait(100)
		.then(() => void ended.push('early'))
		.then(async () => await wait(50))
		.then(() => ended.push('begun meanwhile'));
	await timers.advance(99);
	expect(ended).toEqual([]);
	expect(timers.pending).toEqual([1, 201]);
	await timers.advance(1_000);
	expect(ended).toEqual(['early', 'begun meanwhile', 'late']);
	expect(timers.pending).toEqual([]);
});

it('lets requests end that a wait has caused, before the next wait ends', async () => {
	const anchor = await startSimulator();
	const headers = { 'anchor-api-key': anchor.apiKey };
	const seen: string[] = [];
	const ask = async () => {
		await wait(10);
		for (let page = 0; page < 3; page++) {
			const { status } = await fetch(`${anchor.url}/v1/webhooks`, { headers });
			seen.push(`${status}`);
		}
	};
	void ask();
	void wait(11).then(() => seen.push('next wait'));
	await timers.advance(20);
	expect(seen).toEqual(['200', '200', '200', 'next wait']);
	await anchor.close();
});

it('awaits effects that take longer', async () => {
	let isDone = false;
	const work = wait(1)
		.then(async () => await new Promise((resolve) => setTimeout(resolve, 30)))
		.then(() => (isDone = true));
	await timers.advance(1, async () => await work);
	expect(isDone).toBe(true);
});

it('aborts with the reason that Node gives, and gives the real timer back', async () => {
	const signal = AbortSignal.timeout(5);
	await timers.advance(5);
	expect((signal.reason as DOMException).name).toBe('TimeoutError');
	timers.restore();
	const real = AbortSignal.timeout(1);
	await new Promise((resolve) => real.addEventListener('abort', resolve));
	expect(timers.pending).toEqual([]);
});
