/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOGUE } from '../../nodes/AnchorBrowser/events/catalogue';
import type { Verdict } from '../../nodes/AnchorBrowser/delivery/verdict';
import { answerOf } from '../../nodes/AnchorBrowser/delivery/verdict';
import { scripts } from '../../package.json';

const ROOT = join(__dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

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

function section(from: string, to: string): string {
	const start = README.indexOf(from);
	const end = README.indexOf(to, start + from.length);
	if (start < 0 || end < 0) throw new Error(`The README lacks ${start < 0 ? from : to}`);
	return README.slice(start, end);
}

const OUTCOMES = {
	succeeded: 'Succeeded',
	failed: 'Failed',
	needsAttention: 'Needs Attention',
	other: 'Other',
};

describe('the README', () => {
	it("has the catalogue's events, all of them and in its order", () => {
		expect(rowsOf(section('<!-- events:start -->', '<!-- events:end -->'))).toEqual(
			CATALOGUE.map(({ type, label, description, outcome }) => [
				`\`${type}\``,
				label,
				description,
				OUTCOMES[outcome],
			]),
		);
	});

	it('names every reason for which a delivery starts no execution, with its answer', () => {
		const rows = rowsOf(section('## Why did my workflow not start?', '## What is promised'));
		const statuses = Object.fromEntries(
			rows.map(([reason, , answer]) => [reason.replaceAll('`', ''), Number.parseInt(answer, 10)]),
		);
		const rejected = [
			'header_missing',
			'header_malformed',
			'stale',
			'signature_mismatch',
			'wrong_method',
			'not_an_event',
		] as const;
		const later = ['no_secret', 'secret_changing', 'in_flight'] as const;
		const verdicts: Verdict[] = [
			...rejected.map((reason): Verdict => ({ kind: 'rejected', reason })),
			...later.map((reason): Verdict => ({ kind: 'retryLater', reason, retryAfterSeconds: 1 })),
		];
		const expected = verdicts.map((verdict) => [
			'reason' in verdict ? verdict.reason : '',
			answerOf(verdict).status,
		]);
		expect(statuses).toMatchObject(Object.fromEntries(expected));
	});

	it('shows pictures that are there', () => {
		const pictures = [...README.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path]) => path);
		expect(pictures.length).toBeGreaterThan(0);
		expect(pictures.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
	});

	it('links to files that are there', () => {
		const links = [...README.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path);
		expect(links.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
	});

	it('names npm scripts that are there', () => {
		const named = [...README.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
		expect(named.length).toBeGreaterThan(0);
		expect(named.filter((name) => !(name in scripts))).toEqual([]);
	});
});
