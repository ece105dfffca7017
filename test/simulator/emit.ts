/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { gzipSync } from 'node:zlib';
import type { Clock } from './clock';
import type { Dispatcher, Job, Parcel } from './deliver';
import { makeEvent, type EventWish } from './events';
import { jsonOf } from './json';
import type { Drop } from './post';
import { secretsByChoice, secretsByMode, signatureHeader, type SigningChoice } from './sign';
import type { Store } from './store';
import type { Delivery, Envelope, SigningMode, Webhook } from './types';

/**
 * How an event is to be sent otherwise than Anchor would. Everything left out is as documented. What is not signed as Anchor
 * signs (`sign`, `tamper`, `reserialise`, `timestampOffsetSeconds`) somebody else sends: Anchor's history does not have it.
 */
interface Misbehaviour {
	/** Copies of the event that every webhook gets in all: 2 sends it twice. */
	repeat?: number;
	/** The copies at the same moment instead of one after the other has ended. */
	concurrently?: boolean;
	/** Waits this long before the first attempt, in milliseconds. */
	delayMs?: number;
	/** Whose secret signs; `forged` is nobody's, `none` leaves timestamp and signature out. */
	sign?: SigningChoice;
	/** Added to the signed timestamp, in seconds: -600 sends a stale delivery. */
	timestampOffsetSeconds?: number;
	/** Changes the body after it was signed: one byte in the middle, or as the function says. */
	tamper?: boolean | ((body: Buffer) => Buffer);
	/** Sends the same JSON with other white space after it was signed. */
	reserialise?: boolean;
	/** Sends the body compressed, signed before (`plain`) or after compression (`compressed`). */
	gzip?: 'plain' | 'compressed';
	/** Cuts the connection at the first `dropAttempts` attempts (1 unless told); later ones are carried out. */
	drop?: Drop;
	dropAttempts?: number;
	/** Headers to set, to repeat (a list) or to leave out (null), after signing. */
	headers?: Record<string, string | string[] | null>;
	/** These very bytes as the body, signed: for what is no event at all. */
	body?: string | Uint8Array;
	/** Fewer attempts than the documented six. */
	maxAttempts?: number;
}

export interface EmitOptions extends EventWish, Misbehaviour {
	/** Webhook ids to send to, subscribed or not; without it, every enabled webhook that is subscribed. */
	to?: string | readonly string[];
	/** The project that the event belongs to, when there are several. */
	projectId?: string;
}

/** What became of an emitted event. */
export interface Emission {
	readonly id: string;
	readonly event: Envelope;
	/** One for each webhook and copy. */
	readonly deliveries: readonly Delivery[];
	/** Resolves when every first attempt has ended. */
	readonly attempted: Promise<readonly Delivery[]>;
	/** Resolves when every delivery has reached a final state. */
	readonly settled: Promise<readonly Delivery[]>;
}

export interface PreparedEmission extends Emission {
	start(): void;
}

interface EmitterSettings {
	store: Store;
	clock: Clock;
	dispatcher: Dispatcher;
	projectId: string;
	signing: () => SigningMode;
	/** The address under which the simulator serves files. */
	files: () => string;
}

/** Turns a wish for an event into rows of the history and jobs for the dispatcher. */
export class Emitter {
	constructor(private readonly settings: EmitterSettings) {}

