import { refusalOf, type AddressRuleName } from './address';

/** One address for each class that Anchor's API reference names, and the rule that lets it through. */
const refused: ReadonlyArray<[address: string, rule: AddressRuleName]> = [
	['http://example.com/hook', 'allowHttp'],
	['https://localhost/hook', 'allowLoopback'],
	['https://n8n.localhost/hook', 'allowLoopback'],
	['https://127.0.0.1/hook', 'allowLoopback'],
	['https://127.1/hook', 'allowLoopback'],
	['https://0.0.0.0/hook', 'allowLoopback'],
	['https://[::1]/hook', 'allowLoopback'],
	['https://[::ffff:127.0.0.1]/hook', 'allowLoopback'],
	['https://10.1.2.3/hook', 'allowPrivate'],
	['https://172.16.0.1/hook', 'allowPrivate'],
	['https://192.168.1.10/hook', 'allowPrivate'],
	['https://[fd12::1]/hook', 'allowPrivate'],
	['https://169.254.1.1/hook', 'allowLinkLocal'],
	['https://[fe80::1]/hook', 'allowLinkLocal'],
	['https://169.254.169.254/latest/meta-data', 'allowMetadata'],
	['https://metadata.google.internal/hook', 'allowMetadata'],
	['https://n8n.local/hook', 'allowInternalNames'],
	['https://n8n.corp.internal/hook', 'allowInternalNames'],
	['https://n8n.local./hook', 'allowInternalNames'],
	['https://sts.amazonaws.com/hook', 'allowAwsControl'],
	['https://sts.eu-west-1.amazonaws.com/hook', 'allowAwsControl'],
	['https://iam.amazonaws.com/hook', 'allowAwsControl'],
	['https://eks.us-east-1.amazonaws.com/hook', 'allowAwsControl'],
	['https://user:word@example.com/hook', 'allowCredentials'],
	[`https://example.com/${'a'.repeat(2049 - 'https://example.com/'.length)}`, 'allowLong'],
];

it.each(refused)('refuses %s until %s is switched on', (address, rule) => {
	expect(refusalOf(address, {})).toEqual(expect.stringMatching(/^url must/));
	expect(refusalOf(address, { [rule]: true })).toBeUndefined();
});

it.each([
	'https://example.com/hook',
	'https://n8n.example.com:8443/webhook/6f0e',
	'https://172.32.0.1/hook',
	'https://8.8.8.8/hook',
	'https://[2001:4860:4860::8888]/hook',
	'https://local.example.com/hook',
	'https://my-sts.example.com/hook',
	`https://example.com/${'a'.repeat(2048 - 'https://example.com/'.length)}`,
])('takes %s', (address) => {
	expect(refusalOf(address, {})).toBeUndefined();
});

it.each(['', 'example.com/hook', 'ftp://example.com/hook', 'https://'])(
	'refuses %p whatever is switched on',
	(address) => {
		expect(refusalOf(address, { allowHttp: true, allowLoopback: true })).toBeDefined();
	},
);
