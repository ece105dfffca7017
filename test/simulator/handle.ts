import { matcher } from './faults';
import type { DeliveryFilter, Simulator } from './simulator';
import type { Store } from './store';
import type { Delivery, Webhook } from './types';

/** The project id of Anchor's own examples. */
export const EXAMPLE_PROJECT = '5d2c31f6-ab7e-481a-b6fd-8b4a96a4e197';

/** What a test sees of the service. */
export const readings = (
	store: Store,
): Pick<Simulator, 'deliveries' | 'webhooks' | 'requests' | 'delivered' | 'requested'> => ({
	deliveries: (filter = {}) => store.deliveries.filter((row) => fits(row, filter)),
	webhooks: ({ deleted = false } = {}) =>
		store.all().filter((webhook) => deleted || !webhook.deletedAt),
	requests: ({ calls, status } = {}) => {
		const matches = matcher(calls);
		return store.requests.filter(
			(request) => matches(request) && (status === undefined || request.status === status),
		);
	},

	delivered: async (filter = {}, count = 1) =>
		await store.until(() =>
			enough(
				store.deliveries.filter((row) => row.status !== 'pending' && fits(row, filter)),
				count,
			),
		),
	requested: async (calls, count = 1) => {
		const matches = matcher(calls);
		return await store.until(() =>
			enough(
				store.requests.filter((request) => request.status !== null && matches(request)),
				count,
			),
		);
	},
});

/** What a user does in Anchor's dashboard. */
export const dashboard = (
	store: Store,
): Pick<
	Simulator,
	'addWebhook' | 'changeWebhook' | 'removeWebhook' | 'rotateSecret' | 'addApiKey' | 'revokeApiKey'
> => ({
	addWebhook: ({ secret, projectId: project = EXAMPLE_PROJECT, ...fields }) =>
		store.create(project, fields, secret),
	changeWebhook: (id, fields) => store.change(liveWebhook(store, id), fields),
	removeWebhook: (id) => store.remove(liveWebhook(store, id)),
	rotateSecret: (id) => store.rotate(liveWebhook(store, id)),

	addApiKey: (key, project = EXAMPLE_PROJECT) => void store.keys.set(key, project),
	revokeApiKey: (key) => void store.keys.delete(key),
});

function fits(row: Delivery, filter: DeliveryFilter): boolean {
	return (
		(filter.eventId === undefined || row.eventId === filter.eventId) &&
		(filter.type === undefined || row.type === filter.type) &&
		(filter.webhookId === undefined || row.webhookId === filter.webhookId) &&
		(filter.status === undefined || row.status === filter.status)
	);
}

function enough<T>(found: T[], count: number): T[] | undefined {
	return found.length >= count ? found : undefined;
}

function liveWebhook(store: Store, id: string): Webhook {
	const webhook = store.find(id);
	if (!webhook || webhook.deletedAt) throw new Error(`There is no webhook ${id}`);
	return webhook;
}
