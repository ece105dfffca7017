import type { ApiContext, ApiFailure, ApiResult } from '../api/client';
import { deleteWebhook, getWebhook, listWebhooks } from '../api/webhooks';
import type { RemoteWebhook, WebhookChanges } from '../api/webhooks';
import { entryOf } from '../events/catalogue';
import type { Happening } from './report';

/**
 * The webhooks of the project, and the stored one besides when the list lacks it: Anchor lists active ones only.
 * @param storedId undefined when nothing is stored
 */
export async function listWithStored(
	context: ApiContext,
	storedId: string | undefined,
): Promise<ApiResult<RemoteWebhook[]>> {
	const listed = await listWebhooks(context);
	if (!listed.ok || storedId === undefined || listed.body.some(({ id }) => id === storedId)) {
		return listed;
	}
	const unlisted = await getWebhook(context, storedId);
	if (unlisted.ok) return { ...listed, body: [...listed.body, unlisted.body] };
	return unlisted.status === 404 ? listed : unlisted;
}

/**
 * Removes webhooks of ours. One that stays is named: for a leftover that costs a place among five, no more.
 * @param happened takes a note for each
 * @returns whether none of them is left at Anchor
 */
export async function removeAll(
	context: ApiContext,
	webhooks: readonly RemoteWebhook[],
	role: 'served' | 'leftover',
	happened: Happening[],
): Promise<boolean> {
	let areGone = true;
	for (const { id } of webhooks) {
		const removed = await deleteWebhook(context, id);
		areGone = noteEnd(removed, { what: 'removed', id, role }, happened) && areGone;
	}
	return areGone;
}

/**
 * Takes what became of a request that ends a webhook, and what has happened if Anchor carried it out.
 * @returns whether the webhook sends nothing more
 */
export function noteEnd(
	result: ApiResult<unknown>,
	ended: Extract<Happening, { what: 'removed' | 'disabled' }>,
	happened: Happening[],
): boolean {
	const { id } = ended;
	const isGone = !result.ok && result.status === 404;
	if (result.ok) happened.push(ended);
	else happened.push(isGone ? { what: 'absent', id } : { what: 'stayed', id, failure: result });
	return result.ok || isGone;
}

/**
 * Makes or changes a webhook. When Anchor refuses what is in the request, it is sent again without the events that no page
 * of Anchor's documents: not every account has them.
 * @param webhook what is sent
 * @returns the last answer, and which events Anchor did not take
 */
export async function subscribe<T, Webhook extends WebhookChanges>(
	webhook: Webhook,
	send: (webhook: Webhook) => Promise<ApiResult<T>>,
): Promise<{ result: ApiResult<T>; unsupported: string[] }> {
	const first = await send(webhook);
	const { subscribed_events: events = [] } = webhook;
	const unsupported = events.filter((event) => entryOf(event)?.documented === false);
	const supported = events.filter((event) => !unsupported.includes(event));
	if (first.ok || !refusesContent(first) || unsupported.length === 0 || supported.length === 0) {
		return { result: first, unsupported: [] };
	}
	const result = await send({ ...webhook, subscribed_events: supported });
	return { result, unsupported: result.ok ? unsupported : [] };
}

/** 400 is what Anchor documents; 422 is what many services answer in its place. */
export function refusesContent({ status }: ApiFailure): boolean {
	return status === 400 || status === 422;
}
