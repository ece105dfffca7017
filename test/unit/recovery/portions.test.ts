import { portionsOf } from '../../../nodes/AnchorBrowser/recovery/portions';
import type { PortionLimits } from '../../../nodes/AnchorBrowser/recovery/portions';

const event = (
	name: string,
	endMs: number,
	more: { createdMs?: number; place?: number; length?: number } = {},
) => ({
	name,
	endMs,
	createdMs: endMs,
	place: 0,
	length: 10,
	...more,
});
const shown = (events: Array<ReturnType<typeof event>>, limits: PortionLimits) =>
	portionsOf(events, limits).map((portion) => [
		portion.events.map(({ name }) => name).join(''),
		portion.doneMs,
	]);

it('are none for nothing, and one for what fits: the oldest first, whenever Anchor ended with it', () => {
	expect(shown([], { most: 3 })).toEqual([]);
	const events = [
		event('c', 1, { createdMs: 9, place: 2 }),
		event('b', 2, { createdMs: 9, place: 1 }),
		event('a', 8),
	];
	expect(shown(events, { most: 3 })).toEqual([['abc', 8]]);
});

it('go by when Anchor ended with them where there are more', () => {
	expect(shown([event('b', 5), event('c', 7), event('a', 3)], { most: 2 })).toEqual([
		['ab', 5],
		['c', 7],
	]);
});

it('end where they get too long; one event alone may be longer', () => {
	const events = [event('a', 1), event('b', 2, { length: 50 }), event('c', 3), event('d', 4)];
	expect(shown(events, { most: 9, mostLength: 20 })).toEqual([
		['a', 1],
		['b', 2],
		['cd', 4],
	]);
});

it('do not call a moment done of which the next one has a part', () => {
	expect(shown([event('a', 1), event('b', 5), event('c', 5)], { most: 2 })).toEqual([
		['ab', 4],
		['c', 5],
	]);
});

it('call nothing done from when something ended that is not among them', () => {
	const events = [event('a', 1), event('b', 5)];
	expect(shown(events, { most: 1, untilMs: 3 })).toEqual([
		['a', 1],
		['b', 2],
	]);
	expect(shown(events, { most: 2, untilMs: -Infinity })).toEqual([['ab', -Infinity]]);
});
