/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- measurements run in Node, not in n8n's sandbox */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

export const NULL_TRIGGER_TYPE = 'n8n-nodes-null-trigger.nullTrigger';

/**
 * Writes the null trigger as a community package that n8n can install.
 *
 * @param folder an empty one
 */
export function writeNullTriggerPackage(folder: string): void {
	const source = readFileSync(join(__dirname, 'nullTrigger.ts'), 'utf8');
	const { outputText } = transpileModule(source, {
		compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022 },
	});
	const file = 'dist/nodes/NullTrigger.node.js';
	mkdirSync(join(folder, 'dist', 'nodes'), { recursive: true });
	writeFileSync(join(folder, file), outputText);
	writeFileSync(
		join(folder, 'package.json'),
		JSON.stringify({
			name: 'n8n-nodes-null-trigger',
			version: '1.0.0',
			keywords: ['n8n-community-node-package'],
			files: ['dist'],
			n8n: { n8nNodesApiVersion: 1, nodes: [file], credentials: [] },
		}),
	);
}
