import type { IHookFunctions, ITriggerFunctions } from 'n8n-workflow';
import { connectionOf } from '../api/client';
import type { MarkOwner, Mode } from '../registration/mark';
import { reconcile } from '../registration/reconcile';
import type { Reconciled, ReconcileRequest } from '../registration/reconcile';
import { logLineOf } from '../registration/report';
import type { Happening } from '../registration/report';
import { wantsOf } from '../settings/readSettings';
import { openRegistration } from '../runtime/registration';
import { readState } from '../runtime/staticData';
import type { Trigger } from '../runtime/trigger';

/** What the caller knows of the webhook that it wants; the rest is found here. */
export type KeepRequest = Pick<
	ReconcileRequest,
	'owner' | 'url' | 'events' | 'occasion' | 'wasEnded' | 'isTakenUp' | 'collectsSince'
> & {
	/** Whether deliveries that n8n refused have shown that the stored secret is not the one that Anchor signs with. */
	secretIsWrong: boolean;
};

/**
 * Brings the webhook at Anchor in line and remembers it in this process; the log says what happened. The caller runs
 * in the trigger's registration queue, and sees to static data.
 * @param context n8n's context of an activation or of `trigger()`
 * @returns what became of it
 * @throws n8n's own message when the node has no credential
 */
export async function keepRegistration(
	context: IHookFunctions | ITriggerFunctions,
	trigger: Trigger,
	request: KeepRequest,
): Promise<Reconciled> {
	const { secretIsWrong, ...rest } = request;
	const { owner } = rest;
	const registration = trigger.registrationOf(owner.mode);
	const outcome = await reconcile(context, {
		...rest,
		secretIs: secretIsWrong ? 'wrong' : registration.isChanging ? 'doubtful' : 'trusted',
		wants: wantsOf(context.getNode().parameters),
		// A test starts afresh: nobody stores anything for it but the process that listens.
		stored:
			owner.mode === 'test' ? undefined : registration.newest(readState(context, owner.nodeId)),
		note: trigger.anchor?.note,
		nowMs: Date.now(),
		clockOffsetMs: trigger.anchor?.clockOffsetMs ?? 0,
		onSecretChanging: (isChanging) => {
			registration.isChanging = isChanging;
		},
	});
	report(context, owner, outcome.happened);
	if (!outcome.ok) return outcome;
	const { state, happened } = outcome;
	if (state === undefined) registration.forget();
	else {
		const { apiKey } = await connectionOf(context);
		registration.remember(state, openRegistration(state, { ...owner, apiKey }));
	}
	if (happened.some(({ what }) => what === 'unchecked')) return outcome;
	registration.isChanging = false;
	if (owner.mode === 'production') {
		const { projectId, mark, anchorMs } = outcome;
		trigger.anchor = { projectId, note: { ...mark }, clockOffsetMs: anchorMs - Date.now() };
	}
	return outcome;
}

/**
 * For whom a webhook at Anchor is: this n8n, workflow and node, in production or for a test.
 * @param context n8n's context
 * @param mode which of the two
 */
export function ownerOf(context: IHookFunctions | ITriggerFunctions, mode: Mode): MarkOwner {
	const { id: workflowId = '', name: workflowName = '' } = context.getWorkflow();
	const nodeId = context.getNode().id;
	return { workflowName, instanceId: context.getInstanceId(), workflowId, nodeId, mode };
}

/** Writes what happened to n8n's log, a line for each. */
export function report(
	context: IHookFunctions | ITriggerFunctions,
	{ workflowId, nodeId, mode }: MarkOwner,
	happened: readonly Happening[],
): void {
	const { name } = context.getNode();
	for (const happening of happened) {
		const { level, sentence, webhookId } = logLineOf(happening);
		context.logger[level](`${name}: ${sentence}`, {
			workflowId,
			nodeId,
			mode,
			...(webhookId === undefined ? {} : { webhookId }),
		});
	}
}
