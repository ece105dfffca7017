import type { IHookFunctions, INode, ITriggerFunctions } from 'n8n-workflow';
import type { MarkOwner, Mode } from '../registration/mark';

/**
 * For whom a webhook at Anchor is: this n8n, workflow and node, in production or for a test.
 * @param context n8n's context
 * @param mode which of the two
 */
export function ownerOf(
	context: IHookFunctions | ITriggerFunctions,
	mode: Mode,
	node: Pick<INode, 'id'> = context.getNode(),
): MarkOwner {
	const { id: workflowId = '', name: workflowName = '' } = context.getWorkflow();
	return { workflowName, instanceId: context.getInstanceId(), workflowId, nodeId: node.id, mode };
}
