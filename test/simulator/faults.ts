import { ApiError, errorResponse, type ErrorShape } from './errors';

/**
 * Which API calls a fault is for: `POST /v1/webhooks`, `/v1/webhooks/:id` (any method, any id), `PATCH *`, or a regular
 * expression over method and path with one space between. All calls when left out.
 */
export type CallPattern = string | RegExp;

export interface OutageOptions {
	/** The HTTP status to answer; `hang` never answers; `close` closes the connection without an answer. */
	mode: number | 'hang' | 'close';
	calls?: CallPattern;
	/** Ends by itself after so many calls. */
	times?: number;
	/** The Retry-After header, in seconds. 5 with a 429, none otherwise. */
	retryAfterSeconds?: number;
	/** What the body says; a sentence for the status unless told. */
	message?: string;
	/** `after`: the call takes effect and only its answer is lost. */
	when?: 'before' | 'after';
}

export interface Outage {
	/** How many calls it has met. */
	readonly hits: number;
	/** Resolves when it meets its first call. */
	readonly met: Promise<void>;
	/** Ends it. Calls that hang are closed. */
	lift(): void;
}

export interface Hold {
	/** Resolves when a call has arrived and waits. */
	readonly arrived: Promise<void>;
	/** Lets the waiting call, and all later ones, go on. */
	release(): void;
}

/** A call that reached the API, as the faults see it. */
interface Call {
	method: string;
	path: string;
	shape: ErrorShape;
	/** Closes the connection; returns what the server takes for "already answered". */
	close(): Response;
}

type Stage = 'before' | 'after';

interface Rule {
	stage: Stage;
	matches: (call: Call) => boolean;
	/** It has met as many calls as it was for; it stays listed for the calls that it still keeps waiting. */
	spent: boolean;
	/** Answers in the API's place, or lets the call go on. */
	apply(call: Call): Promise<Response | undefined>;
	lift(): void;
}

const MESSAGES: Record<number, string> = {
	401: 'Invalid API key',
	402: 'Insufficient credits',
	403: 'Forbidden',
	404: 'Not found',
	429: 'Too many requests',
	500: 'Internal server error',
	503: 'Service unavailable',
};

/** Trouble on the API side. Deliveries do not pass here, so events flow during an outage. */
export class Faults {
	private readonly rules = new Set<Rule>();

	/** Starts an outage. */
	outage(options: OutageOptions): Outage {
		const met = gate();
		const lifted = gate();
		const state = { hits: 0 };
		const rule: Rule = {
			stage: options.when ?? 'before',
			matches: matcher(options.calls),
			spent: false,
			apply: async (call) => {
				state.hits += 1;
				rule.spent = state.hits === options.times;
				met.open();
				if (options.mode === 'close') return call.close();
				if (options.mode !== 'hang') return failure(options.mode, options, call.shape);
				await lifted.opened;
				return call.close();
			},
			lift: () => {
				this.rules.delete(rule);
				lifted.open();
			},
		};
		this.rules.add(rule);
		return {
			get hits() {
				return state.hits;
			},
			met: met.opened,
			lift: rule.lift,
		};
	}

	/** Lets matching calls wait, before or after they take effect, until they are released. */
	hold(calls?: CallPattern, when: Stage = 'before'): Hold {
		const arrived = gate();
		const released = gate();
		const rule: Rule = {
			stage: when,
			matches: matcher(calls),
			spent: false,
			apply: async () => {
				arrived.open();
				await released.opened;
				return undefined;
			},
			lift: () => {
				this.rules.delete(rule);
				released.open();
			},
		};
		this.rules.add(rule);
		return { arrived: arrived.opened, release: rule.lift };
	}

	/** What the first matching fault answers for a call; undefined when it is to go on. */
	async meet(stage: Stage, call: Call): Promise<Response | undefined> {
		for (const rule of [...this.rules]) {
			if (rule.spent || rule.stage !== stage || !rule.matches(call)) continue;
			const answer = await rule.apply(call);
			if (answer) return answer;
		}
		return undefined;
	}

	/** Ends every outage and releases every hold. */
	liftAll(): void {
		for (const rule of [...this.rules]) rule.lift();
	}
}

function failure(status: number, options: OutageOptions, shape: ErrorShape): Response {
	const wait = options.retryAfterSeconds ?? (status === 429 ? 5 : undefined);
	const headers: Record<string, string> = wait === undefined ? {} : { 'Retry-After': String(wait) };
	const message = options.message ?? MESSAGES[status] ?? `HTTP ${status}`;
	return errorResponse(new ApiError(status, message, headers), shape);
}

/** Whether a call is meant by a pattern. */
export function matcher(
	pattern: CallPattern | undefined,
): (call: { method: string; path: string }) => boolean {
	if (pattern === undefined) return () => true;
	const expression = pattern instanceof RegExp ? pattern : expressionOf(pattern);
	return ({ method, path }) => expression.test(`${method} ${path}`);
}

function expressionOf(pattern: string): RegExp {
	const [first, second] = pattern.split(' ');
	const [method, path] = second === undefined ? ['*', first] : [first, second];
	const source = path
		.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
		.replace(/:\w+/g, '[^/]+')
		.replace(/\*/g, '.*');
	return new RegExp(`^${method === '*' ? '\\w+' : method} ${source}$`);
}

function gate(): { opened: Promise<void>; open: () => void } {
	let open!: () => void;
	const opened = new Promise<void>((resolve) => (open = resolve));
	return { opened, open };
}
