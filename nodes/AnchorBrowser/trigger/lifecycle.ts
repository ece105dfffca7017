import { NodeOperationError } from 'n8n-workflow';
import type { IHookFunctions } from 'n8n-workflow';
import { connectionOf } from '../api/client';
import { explain, toNodeError } from '../api/explain';
import { sendTestEvent } from '../api/webhooks';
import { readMissed } from '../registration/history';
import type { MarkOwner } from '../registration/mark';
import { ensureRegistered, inspect } from '../registration/register';
import type { RegistrationRequest } from '../registration/register';
import { unregister } from '../registration/unregister';
import { openSecrets } from '../registration/state';
import type { RegistrationState } from '../registration/state';
import { heldState, hold, letGo, setSecretChanging } from './secrets';
import type { TriggerIdentity } from './secrets';
import { readLifecycleSettings } from './settings';
import type { LifecycleSettings } from './settings';
import { readState, writeState } from './staticData';

/**
 * When activations last failed, in milliseconds, by address and by workflow. n8n answers a failure by calling `delete`
 * for the node (up to n8n 1.x for every webhook of the workflow), in the same words as for a deactivation. Anchor being
 * out of order for a moment must not end in a good webhook being removed.
 */
const failedActivations = new Map<string, number>();

/** n8n cleans up right after the failure; a person who deactivates takes longer. */
const CLEAN_UP_MS = 5_000;

const failureKeys = ({ identity, request }: Lifecycle) => [
	request.url,
	`${identity.mode} ${identity.workflowId}`,
];

interface Lifecycle {
	identity: TriggerIdentity;
	settings: LifecycleSettings;
	request: RegistrationRequest;
}

function lifecycleOf(context: IHookFunctions): Lifecycle {
	const node = context.getNode();
	const workflow = context.getWorkflow();
	const workflowId = workflow.id ?? '';
	const settings = readLifecycleSettings((name, fallback) =>
		context.getNodeParameter(name, fallback as object),
	);
	const stored = readState(context, node.id);
	const url = context.getNodeWebhookUrl('default') ?? '';
	const mode = modeOf(context, { workflowId, nodeId: node.id, stored, url });
	const identity = { workflowId, nodeId: node.id, mode };
	const owner: MarkOwner = {
		workflowName: workflow.name ?? '',
		instanceId: context.getInstanceId(),
		...identity,
	};
	return {
		identity,
		settings,
		request: {
			owner,
			url,
			events: eventsOf(settings, mode),
			rotate: settings.rotateOnActivation,
			stored: stored ?? heldState(identity),
			nowMs: Date.now(),
			onSecretChanging: (isChanging) => setSecretChanging(identity, isChanging),
		},
	};
}

/** A test webhook also takes the sample event, should the user not have selected it. */
function eventsOf(
	{ events, sampleEvent }: LifecycleSettings,
	mode: TriggerIdentity['mode'],
): readonly string[] {
	return mode === 'test' && sampleEvent !== undefined ? [...events, sampleEvent] : events;
}

/**
 * n8n says `manual` when it registers a test webhook, but the same words for removing either. What is stored knows; if
 * that is lost, what this process remembers does; after a restart nobody listens any more.
 */
function modeOf(
	context: IHookFunctions,
	known: Omit<TriggerIdentity, 'mode'> & { stored: RegistrationState | undefined; url: string },
): TriggerIdentity['mode'] {
	if (context.getMode() === 'manual') return 'test';
	const { stored, url } = known;
	if (stored !== undefined) return stored.owner.startsWith('test:') ? 'test' : 'production';
	return heldState({ ...known, mode: 'test' })?.url === url ? 'test' : 'production';
}

/**
 * Whether the webhook at Anchor is as this node wants it (n8n's `checkExists`). A manual registration is the user's.
 * Always no for a test: listening starts afresh and may ask for a sample event.
 * @throws NodeOperationError without a selected event; NodeApiError when the registration cannot be judged
 */
export async function isInOrder(context: IHookFunctions): Promise<boolean> {
	const lifecycle = lifecycleOf(context);
	const { identity, settings, request } = lifecycle;
	assertEvents(context, settings);
	if (settings.registration === 'manual') return true;
	if (identity.mode === 'test') return false;

	const { upToDate, state } = await failing(lifecycle, async () => await inspect(context, request));
	if (!upToDate || state === undefined) return false;
	await keepState(context, identity, state);
	await reportMissed(context, request);
	return true;
}

/**
 * Brings the webhook at Anchor in order (n8n's `create`), and keeps its id and secret in one step.
 * @throws NodeOperationError without a selected event; NodeApiError whenever events would not arrive, because n8n takes
 * any return value for success
 */
