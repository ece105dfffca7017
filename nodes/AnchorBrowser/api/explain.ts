import { NodeApiError, UserError } from 'n8n-workflow';
import type { INode, JsonObject } from 'n8n-workflow';
import { isPermanent } from './client';
import type { ApiFailure } from './client';

/** A message and its description: n8n 1.x shows the description alone, 2.41 and every log the message alone. */
export interface Explanation {
	message: string;
	description: string;
}

/** Why a trigger cannot have what it needs. */
export interface Refusal {
	words: Explanation;
	/** Whether trying again is of no use until a person has changed something. */
	permanent: boolean;
	/** Of Anchor's answer; null when none came. */
	status?: number | null;
}

/**
 * The words for a failure, one row for each status. Message and description each say by themselves what happened and
 * what to do. n8n up to 2.x does not retry an activation whose message contains "Authorization", so that only the
 * messages for 401 and 403 do. So Anchor's own words stand in the description, and in the message only beside advice, which
 * leaves open what of the request is wrong, and without that word in them.
 * @param failure what `anchorRequest` answered
 * @param what what n8n was about to do; completes "n8n could not …": "create the webhook"
 * @param advice what to do about it, in place of the general advice; one or more whole sentences
 */
export function explain(failure: ApiFailure, what: string, advice?: string): Explanation {
	const { message, cause, nextStep } = rowOf(failure, what);
	const happened = whatHappened(failure, what);
	const inMessage = happened.includes('Authorization') ? `${cause}.` : happened;
	return {
		message: advice === undefined ? message : `${inMessage} ${advice.replace(/\.$/, '')}`,
		description: `${happened} ${advice ?? nextStep}`,
	};
}

/**
 * What happened, without what to do: the first sentences of the description, for a log line that goes on by itself.
 * Takes the same as `explain`.
 */
export function whatHappened(failure: ApiFailure, what: string): string {
	const { status } = failure;
	const says = status === null || status < 400 ? '' : quoteOf(failure);
	return `${rowOf(failure, what).cause}.${says}`;
}

/** The refusal that a failure leads to; takes the same as `explain`. */
export function refusalOf(failure: ApiFailure, what: string, advice?: string): Refusal {
	const { status } = failure;
	return { words: explain(failure, what, advice), permanent: isPermanent(failure), status };
}

/**
 * A refusal as n8n shows it. Where only a person can help its cause is a `UserError`, at which newer n8n stops trying.
 * @param node the node that asks
 */
export function makeNodeError(node: INode, { words, permanent, status }: Refusal): NodeApiError {
	const { message, description } = words;
	const response = permanent ? new UserError(message, { description }) : { message };
	const error = new NodeApiError(node, response as unknown as JsonObject, {
		message,
		description,
		...(typeof status === 'number' ? { httpCode: String(status) } : {}),
	});
	// NodeApiError swaps a message in which it reads a system code for its own words, and an address such as
	// "freeaccess.example" holds EACCES.
	error.message = message;
	return error;
}

function quoteOf({ message }: ApiFailure): string {
	if (message === '') return '';
	return ` Anchor Browser says: "${message.replace(/[.\s]+$/, '')}".`;
}

interface Row {
	message: string;
	cause: string;
	nextStep: string;
}

const CHECK_BASE_URL =
	'Check the Base URL in the Anchor Browser API credential; the usual one is https://api.anchorbrowser.io.';

function rowOf(failure: ApiFailure, what: string): Row {
	const { status, retryAfterSeconds } = failure;
	switch (status) {
		case null:
			return unansweredRow(failure, what);
		case 400:
			return settingsRow(`Anchor Browser did not accept the request to ${what} (400)`);
		case 401:
			return {
				message: `Authorization refused: Anchor Browser does not know this API key, so n8n could not ${what} (401). Check the Anchor Browser API credential`,
				cause: `Anchor Browser does not know the API key with which n8n tried to ${what} (401)`,
				nextStep:
					'Copy the key again from the API Keys page of your Anchor Browser dashboard into the Anchor Browser API credential, then try again.',
			};
		case 402:
			return {
				message: `The Anchor Browser project has no credits left, so n8n could not ${what} (402). Add credits, then try again`,
				cause: `The Anchor Browser project has no credits left to ${what} (402)`,
				nextStep: 'Add credits in the Anchor Browser dashboard, then try again.',
			};
		case 403:
			return {
				message: `Authorization refused: this API key may not ${what} (403). Check its rights and the cost limit of the Anchor Browser project`,
				cause: `Anchor Browser knows the API key but does not let it ${what} (403)`,
				nextStep:
					'Use a key of the project whose events you want, or raise the cost limit of the project, then try again.',
			};
		case 404:
			return {
				message: `Anchor Browser found nothing at the place where n8n tried to ${what} (404). Check the Base URL in the Anchor Browser API credential`,
				cause: `Anchor Browser found nothing at the place where n8n tried to ${what} (404): it was removed, it belongs to another project, or the Base URL is not that of the API`,
				nextStep: CHECK_BASE_URL,
			};
		case 409:
			return {
				message: `Anchor Browser could not ${what}, because it conflicts with something in the project (409). Look at the project in the Anchor Browser dashboard, then try again`,
				cause: `Anchor Browser could not ${what}, because it conflicts with something in the project (409)`,
				nextStep: 'Look at the project in the Anchor Browser dashboard, then try again.',
			};
		case 422:
			return settingsRow(
				`Anchor Browser understood the request to ${what} but could not carry it out (422)`,
			);
		case 429: {
			const wait = waitWords(retryAfterSeconds);
			return {
				message: `Anchor Browser receives too many requests, so n8n could not ${what} (429). Try again in ${wait}`,
				cause: `Anchor Browser receives too many requests with this API key and did not ${what} (429)`,
				nextStep: `Try again in ${wait}.`,
			};
		}
		default:
			return otherRow(status, what, retryAfterSeconds);
	}
}

