/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT } from '../support/n8n';
import { drawArrows, readBoxes } from './arrows';

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
