import type { N8nClient } from '../../support/n8n';

/** What n8n's MCP server answers to any message, in the one line of its event stream. */
interface Answer {
	result?: { structuredContent?: Record<string, unknown>; isError?: boolean; content?: unknown };
	error?: { message: string };
}

/** An AI client that has connected itself with n8n's own MCP server: it calls tools, and thinks nothing. */
export class AiClient {
	private messages = 0;

	private constructor(
		private readonly url: string,
		private readonly apiKey: string,
	) {}

	/** Switches n8n's MCP server on, as its owner does under Settings, and connects. */
	static async connect(n8n: { readonly url: string }, owner: N8nClient): Promise<AiClient> {
		await owner.rest('PATCH', '/mcp/settings', { mcpAccessEnabled: true });
		const { apiKey } = await owner.rest<{ apiKey: string }>('GET', '/mcp/api-key');
		return new AiClient(`${n8n.url}/mcp-server/http`, apiKey);
	}

	/**
	 * Calls a tool.
	 * @returns its structured answer
	 * @throws Error with n8n's words when the tool did not do it
	 */
	async call<T>(name: string, args: Record<string, unknown>): Promise<T> {
		const response = await fetch(this.url, {
			method: 'POST',
			headers: {
				authorization: `Bearer ${this.apiKey}`,
				'content-type': 'application/json',
				accept: 'application/json, text/event-stream',
			},
			body: JSON.stringify({
				jsonrpc: '2.0',
				id: ++this.messages,
				method: 'tools/call',
				params: { name, arguments: args },
			}),
			signal: AbortSignal.timeout(60_000),
		});
		const text = await response.text();
		const data = text.split('\n').find((line) => line.startsWith('data:'));
		if (data === undefined) throw new Error(`${name} answered ${response.status}: ${text}`);
		const { result, error } = JSON.parse(data.slice('data:'.length)) as Answer;
		if (error !== undefined || result?.isError || result?.structuredContent === undefined) {
			throw new Error(`${name} answered ${JSON.stringify(error ?? result)}`);
		}
		return result.structuredContent as T;
	}
}
