import {
	recoveredLine,
	REPORTED_WRONG,
	STILL_REFUSED,
	unclaimedLine,
	withoutPayloadLine,
} from '../../../nodes/AnchorBrowser/recovery/report';
import { readingOf, row } from './rows';

const GIVEN_UP = { givenUp: true, answered: false };
const missed = (statuses: Array<number | null>) =>
	readingOf(
		statuses.map((response_status, index) => row(`e${index}`, -index, { response_status })),
	).missing(GIVEN_UP);

it('says how many of when, and what Anchor had received most often first', () => {
	expect(recoveredLine(missed([404, 403, 403, null]))).toBe(
		'4 events that had not reached this workflow (from 2026-05-24T11:59:57.000Z to 2026-05-24T12:00:00.000Z) were fetched from the delivery history of Anchor Browser and run. Instead of an answer from this trigger, Anchor Browser had received: 403 (2 times), 404 (once), no answer (once). 404: n8n was starting or publishing, or a proxy leads somewhere else. 403: this comes from something in front of n8n; let it pass POST requests to /webhook/ on unchanged. No answer: n8n was off, or could not be reached',
	);
	expect(recoveredLine(missed([404]))).toMatch(/^1 event .* was fetched/);
});

it.each([
	[null, /\. No answer: n8n was off/],
	[199, /\. 199: this comes from something in front of n8n/],
	[200, /\. 200: n8n was starting, or something in front of it answered in its place$/],
	[299, /\. 299: n8n was starting/],
	[300, /\. 300: this comes from something in front of n8n/],
	[400, /\. 400: check the clock of the n8n host, and whether a proxy changes headers or body$/],
	[401, /\. 401: the signing secret was not the right one$/],
	[404, /\. 404: n8n was starting or publishing/],
	[499, /\. 499: this comes from something in front of n8n/],
	[500, /\. 500: n8n, or a proxy in front of it, was starting, stopped or overloaded$/],
])('says what to check after %p', (status, advice) => {
	expect(recoveredLine(missed([status]))).toMatch(advice);
});

it('leaves out a time that Anchor did not name', () => {
	const rows = [row('a', 5, { scheduled_at: null })];
	const [one] = readingOf(rows, { sinceMs: 0 }).missing(GIVEN_UP);
	expect(recoveredLine([one])).toContain('1 event that had not reached this workflow was fetched');
});

it('names what cannot be had, up to twenty', () => {
	expect(withoutPayloadLine(['a', 'b'])).toBe(
		'Anchor Browser could not deliver 2 events and no longer shows what was in them: a, b. See the delivery history of the webhook in the Anchor Browser dashboard',
	);
	expect(withoutPayloadLine(['a'])).toMatch(/1 event and no longer shows what was in it: a\./);
	const said = withoutPayloadLine(Array.from({ length: 21 }, (_none, index) => `e${index}`));
	expect([said.includes('e19.'), said.includes('e20')]).toEqual([true, false]);
});

it('says that what n8n had answered for has run after all', () => {
	expect(unclaimedLine(1)).toMatch(/^1 event .* was fetched/);
	expect(unclaimedLine(3)).toBe(
		'3 events that Anchor Browser counts as delivered, but that no run of this workflow had taken, were fetched from its delivery history and run. n8n or one of its workers had stopped before the run began, or something in front of n8n had answered. Nothing needs to be done',
	);
});

it('says of a refused secret what to look at beside n8n', () => {
	expect(REPORTED_WRONG).toMatch(
		/check whether a proxy in front of n8n answers with 401 by itself$/,
	);
	expect(STILL_REFUSED).toMatch(/Check whether a proxy in front of n8n changes deliveries/);
});
