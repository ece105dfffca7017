import type { ReceivedEvent } from '../../../nodes/AnchorBrowser/runtime/runItem';
import { WaitingEvents } from '../../../nodes/AnchorBrowser/runtime/waitingEvents';

const eventOf = (id: string) => ({ event: { id } }) as ReceivedEvent;

it('holds each event once, in the order in which they came', () => {
	const waiting = new WaitingEvents();
	for (const id of ['b', 'a', 'b']) waiting.add(eventOf(id), 10);
	expect(waiting.all()).toMatchObject([
		{ received: { event: { id: 'b' } }, place: 1 },
		{ received: { event: { id: 'a' } }, place: 2 },
	]);
	waiting.delete('b');
	waiting.delete('never there');
	expect([waiting.size, waiting.has('a'), waiting.has('b')]).toEqual([1, true, false]);
});

it('is full at 20 MB, takes 40 MB at most, and has room again for what was taken', () => {
	const waiting = new WaitingEvents();
	for (const id of ['a', 'b']) waiting.add(eventOf(id), 10_000_000);
	expect(waiting.isFull).toBe(true);
	waiting.add(eventOf('c'), 20_000_001);
	expect(waiting.has('c')).toBe(false);
	waiting.delete('a');
	expect(waiting.isFull).toBe(false);
	waiting.add(eventOf('c'), 20_000_001);
	expect(waiting.size).toBe(2);
});
