import type { IHookFunctions, ITriggerFunctions } from 'n8n-workflow';
import { connectionOf } from '../api/client';
import type { MarkOwner } from '../registration/mark';
import { reconcile } from '../registration/reconcile';
import type { Reconciled, ReconcileRequest } from '../registration/reconcile';
import { logLineOf } from '../registration/report';
import type { Happening } from '../registration/report';
import type { RegistrationState } from '../registration/state';
import {
	forget,
	isSecretChanging,
	newestOf,
	openRegistration,
	remember,
	setSecretChanging,
} from './registrations';
import { wantsOf } from '../settings/readSettings';
import { readState } from './staticData';

/** What the caller knows of the webhook that it wants; the rest is found here. */
export type KeepRequest = Pick<
	ReconcileRequest,
	'owner' | 'url' | 'events' | 'occasion' | 'wasEnded' | 'isTakenUp'
> & {
	/** Whether deliveries that n8n refused have shown that the stored secret is not the one that Anchor signs with. */
	secretIsWrong: boolean;
};

/**
 * Brings the webhook at Anchor in line and remembers it in this process; the log says what happened. The caller runs
 * inside `runExclusive` for this node and keeps the state in static data.
 * @param context n8n's context of an activation or of `trigger()`
 * @returns what became of it
 * @throws n8n's own message when the node has no credential
 */
export async function keepInLine(
	context: IHookFunctions | ITriggerFunctions,
	request: KeepRequest,
): Promise<Reconciled> {
	const { secretIsWrong, ...rest } = request;
	const { owner } = rest;
	const outcome = await reconcile(context, {
		...rest,
		secretIs: secretIsWrong ? 'wrong' : isSecretChanging(owner) ? 'doubtful' : 'trusted',
		wants: wantsOf(context.getNode().parameters),
		// A test starts afresh: nobody stores anything for it but the process that listens.
		stored: owner.mode === 'test' ? undefined : newestOf(owner, readState(context, owner.nodeId)),
		nowMs: Date.now(),
		onSecretChanging: (isChanging) => setSecretChanging(owner, isChanging),
	});
	report(context, owner, outcome.happened);
	if (!outcome.ok) return outcome;
	if (outcome.state === undefined) forget(owner);
	else await rememberState(context, owner, outcome.state);
	if (!outcome.happened.some(({ what }) => what === 'unchecked')) setSecretChanging(owner, false);
	return outcome;
}

/** Remembers a state in this process, its secrets opened. */
async function rememberState(
	context: IHookFunctions | ITriggerFunctions,
	owner: MarkOwner,
	state: RegistrationState,
): Promise<void> {
	const { apiKey } = await connectionOf(context);
	const { workflowId, nodeId } = owner;
	remember(owner, state, openRegistration(state, { apiKey, workflowId, nodeId }));
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
