import { createDecipheriv, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { open, seal } from '../../../nodes/AnchorBrowser/registration/seal';

const context = { apiKey: 'key-of-the-project', workflowId: 'wf', nodeId: 'node' };
const signing = 'ab'.repeat(32);
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('a sealed secret', () => {
	it('opens with the same API key, workflow and node', () => {
		fc.assert(
			fc.property(
				fc.string(),
				fc.string(),
				fc.string(),
				fc.string(),
				(text, apiKey, workflowId, nodeId) => {
					const bound = { apiKey, workflowId, nodeId };
					expect(open(seal(text, bound), bound)).toBe(text);
				},
			),
		);
	});

	it.each([
		['another API key', { apiKey: 'key-of-another' }],
		['another workflow', { workflowId: 'copy' }],
		['another node', { nodeId: 'copy' }],
		['workflow and node swapped', { workflowId: 'node', nodeId: 'wf' }],
		['the same ids, divided elsewhere', { workflowId: 'wfn', nodeId: 'ode' }],
	])('does not open with %s', (_what, other) => {
		expect(open(seal(signing, context), { ...context, ...other })).toBeUndefined();
	});

	it('holds nothing readable, and looks different every time', () => {
		const [one, other] = [seal(signing, context), seal(signing, context)];
		expect(one).not.toBe(other);
		for (const text of [signing, context.apiKey]) {
			expect(one).not.toContain(text);
			expect(Buffer.from(one.split('.')[2], 'base64url').toString()).not.toContain(text);
		}
	});

	it('is AES-256-GCM under HKDF-SHA256 of the API key, as its format says', () => {
		const [version, iv, ciphertext, tag] = seal(signing, context).split('.');
		const key = hkdfSync(
			'sha256',
			context.apiKey,
			'',
			'n8n-nodes-anchorbrowser-webhooks signing secret v1',
			32,
		);
		const decipher = createDecipheriv(
			'aes-256-gcm',
			Buffer.from(key),
			Buffer.from(iv, 'base64url'),
		);
		decipher.setAAD(Buffer.from('["v1","wf","node"]'));
		decipher.setAuthTag(Buffer.from(tag, 'base64url'));
		const opened = decipher.update(ciphertext, 'base64url', 'utf8') + decipher.final('utf8');
		expect([version, opened]).toEqual(['v1', signing]);
		expect(Buffer.from(tag, 'base64url')).toHaveLength(16);
	});

	it('does not open once any character of it has changed', () => {
		const sealed = seal(signing, context);
		fc.assert(
			fc.property(
				fc.nat({ max: sealed.length - 1 }),
				fc.constantFrom(...BASE64URL, '.', ' ', '=', '\u0000'),
				(at, character) => {
					fc.pre(sealed[at] !== character);
					expect(
						open(sealed.slice(0, at) + character + sealed.slice(at + 1), context),
					).toBeUndefined();
				},
			),
			{ numRuns: 2_000 },
		);
	});

	it('does not open cut short, lengthened, or with parts of another', () => {
		const sealed = seal(signing, context);
		const parts = sealed.split('.');
		const other = seal(signing, context).split('.');
		for (let length = 0; length < sealed.length; length += 1) {
			expect(open(sealed.slice(0, length), context)).toBeUndefined();
		}
		expect(open(`${sealed}A`, context)).toBeUndefined();
		expect(open(`${sealed}.`, context)).toBeUndefined();
		expect(open([...parts.slice(0, 3), other[3]].join('.'), context)).toBeUndefined();
		expect(open([parts[0], other[1], ...parts.slice(2)].join('.'), context)).toBeUndefined();
	});

	it('opening anything at all answers undefined and never throws', () => {
		fc.assert(fc.property(fc.anything(), (any) => open(any, context) === undefined));
		expect(open('v1...', context)).toBeUndefined();
		expect(open(seal(signing, context).replace('v1', 'v2'), context)).toBeUndefined();
	});
});
