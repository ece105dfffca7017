import type {
	IAuthenticateGeneric,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

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
			// As the trigger takes it: an empty one means the usual one.
			baseURL: '={{$credentials.baseUrl || "https://api.anchorbrowser.io"}}',
			url: '/v1/webhooks',
		},
		rules: [
			{
				type: 'responseCode',
				properties: {
					value: 401,
					message:
						'Anchor Browser does not know this API key. Copy it again from the API Keys page of your Anchor dashboard.',
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 403,
					message:
						'Anchor Browser knows this API key, but it may not manage webhooks. Use a key of the project whose events you want.',
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 404,
					message:
						'Something answers at this Base URL, but it is not the Anchor Browser API. The usual address is https://api.anchorbrowser.io.',
				},
			},
		],
	};
}
