import { read } from './documents';
import { withGenerated } from './fieldReference';

describe('the field reference', () => {
	const page = read('docs/fields.md');

	it('says what the catalogue and the code say: npm run draw makes it anew', () => {
		expect(page).toBe(withGenerated(page));
	});

	it('says of each field whether Anchor documents it, and names the documented ones first', () => {
		const rows = page
			.split('\n')
			.filter((line) => /^\| `/.test(line) && /\| (documented|inferred) \|/.test(line));
		expect(rows.length).toBeGreaterThan(80);
		const documented = rows
			.filter((row) => row.includes('| documented |'))
			.map((row) => /`([^`.[]+)/.exec(row)?.[1] ?? '');
		const [, named] = /names few fields: ([^]*?)\. They are/.exec(page) ?? [];
		const missing = [...new Set(documented)].filter((name) => !named.includes(`\`${name}`));
		expect(missing).toEqual([]);
	});
});
