import { EventMemory, NOTHING_SEEN } from '../delivery/dedupe';
import type { SeenEvents } from '../delivery/dedupe';

/**
 * The first tier of de-duplication: process memory, one for each node of each workflow.
 *
 * Static data is not used for it: n8n 2.x does not save what a `webhook()` that starts a run writes there, on every
 * version the last writer wins over the whole workflow, and a rename starts it afresh. What memory cannot know
 * (before a restart, in another process) is caught by the second tier, `claimEvent.ts`.
 */
const memories = new Map<string, EventMemory>();

/** How many nodes may hold memories; beyond it, one that remembers nothing any more gives way, else the oldest. */
const MAX_NODES = 1_000;

/**
 * The memory of one node, made at its first delivery. It survives deactivation and republishing.
 * @param nodeKey workflow and node
 * @param remember false for `deduplicate: off` and while the editor listens: a test event is never swallowed
 */
export function memoryOf(nodeKey: string, remember: boolean): SeenEvents {
	if (!remember) return NOTHING_SEEN;
	const known = memories.get(nodeKey);
	if (known !== undefined) return known;

	if (memories.size >= MAX_NODES) {
		const [oldest] = memories.keys();
		const empty = [...memories].find(([, memory]) => memory.size === 0)?.[0];
		memories.delete(empty ?? oldest);
	}
	const memory = new EventMemory();
	memories.set(nodeKey, memory);
	return memory;
}
