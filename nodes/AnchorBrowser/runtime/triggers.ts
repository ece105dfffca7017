import type { INode } from 'n8n-workflow';
import { Trigger } from './trigger';
import type { PendingRemoval } from './trigger';

/**
 * Webhook processors and workers of n8n's queue mode are told of no end, nor is anybody of a trigger whose webhook the
 * user keeps. Anchor repeats no delivery for longer than a day.
 */
const FORGOTTEN_AFTER_MS = 24 * 60 * 60_000;
/** How often those are looked for. */
const SWEEP_EVERY_MS = 60 * 60_000;

/** The triggers that one process knows, by workflow and node. */
class Triggers {
	private readonly byWorkflow = new Map<string, Map<string, Trigger>>();
	private sweptAtMs = 0;

	get size(): number {
		return this.all().length;
	}

	find(workflowId: string, nodeId: string, nowMs: number): Trigger {
		let trigger = this.byWorkflow.get(workflowId)?.get(nodeId);
		if (trigger === undefined) {
			this.forgetUnused(nowMs);
			trigger = new Trigger(workflowId, nodeId);
			const ofWorkflow = this.byWorkflow.get(workflowId) ?? new Map<string, Trigger>();
			this.byWorkflow.set(workflowId, ofWorkflow.set(nodeId, trigger));
		}
		trigger.calledAtMs = nowMs;
		return trigger;
	}

	/** What has been made anew in its place stays. */
	release(trigger: Trigger): void {
		const { workflowId, nodeId } = trigger;
		const ofWorkflow = this.byWorkflow.get(workflowId);
		if (ofWorkflow?.get(nodeId) !== trigger) return;
		ofWorkflow.delete(nodeId);
		if (ofWorkflow.size === 0) this.byWorkflow.delete(workflowId);
	}

	all(): Trigger[] {
		return [...this.byWorkflow.values()].flatMap((ofWorkflow) => [...ofWorkflow.values()]);
	}

	/** A clock that was set back must not make anything stay for longer. */
	private forgetUnused(nowMs: number): void {
		if (Math.abs(nowMs - this.sweptAtMs) < SWEEP_EVERY_MS) return;
		this.sweptAtMs = nowMs;
		for (const trigger of this.all()) {
			const isUnused = Math.abs(nowMs - trigger.calledAtMs) > FORGOTTEN_AFTER_MS;
			if (isUnused && !trigger.isAttended) this.release(trigger);
		}
	}
}

/**
 * Each trigger is found once for a call from n8n and passed down. Outside of it modules keep what can be lost at any
 * moment: which lines the log has just had, and texts that were read before.
 */
const triggers = new Triggers();

/** What of n8n's contexts names a trigger. */
interface NamedCall {
	getWorkflow(): { id?: string };
	getNode(): INode;
}

/**
 * Finds what this process knows of the trigger that n8n calls; at its first call, nothing yet.
 * @param context n8n's context
 * @param node the trigger's node, where the caller has it already: n8n copies it whenever it is asked for it
 */
export function triggerOf(
	context: NamedCall,
	node: Pick<INode, 'id'> = context.getNode(),
): Trigger {
	return triggers.find(context.getWorkflow().id ?? '', node.id, Date.now());
}

/** How many triggers this process knows. */
export function countTriggers(): number {
	return triggers.size;
}

/** The removals that await their time here, but for those of one trigger. */
export function removalsBeside(trigger: Trigger): PendingRemoval[] {
	const others = triggers.all().filter((other) => other !== trigger);
	return others.flatMap(({ removals }) => [...removals]);
}

/** Frees what is known of a trigger, if nothing is left to be done for it. */
export function releaseIfOver(trigger: Trigger): void {
	if (trigger.isOver) triggers.release(trigger);
}
