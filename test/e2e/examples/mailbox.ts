/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface Mail {
	/** The addresses that the mail server was told, without angle brackets. */
	from: string;
	to: string[];
	subject: string;
	/** The plain text, decoded, with `\n` at the ends of lines. */
	text: string;
}

export interface Mailbox {
	readonly port: number;
	/** What came so far, oldest first. */
	readonly mails: readonly Mail[];
	/** The next mail is not taken. */
	refuseNext(): void;
	close(): Promise<void>;
}

/** Starts an SMTP server on 127.0.0.1 that takes every mail, asks for no login and delivers nothing. */
export async function startMailbox(): Promise<Mailbox> {
	const mails: Mail[] = [];
	const sockets = new Set<Socket>();
	let refusals = 0;
	const isRefused = () => refusals > 0 && refusals-- > 0;
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		// A client that hangs up in the middle of a mail is no concern of the test.
		socket.on('error', () => socket.destroy());
		converse(socket, { take: (mail) => mails.push(mail), isRefused });
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(0, '127.0.0.1', resolve);
	});
	return {
		port: (server.address() as AddressInfo).port,
		mails,
		refuseNext: () => {
			refusals += 1;
		},
		close: async () => {
			for (const socket of sockets) socket.destroy();
			await new Promise<void>((resolve) => server.close(() => resolve()));
		},
	};
}

const ANSWERS: Record<string, string> = {
	EHLO: '250 mailbox',
	HELO: '250 mailbox',
	MAIL: '250 OK',
	RCPT: '250 OK',
	DATA: '354 Go on',
	RSET: '250 OK',
	NOOP: '250 OK',
	QUIT: '221 Bye',
};

/** The server's side of RFC 5321, as much of it as a client needs to hand over one mail after the other. */
function converse(
	socket: Socket,
	{ take, isRefused }: { take: (mail: Mail) => void; isRefused: () => boolean },
): void {
	let pending = '';
	let from = '';
	let to: string[] = [];
	let content: string[] | undefined;
	const say = (line: string) => socket.write(`${line}\r\n`);

	const command = (line: string) => {
		const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
		const verb = line.slice(0, 4).toUpperCase();
		if (verb === 'MAIL') {
			from = address;
			to = [];
		}
		if (verb === 'RCPT' && isRefused()) return void say('450 Mailbox busy');
		if (verb === 'RCPT') to.push(address);
		if (verb === 'DATA') content = [];
		say(ANSWERS[verb] ?? '502 Not known here');
		if (verb === 'QUIT') socket.end();
	};

	socket.setEncoding('latin1');
	say('220 mailbox');
	socket.on('data', (chunk: string) => {
		const lines = (pending + chunk).split('\r\n');
		pending = lines.pop() ?? '';
		for (const line of lines) {
			if (content === undefined) command(line);
			else if (line !== '.') content.push(line.replace(/^\.\./, '.'));
			else {
				take({ from, to, ...readMessage(content) });
				content = undefined;
				say('250 OK');
			}
		}
	});
}

/** Reads a mail of one plain-text part. */
function readMessage(lines: readonly string[]): Pick<Mail, 'subject' | 'text'> {
	const end = lines.indexOf('');
	const headers = lines
		.slice(0, end)
		.join('\n')
		.replace(/\n[ \t]+/g, ' ');
	const header = (name: string) =>
		new RegExp(`^${name}: *(.*)$`, 'im').exec(headers)?.[1].trim() ?? '';
	return {
		subject: withoutEncodedWords(header('subject')),
		text: decoded(lines.slice(end + 1).join('\n'), header('content-transfer-encoding')).trimEnd(),
	};
}

function decoded(body: string, encoding: string): string {
	if (encoding.toLowerCase() === 'base64') return Buffer.from(body, 'base64').toString('utf8');
	if (encoding.toLowerCase() !== 'quoted-printable')
		return Buffer.from(body, 'latin1').toString('utf8');
	return Buffer.from(withoutHex(body.replace(/=\n/g, '')), 'latin1').toString('utf8');
}

/** `=?UTF-8?Q?...?=` and its base64 sibling (RFC 2047), which a subject needs beyond ASCII. */
function withoutEncodedWords(text: string): string {
	return text
		.replace(/\?= +=\?/g, '?==?')
		.replace(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
			kind.toUpperCase() === 'B'
				? Buffer.from(word, 'base64').toString('utf8')
				: Buffer.from(withoutHex(word.replace(/_/g, ' ')), 'latin1').toString('utf8'),
		);
}

function withoutHex(text: string): string {
	return text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) =>
		String.fromCharCode(parseInt(hex, 16)),
	);
}
