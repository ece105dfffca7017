/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { BlockList, isIP } from 'node:net';

/** The names under which a test can switch a rule off: `rules: { allowHttp: true }`. */
export type AddressRuleName =
	| 'allowHttp'
	| 'allowLoopback'
	| 'allowPrivate'
	| 'allowLinkLocal'
	| 'allowMetadata'
	| 'allowInternalNames'
	| 'allowAwsControl'
	| 'allowCredentials'
	| 'allowLong';

export type AddressRules = Partial<Record<AddressRuleName, boolean>>;

/** Lets webhooks be on this machine, as nearly every test needs. */
export const LOCAL_RULES: AddressRules = { allowHttp: true, allowLoopback: true };

const loopback = subnets(['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128']);
const privateRanges = subnets([
	'10.0.0.0/8',
	'172.16.0.0/12',
	'192.168.0.0/16',
	'100.64.0.0/10',
	'fc00::/7',
]);
const linkLocal = subnets(['169.254.0.0/16', 'fe80::/10']);
const metadata = subnets([
	'169.254.169.254/32',
	'169.254.170.2/32',
	'100.100.100.200/32',
	'fd00:ec2::254/128',
]);

interface AddressRule {
	name: AddressRuleName;
	refuses(url: URL, host: string): boolean;
	message: string;
}

/** What Anchor refuses as a webhook address (API reference of POST /v1/webhooks), one row for each class it names. */
const RULES: readonly AddressRule[] = [
	{
		name: 'allowHttp',
		refuses: (url) => url.protocol !== 'https:',
		message: 'url must use https',
	},
	{
		name: 'allowCredentials',
		refuses: (url) => url.username !== '' || url.password !== '',
		message: 'url must not contain credentials',
	},
	{
		name: 'allowLoopback',
		refuses: (_url, host) => /(^|\.)localhost$/.test(host) || within(loopback, host),
		message: 'url must not point to a loopback address',
	},
	{
		name: 'allowMetadata',
		refuses: (_url, host) => host === 'metadata.google.internal' || within(metadata, host),
		message: 'url must not point to a cloud metadata service',
	},
	{
		name: 'allowPrivate',
		refuses: (_url, host) => within(privateRanges, host) && !within(metadata, host),
		message: 'url must not point to a private address',
	},
	{
		name: 'allowLinkLocal',
		refuses: (_url, host) => within(linkLocal, host) && !within(metadata, host),
		message: 'url must not point to a link-local address',
	},
	{
		name: 'allowInternalNames',
		refuses: (_url, host) =>
			/\.(local|internal)$/.test(host) && host !== 'metadata.google.internal',
		message: 'url must not use an internal-only domain',
	},
	{
		name: 'allowAwsControl',
		refuses: (_url, host) =>
			/^(sts|iam)([.-][a-z0-9.-]+)?\.amazonaws\.com(\.cn)?$/.test(host) ||
			/(^|\.)eks(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$/.test(host),
		message: 'url must not point to an AWS control endpoint',
	},
];

const LONGEST_URL = 2048;

/**
 * Why Anchor would refuse this address, or undefined when it takes it. Names are not resolved.
 * @param rules the rules that are switched off
 */
export function refusalOf(address: string, rules: AddressRules): string | undefined {
	if (address.length > LONGEST_URL && !rules.allowLong) {
		return `url must be at most ${LONGEST_URL} characters`;
	}
	let url: URL;
	try {
		url = new URL(address);
	} catch {
		return 'url must be a valid URL';
	}
	if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'url must use https';
	const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
	return RULES.find((rule) => !rules[rule.name] && rule.refuses(url, host))?.message;
}

function subnets(ranges: readonly string[]): BlockList {
	const list = new BlockList();
	for (const range of ranges) {
		const [address, prefix] = range.split('/');
		list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4');
	}
	return list;
}

/** BlockList sees through IPv4 addresses written as IPv6 (`::ffff:127.0.0.1`) by itself. */
function within(list: BlockList, host: string): boolean {
	const family = isIP(host);
	return family !== 0 && list.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
