import type { Explanation } from '../api/explain';

/** The addresses that users' n8n give out by mistake: this machine's own, and those of private networks (RFC 1918). */
const LOOPBACK = /^127(\.\d+){3}$|^\[::1\]$|(^|\.)localhost\.?$/;
const PRIVATE =
	/^(0|10)(\.\d+){3}$|^(169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))(\.\d+){2}$|^\[f[cde]/;

/** Names that exist in one network only: Anchor's own list (API reference, POST /v1/webhooks), and those without a dot. */
const LOCAL_NAME = /\.(local|internal|localdomain)\.?$|^[^.:[\]]+\.?$/;

/**
 * Judges the address that n8n would give to Anchor, before Anchor is asked. Only what users meet is looked for; Anchor
 * judges the rest itself and answers 400. Names are not resolved.
 * @param url the webhook's address
 * @param baseUrl where Anchor's API is; with a loopback address there (a simulator) nothing is refused
 * @returns undefined when nothing speaks against the address; else which setting of n8n to change
 */
export function checkAddress(url: string, baseUrl: string): Explanation | undefined {
	if (LOOPBACK.test(parse(baseUrl)?.hostname ?? '')) return undefined;
	const parsed = parse(url);
	if (parsed === undefined)
		return finding('is not a valid address', 'an address that is not valid');
	const shown = `${parsed.protocol}//${parsed.host}`;
	const fault = faultOf(parsed);
	return fault === undefined
		? undefined
		: finding(`${fault} (${shown})`, `${shown}, which ${fault}`);
}

/**
 * Puts an address right that n8n gives out with two slashes in its path, as it does for a setting that ends with two:
 * n8n answers 404 there.
 * @param url the webhook's address
 * @returns the same address with single slashes; anything else as it is
 */
export function tidyAddress(url: string): string {
	const parsed = parse(url);
	if (parsed === undefined || !parsed.pathname.includes('//')) return url;
	parsed.pathname = parsed.pathname.replace(/\/{2,}/g, '/');
	return parsed.href;
}

/** Where n8n is told its own address: the name changed with n8n 2.29. */
const ADDRESS_SETTING = 'N8N_WEBHOOK_URL (before n8n 2.29: WEBHOOK_URL)';

function finding(fault: string, which: string): Explanation {
	return {
		message: `Anchor Browser cannot send events to this n8n: its webhook address ${fault}. Set the environment variable ${ADDRESS_SETTING} to the public https address of this n8n and restart n8n`,
		description: `n8n gives out ${which}, so Anchor Browser could not deliver to it. Set n8n's environment variable ${ADDRESS_SETTING} to its public https address, for example https://n8n.example.com/, restart n8n and publish the workflow again (n8n 1: activate it). For a local n8n, a tunnel gives it such an address.`,
	};
}

function faultOf({ hostname, protocol }: URL): string | undefined {
	if (LOOPBACK.test(hostname)) return 'leads back to the machine itself';
	if (PRIVATE.test(hostname) || LOCAL_NAME.test(hostname)) return 'leads into a private network';
	if (protocol !== 'https:') return 'does not start with https';
	return undefined;
}

/** `URL` has turned 0x7f.1 and 2130706433 into 127.0.0.1, and upper case into lower case. */
function parse(url: string): URL | undefined {
	try {
		return new URL(url);
	} catch {
		return undefined;
	}
}
