import { openPoints, type Release } from './publisher';

const REPOSITORY = 'someone/n8n-nodes-anchorbrowser-webhooks';

const filledIn: Release = {
	manifest: {
		name: 'n8n-nodes-anchorbrowser-webhooks',
		version: '1.2.0',
		author: { name: 'Some One', email: 'someone@example.com' },
		repository: { url: `git+https://github.com/${REPOSITORY}.git` },
	},
	pages: 'npm install it',
	changelog: `# Changelog\n\n## [1.2.0] - 2026-12-01\n\n[1.2.0]: https://github.com/${REPOSITORY}/releases/tag/v1.2.0\n`,
	repository: REPOSITORY,
	tag: 'v1.2.0',
};

describe('publishing', () => {
	it('goes on when everything is filled in and fits together', () => {
		expect(openPoints(filledIn)).toEqual([]);
	});

	it.each<[string, Partial<Release>, string]>([
		['another repository', { repository: 'other/fork' }, 'names the repository'],
		['a tag that is not the version', { tag: 'v1.2.1' }, 'The tag is v1.2.1'],
		['no chapter in the changelog', { changelog: '[1.2.0]: x' }, 'no chapter'],
		['words of before the first release', { pages: '**It is not on npm yet**' }, 'not on npm yet'],
		['no link in the changelog', { changelog: '## [1.2.0] - 2026-12-01\n' }, 'lacks the line'],
	])('stops at %s', (_, change, words) => {
		expect(openPoints({ ...filledIn, ...change }).join('\n')).toContain(words);
	});

	it('stops at the author that a fresh clone has', () => {
		const author = {
			name: 'n8n-nodes-anchorbrowser-webhooks contributors',
			email: 'n8n-nodes-anchorbrowser-webhooks@users.noreply.github.com',
		};
		const points = openPoints({ ...filledIn, manifest: { ...filledIn.manifest, author } });
		expect(points).toEqual([expect.stringContaining('the placeholder as its author')]);
	});
});
