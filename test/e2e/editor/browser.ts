/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, selectors, type Browser } from 'playwright-core';

/** Names under which systems install the browser; the variable is for one that is elsewhere. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function installedBrowser(): string {
	const named = process.env.CHROMIUM_PATH;
	if (named) return named;
	const folders = (process.env.PATH ?? '').split(delimiter);
	const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) =>
		existsSync(path),
	);
	if (!found) {
		throw new Error(
			'This test needs Chromium: install it (Debian: apt-get install chromium), or name its program in CHROMIUM_PATH.',
		);
	}
	return found;
}

/**
 * Starts the machine's own Chromium without a window. It resolves no name, so that nothing but this machine is reached.
 *
 * @returns the browser; its owner closes it
 * @throws Error when there is no Chromium
 */
export async function launchBrowser(): Promise<Browser> {
	selectors.setTestIdAttribute('data-test-id');
	return await chromium.launch({
		executablePath: installedBrowser(),
		args: [
			'--no-sandbox',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync',
			'--no-first-run',
			'--force-color-profile=srgb',
			'--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
		],
	});
}
