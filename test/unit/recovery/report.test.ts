import {
	recoveredLine,
	unclaimedLine,
	withoutPayloadLine,
} from '../../../nodes/AnchorBrowser/recovery/report';
import { readingOf, row } from './rows';

const missed = (statuses: Array<number | null>) =>
	readingOf(
		statuses.map((response_status, index) => row(`e${index}`, index, { response_status })),
	).missing({ givenUp: true, answered: false });

it('says how many of when, and what Anchor had got most often first', () => {
	const said = recoveredLine(missed([403, 404, 403, null]));
	expect(said).toContain('4 events');
	expect(said).toContain('(of 2026-05-24T12:00:00.000Z to 2026-05-24T12:00:03.000Z) were fetched');
	expect(said).toContain('403 (2), 404 (1), no answer (1)');
	expect(recoveredLine(missed([404]))).toMatch(/^1 event .* was fetched/);
});

it.each([
	[null, /n8n was off/],
	[200, /n8n was starting, or something in front of it answered/],
	[400, /clock of the n8n host/],
	[401, /signing secret/],
	[404, /starting or publishing/],
	[403, /something in front of n8n; let it pass/],
	[503, /overloaded/],
])('says what to check after %p', (status, advice) => {
	expect(recoveredLine(missed([status]))).toMatch(advice);
});

it('leaves out a time that Anchor did not name', () => {
	const [one] = readingOf([row('a', 5, { scheduled_at: null })], { sinceMs: 0 }).missing({
		givenUp: true,
		answered: false,
	});
	expect(recoveredLine([one])).toContain('1 event');
});

it('names what cannot be had, up to twenty', () => {
	expect(withoutPayloadLine(['a'])).toMatch(/1 event and does not hand it out any more: a\./);
	const said = withoutPayloadLine(Array.from({ length: 21 }, (_none, index) => `e${index}`));
	expect(said).toMatch(/21 events and does not hand them out/);
	expect([said.includes('e19'), said.includes('e20')]).toEqual([true, false]);
});

it('says that what n8n had answered for has run after all', () => {
	expect(unclaimedLine(1)).toMatch(/^1 event .* was fetched/);
	expect(unclaimedLine(3)).toMatch(/^3 events .* were fetched/);
});
