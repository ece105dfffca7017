import type { ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';
import { Collector } from '../upkeep/collector';
import { Monitor } from '../upkeep/monitor';
import type { MonitorSettings } from '../upkeep/monitor';
import { log } from '../runtime/log';
import { releaseIfOver, triggerOf } from '../runtime/triggers';
import { watch } from '../upkeep/watch';
import { parameterReader } from '../settings/readParameters';
import { readRegistrationSettings, readWebhookSettings } from '../settings/readSettings';

/**
 * Begins to look after a trigger in service (n8n's `trigger()`): after its webhook at Anchor, and after events that did
 * not reach the workflow. Nothing here can fail an activation.
 * @param context n8n's context of `trigger()`
 * @returns n8n's `closeFunction`, which ends it; n8n 2 calls `trigger()` again without it when it publishes after a failed
 * activation
 */
export function lookAfter(context: ITriggerFunctions): ITriggerResponse {
	const trigger = triggerOf(context);
	if (trigger.monitor !== undefined) trigger.monitor.isOver = true;
	trigger.monitor = undefined;
	trigger.closedAtMs = undefined;
	trigger.course = { ...trigger.course, isRunning: true, isUnexplained: false };
	const settings = readSettings(context);
	if (settings === undefined || settings.registration === 'manual') return {};
	const monitor = new Monitor(context, trigger, settings);
	trigger.monitor = monitor;
	if (settings.collectMinutes > 0) monitor.collector = new Collector(monitor);
	void watch(monitor);
	return {
		closeFunction: async () => {
			monitor.isOver = true;
			if (trigger.monitor !== monitor) return;
			trigger.monitor = undefined;
			// Where n8n runs several main processes, another one may look after the webhook from now on.
			trigger.production.isInService = false;
			if (monitor.collector !== undefined) trigger.closedAtMs = Date.now();
			await monitor.collector?.close();
			releaseIfOver(trigger);
		},
	};
}

/** @returns undefined when an expression among them cannot be resolved: no delivery can be judged then, nor a missed one */
function readSettings(context: ITriggerFunctions): MonitorSettings | undefined {
	const read = parameterReader(context);
	try {
		return {
			...readWebhookSettings(read, context.getTimezone()),
			...readRegistrationSettings(read, context.getNode().parameters),
		};
	} catch (cause) {
		log(
			context,
			'warn',
			'missed events are not looked for, because a parameter of this node cannot be read. Check its expressions, then publish the workflow again (n8n 1: deactivate and activate it)',
			{ cause: (cause as Error).message },
		);
		return undefined;
	}
}
