import { NodeOperationError } from 'n8n-workflow';
import type { IHookFunctions, Workflow } from 'n8n-workflow';
import { makeNodeError, refusalOf, whatHappened } from '../api/explain';
import { listWebhooks, sendTestEvent } from '../api/webhooks';
import { conditionDoubts } from '../delivery/conditions';
import { entryOf, EVERY_EVENT } from '../events/catalogue';
import { tidyAddress } from '../registration/address';
import { isMarkOfNode, parseMark } from '../registration/mark';
import type { Mode } from '../registration/mark';
import { isSameAddress } from '../registration/plan';
import { notEndedLine, sharedIdWords, unlistedEventWords } from '../registration/report';
import type { RegistrationState } from '../registration/state';
import { judgeTeardown } from '../registration/teardown';
import type { Course } from '../registration/teardown';
import { keepRegistration } from '../upkeep/keepRegistration';
import type { KeepRequest } from '../upkeep/keepRegistration';
import {
	awaitRemovals,
	cancelRemoval,
	removeLater,
	removeTest,
	resumeRemoval,
} from '../upkeep/removal';
import { log } from '../runtime/log';
import type { Trigger } from '../runtime/trigger';
import { releaseIfOver, triggerOf } from '../runtime/triggers';
import { parameterReader } from '../settings/readParameters';
import { readEndSettings, readRegistrationSettings } from '../settings/readSettings';
import type { RegistrationSettings } from '../settings/readSettings';

/**
 * Brings the webhook at Anchor in line (n8n's `create`), and keeps its id and secret in one step. A manual registration
 * is the user's.
 * @throws NodeOperationError without a selected event; NodeApiError whenever events would not arrive, because n8n takes
 * any return value for success
 */
export async function activate(context: IHookFunctions): Promise<void> {
	const mode: Mode = context.getMode() === 'manual' ? 'test' : 'production';
	const trigger = triggerOf(context);
	await trigger.registrationQueue.run(async () => {
		const registration = trigger.registrationOf(mode);
		registration.isInService = false;
		if (mode === 'production') noteActivation(context, trigger, true);
		const { parameters } = context.getNode();
		const settings = readRegistrationSettings(parameterReader(context), parameters);
		if (settings.events.length === 0) throw noEvents(context);
		refuseSharedId(context);
		warnOfConditions(context);
		const isManual = settings.registration === 'manual';
		if (isManual) refuseUnlistedEvents(context, settings);
		else if (mode === 'test') await registerTest(context, trigger, settings);
		else await registerProduction(context, trigger, settings);
		registration.isInService = true;
		if (mode === 'test') return;
		trigger.isKeptByUser = isManual;
		noteActivation(context, trigger, false);
	});
}

/** Notes what n8n activates, so that the next `delete()` is understood: it comes in the same words whatever it means. */
function noteActivation(context: IHookFunctions, trigger: Trigger, hasFailed: boolean): void {
	const activation = {
		isStart: isStart(context),
		hasFailed,
		atMs: Date.now(),
		url: addressOf(context),
	};
	trigger.course = { ...trigger.course, activation, isUnexplained: false };
}

async function registerTest(
	context: IHookFunctions,
	trigger: Trigger,
	{ events, sampleEvent, wants }: RegistrationSettings,
): Promise<void> {
	// It also takes the sample event, should the user not have selected it.
	const wanted = sampleEvent === undefined ? events : [...events, sampleEvent];
	const state = await register(context, trigger, { mode: 'test', events: wanted, wants });
	if (state !== undefined && sampleEvent !== undefined) {
		await askForSample(context, state, sampleEvent);
	}
}

async function registerProduction(
	context: IHookFunctions,
	trigger: Trigger,
	{ events, collectMinutes, wants }: RegistrationSettings,
): Promise<void> {
	const { production } = trigger;
	const before = production.stored(context);
	const isEnding = production.owns(context, before) && before.endedAt !== undefined;
	const pending = cancelRemoval(context, trigger);
	const state = await register(context, trigger, {
		mode: 'production',
		events,
		wants,
		// n8n that was stopped between the two halves of a publication starts with the workflow still published.
		wasEnded: production.newest(context)?.endedAt !== undefined && !isStart(context),
		// Whoever took it out of service, another process perhaps, may not have ended its webhook yet.
		isTakenUp: isEnding && pending === undefined,
		collectsSince: collectMinutes > 0 ? Date.now() : trigger.isCollectionOver ? false : undefined,
	});
	// With the key of another project the webhook that was taken out of service is not this one, and still ends.
	if (state !== undefined && pending !== undefined && pending.webhookId !== state.webhookId) {
		resumeRemoval(trigger, pending);
	}
}

