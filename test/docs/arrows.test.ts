/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT } from '../support/n8n';
import { drawArrows, findCircle, readBoxes, readImports } from './arrows';

describe('imports', () => {
	it('lead from no file and from no folder back to it, not even for a type', () => {
		expect(findCircle(readImports())).toBeUndefined();
		expect(findCircle(new Map(readBoxes().map(({ name, uses }) => [name, uses])))).toBeUndefined();
	});

	it.each([
		['a file that names itself', { a: ['a'] }, ['a', 'a']],
		['two that name each other', { a: ['b'], b: ['a'] }, ['a', 'b', 'a']],
		[
			'a way through others',
			{ x: ['a'], a: ['c', 'b'], b: ['d'], c: [], d: ['a'] },
			['a', 'b', 'd', 'a'],
		],
		[
			'two ways to the same file, which are none',
			{ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] },
			undefined,
		],
	])('in a circle are found: %s', (_what, uses, circle) => {
		expect(findCircle(new Map(Object.entries(uses)))).toEqual(circle);
	});
});

describe('the picture of the arrows', () => {
	it('shows the imports as they are: npm run draw makes it anew', () => {
		const picture = readFileSync(join(PROJECT, 'docs', 'arrows.svg'), 'utf8');
		expect(picture).toBe(drawArrows(readBoxes()));
	});

	it('leaves out what other arrows imply, and tells who knows n8n', () => {
		const box = (name: string, knowsN8n: boolean, ...uses: string[]) => ({
			name,
			knowsN8n,
			uses: new Set(uses),
		});
		const picture = drawArrows([
			box('a/', true, 'b/', 'c/'),
			box('b/', false, 'c/'),
			box('c/', false),
		]);
		expect(picture.match(/marker-end/g)).toHaveLength(2);
		expect(picture.match(/class="pure" x="\d+" y="\d+" width="132"/g)).toHaveLength(2);
	});
});
