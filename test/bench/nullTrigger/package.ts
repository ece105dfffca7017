/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- measurements run in Node, not in n8n's sandbox */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

import type { Database } from '../../e2e/faults/database';
import {
	startEnvironment,
	type Environment,
	type EnvironmentOptions,
} from '../../e2e/faults/environment';

export const NULL_TRIGGER_TYPE = 'n8n-nodes-null-trigger.nullTrigger';

/** Starts an n8n with the null trigger beside ours, for as long as something is measured in it. */
export async function withNullTrigger(
	options: EnvironmentOptions,
	measure: (environment: Environment, database: Database) => Promise<string>,
): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), 'null-trigger-'));
	writeNullTriggerPackage(folder);
	const environment = await startEnvironment({ ...options, packages: [folder] });
	const database = await environment.database();
	try {
		return await measure(environment, database);
	} finally {
		await database.close();
		await environment.close();
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Writes it into an empty folder, as a community package that n8n can install. */
function writeNullTriggerPackage(folder: string): void {
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
