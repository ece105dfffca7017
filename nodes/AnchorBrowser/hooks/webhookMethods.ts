import { NodeOperationError } from 'n8n-workflow';
import type { IHookFunctions } from 'n8n-workflow';
import { makeNodeError, toNodeError, whatHappened } from '../api/explain';
import { listWebhooks, sendTestEvent } from '../api/webhooks';
import { entryOf, EVERY_EVENT } from '../events/catalogue';
import { endRegistration } from '../registration/end';
import { isMarkOfNode, ownerKeyOf, parseMark } from '../registration/mark';
import type { MarkOwner, Mode } from '../registration/mark';
import { isSameAddress } from '../registration/plan';
import { unlistedEventWords } from '../registration/report';
import type { RegistrationState } from '../registration/state';
import { endLater, endReplaced, takeBackEnd } from '../runtime/endLater';
import { keepInLine, report } from '../runtime/keepInLine';
import {
	forget,
	newestOf,
	nodeKeyOf,
	recall,
	remember,
	setInService,
} from '../runtime/registrations';
import { runExclusive } from '../runtime/runExclusive';
import { parameterReader } from '../settings/readParameters';
import { readRegistrationSettings } from '../settings/readSettings';
import type { RegistrationSettings } from '../settings/readSettings';
import { readState, writeState } from '../runtime/staticData';

/**
 * The production triggers whose activation has just failed, by key, until n8n cleans up after it: it calls
 * `delete` in the same words as for a deactivation (n8n 1: for every trigger of the workflow). Kept so that a short
 * outage at Anchor never removes a working webhook.
 */
const failedActivations = new Map<string, { workflowId: string; url: string }>();

/**
 * Brings the webhook at Anchor in line (n8n's `create`), and keeps its id and secret in one step. A manual registration
 * is the user's.
 * @throws NodeOperationError without a selected event; NodeApiError whenever events would not arrive, because n8n takes
 * any return value for success
 */
export async function activate(context: IHookFunctions): Promise<void> {
	const mode: Mode = context.getMode() === 'manual' ? 'test' : 'production';
	const key = nodeKeyOf(context);
	await runExclusive(key, async () => {
		const owner = ownerOf(context, mode);
		setInService(owner, false);
		if (mode === 'production') {
			failedActivations.set(key, { workflowId: owner.workflowId, url: addressOf(context) });
		}
		const settings = settingsOf(context);
		if (settings.events.length === 0) throw noEvents(context);
		if (settings.registration === 'automatic') await register(context, settings, mode);
		else refuseUnlistedEvents(context, settings);
		setInService(owner, true);
		if (mode === 'production') failedActivations.delete(key);
	});
}

async function register(
	context: IHookFunctions,
	settings: RegistrationSettings,
	mode: Mode,
): Promise<void> {
	const owner = ownerOf(context, mode);
	const { sampleEvent, events } = settings;
	const activation = context.getActivationMode();
	const isStart = activation === 'init' || activation === 'leadershipChange';
	const pending = mode === 'production' ? takeBackEnd(context, owner) : undefined;
	const endedAt =
		mode === 'production' ? newestOf(owner, readState(context, owner.nodeId))?.endedAt : undefined;

	const outcome = await keepInLine(context, {
		owner,
		url: addressOf(context),
		// A test webhook also takes the sample event, should the user not have selected it.
		events: mode === 'test' && sampleEvent !== undefined ? [...events, sampleEvent] : events,
		occasion: isStart ? 'start' : 'publish',
		// n8n that was stopped between the two halves of a publication starts with the workflow still published.
		wasEnded: endedAt !== undefined && !isStart,
		secretIsWrong: false,
	});
	if (!outcome.ok) {
		const { words, permanent, status } = outcome.refusal;
		throw makeNodeError(context.getNode(), words, { permanent, status });
	}
	const { state } = outcome;
	if (state === undefined) return;
	writeState(context, owner.nodeId, state);
	// With the key of another project the webhook that was taken out of service is not this one, and still ends.
	if (pending !== undefined && pending.webhookId !== state.webhookId) endReplaced(pending);
	if (mode === 'test' && sampleEvent !== undefined) await askForSample(context, state, sampleEvent);
}

/**
 * Takes a trigger out of service (n8n's `delete`); safe when nothing or half was created, and after a failed activation.
 * A test webhook is removed at once. A production webhook is removed or disabled some seconds later, unless it is wanted
 * again before: n8n calls `delete` for each publication, too, in the same words.
 *
 * n8n does not say which of the two it means. What this process remembers for the very address knows, then what is
 * stored (production finds its own also under a new address); otherwise only a webhook at Anchor with our mark at the
 * very address is ended.
 */
