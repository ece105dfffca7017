import type { IDataObject, IHookFunctions, IHttpRequestOptions, INode } from 'n8n-workflow';
import type { RemoteWebhook } from '../../../nodes/AnchorBrowser/api/webhooks';

/** A request as it reached the stand-in. */
interface Seen {
	/** "PATCH /v1/webhooks/wh_1" */
	call: string;
	body: IDataObject | undefined;
	query: IDataObject;
}

/** What a test makes the stand-in do in place of answering. */
export type Answer =
	| { status: number; body?: unknown; headers?: Record<string, string> }
	/** No answer comes: the code of the system. */
	| { code: string }
	/** Carries the request out, but the answer is lost on the way. */
	| 'carried out, answer lost';

interface StoredWebhook extends RemoteWebhook {
	secret: string;
}

interface Rule {
	call: RegExp;
	answer: Answer;
	times: number;
	first?: () => void;
}

export const API_KEY = `anchor-key-${'k3y'.repeat(4)}`;

/**
 * Anchor's webhook calls and n8n's helper in one, in memory: enough to see which requests are made and what they leave
 * behind. The real helper and the simulator come in the conformance suite.
 */
export class AnchorInMemory {
	readonly webhooks: StoredWebhook[] = [];
	readonly requests: Seen[] = [];
	credential: IDataObject | undefined = { apiKey: API_KEY, baseUrl: 'https://api.example.com/' };
	/** Event names that Anchor takes. */
	takes: (event: string) => boolean = () => true;
	nowMs = Date.parse('2026-05-24T12:00:00Z');
	/** Whether its answers say what time it is. */
	tellsTime = false;
	node: INode = {
		id: 'node-1',
		name: 'Anchor Browser Trigger',
		type: 'n8n-nodes-anchorbrowser-webhooks.anchorBrowserTrigger',
		typeVersion: 2,
		position: [0, 0],
		parameters: {},
	};
	private readonly rules: Rule[] = [];
	private made = 0;

	/** Answers the next requests that match in this way; `first` runs before. */
	answer(call: RegExp, answer: Answer, how: { times?: number; first?: () => void } = {}) {
		this.rules.push({ call, answer, times: 1, ...how });
	}

	/** Answers everything in this way from now on. */
	breakDown(answer: Answer) {
		this.answer(/./, answer, { times: Infinity });
	}

	/** A webhook that is there already. */
	add(fields: Partial<StoredWebhook> = {}): StoredWebhook {
		this.made += 1;
		const time = new Date(this.nowMs).toISOString();
		const webhook: StoredWebhook = {
			id: `wh_${String(this.made).padStart(3, '0')}`,
			project_id: 'p1',
			url: `https://other-${this.made}.example.com/hook`,
			description: null,
			subscribed_events: ['task.completed'],
			enabled: true,
			created_at: time,
			updated_at: time,
			secret: `secret-${this.made}-a`,
			...fields,
		};
		this.webhooks.push(webhook);
		return webhook;
	}

	find(id: string): StoredWebhook | undefined {
		return this.webhooks.find((webhook) => webhook.id === id);
	}

	remove(id: string) {
		const at = this.webhooks.findIndex((webhook) => webhook.id === id);
		this.webhooks.splice(at, 1);
	}

	/** The requests since the last call of this, without the reading ones. */
	takeChanges(): string[] {
		const changes = this.requests.splice(0).map(({ call }) => call);
		return changes.filter((call) => !call.startsWith('GET'));
	}

	/** A context such as n8n gives to the hooks, typed; only what registration uses is there. */
	context(): IHookFunctions {
		const ignore = () => {};
		const context: Pick<IHookFunctions, 'getNode' | 'getCredentials' | 'logger' | 'helpers'> = {
			getNode: () => this.node,
			getCredentials: async <T extends object>() => {
				if (this.credential === undefined)
					throw new Error('Node does not have any credentials set');
				return this.credential as T;
			},
			logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
			helpers: {
				httpRequestWithAuthentication: async (_type: string, options: IHttpRequestOptions) =>
					await this.respond(options),
			} as IHookFunctions['helpers'],
		};
		return context as IHookFunctions;
	}

	private async respond(options: IHttpRequestOptions) {
		await Promise.resolve();
		const call = `${options.method} ${options.url.replace('https://api.example.com', '')}`;
		this.requests.push({
			call,
			body: options.body as IDataObject | undefined,
			query: options.qs ?? {},
		});
		const rule = this.rules.find((candidate) => candidate.times > 0 && candidate.call.test(call));
		if (rule) {
			rule.times -= 1;
			rule.first?.();
			if (rule.answer === 'carried out, answer lost') this.carryOut(call, options);
			else if ('status' in rule.answer) {
				const { status, body = '', headers = {} } = rule.answer;
				return { statusCode: status, body: asText(body), headers };
			}
			const code = rule.answer === 'carried out, answer lost' ? 'ECONNRESET' : rule.answer.code;
			const cause = Object.assign(new Error(`${code} with the key ${API_KEY}`), { code });
			throw new Error('wrapped by n8n', { cause });
		}
		const [status, body] = this.carryOut(call, options);
		const headers = this.tellsTime ? { date: new Date(this.nowMs).toUTCString() } : {};
		return { statusCode: status, body: asText(body), headers };
	}

	private carryOut(call: string, options: IHttpRequestOptions): [number, unknown] {
		const [, method, id, rest] = /^(\w+) \/v1\/webhooks(?:\/([^/]+))?(?:\/(.+))?$/.exec(call) ?? [];
		const body = (options.body ?? {}) as Partial<StoredWebhook>;
		const isTaken = body.subscribed_events?.every(this.takes) ?? true;
		if (!isTaken) return [400, { error: 'invalid subscribed_events' }];
		const updated_at = new Date(this.nowMs).toISOString();

		if (id === undefined && method === 'GET') {
			const listed = this.webhooks.filter(({ enabled }) => enabled);
			return [200, { webhooks: listed.map(shown) }];
		}
		if (id === undefined) {
			if (this.webhooks.length >= 5) return [409, { error: 'limit reached' }];
			const webhook = this.add(body);
			return [201, { ...shown(webhook), secret: webhook.secret }];
		}
		const webhook = this.find(decodeURIComponent(id));
		if (webhook === undefined) return [404, { error: 'not found' }];
		if (rest === 'rotate-secret') {
			Object.assign(webhook, { secret: `${webhook.secret}+`, updated_at });
			return [200, { ...shown(webhook), secret: webhook.secret }];
		}
		if (method === 'PATCH') Object.assign(webhook, body, { updated_at });
		if (method === 'DELETE') this.remove(webhook.id);
		return [200, method === 'DELETE' ? { ok: true } : shown(webhook)];
	}
}

/** Our client asks n8n's helper for text. */
function asText(body: unknown): string {
	return typeof body === 'string' ? body : JSON.stringify(body);
}

function shown(webhook: StoredWebhook): RemoteWebhook {
	const visible: Partial<StoredWebhook> = structuredClone(webhook);
	delete visible.secret;
	return visible as RemoteWebhook;
}
