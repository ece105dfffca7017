/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder that keeps what takes minutes to install, so that the next start takes seconds: one folder for each n8n and
 * Node, and the note that a running demo leaves for `npm run emit`. It can be deleted at any time.
 */
export function cacheFolder(): string {
	const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
	const folder = join(base, 'n8n-nodes-anchorbrowser-webhooks');
	mkdirSync(folder, { recursive: true });
	return folder;
}
