/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateCACertificate, getLocal, type CompletedRequest, type Mockttp } from 'mockttp';

import { freePort } from '../../support/n8n';
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

export interface OutsideWorld {
	/** For HTTP_PROXY and HTTPS_PROXY. */
	readonly proxyUrl: string;
	/** The authority that signs for every host behind the proxy, as a PEM file. */
	readonly caFile: string;
	readonly sheet: FakeSheet;
	/** What a host was asked, oldest first. */
	calls(host: string): Call[];
	close(): Promise<void>;
}

/** The access tokens of the Google credential: the stored one has run out, as it has an hour after a login. */
export const GOOGLE_TOKENS = { expired: 'stale-access', fresh: 'fresh-access' };

/**
 * Stands in for everything beyond this machine: an intercepting proxy that answers as Slack, Google and PagerDuty do,
 * hands Anchor's API to the simulator, and writes down what each was asked. Everybody else is out of order (503).
 *
 * @param folder where the certificate authority is written
 * @param anchorUrl the simulator
 */
export async function startOutsideWorld(folder: string, anchorUrl: string): Promise<OutsideWorld> {
	const ca = await generateCACertificate({ subject: { commonName: 'Examples test authority' } });
	const caFile = join(folder, 'authority.pem');
	writeFileSync(caFile, ca.cert);
	const proxy = getLocal({ https: ca });
	await proxy.start(await freePort());

	const calls: Call[] = [];
	const sheet = new FakeSheet();
	const note = async (request: CompletedRequest) => {
		const call = await toCall(request);
		calls.push(call);
		return call;
	};

	await answerSlack(proxy, note);
	await answerPagerDuty(proxy, note);
	await answerGoogle(proxy, note, sheet);
	await proxy.forAnyRequest().forHostname('api.anchorbrowser.io').thenForwardTo(anchorUrl);

	return {
		proxyUrl: proxy.url.replace('https:', 'http:'),
		caFile,
		sheet,
		calls: (host) => calls.filter((call) => call.host === host),
		close: async () => await proxy.stop(),
	};
}

type Note = (request: CompletedRequest) => Promise<Call>;

async function answerSlack(proxy: Mockttp, note: Note): Promise<void> {
	await proxy
		.forPost('https://slack.com/api/chat.postMessage')
		.always()
		.thenCallback(async (request) => {
			const { headers, body } = await note(request);
			if (!String(headers.authorization).startsWith('Bearer ')) {
				return { statusCode: 200, json: { ok: false, error: 'not_authed' } };
			}
			const { channel } = body as { channel: string };
			return { statusCode: 200, json: { ok: true, channel, ts: '1716544084.000100', message: {} } };
		});
}

async function answerPagerDuty(proxy: Mockttp, note: Note): Promise<void> {
	await proxy
		.forPost('https://api.pagerduty.com/incidents')
		.always()
		.thenCallback(async (request) => {
			const { body } = await note(request);
			const { incident } = body as { incident: Record<string, unknown> };
			return { statusCode: 201, json: { incident: { ...incident, id: 'PINCIDENT' } } };
		});
}

async function answerGoogle(proxy: Mockttp, note: Note, sheet: FakeSheet): Promise<void> {
	await proxy
		.forPost('https://oauth2.googleapis.com/token')
		.always()
		.thenCallback(async (request) => {
			await note(request);
			return {
				statusCode: 200,
				json: { access_token: GOOGLE_TOKENS.fresh, token_type: 'Bearer', expires_in: 3599 },
			};
		});
	await proxy
		.forAnyRequest()
		.forHostname('sheets.googleapis.com')
		.always()
		.thenCallback(async (request) => {
			const call = await note(request);
			if (call.headers.authorization !== `Bearer ${GOOGLE_TOKENS.fresh}`) {
				return { statusCode: 401, json: { error: { code: 401, status: 'UNAUTHENTICATED' } } };
			}
			const answer = sheet.answer(call);
			return answer === undefined ? { statusCode: 404 } : { statusCode: 200, json: answer };
		});
}

async function toCall(request: CompletedRequest): Promise<Call> {
	const url = new URL(request.url);
	const text = (await request.body.getText()) ?? '';
	return {
		host: url.hostname,
		method: request.method,
		path: decodeURIComponent(url.pathname),
		query: Object.fromEntries(url.searchParams),
		headers: request.headers,
		body: parsedOrText(text),
	};
}

function parsedOrText(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
