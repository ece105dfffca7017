import { newSecret, secretsByChoice, secretsByMode, signatureHeader, signatureOf } from './sign';
import type { Webhook } from './types';

/** Computed with Python's hmac and with openssl, which agreed; the first one is the project's reference vector. */
const vectors = [
	{
		name: 'emoji and back-ticks',
		by: '36da51b166a69268a59a8d5ee0b32c9f5e5aaee7d301c7a5a36844318e116fc6',
		timestamp: '1716544084',
		body: '{"id":"evt_56a4c6e7f11e4b44eafce28a","type":"task.completed","created":"2026-05-24T12:18:05.123Z","project_id":"5d2c31f6-ab7e-481a-b6fd-8b4a96a4e197","text":"✅ Task `tsk_4f8w9n2b` completed in 4.2s","data":{}}',
		signature: 'b921dc1e74b2257c75293a6436ca56c2d424b1fbf965dc5f3e909150c1187322',
	},
	{
		name: 'an empty object',
		by: 'ab'.repeat(32),
		timestamp: '1',
		body: '{}',
		signature: '2bb605c7b7ac7f8babd57545b8e400cff415250012bd0c1a13fed756b96e350c',
	},
	{
		name: 'odd white space and other scripts',
		by: '0f'.repeat(32),
		timestamp: '1900000000',
		body: ' {\r\n\t"text" : "Grüße, 日本 🙂" ,\n "data":{ } }\n',
		signature: 'f8d109ed4a8a23e852ec61088ff212eddb0beaf61110016bd8ee951f795bd252',
	},
	{
		name: 'an empty body',
		by: 'cd'.repeat(32),
		timestamp: '1716544084',
		body: '',
		signature: '8bd6e4cc644ed269472ee20dc7701f3cad54b4a492a9dd708b390602683c87e0',
	},
];

it.each(vectors)('signs $name as computed elsewhere', ({ by, timestamp, body, signature }) => {
	expect(signatureOf(by, timestamp, Buffer.from(body))).toBe(signature);
});

it('writes the timestamp and one v1 for each secret into the header', () => {
	const [{ by, timestamp, body, signature }] = vectors;
	const other = signatureOf('ab'.repeat(32), timestamp, Buffer.from(body));
	expect(signatureHeader([by], timestamp, Buffer.from(body))).toBe(`t=1716544084,v1=${signature}`);
	expect(signatureHeader([by, 'ab'.repeat(32)], timestamp, Buffer.from(body))).toBe(
		`t=1716544084,v1=${signature},v1=${other}`,
	);
});

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
