import { checkAddress, tidyAddress } from '../../../nodes/AnchorBrowser/registration/address';

const baseUrl = 'https://api.anchorbrowser.io';
const judged = (url: string) => checkAddress(url, baseUrl);
const PATH = '/webhook/0b6f2b1e-8d0d-4b7c-9a3e-5f2f7f0f9c11/webhook';

describe('addresses that Anchor takes', () => {
	it.each([
		...['https://n8n.example.com', 'https://n8n.example.com:8443', 'https://203.0.113.9'],
		...['https://[2606:4700::1111]', 'https://[64:ff9b::cb00:7109]'],
		...['https://xn--mnchen-3ya.example', 'https://local.example.com'],
		...['https://internal.example.com', 'https://n8n.internal.example.com'],
		...['https://n8n.localhost.example.com', 'https://172.15.255.255', 'https://172.32.0.1'],
		...['https://100.63.255.255', 'https://100.128.0.1', 'https://11.0.0.1'],
		...['https://192.169.0.1', 'https://169.253.0.1', 'https://s3.amazonaws.com'],
		...['https://127.0.0.1.example.com', 'https://10.example.com'],
		...['https://10.0.0.1.example.com', 'https://192.168.1.1.example.com'],
	])('%s', (address) => {
		expect(judged(`${address}${PATH}`)).toBeUndefined();
	});
});

describe('addresses that Anchor refuses', () => {
	it.each([
		['http', 'http://n8n.example.com', 'does not start with https'],
		['another protocol', 'ftp://n8n.example.com', 'does not start with https'],
		['localhost', 'https://localhost:5678', 'machine itself'],
		['http and localhost, n8n untouched', 'http://localhost:5678', 'machine itself'],
		['a name below localhost', 'https://n8n.localhost', 'machine itself'],
		['localhost with a final dot', 'https://localhost.', 'machine itself'],
		['upper case', 'https://LOCALHOST', 'machine itself'],
		['loopback', 'https://127.0.0.1', 'machine itself'],
		['loopback elsewhere in its range', 'https://127.255.255.254', 'machine itself'],
		['loopback in hexadecimal', 'https://0x7f000001', 'machine itself'],
		['loopback in octal', 'https://0177.0.0.1', 'machine itself'],
		['loopback as one number', 'https://2130706433', 'machine itself'],
		['loopback, shortened', 'https://127.1', 'machine itself'],
		['IPv6 loopback', 'https://[::1]:5678', 'machine itself'],
		['IPv6 loopback, spelled out', 'https://[0:0:0:0:0:0:0:1]', 'machine itself'],
		['unspecified', 'https://0.0.0.0', 'private network'],
		['10/8', 'https://10.0.0.7', 'private network'],
		['10/8, longer numbers', 'https://10.20.30.40', 'private network'],
		['172.16/12, in the middle', 'https://172.20.0.1', 'private network'],
		['172.16/12, first', 'https://172.16.0.0', 'private network'],
		['172.16/12, last', 'https://172.31.255.255', 'private network'],
		['192.168/16', 'https://192.168.1.20', 'private network'],
		['link-local', 'https://169.254.0.1', 'private network'],
		['metadata service', 'https://169.254.169.254', 'private network'],
		['metadata service by name', 'https://metadata.google.internal', 'private network'],
		['metadata service over IPv6', 'https://[fd00:ec2::254]', 'private network'],
		['IPv6 unique local, fc', 'https://[fc00::1]', 'private network'],
		['IPv6 unique local, fd', 'https://[fdff:ffff::1]', 'private network'],
		['IPv6 link-local, first', 'https://[fe80::1]', 'private network'],
		['IPv6 link-local, last', 'https://[febf::1]', 'private network'],
		['a .local name', 'https://n8n.local', 'private network'],
		['a .internal name', 'https://n8n.corp.internal', 'private network'],
		['a .internal name with a final dot', 'https://n8n.corp.internal.', 'private network'],
		['a bare .internal', 'https://internal', 'private network'],
		["a container's name", 'https://n8n', 'private network'],
	])('%s: %s', (_what, address, reason) => {
		const finding = judged(`${address}${PATH}`);
		expect(finding?.message).toContain(reason);
	});

	it.each(['', 'n8n.example.com/webhook', 'https://'])('no address at all: %j', (address) => {
		expect(judged(address)?.message).toContain('not a valid address');
		expect(judged(address)?.description).toContain('gives out an address that is not valid');
	});
});

describe('the words', () => {
	const finding = judged(`https://user:pass@localhost:5678${PATH}`);
	const texts = [finding?.message ?? '', finding?.description ?? ''];

	it('message and description each name the setting and say what came out of it', () => {
		for (const text of texts) {
			expect(text).toContain('N8N_WEBHOOK_URL (before n8n 2.29: WEBHOOK_URL)');
			expect(text).toContain('https://localhost:5678');
			expect(text).not.toMatch(/\b(error|problem|failure|mistake)\b/i);
			expect(text).not.toContain('Authorization');
		}
	});

	it('neither repeats the password or the path, which in n8n is as good as one', () => {
		for (const text of texts) {
			expect(text).not.toContain('pass@');
			expect(text).not.toContain('0b6f2b1e');
		}
	});
});

describe('an address with two slashes in its path', () => {
	it.each([
		[`https://n8n.example.com/${PATH}`, `https://n8n.example.com${PATH}`],
		[`https://n8n.example.com///${PATH}`, `https://n8n.example.com${PATH}`],
		[`https://n8n.example.com//base/${PATH}`, `https://n8n.example.com/base${PATH}`],
		[`http://localhost:5678/${PATH}`, `http://localhost:5678${PATH}`],
	])('is put right: %s', (given, right) => {
		expect(tidyAddress(given)).toBe(right);
	});

	it.each([
		`https://N8N.example.com:443${PATH}`,
		'https://a.example.com/x?to=a//b',
		'//nowhere',
		'',
	])('%j stays as it is', (given) => {
		expect(tidyAddress(given)).toBe(given);
	});
});

describe('with an API on this machine', () => {
	it.each(['http://localhost:4010', 'http://127.0.0.1:4010/', 'http://[::1]:4010'])(
		'%s: every address goes',
		(local) => {
			expect(checkAddress('http://localhost:5678/webhook/x', local)).toBeUndefined();
		},
	);

	it.each(['https://localhost.example.com', 'https://10.0.0.1', 'nonsense'])(
		'%s is not this machine',
		(other) => {
			expect(checkAddress('http://localhost:5678', other)).toBeDefined();
		},
	);
});
