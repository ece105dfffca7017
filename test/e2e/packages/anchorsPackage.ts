/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const ANCHORS_PACKAGE = 'n8n-nodes-anchorbrowser';
export const ANCHORS_NODE_TYPE = `${ANCHORS_PACKAGE}.anchorBrowser`;

/** The credential type of Anchor's own package 0.1.8: its name, fields, authentication and test. */
const CREDENTIAL = `
exports.AnchorBrowserApi = class {
	name = 'anchorBrowserApi';
	displayName = 'Anchor Browser API';
	documentationUrl = 'https://docs.anchorbrowser.io';
	properties = [
		{ displayName: 'API Key', name: 'apiKey', type: 'string', typeOptions: { password: true }, default: '', required: true },
		{ displayName: 'Base URL', name: 'baseUrl', type: 'string', default: 'https://api.anchorbrowser.io' },
	];
	authenticate = { type: 'generic', properties: { headers: { 'anchor-api-key': '={{$credentials.apiKey}}' } } };
	test = { request: { baseURL: '={{$credentials.baseUrl}}', url: '/v1/sessions/all/status' } };
};
`;

/** One operation of its one node, which has a base URL of its own: the sessions of the project. */
const NODE = `
exports.AnchorBrowser = class {
	description = {
		displayName: 'Anchor Browser',
		name: 'anchorBrowser',
		group: ['transform'],
		version: 1,
		description: 'Works with Anchor Browser',
		defaults: { name: 'Anchor Browser' },
		inputs: ['main'],
		outputs: ['main'],
		usableAsTool: true,
		credentials: [{ name: 'anchorBrowserApi', required: true }],
		properties: [
			{ displayName: 'Base URL', name: 'baseUrl', type: 'string', default: 'https://api.anchorbrowser.io' },
		],
	};
	async execute() {
		const answer = await this.helpers.httpRequestWithAuthentication.call(this, 'anchorBrowserApi', {
			method: 'GET',
			url: this.getNodeParameter('baseUrl', 0) + '/v1/sessions/all/status',
			json: true,
		});
		return [[{ json: answer.data, pairedItem: { item: 0 } }]];
	}
};
`;

/**
 * Writes what matters here of Anchor's own n8n package, which is not on npm: its credential type, and a node that uses it.
 *
 * @param folder made if need be; can be packed afterwards
 */
export function writeAnchorsPackage(folder: string): void {
	const files = {
		'package.json': JSON.stringify({
			name: ANCHORS_PACKAGE,
			version: '0.1.8',
			keywords: ['n8n-community-node-package'],
			files: ['dist'],
			n8n: {
				n8nNodesApiVersion: 1,
				credentials: ['dist/credentials/AnchorBrowserApi.credentials.js'],
				nodes: ['dist/nodes/AnchorBrowser/AnchorBrowser.node.js'],
			},
		}),
		'dist/credentials/AnchorBrowserApi.credentials.js': CREDENTIAL,
		'dist/nodes/AnchorBrowser/AnchorBrowser.node.js': NODE,
	};
	for (const [path, text] of Object.entries(files)) {
		mkdirSync(join(folder, path, '..'), { recursive: true });
		writeFileSync(join(folder, path), text);
	}
}
