import { newSecret, secretsByChoice, secretsByMode, signatureHeader, signatureOf } from './sign';
import type { Webhook } from './types';
import knownAnswers from '../fixtures/signatures.json';

it.each(knownAnswers.vectors)(
	'signs as computed elsewhere, and writes a v1 for each secret: $title',
	({ secretParts, timestamp, bodyBase64, expected }) => {
		const secret = secretParts.join('');
		const body = Buffer.from(bodyBase64, 'base64');
		expect(signatureOf(secret, timestamp, body)).toBe(expected);
		const other = signatureOf('another', timestamp, body);
		expect(signatureHeader([secret], timestamp, body)).toBe(`t=${timestamp},v1=${expected}`);
		expect(signatureHeader([secret, 'another'], timestamp, body)).toBe(
			`t=${timestamp},v1=${expected},v1=${other}`,
		);
	},
);

it('issues secrets of 64 hex digits, a new one each time', () => {
	expect(newSecret()).toMatch(/^[0-9a-f]{64}$/);
	expect(newSecret()).not.toBe(newSecret());
});

it('signs with the newest of the secrets before, until the very moment when it ends', () => {
	const previousSecrets = [
		{ value: 'old', endsAt: 100 },
		{ value: 'older', endsAt: 50 },
	];
	const webhook = { secret: 'new', previousSecrets } as Webhook;
	expect(secretsByMode(webhook, 'both', 99)).toEqual(['new', 'old']);
	expect(secretsByMode(webhook, 'both', 100)).toEqual(['new']);
	expect(secretsByChoice(webhook, 'both')).toEqual(['new', 'old']);
});
