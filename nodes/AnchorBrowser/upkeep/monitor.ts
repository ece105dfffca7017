import type { ITriggerFunctions } from 'n8n-workflow';
import type { Reading } from '../recovery/reading';
import type { RegistrationSettings, WebhookSettings } from '../settings/readSettings';
import { log, warnOncePerHour } from '../runtime/log';
import type { Trigger } from '../runtime/trigger';
import { wait } from '../runtime/wait';

/** What looking after a trigger needs to know of its parameters. */
export type MonitorSettings = RegistrationSettings &
	Pick<WebhookSettings, 'filters' | 'deduplicate'>;

/** What ends the windows of a trigger that collects events: `Collector`, which knows the monitor. */
export interface EndsWindows {
	begin(): void;
	look(reading: Reading): Promise<boolean>;
	close(): Promise<void>;
}

/** Looks after one trigger, from n8n's `trigger()` to its `closeFunction`: after its webhook, and after missed events. */
export class Monitor {
	/** Whether n8n has taken the trigger out of service since, or has started it anew. */
	isOver = false;
	/** How many looks were complete. */
	looks = 0;
	/** What was noted at Anchor as done when this process first looked, in milliseconds of Anchor's clock. */
	firstDoneMs: number | undefined;
	/** Ends its windows, where events are collected. */
	collector: EndsWindows | undefined;
	/** Since when it collects events, this machine's time in milliseconds; undefined when it does not. */
	readonly collectsSince: number | undefined;

	constructor(
		readonly context: ITriggerFunctions,
		readonly trigger: Trigger,
		/** Read at once: n8n 2 evaluates their expressions only while it waits for `trigger()`. */
		readonly settings: MonitorSettings,
	) {
		const { activation } = trigger.course;
		const nowMs = Date.now();
		// Other processes collect from the activation on.
		if (settings.collectMinutes > 0) this.collectsSince = activation?.atMs ?? nowMs;
		if (this.followsAnother) {
			// Of what another process has taken since, this one has settled nothing.
			trigger.histories.clear();
			trigger.startedAtMs = nowMs;
		}
		trigger.startedAtMs ??= nowMs;
	}

	/** Whether this process has just started, and an earlier one may have died with events that it had taken. */
	get followsAnother(): boolean {
		const activation = this.context.getActivationMode();
		return this.looks === 0 && (activation === 'init' || activation === 'leadershipChange');
	}

	/** Writes a line about this trigger to n8n's log. */
	log(level: 'info' | 'warn' | 'debug', sentence: string): void {
		log(this.context, level, sentence);
	}

	/**
	 * Waits until n8n takes the trigger out of service, so many milliseconds at most and a moment at least.
	 * @param stepMs how much later it notices that, in milliseconds
	 */
	async pause(ms: number, stepMs = 1_000): Promise<void> {
		let left = ms;
		do {
			await wait(Math.min(left, stepMs));
			left -= stepMs;
		} while (left > 0 && !this.isOver);
	}

	/** Warns of what keeps the trigger from being looked after until a person changes it; once an hour for the same trouble. */
	warnOfTrouble(trouble: string): void {
		if (this.isOver) return;
		const sentence = `this trigger may get no events at present. ${trouble.replace(/\.$/, '')}. n8n looks again by itself within 15 minutes`;
		warnOncePerHour(this.context, trouble, sentence);
	}
}