export async function activate(context: IHookFunctions): Promise<void> {
	const lifecycle = lifecycleOf(context);
	const { identity, settings, request } = lifecycle;
	assertEvents(context, settings);
	if (settings.registration === 'manual') return;

	const { action, state } = await failing(
		lifecycle,
		async () => await ensureRegistered(context, request),
	);
	if (state === undefined) return;
	await keepState(context, identity, state);
	if (identity.mode === 'test') return await askForSample(context, state, settings);
	if (action !== 'created' && action !== 'unchecked') await reportMissed(context, request);
}

/**
 * Removes or disables the webhook at Anchor (n8n's `delete`); safe when nothing or half was created. After an
 * activation that failed nothing is removed.
 * @throws NodeApiError when Anchor could not do it; id and address are kept, so that the next activation cleans up
 */
export async function deactivate(context: IHookFunctions): Promise<void> {
	const lifecycle = lifecycleOf(context);
	const { identity, settings, request } = lifecycle;
	if (settings.registration === 'manual' || hasJustFailed(lifecycle)) return;

	const { onDeactivate } = settings;
	const { state } = await unregister(context, { ...request, onDeactivate });
	writeState(context, identity.nodeId, state);
	if (state === undefined) letGo(identity);
	else await keepState(context, identity, state);
}

function assertEvents(context: IHookFunctions, { events }: LifecycleSettings): void {
	if (events.length > 0) return;
	throw new NodeOperationError(context.getNode(), 'Choose at least one event for this trigger', {
		description:
			'Open the Anchor Browser Trigger, select under Events what is to start this workflow, then try again.',
	});
}

/** Notes a failure, so that n8n's clean-up after it can be told from a deactivation. */
async function failing<T>(lifecycle: Lifecycle, task: () => Promise<T>): Promise<T> {
	let failed = true;
	try {
		const result = await task();
		failed = false;
		return result;
	} finally {
		for (const key of failureKeys(lifecycle)) {
			if (failed) failedActivations.set(key, Date.now());
			else failedActivations.delete(key);
		}
	}
}

const hasJustFailed = (lifecycle: Lifecycle): boolean =>
	failureKeys(lifecycle).some(
		(key) => lifecycle.request.nowMs - (failedActivations.get(key) ?? 0) < CLEAN_UP_MS,
	);

async function keepState(
	context: IHookFunctions,
	identity: TriggerIdentity,
	state: RegistrationState,
): Promise<void> {
	writeState(context, identity.nodeId, state);
	const { apiKey } = await connectionOf(context);
	const { workflowId, nodeId } = identity;
	hold(identity, state, openSecrets(state, { apiKey, workflowId, nodeId }, Date.now()));
}

async function askForSample(
	context: IHookFunctions,
	state: RegistrationState,
	{ sampleEvent }: LifecycleSettings,
): Promise<void> {
	if (sampleEvent === undefined) return;
	const sent = await sendTestEvent(context, state.webhookId, sampleEvent);
	if (sent.ok) return;
	throw toNodeError(context.getNode(), sent, {
		what: `send the sample event ${sampleEvent}`,
		advice: {
			400: 'Choose another Sample Event under Options, or None, then listen again.',
		},
	});
}

/** Says in the log what was lost since this trigger was last looked after. Never a reason to fail. */
async function reportMissed(
	context: IHookFunctions,
	{ stored, owner, nowMs }: RegistrationRequest,
): Promise<void> {
	if (stored === undefined || stored.lastSeenAt === 0) return;
	const { webhookId, lastSeenAt } = stored;
	const node = context.getNode();
	const meta = { workflowId: owner.workflowId, nodeId: node.id, webhookId };
	const missed = await readMissed(context, {
		webhookId,
		sinceMs: lastSeenAt,
		nowMs,
		withPayload: false,
	});
	if (!missed.ok) {
		const { message } = explain(missed, { what: 'read which deliveries were missed' });
		context.logger.debug(`${node.name}: ${message}`, meta);
		return;
	}
	const { count, complete } = missed.body;
	if (count.total === 0) return;
	const since = new Date(lastSeenAt).toISOString();
	const howMany = `${complete ? '' : 'at least '}${count.total} ${count.total === 1 ? 'event' : 'events'}`;
	context.logger.warn(
		`${node.name}: Anchor Browser could not deliver ${howMany} since ${since} (${count.failed} refused, ${count.dead} given up after the last attempt). Its delivery history keeps them for 7 days.`,
		{ ...meta, ...count, since },
	);
}
