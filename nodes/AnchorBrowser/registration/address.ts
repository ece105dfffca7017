/** Why an address is refused, in words for n8n: each good without the other. */
export interface AddressFinding {
	message: string;
	description: string;
}

type Ipv4Range = readonly [base: string, prefix: number];

/** Not reachable from outside, by RFC 6890 and the cloud providers' own documents. */
const CLOSED_IPV4: readonly Ipv4Range[] = [
	['0.0.0.0', 8],
	['10.0.0.0', 8],
	['100.64.0.0', 10], // carrier-grade NAT, Tailscale, Alibaba's metadata service
	['127.0.0.0', 8],
	['168.63.129.16', 32], // Azure's host service
	['169.254.0.0', 16], // link-local, and most clouds' metadata service
	['172.16.0.0', 12],
	['192.0.0.0', 24],
	['192.168.0.0', 16],
	['198.18.0.0', 15],
	['224.0.0.0', 3], // multicast, reserved, broadcast
];

/** Anchor's own list of names (API reference, POST /v1/webhooks), and names that exist in one network only. */
const CLOSED_NAMES = /(^|\.)(localhost|localdomain|local|internal)$/;

const AWS_CONTROL =
	/^((sts|iam)([.-][a-z0-9.-]+)?|(.+\.)?eks(\.[a-z0-9-]+)?)\.amazonaws\.com(\.cn)?$/;

/** Anchor's limit. */
const MAX_LENGTH = 2048;

/**
 * Judges the address that n8n would give to Anchor, before Anchor is asked. Anchor refuses addresses that are not
 * https, loopback, private, link-local, metadata services, internal-only names, with a password in them, or longer than
 * 2,048 characters (API reference, POST /v1/webhooks). Names are not resolved.
 * @param url the webhook's address
 * @param options.baseUrl where Anchor's API is; with a loopback address there (a simulator) nothing is refused
 * @returns undefined when nothing speaks against the address; else what to change, namely n8n's setting WEBHOOK_URL
 */
export function checkAddress(
	url: string,
	{ baseUrl }: { baseUrl: string },
): AddressFinding | undefined {
	if (isLoopback(hostOf(parse(baseUrl)))) return undefined;
	const parsed = parse(url);
	if (parsed === undefined)
		return finding('is not a valid address', 'an address that is not valid');
	const shown = `${parsed.protocol}//${parsed.host}`;
	const fault = faultOf(parsed, url);
	return fault === undefined
		? undefined
		: finding(`${fault} (${shown})`, `${shown}, which ${fault}`);
}

function finding(fault: string, which: string): AddressFinding {
	return {
		message: `Anchor Browser cannot send events to this n8n: its webhook address ${fault}. Set WEBHOOK_URL to the public https address of this n8n`,
		description: `n8n gives out ${which}, so Anchor Browser could not deliver to it. Set n8n's environment variable WEBHOOK_URL to its public https address, for example https://n8n.example.com/, restart n8n and activate the workflow again. For a local n8n, a tunnel gives it such an address.`,
	};
}

function faultOf(parsed: URL, url: string): string | undefined {
	const host = hostOf(parsed);
	if (isLoopback(host)) return 'leads back to the machine itself';
	if (isClosed(host)) return 'leads into a private network';
	if (AWS_CONTROL.test(host)) return 'belongs to a service of AWS';
	if (parsed.protocol !== 'https:') return 'does not start with https';
	if (parsed.username !== '' || parsed.password !== '') return 'has a user name or password in it';
	if (url.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
	return undefined;
}

function parse(url: string): URL | undefined {
	try {
		return new URL(url);
	} catch {
		return undefined;
	}
}

/** `URL` has already turned 0x7f.1 and 2130706433 into 127.0.0.1 and shortened IPv6. */
function hostOf(url: URL | undefined): string {
	return (url?.hostname ?? '')
		.toLowerCase()
		.replace(/^\[|\]$/g, '')
		.replace(/\.$/, '');
}

function isLoopback(host: string): boolean {
	if (/(^|\.)localhost$/.test(host)) return true;
	const groups = ipv6Of(host);
	if (groups === undefined) return inRange(ipv4Of(host), ['127.0.0.0', 8]);
	const v4 = embeddedIpv4(groups);
	if (v4 !== undefined) return inRange(v4, ['127.0.0.0', 8]);
	return groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1;
}

function isClosed(host: string): boolean {
	const groups = ipv6Of(host);
	if (groups !== undefined) return isClosedIpv6(groups);
	const v4 = ipv4Of(host);
	if (v4 !== undefined) return CLOSED_IPV4.some((range) => inRange(v4, range));
	// A name without a dot ("n8n", a container's) exists in one network only.
	return !host.includes('.') || CLOSED_NAMES.test(host);
}

function isClosedIpv6(groups: readonly number[]): boolean {
	const v4 = embeddedIpv4(groups);
	if (v4 !== undefined) return CLOSED_IPV4.some((range) => inRange(v4, range));
	const [first] = groups;
	const unspecified = groups.every((group) => group === 0);
	const uniqueLocal = (first & 0xfe00) === 0xfc00;
	const linkLocal = (first & 0xffc0) === 0xfe80;
	const siteLocal = (first & 0xffc0) === 0xfec0;
	const multicast = (first & 0xff00) === 0xff00;
	return unspecified || uniqueLocal || linkLocal || siteLocal || multicast;
}

/** IPv4 inside IPv6: mapped (::ffff:0:0/96), the older compatible form (::/96), translated (64:ff9b::/96). */
function embeddedIpv4(groups: readonly number[]): number | undefined {
	const head = groups
		.slice(0, 6)
		.map((group) => group.toString(16))
		.join(':');
	const compatible = head === '0:0:0:0:0:0' && groups[6] !== 0;
	const mapped = head === '0:0:0:0:0:ffff' || head === '64:ff9b:0:0:0:0';
	return compatible || mapped ? groups[6] * 0x10000 + groups[7] : undefined;
}

function ipv6Of(host: string): number[] | undefined {
	if (!host.includes(':')) return undefined;
	const [head, tail] = host.split('::').map((side) => (side === '' ? [] : side.split(':')));
	const gap = tail === undefined ? [] : Array<string>(8 - head.length - tail.length).fill('0');
	return [...head, ...gap, ...(tail ?? [])].map((group) => parseInt(group, 16));
}

function ipv4Of(host: string): number | undefined {
	if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return undefined;
	return host.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function inRange(address: number | undefined, [base, prefix]: Ipv4Range): boolean {
	if (address === undefined) return false;
	const size = 2 ** (32 - prefix);
	return Math.floor(address / size) === Math.floor((ipv4Of(base) ?? 0) / size);
}
