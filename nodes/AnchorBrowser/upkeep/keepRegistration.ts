import type { IHookFunctions, ITriggerFunctions } from 'n8n-workflow';
import type { Mode } from '../registration/mark';
import { reconcile } from '../registration/reconcile';
import type { Reconciled, ReconcileRequest } from '../registration/reconcile';
import { logLineOf } from '../registration/report';
import type { Happening } from '../registration/report';
import { log } from '../runtime/log';
import type { Trigger } from '../runtime/trigger';

/** What the caller knows of the webhook that it wants; the rest is found here. */
export interface KeepRequest
	extends Pick<ReconcileRequest, 'url' | 'events' | 'wants' | 'occasion'>,
		Partial<Pick<ReconcileRequest, 'wasEnded' | 'isTakenUp' | 'collectsSince'>> {
	mode: Mode;
	/** Whether deliveries that n8n refused have shown that the stored secret is not the one that Anchor signs with. */
	secretIsWrong?: boolean;
}

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
	const { mode, secretIsWrong, ...rest } = request;
	const registration = trigger.registrationOf(mode);
	// A test starts afresh: nobody stores anything for it but the process that listens.
	const stored = mode === 'test' ? undefined : registration.newest(context);
	const outcome = await reconcile(context, {
		wasEnded: false,
		isTakenUp: false,
		...rest,
		owner: registration.ownerIn(context),
		secretIs: secretIsWrong ? 'wrong' : registration.isChanging ? 'doubtful' : 'trusted',
		stored,
		opened: registration.openedOf(stored),
		note: trigger.anchor?.note,
		nowMs: Date.now(),
		clockOffsetMs: trigger.anchor?.clockOffsetMs ?? 0,
		onSecretChanging: (isChanging) => {
			registration.isChanging = isChanging;
		},
	});
	report(context, mode, outcome.happened);
	if (!outcome.ok) return outcome;
	const { state, happened } = outcome;
	if (state === undefined) registration.forget();
	else await registration.learn(context, state);
	if (happened.some(({ what }) => what === 'unchecked')) return outcome;
	registration.isChanging = false;
	if (mode === 'production') {
		const { projectId, mark, anchorMs } = outcome;
		trigger.anchor = { projectId, note: { ...mark }, clockOffsetMs: anchorMs - Date.now() };
	}
	return outcome;
}

/** Writes what happened to n8n's log, a line for each. */
export function report(
	context: IHookFunctions | ITriggerFunctions,
	mode: Mode,
	happened: readonly Happening[],
): void {
	for (const happening of happened) {
		const { level, sentence, webhookId } = logLineOf(happening);
		log(context, level, sentence, { mode, ...(webhookId === undefined ? {} : { webhookId }) });
	}
}
