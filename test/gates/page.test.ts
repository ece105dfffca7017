/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';

import codex from '../../nodes/AnchorBrowser/AnchorBrowserTrigger.node.json';
import manifest from '../../package.json';
import { loadPackage, PACKAGE_NAME, type LoadedPackage } from '../support/core';
import { PROJECT, RELEASES } from '../support/n8n';

/*
 * What n8n asks of a package that it shall verify and that its lint and scanner do not look at. Source: n8n's pages
 * "Community node verification guidelines", "UX guidelines for community nodes" and "Node codex files".
 */

const README = readFileSync(join(PROJECT, 'README.md'), 'utf8');
const headings = [...README.matchAll(/^#+ (.+)$/gm)].map(([, words]) => words);

let loaded: LoadedPackage;

beforeAll(async () => {
	loaded = await loadPackage();
});

describe('package.json', () => {
	it('is that of a community node with one service, under the MIT licence, in TypeScript', () => {
		expect(manifest.name).toMatch(/^(@[^/]+\/)?n8n-nodes-/);
		expect(manifest.keywords).toContain('n8n-community-node-package');
		expect(manifest.license).toBe('MIT');
		expect(readFileSync(join(PROJECT, 'LICENSE'), 'utf8')).toMatch(/^MIT License\n/);
		expect(manifest.n8n.nodes).toHaveLength(1);
		expect(existsSync(join(PROJECT, 'tsconfig.json'))).toBe(true);
	});

	it('brings nothing along at run time and runs nothing on install', () => {
		expect(manifest).not.toHaveProperty('dependencies');
		expect(manifest).not.toHaveProperty('optionalDependencies');
		expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
		const scripts = Object.keys(manifest.scripts);
		expect(scripts.filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
	});

	it('names one repository in all of its addresses, an author and an e-mail address', () => {
		const repository = manifest.repository.url.replace(/^git\+|\.git$/g, '');
		expect(repository).toMatch(/^https:\/\/github\.com\/[^/]+\/[^/]+$/);
		expect(manifest.homepage).toBe(`${repository}#readme`);
		expect(manifest.bugs.url).toBe(`${repository}/issues`);
		expect(manifest.author.name).not.toBe('');
		expect(manifest.author.email).toMatch(/^[^@\s]+@[^@\s]+$/);
	});
});

describe('the codex', () => {
	it('belongs to the node, by the name that n8n gives it', () => {
		expect(codex.node).toBe(`${PACKAGE_NAME}.${loaded.trigger.description.name}`);
		expect(codex.codexVersion).toBe('1.0');
	});

	it('puts it into categories that n8n has', () => {
		const known = [
			'AI',
			'Analytics',
			'Communication',
			'Data & Storage',
			'Development',
			'Finance & Accounting',
			'Marketing',
			'Miscellaneous',
			'Productivity',
			'Sales',
			'Utility',
		];
		expect(codex.categories.length).toBeGreaterThan(0);
		expect(codex.categories.filter((category) => !known.includes(category))).toEqual([]);
	});

	it('links to documentation over https', () => {
		const links = [
			...codex.resources.primaryDocumentation,
			...codex.resources.credentialDocumentation,
		];
		expect(links.length).toBeGreaterThan(1);
		expect(links.filter(({ url }) => !url.startsWith('https://'))).toEqual([]);
	});
});

describe('the README', () => {
	it.each([
		['installation', /install/i],
		['events', /^events$/i],
		['credentials', /^credentials$/i],
		['compatibility', /^compatibility$/i],
		['example workflows', /^examples$/i],
	])('has a chapter on %s', (_, heading) => {
		expect(headings.filter((words) => heading.test(words))).not.toEqual([]);
	});

	it('says what the service is, and links to it, to its documentation and to the version history', () => {
		const [, introduction] = /^# .+\n([^]*?)\n## /.exec(README) ?? [];
		expect(introduction).toContain('(https://anchorbrowser.io)');
		expect(introduction).toMatch(/Anchor Browser runs/);
		expect(README).toContain('(https://docs.anchorbrowser.io/');
		expect(README).toContain('(CHANGELOG.md)');
	});

	it('names the lines of n8n that it is tested with', () => {
		const [, compatibility] = /\n## Compatibility\n([^]*?)\n## /.exec(README) ?? [];
		for (const { version } of RELEASES) {
			expect(compatibility).toContain(version.split('.').slice(0, 2).join('.'));
		}
	});
});

describe('the words in the editor', () => {
	/** Every field, with those inside collections. */
	const fields = (properties: readonly INodeProperties[]): INodeProperties[] =>
		properties.flatMap((property) => [
			property,
			...(property.options ?? []).flatMap((option) => {
				if ('type' in option) return fields([option]);
				return 'values' in option ? fields((option as INodePropertyCollection).values) : [];
			}),
		]);
	const all = () => [
		...fields(loaded.trigger.description.properties),
		...['anchorBrowserApi', 'anchorBrowserSigningSecretApi'].flatMap((type) =>
			fields(loaded.credentialType(type).properties),
		),
	];
	/** Words that Title Case leaves small. */
	const small = /^(a|an|and|as|at|by|for|from|in|nor|of|on|or|per|the|to|vs|with|via)$/;
	const isTitleCase = (label: string) =>
		label
			.split(/[\s/]+/)
			.every((word, index) => /^[^a-z]/.test(word) || (index > 0 && small.test(word)));

	it('has labels in Title Case', () => {
		const labels = all().flatMap(({ displayName, type, options = [] }) => [
			...(type === 'notice' ? [] : [displayName]),
			...(type === 'options' || type === 'multiOptions'
				? (options as INodePropertyOptions[]).map(({ name }) => name)
				: []),
		]);
		expect(labels.length).toBeGreaterThan(40);
		expect(labels.filter((label) => !isTitleCase(label))).toEqual([]);
	});

	it('has examples that begin with e.g., and switches that begin with Whether', () => {
		const wrong = all().filter(
			({ placeholder, type, description = '' }) =>
				(placeholder !== undefined && !/^(e\.g\.|Add) /.test(placeholder)) ||
				(type === 'boolean' && !description.startsWith('Whether')),
		);
		expect(wrong.map(({ name }) => name)).toEqual([]);
	});

	it('hides every secret', () => {
		const secrets = all().filter(({ name }) => /key|secret$/i.test(name));
		expect(secrets.map(({ name }) => name)).toEqual(
			expect.arrayContaining(['apiKey', 'signingSecret', 'previousSigningSecret']),
		);
		expect(secrets.filter(({ typeOptions }) => typeOptions?.password !== true)).toEqual([]);
	});
});
