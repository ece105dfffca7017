import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

/**
 * The signing secret of a webhook that the user made in Anchor's dashboard (trigger parameter Registration: Manual).
 * Anchor keeps the old secret valid for 24 hours after a rotation, hence the second field. There is nothing to ask
 * over the network, so the trigger's `credentialTest` judges the secret by its form.
 */
export class AnchorBrowserSigningSecretApi implements ICredentialType {
	name = 'anchorBrowserSigningSecretApi';

	displayName = 'Anchor Browser Signing Secret API';

	icon: Icon = {
		light: 'file:../icons/anchorBrowser.svg',
		dark: 'file:../icons/anchorBrowser.dark.svg',
	};

	documentationUrl = 'https://docs.anchorbrowser.io/webhooks/signature-verification';

	/** A signing secret is of no use to any other node, so no other node may read it. */
	restrictToSupportedNodes = true as const;

	properties: INodeProperties[] = [
		{
			displayName: 'Signing Secret',
			name: 'signingSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description:
				'Shown once by Anchor when you create the webhook or rotate its secret: 64 characters, 0 to 9 and a to f',
		},
		{
			displayName: 'Previous Signing Secret',
			name: 'previousSigningSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description:
				'After a rotation: the secret used before. Deliveries signed with either are accepted. Remove it a day later, when Anchor has stopped using it.',
		},
	];
}
