import type { INode } from 'n8n-workflow';
import type { ApiContext, ApiResult } from '../api/client';
import { connectionOf } from '../api/client';
import { makeNodeError, whatHappened } from '../api/explain';
import { deleteWebhook, getWebhook, listWebhooks } from '../api/webhooks';
import type { RemoteWebhook } from '../api/webhooks';
import { EVENT_TYPES, EVERY_EVENT } from '../events/catalogue';
import { checkAddress } from './address';
import { isMarkOf, ownerKeyOf, parseMark } from './mark';
import type { MarkOwner } from './mark';
import { plan } from './plan';
import type { Plan } from './plan';
import { open } from './secret';
import type { SealContext } from './secret';
import type { RegistrationState } from './state';

/** The webhook that a trigger wants, and what n8n has kept of it. */
export interface RegistrationRequest {
	owner: MarkOwner;
	/** n8n's address for this trigger, the test one while the editor listens. */
	url: string;
	/** As selected; `*` stands for all that the catalogue has. */
	events: readonly string[];
	/** `options.rotateOnActivation`. */
	rotate: boolean;
	stored: RegistrationState | undefined;
	/** The time in milliseconds. */
	nowMs: number;
	/**
	 * Told true right before the secret of a webhook in use changes, false when it then did not. After a success nothing
	 * is told: only the caller knows when n8n has stored the new one.
	 */
	onSecretChanging?: (changing: boolean) => void;
}

/** One registration under way: all that its steps need. */
export interface Job {
	context: ApiContext;
	node: INode;
	request: RegistrationRequest;
	/** The wanted events by name. */
	events: string[];
	/** What is stored, if it is this trigger's own. */
	stored: RegistrationState | undefined;
	/** Whether the stored secret can be opened. */
	hasSecret: boolean;
	sealing: SealContext;
}

/**
 * Gathers what the steps need, and judges the address before Anchor is asked.
 * @throws NodeApiError for an address that Anchor would refuse; n8n's own message without a credential
 */
export async function jobOf(context: ApiContext, request: RegistrationRequest): Promise<Job> {
	const { owner, url, events, stored } = request;
	const node = context.getNode();
	const { apiKey, baseUrl } = await connectionOf(context);
	const refused = checkAddress(url, { baseUrl });
	if (refused) throw makeNodeError(node, refused, { permanent: true });

	const sealing = { apiKey, workflowId: owner.workflowId, nodeId: owner.nodeId };
	const own = ownState(stored, owner);
	return {
		context,
		node,
		request,
		events: namesOf(events),
		stored: own,
		hasSecret: own !== undefined && Boolean(open(own.secret, sealing)),
		sealing,
	};
}

/** What is stored if it belongs to this trigger; what came with a copied or imported workflow does not. */
export function ownState(
	stored: RegistrationState | undefined,
	owner: MarkOwner,
): RegistrationState | undefined {
	return stored?.owner === ownerKeyOf(owner) ? stored : undefined;
}

/** The webhooks of the project, and the stored one besides when the list lacks it: Anchor lists active ones only. */
export async function readRemote({ context, stored }: Job): Promise<ApiResult<RemoteWebhook[]>> {
	const listed = await listWebhooks(context);
	if (!listed.ok || !stored || listed.body.some(({ id }) => id === stored.webhookId)) {
		return listed;
	}
	const unlisted = await getWebhook(context, stored.webhookId);
	if (unlisted.ok) return { ok: true, body: [...listed.body, unlisted.body] };
	return unlisted.status === 404 ? listed : unlisted;
}

/** The plan for what was read. */
export function planFor(job: Job, remote: readonly RemoteWebhook[]): Plan {
	const { request, events, stored, hasSecret } = job;
	const { owner, url, rotate, nowMs } = request;
	return plan({
		remote,
		stored: stored && {
			webhookId: stored.webhookId,
			hasUsableSecret: hasSecret,
			leftOut: stored.leftOut,
		},
		wanted: { owner, url, events, rotate: rotate || stored?.rotationUnsettled === true },
		nowMs,
	});
}

/** Whether a webhook carries our own mark. */
export function isMarkedOurs({ description }: RemoteWebhook, owner: MarkOwner): boolean {
	const mark = parseMark(description);
	return mark !== undefined && isMarkOf(mark, owner);
}

/** Removes leftovers. One that stays costs a place among five, no more: never a reason to throw. */
export async function sweep(job: Job, ids: readonly string[]): Promise<void> {
	for (const id of ids) {
		const removed = await deleteWebhook(job.context, id);
		if (removed.ok || removed.status === 404) {
			report(job, 'info', `the leftover webhook ${id} was removed`, id);
			continue;
		}
		const trouble = whatHappened(removed, { what: `remove the leftover webhook ${id}` });
		report(job, 'warn', `${trouble} It is tried again on the next activation`, id);
	}
}

/** Writes one line to n8n's log; never a secret. */
export function report(
	{
		context,
		node,
		request,
	}: Pick<Job, 'context' | 'node'> & {
		request: Pick<RegistrationRequest, 'owner'>;
	},
	level: 'info' | 'warn',
	sentence: string,
	webhookId?: string,
): void {
	context.logger[level](`${node.name}: ${sentence}`, {
		workflowId: request.owner.workflowId,
		nodeId: node.id,
		mode: request.owner.mode,
		...(webhookId === undefined ? {} : { webhookId }),
	});
}

function namesOf(selected: readonly string[]): string[] {
	const all = selected.includes(EVERY_EVENT) ? EVENT_TYPES : [];
	return [...new Set([...all, ...selected])].filter((event) => event !== EVERY_EVENT);
}
