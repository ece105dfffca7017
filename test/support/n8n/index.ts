/** Installing, starting and driving a real n8n. */
export { cacheFolder } from './cache';
export {
	ActivationRefused,
	itemsOf,
	N8nClient,
	RestError,
	TEST_OWNER,
	type Execution,
	type ExecutionSummary,
	type NodeRun,
	type Owner,
	type Publication,
	type TestListening,
	type Workflow,
	type WorkflowFile,
	type WorkflowNode,
} from './client';
export { installCommunityPackages, pack, PROJECT } from './communityPackage';
export {
	ensureN8n,
	installOnce,
	machineN8n,
	type InstalledN8n,
	type InstallOptions,
} from './install';
export { npm, withoutNpm } from './npm';
export { freePort } from './ports';
export { isAtLeast, NEWEST, OLDEST, RELEASES, TESTED, type Release } from './releases';
export { startN8n, type Changes, type N8n, type StartOptions } from './server';
export { waitFor, type WaitOptions } from './waitFor';
