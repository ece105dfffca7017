/**
 * The bodies in which Anchor's API reports trouble. Webhook calls answer a flat one that no published description
 * defines, other calls a nested one.
 */
export type ErrorShape = 'flat' | 'nested';

/** A refusal on its way to the client; the server gives it its shape. */
export class ApiError extends Error {
	constructor(
		readonly status: number,
		message: string,
		readonly headers: Record<string, string> = {},
	) {
		super(message);
	}
}

export const invalid = (message: string) => new ApiError(400, message);
export const unauthorized = () => new ApiError(401, 'Invalid API key');
export const notFound = (what: string) => new ApiError(404, `${what} not found`);
export const conflict = (message: string) => new ApiError(409, message);

const CODES: Record<number, string> = {
	400: 'BAD_REQUEST',
	401: 'UNAUTHORIZED',
	402: 'PAYMENT_REQUIRED',
	403: 'FORBIDDEN',
	404: 'NOT_FOUND',
	409: 'CONFLICT',
	422: 'UNPROCESSABLE_ENTITY',
	429: 'TOO_MANY_REQUESTS',
	500: 'INTERNAL_SERVER_ERROR',
	503: 'SERVICE_UNAVAILABLE',
};

/** The HTTP answer for a refusal: its status, its headers, and the message in the given shape. */
export function errorResponse(error: ApiError, shape: ErrorShape): Response {
	const { status, message, headers } = error;
	const code = CODES[status] ?? `HTTP_${status}`;
	return new Response(JSON.stringify({ error: shape === 'flat' ? message : { code, message } }), {
		status,
		headers: { 'content-type': 'application/json', ...headers },
	});
}
