/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { devDependencies, scripts } from '../../package.json';
import { PROJECT } from '../support/n8n';

/** Reads a file of the project, such as `README.md`. */
export const read = (path: string): string => readFileSync(join(PROJECT, path), 'utf8');

/** The project's files of text: those at the top, of what is shipped, and of what people read. */
export function textFiles(): string[] {
	const at = (folder: string, recursive: boolean) =>
		readdirSync(join(PROJECT, folder), { recursive, withFileTypes: true })
			.filter((entry) => entry.isFile() && /\.(ts|js|mjs|json|md|yml|svg)$/.test(entry.name))
			.map((entry) => relative(PROJECT, join(entry.parentPath, entry.name)));
	const folders = ['nodes', 'credentials', 'examples', 'docs', '.github'];
	return [...at('', false), ...folders.flatMap((folder) => at(folder, true))];
}

const ROOMS = ['hooks', 'runtime', 'upkeep', 'settings', 'registration', 'api', 'events', 'output'];
const NODE = 'nodes/AnchorBrowser/';
const FOLDERS = ['', '.github/workflows/', NODE, ...ROOMS.map((room) => `${NODE}${room}/`)];

/**
 * The paths that a document names in backticks and that are not there. A name may leave out the folder that the text
 * around it is about.
 */
export function missingPaths(markdown: string): string[] {
	const named = [...markdown.matchAll(/`([\w.@/-]+)`/g)].map(([, path]) => path);
	return named
		.filter(
			(path) =>
				/\.(ts|md|json|mjs|yml|svg)$|\/$/.test(path) && !/^(\.\.\.\/|utils|helpers)/.test(path),
		)
		.filter((path) => !FOLDERS.some((folder) => existsSync(join(PROJECT, folder, path))));
}

/** The npm scripts that a document names and that package.json does not have. */
export function missingScripts(markdown: string): string[] {
	const named = [...markdown.matchAll(/npm run ([\w:]+)|`((?:check|gate):\w+)`/g)];
	return named.map(([, run, script]) => run ?? script).filter((name) => !(name in scripts));
}

/** The names of the development dependencies that package.json has in one version alone, sorted. */
export const exactDependencies = (): string[] =>
	Object.entries(devDependencies)
		.filter(([, version]) => !/^[\^~]/.test(version))
		.map(([name]) => name)
		.sort();
