import { randomInt } from 'node:crypto';
import { look } from './look';
import type { Monitor } from './monitor';
import { wait } from '../runtime/wait';

/** When the first look comes, in milliseconds after `trigger()`: n8n's webhooks and the registration stand by then. */
const FIRST_LOOK_MS = 6_000;
/** Spreads the looks of many triggers, which n8n starts in one moment. */
const SPREAD_MS = 8_000;
/** Anchor's attempts from the time of the start have ended by then. */
const SECOND_LOOK_MS = 60_000;
const LATER_LOOKS_MS = 15 * 60_000;
/** How long until the next try where n8n or Anchor was not ready; twice as long each time. */
const AGAIN_MS = 10_000;

/**
 * Looks after a trigger regularly, until its monitor is over. Starts no more than timers that do not keep n8n from
 * stopping. Never throws.
 */
export async function watch(monitor: Monitor): Promise<void> {
	await wait(FIRST_LOOK_MS + randomInt(SPREAD_MS));
	let patience = AGAIN_MS;
	while (!monitor.isOver) {
		let isDone = false;
		try {
			isDone = await look(monitor);
		} catch (cause) {
			// Of what is expected only a credential that is gone, or that n8n cannot read, is thrown.
			monitor.warnOfTrouble(
				`Its webhook could not be looked after (${(cause as Error).message}). Check the Anchor Browser API credential of this node, then publish the workflow again (n8n 1: deactivate and activate it)`,
			);
		}
		if (isDone) {
			monitor.looks += 1;
			patience = AGAIN_MS;
			await wait(monitor.looks === 1 ? SECOND_LOOK_MS : LATER_LOOKS_MS);
		} else {
			await wait(patience);
			patience = Math.min(patience * 2, LATER_LOOKS_MS);
		}
	}
}
