/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals, no-console -- a program of its own, run by npm run gate:publisher */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import manifest from '../../package.json';
import { PROJECT } from '../support/n8n';

/** What a release consists of, as far as it must fit together. */
export interface Release {
	manifest: {
		name: string;
		version: string;
		author: { name: string; email: string };
		repository: { url: string };
	};
	changelog: string;
	/** What users read of how to install it. */
	pages: string;
	/** Where the publish workflow runs, such as `owner/name`. */
	repository: string;
	/** The tag that started it. */
	tag: string;
}

/**
 * What still keeps a release from being published: the first publisher's list in CONTRIBUTING, and what n8n compares
 * between npm and GitHub before it verifies a package.
 *
 * @returns one sentence each; empty when the release can go out
 */
export function openPoints({ manifest, changelog, pages, repository, tag }: Release): string[] {
	const { name, version, author } = manifest;
	const points: string[] = [];
	const url = `git+https://github.com/${repository}.git`;
	if (manifest.repository.url !== url) {
		points.push(
			`package.json names the repository ${manifest.repository.url}, and this runs in ${repository}: fill in "repository", "homepage" and "bugs".`,
		);
	}
	if (author.email === `${name}@users.noreply.github.com`) {
		points.push(
			'package.json still has the placeholder as its author: fill in "author" with the name and the e-mail address of the npm account.',
		);
	}
	if (tag !== `v${version}`) {
		points.push(`The tag is ${tag}, and package.json has version ${version}.`);
	}
	if (
		!new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d$`, 'm').test(
			changelog,
		)
	) {
		points.push(`CHANGELOG.md has no chapter "## [${version}] - <date>".`);
	}
	const link = `[${version}]: https://github.com/${repository}/releases/tag/v${version}`;
	if (!changelog.includes(link)) points.push(`CHANGELOG.md lacks the line "${link}".`);
	if (/\bnot on npm yet\b/.test(pages)) {
		points.push('README.md or docs/installation.md says that the package is not on npm yet.');
	}
	return points;
}

if (require.main === module) {
	const { GITHUB_REPOSITORY: repository = '', GITHUB_REF_NAME: tag = '' } = process.env;
	const textOf = (path: string) => readFileSync(join(PROJECT, path), 'utf8');
	const pages = ['README.md', 'docs/installation.md'].map(textOf).join('\n');
	const points = openPoints({
		manifest,
		changelog: textOf('CHANGELOG.md'),
		pages,
		repository,
		tag,
	});
	for (const point of points) console.error(`- ${point}`);
	if (points.length > 0) {
		console.error('Nothing is published. See "The first publication" in CONTRIBUTING.md.');
		process.exitCode = 1;
	}
}
