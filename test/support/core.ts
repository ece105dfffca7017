/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InstanceSettings, LazyPackageDirectoryLoader } from 'n8n-core';
import * as hostCopyOfWorkflow from 'n8n-workflow';
import type { ICredentialType, INodeType, INodeTypes, IVersionedNodeType } from 'n8n-workflow';
import type { triggerOf } from '../../nodes/AnchorBrowser/runtime/triggers';

// Loading n8n-core and starting servers takes a busy machine longer than jest's five seconds.
jest.setTimeout(30_000);

/** n8n-core's own copies of what it does not export: its container, and the key of its logger. */
const ofCore = createRequire(require.resolve('n8n-core'));
const { Container } = ofCore('@n8n/di') as {
	Container: { set(key: unknown, value: unknown): void };
};
const { Logger } = ofCore('@n8n/backend-common') as { Logger: unknown };

/** The folder that holds package.json and the built dist/. */
export const PACKAGE_FOLDER = join(__dirname, '..', '..');
export const PACKAGE_NAME = 'n8n-nodes-anchorbrowser-webhooks';
export const TRIGGER_TYPE = `${PACKAGE_NAME}.anchorBrowserTrigger`;

/** The built file that holds what one process knows. */
const TRIGGERS = 'dist/nodes/AnchorBrowser/runtime/triggers.js';

interface LogLine {
	level: 'error' | 'warn' | 'info' | 'debug';
	message: string;
	meta: Record<string, unknown>;
}

/** Everything that n8n-core and the nodes logged since the last `length = 0`. */
export const logLines: LogLine[] = [];

/** The lines of our own nodes, which name Anchor; n8n-core logs through the same logger. */
export const warnings = (): LogLine[] => logLines.filter(({ level }) => level === 'warn');

/** The sentences in the log, of one level or of all. */
export const sentences = (level?: LogLine['level']): string[] =>
	logLines.filter((line) => line.level === (level ?? line.level)).map(({ message }) => message);

const writer =
	(level: LogLine['level']) =>
	(message: string, meta: Record<string, unknown> = {}) =>
		void logLines.push({ level, message, meta });

const logger = {
	error: writer('error'),
	warn: writer('warn'),
	info: writer('info'),
	debug: writer('debug'),
	scoped: () => logger,
};
Container.set(Logger, logger);

/**
 * Which n8n the contexts made next belong to. n8n-core asks its container for these settings; left alone, it would read
 * and write the real user's n8n folder.
 */
export function setInstance(instanceId: string): void {
	Container.set(InstanceSettings, {
		instanceId,
		hmacSignatureSecret: 'of-no-use-here',
		encryptionKey: 'of-no-use-here',
		isMultiMain: false,
		isLeader: true,
		instanceType: 'main',
		n8nFolder: join(tmpdir(), 'n8n-folder-that-nobody-makes'),
	});
}
setInstance('a1'.repeat(32));

/** Our package as n8n sees it once loaded. */
export interface LoadedPackage {
	loader: LazyPackageDirectoryLoader;
	trigger: INodeType;
	nodeTypes: INodeTypes;
	credentialType(name: string): ICredentialType;
	/** How many triggers its process knows. */
	countTriggers(): number;
	/** What its process knows of a trigger. */
	triggerOf: typeof triggerOf;
	/** n8n's rule for `restrictToSupportedNodes`. */
	mayUse(credential: string, nodeType: string): boolean;
}

/**
 * Loads the built package with n8n-core's own loader, in a module registry of its own: as in a process that has just
 * started, nothing of ours is in memory. n8n-workflow stays the host's copy, as it does in n8n.
 */
export async function loadPackage(): Promise<LoadedPackage> {
	const loader = new LazyPackageDirectoryLoader(PACKAGE_FOLDER);
	let table!: Pick<LoadedPackage, 'countTriggers' | 'triggerOf'>;
	await jest.isolateModulesAsync(async () => {
		jest.doMock('n8n-workflow', () => hostCopyOfWorkflow);
		await loader.loadAll();
		table = jest.requireActual(join(PACKAGE_FOLDER, TRIGGERS));
	});
	jest.dontMock('n8n-workflow');

	const find = (type: string): INodeType | IVersionedNodeType => {
		const [packageName, name] = type.split('.');
		if (packageName !== PACKAGE_NAME) throw new Error(`No node type ${type} here`);
		return loader.getNode(name).type;
	};
	return {
		loader,
		trigger: find(TRIGGER_TYPE) as INodeType,
		nodeTypes: {
			getByName: find,
			getByNameAndVersion: (type) => find(type) as INodeType,
			getKnownTypes: () => ({}),
		},
		countTriggers: () => table.countTriggers(),
		triggerOf: (...call) => table.triggerOf(...call),
		credentialType: (name) => loader.getCredential(name).type,
		mayUse: (credential, nodeType) =>
			!loader.getCredential(credential).type.restrictToSupportedNodes ||
			(loader.known.credentials[credential].supportedNodes ?? []).some(
				(name) => `${PACKAGE_NAME}.${name}` === nodeType,
			),
	};
}
