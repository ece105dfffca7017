import type { Simulator } from '../simulator';

/**
 * What a driver can do beyond publishing and taking back a workflow.
 *
 * - `restart`: it can shut n8n down and start it again
 * - `crash`: it can end n8n without a word
 * - `address`: it can give n8n another public address
 * - `staticData`: it can read and replace a workflow's static data behind n8n's back
 * - `processes`: it can activate one workflow in two processes of one n8n at the same moment
 * - `answersWhileStarting`: deliveries reach the node while n8n is starting and its activations are under way
 * - `endsListeningEarly`: listening can be ended while it still begins
 * - `log`: what was logged can be read
 */
export type RegistrationCapability =
	| 'restart'
	| 'crash'
	| 'address'
	| 'staticData'
	| 'processes'
	| 'answersWhileStarting'
	| 'endsListeningEarly'
	| 'log';

/** How n8n ended a publication or a deactivation: well, or with what it shows to the user. */
export type Ending = { ok: true } | { ok: false; message: string; description: string };

export interface WorkflowSetup {
	name?: string;
	/** How many triggers; 1 when left out. */
	triggers?: number;
	/** The parameters of every trigger; automatic registration of task.completed and task.failed when left out. */
	parameters?: Readonly<Record<string, unknown>>;
}

/** What a user changes and saves; it takes effect at the next publication. */
export interface WorkflowEdit {
	name?: string;
	nodeName?: string;
	parameters?: Readonly<Record<string, unknown>>;
}

export interface AuditedWorkflow {
	/** The public address of a trigger's production webhook. */
	addressOf(trigger?: number): string;
	activate(): Promise<Ending>;
	deactivate(): Promise<Ending>;
	edit(change: WorkflowEdit): Promise<void>;
	/** The editor listens for a test event, with these parameters laid over those of the draft. */
	listen(parameters?: Readonly<Record<string, unknown>>): Promise<Ending>;
	/** Resolves when a production webhook that had been taken out of service just now would be gone at Anchor. */
	outlivesItsEnd(): Promise<void>;
	testAddress(): string;
	isListening(): Promise<boolean>;
	stopListening(): Promise<void>;
	/** How many executions gave an item for this event, test runs included, once all is settled. */
	runsOf(eventId: string): Promise<number>;
	/** The workflow's JSON as n8n exports it, with its static data. */
	exported(): Promise<string>;
	/**
	 * n8n's Duplicate: another workflow with the same nodes and webhook addresses of its own. A driver may keep what n8n
	 * gives up (node ids, static data) to make it harder.
	 */
	duplicate(): Promise<AuditedWorkflow>;
	/** With `staticData` only. */
	readStaticData?(): Promise<unknown>;
	/** With `staticData` only, while n8n does not write it itself. */
	writeStaticData?(json: string): Promise<void>;
	/** With `processes` only: both endings. */
	activateTwice?(): Promise<Ending[]>;
}

/** One n8n with the simulator as its Anchor. */
export interface AuditedN8n<Workflow extends AuditedWorkflow = AuditedWorkflow> {
	addWorkflow(setup?: WorkflowSetup): Promise<Workflow>;
	/** Imports what another n8n exported; ids and the paths of addresses stay as they are. */
	importWorkflow(exported: string): Promise<Workflow>;
	/** Changes the API key in the credential. */
	setApiKey(key: string): Promise<void>;
	/** With `restart` only: starts n8n, shut down before if it runs. Trouble with an activation is n8n's to log. */
	restart?(): Promise<void>;
	/** With `crash` only: kill -9; `restart` starts it again. */
	crash?(): Promise<void>;
	/** With `address` only: the next start gives out other addresses, which lead to the same n8n. */
	moveTo?(which: 'another address'): Promise<void>;
	/** With `log` only. */
	log?(): string;
	close(): Promise<void>;
}

/** Something that registrations can be tried in: the node in n8n-core, a real n8n. */
export interface RegistrationDriver<N8n extends AuditedN8n = AuditedN8n> {
	readonly capabilities: ReadonlySet<RegistrationCapability>;
	/** An n8n of its own identity each time, whose API key is the simulator's. */
	start(simulator: Simulator): Promise<N8n>;
}
