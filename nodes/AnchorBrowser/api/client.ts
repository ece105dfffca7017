import type {
	IDataObject,
	IHookFunctions,
	IHttpRequestMethods,
	IHttpRequestOptions,
	IN8nHttpFullResponse,
	ITriggerFunctions,
	IWebhookFunctions,
	Workflow,
} from 'n8n-workflow';
import { isObject, parseJson, timeOf } from '../events/json';
import { errorTextOf } from './errorText';

/** Every place in n8n from which Anchor is asked for something. */
export type ApiContext = IHookFunctions | IWebhookFunctions | ITriggerFunctions;

/** One request to Anchor's API. */
export interface ApiRequest {
	method: IHttpRequestMethods;
	/** Below the Base URL, with its leading slash. */
	path: string;
	body?: object;
	query?: IDataObject;
}

/** Why a request did not do what it should. */
export interface ApiFailure {
	ok: false;
	/** The HTTP status; null when no answer came. */
	status: number | null;
	/** Anchor's own words, or for a network trouble its code (ECONNREFUSED); '' when there are none. */
	message: string;
	/** When no answer came: the address that was asked, its path and anything secret left out; '' when it is none. */
	address?: string;
	/** What Anchor asks to wait, from `Retry-After`. */
	retryAfterSeconds?: number;
	/** Anchor's clock when it answered, in milliseconds; undefined when it did not say. */
	dateMs?: number;
}

export type ApiResult<T> = { ok: true; body: T; dateMs?: number } | ApiFailure;

/** The credential's values, ready for use. */
export interface Connection {
	/** Without a slash at its end. */
	baseUrl: string;
	apiKey: string;
}

/** The credential type that this package shares with Anchor's own. */
export const CREDENTIAL = 'anchorBrowserApi';

const DEFAULT_BASE_URL = 'https://api.anchorbrowser.io';

const TIMEOUT_MS = 15_000;

/** Anchor publishes no longer wait than a minute; a day is where a nonsensical header is cut. */
const LONGEST_WAIT_SECONDS = 86_400;

/**
 * Reads the credential. A Base URL with slashes at its end or white space around it is tolerated, a blank one means
 * the usual one. An API key loses white space around it, as in the header: secret stores and files end with a line break.
 * @throws n8n's own message when the node has no such credential
 */
export async function connectionOf(context: ApiContext): Promise<Connection> {
	const { apiKey, baseUrl } = await context.getCredentials<{ apiKey?: unknown; baseUrl?: unknown }>(
		CREDENTIAL,
	);
	const address = String(baseUrl ?? '')
		.trim()
		.replace(/\/+$/, '');
	return {
		apiKey: String(apiKey ?? '').trim(),
		baseUrl: address === '' ? DEFAULT_BASE_URL : address,
	};
}

/**
 * The one door to Anchor's API. Every expected trouble is a value: a refusal with its status and Anchor's words, no
 * answer with status null. Redirects are not followed, because the API key would travel along.
 * @param context n8n's context, which adds the API key
 * @returns the parsed body of a 2xx answer, not checked; else the failure, without the API key in it
 * @throws n8n's own message when the node has no credential
 */
export async function anchorRequest(
	context: ApiContext,
	{ method, path, body, query }: ApiRequest,
): Promise<ApiResult<unknown>> {
	const { apiKey, baseUrl } = await connectionOf(context);
	const options: IHttpRequestOptions = {
		method,
		url: `${baseUrl}${path}`,
		qs: query,
		body,
		json: true,
		// Else n8n parses the answer by itself, and digits of large numbers are lost.
		encoding: 'text',
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		disableFollowRedirect: true,
		timeout: TIMEOUT_MS,
	};
	let response: IN8nHttpFullResponse;
	try {
		response = await withExpressions(
			context,
			async () =>
				(await context.helpers.httpRequestWithAuthentication.call(
					context,
					CREDENTIAL,
					options,
				)) as IN8nHttpFullResponse,
		);
	} catch (thrown) {
		const message = reasonOf(thrown, apiKey);
		return { ok: false, status: null, message, address: addressOf(baseUrl) };
	}
	return readAnswer(response, apiKey);
}

