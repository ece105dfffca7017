/** The keys that tests read of an answer's body; which of them are there depends on the call. */
interface AnswerBody {
	id: string;
	secret: string;
	error: unknown;
	description: string | null;
	webhooks: Array<{ id: string; secret: string }>;
	events: Array<{ external_event_id: string; payload?: unknown }>;
	pagination: unknown;
	external_event_id: string;
	run_id: string;
	data: {
		count: number;
		items: Array<{ file_link: string; size: number; suggested_file_name: string }>;
		session_id: string;
		status: string;
		sessions: Array<{ status: string; retry_count: number }>;
	};
	deliveries: unknown[];
	requests: unknown[];
	event: unknown;
	previousSecrets: unknown[];
}

interface Answer {
	status: number;
	headers: Headers;
	/** Parsed when it is JSON, the text otherwise. */
	body: AnswerBody;
}

/**
 * One call as a client of the API makes it.
 * @param body an object is sent as JSON, text as it is
 * @param key another API key than the service's own; null sends none
 */
export async function callApi(
	service: { url: string; apiKey: string },
	method: string,
	path: string,
	body?: unknown,
	key: string | null = service.apiKey,
): Promise<Answer> {
	const response = await fetch(service.url + path, {
		method,
		headers: key === null ? {} : { 'anchor-api-key': key },
		body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
	});
	const text = await response.text();
	const json = response.headers.get('content-type')?.includes('application/json');
	return {
		status: response.status,
		headers: response.headers,
		body: (json ? JSON.parse(text) : text) as AnswerBody,
	};
}