	/**
	 * Makes the event and its deliveries, and sends nothing yet.
	 * @throws when `to` names no webhook, or a previous secret is asked for that never was
	 */
	prepare(type: string, options: EmitOptions = {}): PreparedEmission {
		const { store, clock, dispatcher } = this.settings;
		const projectId = options.projectId ?? this.settings.projectId;
		const event = makeEvent(type, options, {
			projectId,
			created: clock.serviceNow(),
			files: this.settings.files(),
		});
		const body = Buffer.from(options.body ?? jsonOf(event));
		const webhooks = this.receivers(event, options);
		if (options.sign) for (const webhook of webhooks) secretsByChoice(webhook, options.sign);
		store.events.push(event);

		const { sign, tamper, reserialise, timestampOffsetSeconds } = options;
		const isForged =
			sign === 'forged' ||
			sign === 'none' ||
			Boolean(tamper || reserialise || timestampOffsetSeconds);
		const copies = webhooks.map((webhook) =>
			Array.from({ length: options.repeat ?? 1 }, () => {
				const delivery = store.addDelivery(webhook, event, isForged);
				return dispatcher.prepare({
					...options,
					delivery,
					pack: () => this.pack(webhook, delivery, { body, options }),
				});
			}),
		);
		const jobs = copies.flat();
		const deliveries = jobs.map((job) => job.delivery);
		return {
			id: event.id,
			event,
			deliveries,
			attempted: Promise.all(jobs.map(async (job) => await job.attempted)),
			settled: Promise.all(jobs.map(async (job) => await job.settled)),
			start: () => {
				store.changed();
				for (const row of copies) {
					if (options.concurrently) for (const job of row) job.start();
					else void inTurn(row);
				}
			},
		};
	}

	private receivers(event: Envelope, options: EmitOptions): Webhook[] {
		const { store } = this.settings;
		if (options.to === undefined) {
			return store
				.live(options.projectId ?? this.settings.projectId)
				.filter((webhook) => webhook.enabled && webhook.subscribedEvents.includes(event.type));
		}
		return [options.to].flat().map((id) => {
			const webhook = store.find(id);
			if (!webhook) throw new Error(`There is no webhook ${id}`);
			return webhook;
		});
	}

	/** One attempt's headers and body: the six headers of Anchor's overview, then whatever the test wants otherwise. */
	private pack(
		webhook: Webhook,
		delivery: Delivery,
		{ body, options }: { body: Buffer; options: EmitOptions },
	): Parcel {
		const { clock, signing } = this.settings;
		const timestamp = String(
			Math.floor(clock.now() / 1000) + (options.timestampOffsetSeconds ?? 0),
		);
		const signed = options.gzip === 'compressed' ? gzipSync(body) : body;
		const secrets = options.sign
			? secretsByChoice(webhook, options.sign)
			: secretsByMode(webhook, signing(), clock.serviceNow());
		const sent =
			options.gzip === 'plain' ? gzipSync(mangled(body, options)) : mangled(signed, options);
		const headers: Record<string, string | string[] | null> = {
			'User-Agent': 'Anchor-Webhooks/1.0',
			'Content-Type': 'application/json',
			...(options.gzip ? { 'Content-Encoding': 'gzip' } : {}),
			'Content-Length': String(sent.length),
			'Anchor-Event': delivery.type,
			// Anchor does not say whether it is the same at every attempt.
			'Anchor-Delivery-Id': delivery.id,
			'Anchor-Timestamp': secrets.length > 0 ? timestamp : null,
			'Anchor-Signature': secrets.length > 0 ? signatureHeader(secrets, timestamp, signed) : null,
			...options.headers,
		};
		return { headers: withoutNulls(headers), body: sent };
	}
}

/** Starts each job when the one before has ended. */
async function inTurn(jobs: readonly Job[]): Promise<void> {
	for (const job of jobs) {
		job.start();
		await job.settled;
	}
}

function mangled(body: Buffer, options: EmitOptions): Buffer {
	if (options.reserialise) {
		return Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8')), null, 2));
	}
	if (typeof options.tamper === 'function') return options.tamper(body);
	return options.tamper ? withOneByteChanged(body) : body;
}

/** The last digit becomes another one, so that the JSON stays well-formed; without a digit, the middle byte changes. */
function withOneByteChanged(body: Buffer): Buffer {
	const changed = Buffer.from(body);
	let at = changed.length - 1;
	while (at > 0 && !(changed[at] >= 0x30 && changed[at] <= 0x39)) at -= 1;
	if (at < 0) return changed;
	changed[at > 0 ? at : Math.floor(changed.length / 2)] ^= 1;
	return changed;
}

function withoutNulls(
	headers: Record<string, string | string[] | null>,
): Record<string, string | string[]> {
	const kept: Record<string, string | string[]> = {};
	for (const [name, value] of Object.entries(headers)) if (value !== null) kept[name] = value;
	return kept;
}
