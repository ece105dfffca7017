import type {
	IAuthenticateGeneric,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

const NOT_ANCHOR =
	'Something answers at this Base URL, but it is not the Anchor Browser API. The usual address is https://api.anchorbrowser.io.';

/** What the test says to a status; n8n shows the bare words of HTTP otherwise. */
const onStatus = (value: number, message: string) =>
	({ type: 'responseCode', properties: { value, message } }) as const;

/**
 * The API key of an Anchor Browser project. Name and fields are those of Anchor's own n8n package, so that one
 * stored credential serves both: n8n keeps credential types in one list, without the package's name.
 */
export class AnchorBrowserApi implements ICredentialType {
	name = 'anchorBrowserApi';

	displayName = 'Anchor Browser API';

	icon: Icon = {
		light: 'file:../icons/anchorBrowser.svg',
		dark: 'file:../icons/anchorBrowser.dark.svg',
	};

	documentationUrl = 'https://docs.anchorbrowser.io/quickstart';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description:
				'The key of your Anchor Browser project, from the API Keys page of its dashboard',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: 'https://api.anchorbrowser.io',
			description:
				'Where the Anchor Browser API answers, starting with https://. Leave it unless Anchor told you otherwise.',
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { 'anchor-api-key': '={{$credentials.apiKey}}' } },
	};

	/** Listing the webhooks changes nothing and proves access to the very API that the trigger uses. */
	test: ICredentialTestRequest = {
		request: {
			// As the trigger takes it: without spaces around it, and an empty one means the usual one.
			baseURL: '={{ ($credentials.baseUrl || "").trim() || "https://api.anchorbrowser.io" }}',
			url: '/v1/webhooks',
			// The API key would travel along.
			disableFollowRedirect: true,
		},
		// n8n's type has lists of one kind of rule; its tester of either line goes by the kind of each rule.
		rules: [
			onStatus(
				401,
				'Anchor Browser does not know this API key. Copy it again from the API Keys page of your Anchor dashboard.',
			),
			onStatus(
				402,
				'The Anchor Browser project of this API key has no credits left. Add credits in your Anchor dashboard, then test again.',
			),
			onStatus(
				403,
				'Anchor Browser knows this API key, but it may not manage webhooks. Use a key of the project whose events you want.',
			),
			...[400, 404, 405, 422].map((status) => onStatus(status, NOT_ANCHOR)),
			...[301, 302, 303, 307, 308].map((status) =>
				onStatus(
					status,
					'This Base URL leads to another address, to which the API key was not sent. Enter the address of the Anchor Browser API itself, which usually is https://api.anchorbrowser.io.',
				),
			),
			onStatus(
				429,
				'Anchor Browser has had too many requests for now, so the API key could not be tested. Try again in a minute.',
			),
			...[500, 502, 503, 504].map((status) =>
				onStatus(
					status,
					`The Anchor Browser API could not answer (${status}), so the API key could not be tested. Try again in a few minutes.`,
				),
			),
			// A page that answers 200 to everything has no list of webhooks.
			{
				type: 'responseSuccessBody',
				properties: { key: 'webhooks', value: undefined, message: NOT_ANCHOR },
			},
		] as unknown as ICredentialTestRequest['rules'],
	};
}
