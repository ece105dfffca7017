import { repository, scripts } from '../../package.json';
import { exactDependencies, missingPaths, missingScripts, read, textFiles } from './documents';

const CONTRIBUTING = read('CONTRIBUTING.md');

describe('CONTRIBUTING', () => {
	it('names files and npm scripts that are there', () => {
		expect(missingPaths(CONTRIBUTING)).toEqual([]);
		expect(missingScripts(CONTRIBUTING)).toEqual([]);
	});

	it('names every check and every gate', () => {
		const ours = Object.keys(scripts).filter((name) => /^(check|gate):/.test(name));
		const unnamed = ours.filter((name) => !CONTRIBUTING.includes(`\`${name}\``));
		// The publish workflow runs this one, and "Release" tells what it looks at.
		expect(unnamed).toEqual(['gate:publisher']);
	});

	it('gives a reason for each exact version of package.json, and for no other', () => {
		const [, table] = /<!-- exact:start -->([^]*)<!-- exact:end -->/.exec(CONTRIBUTING) ?? [];
		const cells = table.split('\n').map((line) => line.split('|')[1] ?? '');
		const named = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
		expect(named.sort()).toEqual(exactDependencies());
	});

	it('names each file that holds the address of the repository, which is a placeholder at first', () => {
		const address = repository.url.replace(/^git\+|\.git$/g, '');
		const [, list] = /### The first publication([^]*)/.exec(CONTRIBUTING) ?? [];
		const holding = textFiles().filter((file) => read(file).includes(address));
		expect(holding).toContain('CHANGELOG.md');
		expect(holding.filter((file) => !list.includes(`\`${file}\``))).toEqual([]);
	});

	it('names five places at most for a new event', () => {
		const [, list] = /\*\*An event that Anchor adds\*\*([^]*?)\n\n\*\*/.exec(CONTRIBUTING) ?? [];
		const places = [...list.matchAll(/^\d\. `([^`]+)`/gm)].map(([, place]) => place);
		expect(places).toHaveLength(5);
	});
});

describe('SECURITY', () => {
	const SECURITY = read('SECURITY.md');

	it('names for each promise tests that are there', () => {
		const rows = SECURITY.split('\n')
			.filter((line) => /^\| [A-Z]/.test(line))
			.slice(1);
		expect(rows.length).toBeGreaterThan(8);
		for (const row of rows) expect(row).toMatch(/`test\/[^`]+`/);
		expect(missingPaths(SECURITY)).toEqual([]);
	});
});
