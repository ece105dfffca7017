import type { ApiContext, ApiResult } from '../api/client';
import { makeNodeError, toNodeError, whatHappened } from '../api/explain';
import { deleteWebhook, listWebhooks, updateWebhook } from '../api/webhooks';
import type { RemoteWebhook } from '../api/webhooks';
import { ownState, report } from './job';
import { inLine } from './line';
import { isMarkOfNode, ownerKeyOf, parseMark } from './mark';
import type { MarkOwner } from './mark';
import { byAge, isSameAddress } from './plan';
import type { RegistrationState } from './state';

/** The registration to be ended. */
export interface UnregisterRequest {
	owner: MarkOwner;
	/** n8n's address for this trigger: without anything stored, only a webhook at this very address is ended. */
	url: string;
	stored: RegistrationState | undefined;
	/** `options.onDeactivate`. A test's webhook is always deleted. */
	onDeactivate: 'delete' | 'disable';
	/** The time in milliseconds. */
	nowMs: number;
}

/** What became of it. */
export interface UnregisterOutcome {
	action: 'deleted' | 'disabled' | 'nothing';
	/** What is to be stored; undefined means: remove what is stored. */
	state: RegistrationState | undefined;
}

/**
 * Ends a registration (n8n's `delete`). Already gone is done. n8n calls it after a failed activation too, so it is safe
 * when nothing, or half, was created: then the webhook is looked for by its mark, and no trouble is thrown for one that
 * nobody knows to exist.
 * @throws NodeApiError with the webhook's id and address when it could not be ended; what is stored must then stay, so
 * that the next activation takes it up again. Its cause is a `UserError`, at which n8n stops retrying, when only a
 * person can help
 */
export async function unregister(
	context: ApiContext,
	request: UnregisterRequest,
): Promise<UnregisterOutcome> {
	return await inLine<UnregisterOutcome>(ownerKeyOf(request.owner), async (before) => {
		const stored = ownState(before?.state ?? request.stored, request.owner);
		const job: Job = { context, node: context.getNode(), request };
		return stored ? await endStored(job, stored) : await endMarked(job);
	});
}

interface Job {
	context: ApiContext;
	node: ReturnType<ApiContext['getNode']>;
	request: UnregisterRequest;
}

async function endStored(job: Job, stored: RegistrationState): Promise<UnregisterOutcome> {
	const done = await end(job, stored);
	return done === 'disabled'
		? { action: done, state: { ...stored, disabled: true } }
		: { action: done, state: undefined };
}

/**
 * Nothing is stored: wiped static data, or an activation that broke off before it could store anything. Only the very
 * address tells then whether a test or production is to end, because n8n's words for both are the same.
 */
async function endMarked(job: Job): Promise<UnregisterOutcome> {
	const { url: address, nowMs } = job.request;
	const found = (await listQuietly(job)).sort(byAge).flatMap(({ id, url, ...rest }) => {
		const mark = parseMark(rest.description);
		return mark && isMarkOfNode(mark, job.request.owner) && isSameAddress(url, address)
			? [{ webhookId: id, url, events: rest.subscribed_events, mode: mark.mode }]
			: [];
	});
	const [first, ...doubles] = found;
	if (first === undefined) return { action: 'nothing', state: undefined };

	for (const double of doubles) await remove(job, double);
	const owner = { ...job.request.owner, mode: first.mode };
	const done = await end({ ...job, request: { ...job.request, owner } }, first);
	if (done !== 'disabled') return { action: done, state: undefined };
	// Its secret is not known, but with the id the next activation finds it even where Anchor does not list it.
	const state: RegistrationState = {
		webhookId: first.webhookId,
		url: first.url,
		events: first.events,
		leftOut: [],
		owner: ownerKeyOf(owner),
		secret: '',
		disabled: true,
		registeredAt: nowMs,
		lastSeenAt: nowMs,
	};
	return { action: done, state };
}

type Ending = Pick<RegistrationState, 'webhookId' | 'url'>;

async function end(job: Job, webhook: Ending): Promise<'deleted' | 'disabled'> {
	const { owner, onDeactivate } = job.request;
	if (onDeactivate === 'delete' || owner.mode === 'test') return await remove(job, webhook);
	const { webhookId: id } = webhook;
	const result = await attempt(job, webhook, 'switch off', async () => {
		return await updateWebhook(job.context, id, { enabled: false });
	});
	if (!result.ok) return 'deleted';
	report(job, 'info', `the webhook ${id} was switched off at Anchor Browser`, id);
	return 'disabled';
}

async function remove(job: Job, webhook: Ending): Promise<'deleted'> {
	const { webhookId: id } = webhook;
	await attempt(job, webhook, 'remove', async () => await deleteWebhook(job.context, id));
	report(job, 'info', `the webhook ${id} is removed from Anchor Browser`, id);
	return 'deleted';
}

/** @returns Anchor's answer: a success, or that the webhook is gone already */
async function attempt<T>(
	{ context, node }: Job,
	{ webhookId, url }: Ending,
	verb: string,
	ask: () => Promise<ApiResult<T>>,
): Promise<ApiResult<T>> {
	const what = `${verb} the webhook ${webhookId} (${url})`;
	const result = await askOrNoCredential(ask);
	if (result === 'no credential') {
		throw makeNodeError(
			node,
			{
				message: `n8n could not ${what}, because this node has no usable Anchor Browser API credential. Remove the webhook in the Anchor Browser dashboard`,
				description: `n8n could not ${what} at Anchor Browser, because this node has no usable Anchor Browser API credential. Choose one and activate the workflow again, or remove the webhook in the Anchor Browser dashboard.`,
			},
			{ permanent: true },
		);
	}
	if (result.ok || result.status === 404) return result;
	context.logger.warn(`${node.name}: ${whatHappened(result, { what })}`, { webhookId });
	throw toNodeError(node, result, { what });
}

async function listQuietly(job: Job): Promise<RemoteWebhook[]> {
	const listed = await askOrNoCredential(async () => await listWebhooks(job.context));
	if (listed !== 'no credential' && listed.ok) return listed.body;
	const reason =
		listed === 'no credential'
			? 'This node has no usable credential.'
			: whatHappened(listed, { what: 'look for a webhook of this trigger' });
	report(
		job,
		'warn',
		`${reason} Nothing is stored of a webhook of this trigger; should there be one, the next activation takes it up`,
	);
	return [];
}

/** n8n throws when a node has no credential of the type it asks for; everything else is a value. */
async function askOrNoCredential<T>(
	ask: () => Promise<ApiResult<T>>,
): Promise<ApiResult<T> | 'no credential'> {
	try {
		return await ask();
	} catch {
		return 'no credential';
	}
}