/** A request that holds something wrong, which can only come from what the user has set. */
function settingsRow(cause: string): Row {
	const todo = 'Check the settings of this node';
	return { message: `${cause}. ${todo}`, cause, nextStep: `${todo}, then try again.` };
}

/** What the codes of Node and its HTTP client say. Others are shown as they are. */
const SILENCE: Readonly<Record<string, string>> = {
	ENOTFOUND: 'the host name is unknown',
	EAI_AGAIN: 'the network could not look up this name',
	ECONNREFUSED: 'the connection was refused',
	ECONNRESET: 'the connection was cut off',
	ECONNABORTED: 'the answer took too long',
	ETIMEDOUT: 'the answer took too long',
	EHOSTUNREACH: 'this address cannot be reached from n8n',
	ENETUNREACH: 'this address cannot be reached from n8n',
	CERT_HAS_EXPIRED: 'its certificate has expired',
	DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted',
	SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted',
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted',
};

function unansweredRow({ message: reason, address }: ApiFailure, what: string): Row {
	if (address === '') {
		return {
			message: `The Base URL in the Anchor Browser API credential is not a web address, so n8n could not ${what}. Check it; the usual one is https://api.anchorbrowser.io`,
			cause: `The Base URL in the Anchor Browser API credential is not a web address, so n8n could not ${what}`,
			nextStep: CHECK_BASE_URL,
		};
	}
	const where = address === undefined ? 'Anchor Browser' : `Anchor Browser at ${address}`;
	const said = Object.hasOwn(SILENCE, reason) ? SILENCE[reason] : undefined;
	const why = reason === '' ? '' : ` (${said ?? reason})`;
	const whyWithCode = said === undefined ? why : ` (${said}: ${reason})`;
	return {
		message: `No answer came from ${where}${why}, so n8n could not ${what}. Check the network and the Base URL, then try again`,
		cause: `No answer came from ${where} when n8n tried to ${what}${whyWithCode}`,
		nextStep:
			'Check the network and the proxy of this n8n and the Base URL in the Anchor Browser API credential, then try again.',
	};
}

function otherRow(status: number, what: string, retryAfterSeconds: number | undefined): Row {
	if (status >= 500) {
		const later = retryAfterSeconds === undefined ? 'later' : `in ${waitWords(retryAfterSeconds)}`;
		return {
			message: `Anchor Browser is not available at the moment, so n8n could not ${what} (${status}). Try again ${later}`,
			cause: `Anchor Browser is not available at the moment and could not ${what} (${status})`,
			nextStep: `Try again ${later}. Nothing has to be changed in n8n.`,
		};
	}
	if (status >= 400) return settingsRow(`Anchor Browser refused to ${what} (${status})`);
	const answer =
		status >= 300
			? `the Base URL answered with a redirect (${status}); the Anchor Browser API does not`
			: `an unknown answer (${status}) came back that does not look like the Anchor Browser API`;
	return {
		message: `What answers at the Base URL is not the Anchor Browser API, so n8n could not ${what}. Check the Anchor Browser API credential`,
		cause: `When n8n tried to ${what}, ${answer}`,
		nextStep: CHECK_BASE_URL,
	};
}

function waitWords(seconds: number | undefined): string {
	if (seconds === undefined) return 'a minute';
	if (seconds < 120) return seconds <= 1 ? '1 second' : `${seconds} seconds`;
	return `${Math.ceil(seconds / 60)} minutes`;
}
