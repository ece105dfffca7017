import type { MarkOwner } from '../../../nodes/AnchorBrowser/registration/mark';

/** Where a trigger's webhook leads to, and where it led to before n8n moved. */
export const URL_HERE = 'https://n8n.example.com/webhook/0b6f/webhook';
export const URL_OLD = 'https://old.example.com/webhook/0b6f/webhook';

/** The trigger in service, and the same while somebody listens in the editor. */
export const owner: MarkOwner = {
	workflowName: 'Invoices',
	instanceId: 'instance',
	workflowId: 'wf1',
	nodeId: 'node-1',
	mode: 'production',
};
export const tester: MarkOwner = { ...owner, mode: 'test' };
