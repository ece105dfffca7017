/**
 * What n8n has done with a production trigger in this process, as far as it tells what its next `delete()` means. n8n calls
 * that in the same words for a deactivation, for each publication, and to clean up after an activation that failed: on
 * 1.123 for every trigger of the workflow when one of them failed (active-workflow-manager, `addWebhooks`), on 2.41 for
 * the one that failed (webhook-trigger-registrar, `register`).
 */
export interface Course {
	/** The last `create()`; undefined when there was none since the last `delete()`. */
	activation?: {
		/** The production address that it was for. */
		url: string;
		/** Activation mode `init` or `leadershipChange`: n8n goes on trying. */
		isStart: boolean;
		hasFailed: boolean;
		/** When it began, in milliseconds of this machine's clock. */
		atMs: number;
	};
	/** Whether n8n has called `trigger()`, and has not taken the trigger out of service since. */
	isRunning: boolean;
	/** Whether the last call was a `delete()` of which nothing is known, and its end still awaits the webhook. */
	isUnexplained: boolean;
}

/** A trigger that n8n has not yet come to in this process. */
export const UNTOUCHED: Course = { isRunning: false, isUnexplained: false };

/** What follows from a `delete()`. */
export interface Teardown {
	/** How long the webhook waits for n8n to come back before it ends, in milliseconds; undefined when nothing ends. */
	endsInMs: number | undefined;
	/** What is to be known at the next call. */
	course: Course;
}

/** n8n 2 publishes a changed trigger, and n8n 1 saves an active workflow, by `delete()` and `create()` a second later. */
const PUBLICATION_MS = 10_000;

/** The same where n8n 1 may be starting: it tries again after 1, 2, 4 s …, and each try takes its time. */
const FIRST_TRIES_MS = 15_000;

/** n8n 1 never waits longer than a day until it tries again (`WORKFLOW_REACTIVATE_MAX_TIMEOUT`). */
const ANY_TRY_MS = 25 * 60 * 60_000;

/** How long n8n can take from one trigger's `create()` to the clean-up after another's: its requests end after 5 minutes. */
const ONE_TRY_MS = 10 * 60_000;

/**
 * Decides what follows from a `delete()` for a production trigger. Pure.
 *
 * | n8n's calls before                               | what it is                                      | ends in |
 * |--------------------------------------------------|-------------------------------------------------|---------|
 * | `trigger()`; `create()`, which failed            | 2.41: the workflow stays published              | never   |
 * | `trigger()`; perhaps `create()`                  | a deactivation, or a publication                | 10 s    |
 * | `create()` for a user, no `trigger()`            | 1.123: the workflow becomes inactive            | 10 s    |
 * | `create()` of a start, no `trigger()`            | 1.123: this or another trigger failed           | 25 h    |
 * | the same, but long ago                           | 1.123: a deactivation in a main that follows    | 10 s    |
 * | none                                             | 1.123: a start failed before it came here, or a | 15 s    |
 * |                                                  | deactivation in a main that follows             |         |
 * | none, and another `delete()` that waits          | 1.123: a start that fails again                 | 25 h    |
 *
 * `trigger()` tells, because 1.123 calls it when every webhook of the workflow stands, and 2.41 whatever becomes of them.
 * Where n8n may be about to try again, the webhook waits for as long as that can take: only an n8n that does not come back
 * has taken the trigger out of service.
 * @param nowMs this machine's time in milliseconds
 */
export function judgeTeardown(course: Course, nowMs: number): Teardown {
	const { activation, isRunning, isUnexplained } = course;
	if (isRunning && activation?.hasFailed) {
		return { endsInMs: undefined, course: { isRunning, isUnexplained: false } };
	}
	const isStarting = activation?.isStart && nowMs - activation.atMs <= ONE_TRY_MS;
	if (isRunning || (activation !== undefined && !isStarting)) {
		return { endsInMs: PUBLICATION_MS, course: UNTOUCHED };
	}
	return {
		endsInMs: isStarting || isUnexplained ? ANY_TRY_MS : FIRST_TRIES_MS,
		course: { isRunning: false, isUnexplained: activation === undefined },
	};
}
