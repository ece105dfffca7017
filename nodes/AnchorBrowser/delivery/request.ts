/** What of one HTTP request is there before its body has been read. */
export interface RequestHead {
	method: string;
	headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** One HTTP request as the receiving core sees it. */
export interface DeliveryRequest extends RequestHead {
	/** The bytes as they were signed: n8n's `rawBody`, never text that was decoded and encoded again. */
	body: Uint8Array;
}

/**
 * Reads one header, whatever the case of its name.
 *
 * Takes the request and the name in lower case. Returns the value as it came, or undefined when the header is missing,
 * blank, or there more than once: which of two values counts is nothing to guess about, least of all when one of them
 * may have been added on the way. Never throws.
 */
export function headerOf(request: RequestHead, name: string): string | undefined {
	let found: string | undefined;
	// Every name is looked at, because a plain object can hold two spellings of one; the length settles most of them.
	for (const key in request.headers) {
		if (key.length !== name.length || key.toLowerCase() !== name) continue;
		const value = request.headers[key];
		if (value === undefined || !Object.hasOwn(request.headers, key)) continue;
		if (found !== undefined || typeof value !== 'string') return undefined;
		found = value;
	}
	return found === undefined || found.trim() === '' ? undefined : found;
}