/** @returns what is stored of the webhook; undefined when another process keeps it */
async function register(
	context: IHookFunctions,
	trigger: Trigger,
	request: Omit<KeepRequest, 'url' | 'occasion'>,
): Promise<RegistrationState | undefined> {
	const wanted: KeepRequest = {
		...request,
		url: addressOf(context),
		occasion: isStart(context) ? 'start' : 'publish',
	};
	let outcome = await keepRegistration(context, trigger, wanted);
	const isFull = !outcome.ok && outcome.refusal.status === 409;
	if (isFull && (await awaitRemovals(trigger))) {
		outcome = await keepRegistration(context, trigger, wanted);
	}
	if (!outcome.ok) throw makeNodeError(context.getNode(), outcome.refusal);
	const { state } = outcome;
	if (state !== undefined) trigger.registrationOf(request.mode).store(context, state);
	return state;
}

/**
 * Takes a trigger out of service (n8n's `delete`); safe when nothing or half was created, and after a failed activation.
 * A test webhook is removed at once. A production webhook is removed or disabled some seconds later, unless it is wanted
 * again before: n8n calls `delete` for each publication, too, in the same words.
 *
 * n8n does not say which of the two it means. What this process remembers for the very address knows, then what is
 * stored (production finds its own also under a new address); otherwise only a webhook at Anchor with our mark at the
 * very address is ended.
 *
 * Never throws: n8n would keep what it noted of listening that could not begin, for want of a credential for example, and
 * stumble over it when it is to listen again.
 */
export async function deactivate(context: IHookFunctions): Promise<void> {
	const trigger = triggerOf(context);
	try {
		await trigger.registrationQueue.run(async () => await endService(context, trigger));
	} catch (cause) {
		log(context, 'info', notEndedLine((cause as Error).message));
	}
	releaseIfOver(trigger);
}

async function endService(context: IHookFunctions, trigger: Trigger): Promise<void> {
	const askedAtMs = Date.now();
	const before = trigger.course;
	const { endsInMs, course } = judgeTeardown(before, askedAtMs);
	// While listening ends, production may be waiting for this.
	if (endsInMs === undefined && before.activation?.url === addressOf(context)) {
		trigger.course = course;
		return;
	}
	const { registration, onDeactivate } = readEndSettings(parameterReader(context));
	if (registration === 'manual') return endManualService(context, trigger, course);
	const found = await findRegistration(context, trigger);
	if (found === undefined) return;
	const { webhookId } = found;
	if (found.mode === 'test') return await endTest(context, trigger, webhookId);
	trigger.course = course;
	if (endsInMs === undefined) return;

	const { production } = trigger;
	production.isInService = false;
	const stored = production.newest(context);
	if (production.owns(context, stored)) production.noteEnd(context, stored, askedAtMs);
	const owner = production.ownerIn(context);
	const url = addressOf(context);
	const request = { owner, url, webhookId, isReplaced: false, onDeactivate, askedAtMs };
	const pending = { ...request, isUnlessRunning: !before.isRunning };
	void removeLater(context, trigger, { pending, delayMs: endsInMs });
}

/** The webhook is the user's: nothing ends but what is known here. */
function endManualService(context: IHookFunctions, trigger: Trigger, course: Course): void {
	const isProduction = trigger.course.activation?.url === addressOf(context);
	trigger.registrationOf(isProduction ? 'production' : 'test').isInService = false;
	if (isProduction) trigger.course = course;
}