function readAnswer(
	{ statusCode: status, headers, body: text }: IN8nHttpFullResponse,
	apiKey: string,
): ApiResult<unknown> {
	const body = parsedIfJson(text);
	const dateMs = timeOf(headerOf(headers, 'date'));
	if (status >= 200 && status < 300) return { ok: true, body, dateMs };
	const message = errorTextOf(body, apiKey);
	return { ok: false, status, message, dateMs, retryAfterSeconds: waitOf(headers, dateMs) };
}

/**
 * Whether a failure says nothing about what was asked, only that Anchor cannot answer now: no answer, 5xx, too many
 * requests, a timeout on the way, or an answer that is none (a proxy's page, a redirect to a maintenance page).
 */
export function isOutage({ status }: Pick<ApiFailure, 'status'>): boolean {
	if (status === null) return true;
	return status >= 500 || status < 400 || [408, 425, 429].includes(status);
}

/** Whether only a person can help: the key, the credits or the rights. n8n need not try again. */
export function isPermanent({ status }: ApiFailure): boolean {
	return status === 401 || status === 402 || status === 403;
}

/** How many requests use an isolate that was acquired here, by the workflow's evaluator of expressions. */
const isolates = new WeakMap<object, { users: number; isOurs: boolean }>();

/**
 * Does something for which n8n evaluates an expression: the credential type declares its header by one. n8n 2 evaluates
 * in an isolate, which it acquires for the time of a call of its own (`create`, `delete`), while the trigger asks Anchor
 * later, too. So it is acquired here, unless n8n holds it, and released with the last request that uses it. n8n 1 has
 * none.
 */
async function withExpressions<T>(context: ApiContext, work: () => Promise<T>): Promise<T> {
	// n8n-core's contexts all have their workflow; their interfaces do not say so.
	const { workflow } = context as { workflow?: { expression?: Partial<Workflow['expression']> } };
	const expression = workflow?.expression;
	if (expression?.acquireIsolate === undefined) return await work();
	const isolate = isolates.get(expression) ?? { users: 0, isOurs: false };
	isolates.set(expression, isolate);
	isolate.users += 1;
	try {
		if (await expression.acquireIsolate()) isolate.isOurs = true;
		return await work();
	} finally {
		isolate.users -= 1;
		if (isolate.users === 0 && isolate.isOurs) {
			isolate.isOurs = false;
			await expression.releaseIsolate?.();
		}
	}
}

/** A body that is no JSON (empty, a proxy's page) stays text; one that n8n has parsed all the same stays as it is. */
function parsedIfJson(body: unknown): unknown {
	if (typeof body !== 'string') return body;
	try {
		return parseJson(body);
	} catch {
		return body;
	}
}

function addressOf(baseUrl: string): string {
	try {
		const { protocol, host } = new URL(baseUrl);
		return /^https?:$/.test(protocol) ? `${protocol}//${host}` : '';
	} catch {
		return '';
	}
}

/** n8n wraps what its HTTP client throws; the system's code (ENOTFOUND) lies somewhere along the causes. */
function reasonOf(thrown: unknown, apiKey: string): string {
	let current: unknown = thrown;
	for (let depth = 0; depth < 5 && isObject(current); depth += 1) {
		const { code } = current;
		if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
		current = current.cause;
	}
	return thrown instanceof Error ? errorTextOf(thrown.message, apiKey) : '';
}

/** `Retry-After` holds seconds or a date (RFC 9110); a date is measured against the answer's own `Date`. */
function waitOf(headers: IDataObject | undefined, dateMs: number | undefined): number | undefined {
	const text = headerOf(headers, 'retry-after').trim();
	if (/^\d+(\.\d+)?$/.test(text)) return bounded(Number(text));
	const until = timeOf(text);
	return until === undefined ? undefined : bounded((until - (dateMs ?? Date.now())) / 1_000);
}

function bounded(seconds: number): number {
	return Math.min(Math.max(Math.ceil(seconds), 0), LONGEST_WAIT_SECONDS);
}

/** '' where there is none. */
function headerOf(headers: IDataObject | undefined, name: string): string {
	const entries = Object.entries(headers ?? {});
	const [, value] = entries.find(([key]) => key.toLowerCase() === name) ?? [];
	return String(value ?? '');
}
