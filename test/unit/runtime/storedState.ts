import type { RegistrationState } from '../../../nodes/AnchorBrowser/registration/state';

/** What n8n has stored of a registration. */
export const stateOf = (fields: Partial<RegistrationState> = {}): RegistrationState => ({
	webhookId: 'wh_1',
	url: 'https://n8n.example.com/webhook/1',
	events: ['task.failed'],
	unsupported: [],
	owner: 'production:a:b:c',
	secret: 'sealed',
	secretSince: 1_000,
	wants: 'digest',
	wantsSince: 1_000,
	...fields,
});
