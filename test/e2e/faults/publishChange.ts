import type { N8nClient } from '../../support/n8n';
import { TRIGGER } from '../trigger';

/**
 * Publishes a workflow with a change of its trigger that matters to nobody. n8n 2 registers a trigger anew only if
 * something of it has changed; n8n 1 does so with every save.
 */
export async function publishChange(client: N8nClient, workflowId: string): Promise<void> {
	const { nodes } = await client.getWorkflow(workflowId);
	for (const node of nodes.filter(({ name }) => name === TRIGGER)) {
		const options = node.parameters?.options as Record<string, unknown> | undefined;
		const includeDelivery = options?.includeDelivery !== true;
		node.parameters = { ...node.parameters, options: { ...options, includeDelivery } };
	}
	await client.updateWorkflow(workflowId, { nodes });
	await client.activate(workflowId);
}
