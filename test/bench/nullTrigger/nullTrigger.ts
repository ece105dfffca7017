/* eslint-disable @n8n/community-nodes/webhook-lifecycle-complete -- the yardstick of a measurement, never published */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { NodeConnectionTypes } from 'n8n-workflow';
import type {
	IDataObject,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

/**
 * The least that a community trigger can do: it verifies an HMAC and emits. It does not look at the timestamp, parses
 * nothing, filters nothing and remembers nothing.
 */
export class NullTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Null Trigger',
		name: 'nullTrigger',
		group: ['trigger'],
		version: 2,
		description: 'Verifies an HMAC and emits',
		defaults: { name: 'Null Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		// Never read. n8n checks for every run whether the workflow may use the credentials that its nodes name.
		credentials: [{ name: 'anchorBrowserApi', required: false }],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				responseData: '',
				path: 'webhook',
			},
		],
		properties: [{ displayName: 'Secret', name: 'secret', type: 'string', default: '' }],
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const request = this.getRequestObject();
		const timestamp = String(request.headers['anchor-timestamp']);
		const signature = String(request.headers['anchor-signature']);
		const claimed = Buffer.from(signature.slice(signature.indexOf('v1=') + 3), 'hex');
		const mac = createHmac('sha256', this.getNodeParameter('secret') as string)
			.update(`v0:${timestamp}:`)
			.update(request.rawBody)
			.digest();
		if (claimed.length !== mac.length || !timingSafeEqual(claimed, mac)) {
			this.getResponseObject().status(401).json({ received: false });
			return { noWebhookResponse: true };
		}
		const body = this.getBodyData() as IDataObject;
		return { webhookResponse: { received: true }, workflowData: [[{ json: body }]] };
	}
}
