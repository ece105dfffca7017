import type { IWebhookFunctions } from 'n8n-workflow';
import { receiveDelivery } from '../../../nodes/AnchorBrowser/hooks/webhook';
import { delivery } from '../delivery/signedRequest';

/** A context of which nothing but the head of the request can be looked at. */
function contextOf(request: { method: string; headers: object }) {
	const touched: string[] = [];
	const answers: unknown[] = [];
	const sayNothing = { warn: () => {} };
	const response = {
		status: (code: number) => ({ json: (body: unknown) => answers.push([code, body]) }),
		setHeader: () => {},
	};
	const known: Partial<Record<keyof IWebhookFunctions, unknown>> = {
		// What n8n has parsed before is there, if it is a form.
		getRequestObject: () => new Proxy({ ...request, body: {} }, { get: watched }),
		getResponseObject: () => response,
		getNode: () => ({ id: 'node', name: 'Anchor Browser Trigger' }),
		getWorkflow: () => ({ id: 'workflow' }),
		logger: sayNothing,
	};
	function watched(target: object, key: string): unknown {
		if (!(key in target)) touched.push(key);
		return (target as Record<string, unknown>)[key];
	}
	return {
		context: new Proxy(known, { get: watched }) as unknown as IWebhookFunctions,
		touched,
		answers,
	};
}

describe('a request that cannot be a delivery', () => {
	const { headers } = delivery();
	it.each([
		['is a GET', { method: 'GET', headers }],
		['has no header of Anchor’s', { method: 'POST', headers: { 'content-type': 'text/plain' } }],
		[
			'has a signature of another kind',
			{ method: 'POST', headers: { ...headers, 'anchor-signature': 'sha256=1' } },
		],
	])('and %s costs no body, no settings and no credentials', async (_title, request) => {
		const { context, touched, answers } = contextOf(request);
		expect(await receiveDelivery(context)).toEqual({ noWebhookResponse: true });
		expect(answers).toEqual([[400, { received: false, message: 'Bad Request' }]]);
		expect(touched).toEqual([]);
	});
});
