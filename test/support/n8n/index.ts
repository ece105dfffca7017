/** Installing, starting and driving a real n8n. */
export { cacheFolder } from './cache';
export {
	ActivationRefused,
	itemsOf,
	N8nClient,
	RestError,
	TEST_OWNER,
	type Execution,
	type NodeRun,
	type Owner,
	type TestListening,
	type Workflow,
	type WorkflowFile,
	type WorkflowNode,
} from './client';
export { pack, PROJECT } from './communityPackage';
export { ensureN8n, installOnce, type InstalledN8n } from './install';
export { npm, withoutNpm } from './npm';
export { freePort } from './ports';
export { isAtLeast, NEWEST, OLDEST, RELEASES, TESTED } from './releases';
export { startN8n, type N8n, type StartOptions } from './server';
export { waitFor } from './waitFor';
