/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CATALOGUE } from '../../nodes/AnchorBrowser/events/catalogue';
import type { Verdict } from '../../nodes/AnchorBrowser/delivery/verdict';
import { answerOf } from '../../nodes/AnchorBrowser/delivery/verdict';
import { PROJECT } from '../support/n8n';
import { missingScripts, read } from './documents';

const README = read('README.md');
const RELIABILITY = read('docs/reliability.md');
const PAGES = [
	'README.md',
	'examples/README.md',
	...readdirSync(join(PROJECT, 'docs'))
		.filter((name) => name.endsWith('.md'))
		.map((name) => `docs/${name}`),
];

/** The cells of the Markdown table rows in a text, without the head. */
function rowsOf(markdown: string): string[][] {
	const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
	return rows.slice(2).map((row) =>
		row
			.split('|')
			.slice(1, -1)
			.map((cell) => cell.trim()),
	);
}

function between(text: string, from: string, to: string): string {
	const start = text.indexOf(from);
	const end = text.indexOf(to, start + from.length);
	if (start < 0 || end < 0) throw new Error(`There is no ${start < 0 ? from : to}`);
	return text.slice(start, end);
}

/** The paths below the project that a page's links or pictures point at. */
const targetsOf = (page: string) =>
	[...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) =>
		join(dirname(page), path),
	);

const OUTCOMES = {
	succeeded: 'Succeeded',
	failed: 'Failed',
	needsAttention: 'Needs Attention',
	other: 'Other',
};

describe('the README', () => {
	it("has the catalogue's events, all of them and in its order", () => {
		expect(rowsOf(between(README, '<!-- events:start -->', '<!-- events:end -->'))).toEqual(
			CATALOGUE.map(({ type, label, description, outcome }) => [
				`\`${type}\``,
				label,
				description,
				OUTCOMES[outcome],
			]),
		);
	});

	it('is short enough to be read, and shows a picture before anything else', () => {
		expect(README.split('\n').length).toBeLessThanOrEqual(160);
		expect(README.indexOf('![')).toBeLessThan(README.indexOf('\n## '));
	});
});

describe('the page on reliability', () => {
	it('names every reason for which a delivery starts no execution, with its answer', () => {
		const rows = rowsOf(
			RELIABILITY.slice(RELIABILITY.indexOf('\n## Why a delivery started nothing')),
		);
		const statuses = Object.fromEntries(
			rows.map(([reason, , answer]) => [reason.replaceAll('`', ''), Number.parseInt(answer, 10)]),
		);
		const rejected = [
			'header_missing',
			'header_malformed',
			'stale',
			'signature_mismatch',
			'unreadable_body',
			'wrong_method',
			'not_an_event',
		] as const;
		const later = [
			'no_secret',
			'secret_changing',
			'secret_outdated',
			'secret_sealed',
			'in_flight',
		] as const;
		const verdicts: Verdict[] = [
			...rejected.map((reason) => ({ kind: 'rejected', reason }) as Verdict),
			...later.map((reason): Verdict => ({ kind: 'retryLater', reason })),
		];
		const expected = verdicts.map((verdict) => [
			'reason' in verdict ? verdict.reason : '',
			answerOf(verdict).status,
		]);
		expect(statuses).toMatchObject(Object.fromEntries(expected));
	});
});

describe.each(PAGES)('%s', (page) => {
	it('points at files that are there', () => {
		expect(targetsOf(page).filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
	});

	it('names npm scripts that are there', () => {
		expect(missingScripts(read(page))).toEqual([]);
	});
});