export async function deactivate(context: IHookFunctions): Promise<void> {
	const key = nodeKeyOf(context);
	await runExclusive(key, async () => {
		if (failedActivations.get(key)?.url === addressOf(context)) {
			failedActivations.delete(key);
			return;
		}
		const { registration, onDeactivate } = settingsOf(context);
		if (registration === 'manual') return;
		const { mode, webhookId } = await findRegistration(context);
		if (mode === undefined) return;
		if (mode === 'test') return await endTest(context, webhookId);
		// n8n 1 cleans up after all triggers of a workflow when one of them could not be activated.
		const workflowId = context.getWorkflow().id ?? '';
		if ([...failedActivations.values()].some((failed) => failed.workflowId === workflowId)) return;

		const owner = ownerOf(context, mode);
		setInService(owner, false);
		const stored = newestOf(owner, readState(context, owner.nodeId));
		if (stored?.owner === ownerKeyOf(owner)) {
			const state = { ...stored, endedAt: Date.now() };
			writeState(context, owner.nodeId, state);
			// The credential may be gone: nothing is opened anew here.
			remember(owner, state, recall(owner)?.secrets ?? []);
		}
		const url = addressOf(context);
		endLater(context, { owner, url, webhookId, isReplaced: false, onDeactivate });
	});
}

/** Which registration of this node n8n's address stands for. */
async function findRegistration(
	context: IHookFunctions,
): Promise<{ mode: Mode | undefined; webhookId?: string }> {
	const url = addressOf(context);
	const test = ownerOf(context, 'test');
	const production = ownerOf(context, 'production');
	const listening = recall(test)?.state;
	if (listening?.url === url) return { mode: 'test', webhookId: listening.webhookId };

	const stored = readState(context, production.nodeId);
	if (stored?.owner === ownerKeyOf(test)) return { mode: 'test', webhookId: stored.webhookId };
	const known = newestOf(production, stored);
	if (known?.owner === ownerKeyOf(production) && (stored !== undefined || known.url === url)) {
		return { mode: 'production', webhookId: known.webhookId };
	}

	const listed = await listWebhooks(context);
	if (!listed.ok) {
		const trouble = whatHappened(listed, { what: 'look for a webhook of this trigger' });
		context.logger.debug(`${context.getNode().name}: ${trouble}`);
		return { mode: undefined };
	}
	const marks = listed.body
		.filter((webhook) => isSameAddress(webhook.url, url))
		.map(({ description }) => parseMark(description));
	return { mode: marks.find((mark) => isMarkOfNode(mark, production))?.mode };
}

async function endTest(context: IHookFunctions, webhookId: string | undefined): Promise<void> {
	const owner = ownerOf(context, 'test');
	const url = addressOf(context);
	const { happened } = await endRegistration(context, {
		owner,
		url,
		webhookId,
		isReplaced: false,
		onDeactivate: 'delete',
	});
	report(context, owner, happened);
	forget(owner);
	if (readState(context, owner.nodeId)?.owner === ownerKeyOf(owner)) {
		writeState(context, owner.nodeId, undefined);
	}
}

async function askForSample(
	context: IHookFunctions,
	{ webhookId }: RegistrationState,
	sampleEvent: string,
): Promise<void> {
	const sent = await sendTestEvent(context, webhookId, sampleEvent);
	if (sent.ok) return;
	throw toNodeError(context.getNode(), sent, {
		what: `send the sample event ${sampleEvent}`,
		advice: {
			400: 'Add the option Sample Event and choose another one, or None, then listen again.',
		},
	});
}

function noEvents(context: IHookFunctions): NodeOperationError {
	const isExpression = String(context.getNode().parameters.events).startsWith('=');
	return isExpression
		? new NodeOperationError(context.getNode(), 'Your expression under Events gave an empty list', {
				description:
					'Open the Anchor Browser Trigger and let the expression under Events give at least one event name, for example task.failed, then try again.',
			})
		: new NodeOperationError(context.getNode(), 'Choose at least one event for this trigger', {
				description:
					'Open the Anchor Browser Trigger, select under Events what is to start this workflow, then try again.',
			});
}

/** Only an expression can name them. With automatic registration Anchor says which it does not know. */
function refuseUnlistedEvents(context: IHookFunctions, { events }: RegistrationSettings): void {
	const unlisted = events.filter((event) => event !== EVERY_EVENT && !entryOf(event));
	if (unlisted.length === 0) return;
	throw makeNodeError(context.getNode(), unlistedEventWords(unlisted), { permanent: true });
}

function settingsOf(context: IHookFunctions): RegistrationSettings {
	return readRegistrationSettings(parameterReader(context));
}

function addressOf(context: IHookFunctions): string {
	return context.getNodeWebhookUrl('default') ?? '';
}

function ownerOf(context: IHookFunctions, mode: Mode): MarkOwner {
	const { id: workflowId = '', name: workflowName = '' } = context.getWorkflow();
	const nodeId = context.getNode().id;
	return { workflowName, instanceId: context.getInstanceId(), workflowId, nodeId, mode };
}