/** Which registration of this node n8n's address stands for; undefined when none is found. */
async function findRegistration(
	context: IHookFunctions,
	{ test, production, course }: Trigger,
): Promise<{ mode: Mode; webhookId?: string } | undefined> {
	const url = addressOf(context);
	if (test.state?.url === url) return { mode: 'test', webhookId: test.state.webhookId };

	const stored = production.stored(context);
	if (test.owns(context, stored)) return { mode: 'test', webhookId: stored.webhookId };
	const known = production.newest(context);
	if (production.owns(context, known) && (stored !== undefined || known.url === url)) {
		return { mode: 'production', webhookId: known.webhookId };
	}

	const listed = await listWebhooks(context);
	if (!listed.ok) {
		// One may have been made without an answer: what was to be activated in this process is looked for again when its end is due.
		if (course.activation?.url === url) return { mode: 'production' };
		log(context, 'warn', notEndedLine(whatHappened(listed, 'look for a webhook of this trigger')));
		return undefined;
	}
	const owner = production.ownerIn(context);
	return listed.body
		.filter((webhook) => isSameAddress(webhook.url, url))
		.map(({ description }) => parseMark(description))
		.find((mark) => isMarkOfNode(mark, owner));
}

async function endTest(
	context: IHookFunctions,
	trigger: Trigger,
	webhookId: string | undefined,
): Promise<void> {
	const { test } = trigger;
	await removeTest(context, trigger, {
		owner: test.ownerIn(context),
		url: addressOf(context),
		webhookId,
		isReplaced: false,
		onDeactivate: 'delete',
		askedAtMs: Date.now(),
	});
	test.forget();
	test.isInService = false;
	if (test.owns(context, test.stored(context))) test.store(context, undefined);
}

async function askForSample(
	context: IHookFunctions,
	{ webhookId }: RegistrationState,
	sampleEvent: string,
): Promise<void> {
	const sent = await sendTestEvent(context, webhookId, sampleEvent);
	if (sent.ok) return;
	const advice =
		sent.status === 400
			? 'Add the option Sample Event and choose another one, or None, then listen again.'
			: undefined;
	const refusal = refusalOf(sent, `send the sample event ${sampleEvent}`, advice);
	throw makeNodeError(context.getNode(), refusal);
}

/** No condition takes an expression: the parameters hold them as they were written. */
function warnOfConditions(context: IHookFunctions): void {
	const { filters } = context.getNode().parameters;
	for (const doubt of conditionDoubts(filters)) log(context, 'warn', doubt);
}

function noEvents(context: IHookFunctions): NodeOperationError {
	const isExpression = String(context.getNode().parameters.events).startsWith('=');
	return isExpression
		? new NodeOperationError(
				context.getNode(),
				'Your expression under Events gave an empty list. Let it give at least one event name, for example task.failed',
				{
					description:
						'Open the Anchor Browser Trigger and let the expression under Events give at least one event name, for example task.failed, then try again.',
				},
			)
		: new NodeOperationError(context.getNode(), 'Choose at least one event for this trigger', {
				description:
					'Open the Anchor Browser Trigger, select under Events what is to start this workflow, then try again.',
			});
}

/** A script, or a model, may write so: all that is known of a trigger goes by its ID, and one would take the other's webhook. */
function refuseSharedId(context: IHookFunctions): void {
	const { id, type } = context.getNode();
	// n8n-core's contexts all have their workflow; their interfaces do not say so.
	const { workflow } = context as { workflow?: Pick<Workflow, 'nodes'> };
	const nodes = Object.values(workflow?.nodes ?? {});
	const names = nodes.flatMap((node) => (node.id === id && node.type === type ? node.name : []));
	if (names.length < 2) return;
	throw makeNodeError(context.getNode(), { words: sharedIdWords(names), permanent: true });
}

/** Only an expression can name them. With automatic registration Anchor says which it does not know. */
function refuseUnlistedEvents(context: IHookFunctions, { events }: RegistrationSettings): void {
	const unlisted = events.filter((event) => event !== EVERY_EVENT && !entryOf(event));
	if (unlisted.length === 0) return;
	throw makeNodeError(context.getNode(), { words: unlistedEventWords(unlisted), permanent: true });
}

function addressOf(context: IHookFunctions): string {
	return tidyAddress(context.getNodeWebhookUrl('default') ?? '');
}

/** Whether n8n starts, or this main process begins to lead. */
function isStart(context: IHookFunctions): boolean {
	const activation = context.getActivationMode();
	return activation === 'init' || activation === 'leadershipChange';
}
