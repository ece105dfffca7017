/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import * as http from 'node:http';

import { startInterceptor, type Interceptor } from '../../support/interceptor';
import { FakeSheet } from './fakeSheet';

/** A call that one of n8n's own nodes made to a third party. */
export interface Call {
	host: string;
	method: string;
	path: string;
	query: Record<string, string>;
	headers: Record<string, string | string[] | undefined>;
	/** The parsed JSON body, else its text. */
	body: unknown;
}

export interface OutsideWorld extends Interceptor {
	readonly sheet: FakeSheet;
	/** What a host was asked, oldest first. */
	calls(host: string): Call[];
}

/** The access tokens of the Google credential: the stored one has run out, as it has an hour after a login. */
export const GOOGLE_TOKENS = { expired: 'stale-access', fresh: 'fresh-access' };

const ANCHOR = 'api.anchorbrowser.io';

/** A storage that nobody gave a key for; and a host that only looks like Anchor's. */
export const STORAGE = 'storage.example.com';
export const LOOKALIKE = 'api.anchorbrowser.io.example.com';

export const DISCORD_WEBHOOK = 'https://discord.com/api/webhooks/1/token';

/** Where a channel of Microsoft Teams takes cards. */
export const TEAMS = 'channel.environment.api.powerplatform.com';

interface Answer {
	status: number;
	json?: unknown;
	/** A file's bytes, in place of JSON. */
	file?: string;
}

/**
 * Stands in for everything beyond this machine: an intercepting proxy that answers as Slack, Telegram, Discord, Teams,
 * Google and PagerDuty do, hands Anchor's API to the simulator, and writes down what each was asked. Everybody else is out of order (503).
 *
 * @param folder where the certificate is written
 * @param anchorUrl the simulator
 */
export async function startOutsideWorld(folder: string, anchorUrl: string): Promise<OutsideWorld> {
	const calls: Call[] = [];
	const sheet = new FakeSheet();
	const hosts = new Map<string, (call: Call) => Answer>([
		['slack.com', answerSlack],
		['api.pagerduty.com', answerPagerDuty],
		['api.telegram.org', answerTelegram],
		['discord.com', answerDiscord],
		[TEAMS, answerTeams],
		['oauth2.googleapis.com', answerGoogleLogin],
		['sheets.googleapis.com', (call) => answerSheets(call, sheet)],
		[STORAGE, answerStorage],
		[LOOKALIKE, answerStorage],
	]);
	const site: http.RequestListener = (request, response) => {
		const host = request.headers.host ?? '';
		const answer = hosts.get(host);
		if (answer === undefined) return forward(request, response, anchorUrl);
		void toCall(request, host).then((call) => {
			calls.push(call);
			const { status, json, file } = answer(call);
			const type = file === undefined ? 'application/json' : 'application/octet-stream';
			response.writeHead(status, { 'content-type': type });
			response.end(file ?? JSON.stringify(json));
		});
	};
	const interceptor = await startInterceptor(folder, [ANCHOR, ...hosts.keys()], site);
	return { ...interceptor, sheet, calls: (host) => calls.filter((call) => call.host === host) };
}

function forward(
	request: http.IncomingMessage,
	response: http.ServerResponse,
	target: string,
): void {
	const { method, headers } = request;
	const onward = http.request(new URL(request.url ?? '/', target), { method, headers });
	onward.on('response', (answer) => {
		response.writeHead(answer.statusCode ?? 502, answer.headers);
		answer.pipe(response);
	});
	onward.on('error', () => response.writeHead(502).end());
	request.pipe(onward);
}

const OUT_OF_ORDER: Answer = { status: 503 };

function answerSlack({ method, path, headers, body }: Call): Answer {
	if (`${method} ${path}` !== 'POST /api/chat.postMessage') return OUT_OF_ORDER;
	if (!String(headers.authorization).startsWith('Bearer ')) {
		return { status: 200, json: { ok: false, error: 'not_authed' } };
	}
	const { channel } = body as { channel: string };
	return { status: 200, json: { ok: true, channel, ts: '1716544084.000100', message: {} } };
}

function answerPagerDuty({ method, path, body }: Call): Answer {
	if (`${method} ${path}` !== 'POST /incidents') return OUT_OF_ORDER;
	const { incident } = body as { incident: Record<string, unknown> };
	return { status: 201, json: { incident: { ...incident, id: 'PINCIDENT' } } };
}

/** What Telegram knows in a message of HTML; another `<`, or an `&` by itself, is refused. */
const TELEGRAM_TAGS = /<\/?(?:b|code)>|<a href="[^"<>]*">|<\/a>/g;
const TELEGRAM_ENTITIES = /&(?:amp|lt|gt|quot);/g;

function answerTelegram({ method, path, body }: Call): Answer {
	if (`${method} ${path}` !== 'POST /bot1:telegram/sendMessage') return OUT_OF_ORDER;
	const { text, parse_mode: mode } = body as { text: string; parse_mode: string };
	const refusal = (description: string): Answer => ({
		status: 400,
		json: { ok: false, error_code: 400, description: `Bad Request: ${description}` },
	});
	const shown = text.replace(TELEGRAM_TAGS, '');
	if (mode !== 'HTML' || /[<>&]/.test(shown.replace(TELEGRAM_ENTITIES, ''))) {
		return refusal("can't parse entities");
	}
	if (shown.replace(TELEGRAM_ENTITIES, '.').length > 4096) return refusal('message is too long');
	return { status: 200, json: { ok: true, result: { message_id: 1 } } };
}

function answerDiscord({ method, path, body }: Call): Answer {
	if (`${method} ${path}` !== 'POST /api/webhooks/1/token') return OUT_OF_ORDER;
	const { content } = body as { content: string };
	return content.length > 2000 ? { status: 400, json: { code: 50035 } } : { status: 204 };
}

function answerTeams({ method, body }: Call): Answer {
	const isCard = typeof body === 'object' && body !== null && 'attachments' in body;
	return method === 'POST' && isCard ? { status: 202 } : { status: 400 };
}

function answerGoogleLogin({ method, path }: Call): Answer {
	if (`${method} ${path}` !== 'POST /token') return OUT_OF_ORDER;
	return {
		status: 200,
		json: { access_token: GOOGLE_TOKENS.fresh, token_type: 'Bearer', expires_in: 3599 },
	};
}

function answerSheets(call: Call, sheet: FakeSheet): Answer {
	if (call.headers.authorization !== `Bearer ${GOOGLE_TOKENS.fresh}`) {
		return { status: 401, json: { error: { code: 401, status: 'UNAUTHENTICATED' } } };
	}
	const json = sheet.answer(call);
	return json === undefined ? { status: 404 } : { status: 200, json };
}

/** A link that has run out is answered as S3 does. */
function answerStorage({ path }: Call): Answer {
	return path.includes('expired') ? { status: 403 } : { status: 200, file: `the file ${path}` };
}

async function toCall(request: http.IncomingMessage, host: string): Promise<Call> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	const url = new URL(request.url ?? '/', `https://${host}`);
	return {
		host,
		method: request.method ?? '',
		path: decodeURIComponent(url.pathname),
		query: Object.fromEntries(url.searchParams),
		headers: request.headers,
		body: parsedOrText(Buffer.concat(chunks).toString('utf8')),
	};
}

function parsedOrText(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
