/**
 * What a driver can do beyond receiving a request and telling what came of it.
 *
 * - `clock`: its clock stands still between `nowSeconds()` and the judgement, so that the exact limit can be tried
 * - `hold`: it can hold a run back before n8n has accepted it, and refuse it
 * - `anyBody`: a body that is no JSON reaches the trigger; n8n itself answers such a request 422 before a node is asked
 * - `longHeaders`: headers of 300,000 characters arrive; Node's HTTP server refuses more than 16 kB with 431 unless told
 * - `compression`: the host decompresses bodies, as n8n does
 * - `log`: what was logged can be read
 */
export type DeliveryCapability =
	| 'clock'
	| 'hold'
	| 'anyBody'
	| 'longHeaders'
	| 'compression'
	| 'log';

/** How the trigger under audit is set up: its parameters by their names, and the two fields of the secret credential. */
export interface TriggerSetup {
	events?: readonly string[];
	filters?: Readonly<Record<string, unknown>>;
	options?: Readonly<Record<string, unknown>>;
	secrets?: { current: string; previous?: string };
}

export interface AuditRequest {
	/** POST when left out. */
	method?: string;
	/** A list is sent as that many headers of one name. */
	headers: Readonly<Record<string, string | readonly string[]>>;
	body: Uint8Array;
}

export interface AuditAnswer {
	status: number;
	/** Names in lower case. */
	headers: Readonly<Record<string, string>>;
	/** The parsed JSON, or the text when it is none. */
	body: unknown;
}

/** The items of one execution, all outputs together. */
export type AuditRun = ReadonlyArray<Record<string, unknown>>;

interface HeldRuns {
	/** Resolves when the first run waits to be accepted. */
	readonly arrived: Promise<void>;
	settle(how: 'accept' | 'refuse'): void;
}

/** A trigger that was set up for one audit. */
export interface AuditedTrigger {
	/** Its clock, in whole Unix seconds. A driver that cannot move it gives the true time. */
	nowSeconds(): number;
	deliver(request: AuditRequest): Promise<AuditAnswer>;
	/** Every execution since it was set up, finished, in order of acceptance. An execution without items counts too. */
	runs(): Promise<readonly AuditRun[]>;
	/** With `hold` only. */
	holdRuns?(): HeldRuns;
	/** With `log` only: every line since it was set up, structured fields included. */
	log?(): string;
	close(): Promise<void>;
}

/** Something that deliveries can be tried against: the pure core, the node in n8n-core, a real n8n. */
export interface DeliveryDriver {
	readonly capabilities: ReadonlySet<DeliveryCapability>;
	start(setup: TriggerSetup): Promise<AuditedTrigger>;
}
