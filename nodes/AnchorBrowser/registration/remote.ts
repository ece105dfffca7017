import { isOutage } from '../api/client';
import type { ApiContext, ApiFailure, ApiResult } from '../api/client';
import { deleteWebhook, getWebhook, listWebhooks } from '../api/webhooks';
import type { RemoteWebhook, WebhookChanges } from '../api/webhooks';
import { entryOf } from '../events/catalogue';
import type { Happening } from './report';

/**
 * The webhooks of the project, and the stored one besides when the list lacks it and it is disabled: Anchor lists active
 * ones only. Any other answer about it means that the project has none of that id, since the list shows that the API key
 * is good: it was removed (softly, so that Anchor may still show it), or another project's key has taken its place.
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
	if (!unlisted.ok) return isOutage(unlisted) ? unlisted : listed;
	return unlisted.body.enabled ? listed : { ...listed, body: [...listed.body, unlisted.body] };
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
 * @returns the last answer, and what it answers
 */
export async function subscribe<T, Webhook extends WebhookChanges>(
	webhook: Webhook,
	send: (webhook: Webhook) => Promise<ApiResult<T>>,
): Promise<{ result: ApiResult<T>; sent: Webhook }> {
	const result = await send(webhook);
	const { subscribed_events: events = [] } = webhook;
	const supported = events.filter((event) => entryOf(event)?.documented !== false);
	const isSubset = supported.length > 0 && supported.length < events.length;
	if (result.ok || !refusesContent(result) || !isSubset) return { result, sent: webhook };
	const sent = { ...webhook, subscribed_events: supported };
	return { result: await send(sent), sent };
}

/** 400 is what Anchor documents; 422 is what many services answer in its place. */
export function refusesContent({ status }: ApiFailure): boolean {
	return status === 400 || status === 422;
}
