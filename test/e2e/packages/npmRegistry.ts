/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-dangerous-functions -- tests run in Node, not in n8n's sandbox, and start processes */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { dirname, join } from 'node:path';

import { startInterceptor, type Interceptor } from '../../support/interceptor';
import type { InstalledN8n } from '../../support/n8n';

/** The host that n8n's installer asks for packages, as n8n's own code names it. */
function registryHost(installed: InstalledN8n): string {
	const service = join(
		dirname(installed.bin),
		'../dist/modules/community-packages/community-packages.service.js',
	);
	const address = /DEFAULT_REGISTRY = '([^']+)'/.exec(readFileSync(service, 'utf8'))?.[1];
	if (address === undefined) throw new Error(`${service} names no registry any more`);
	return new URL(address).host;
}

/**
 * Stands in for npm's registry, with these packages alone, so that n8n's own installer installs what is not published.
 *
 * @param folder where a certificate is written
 * @param installed whose installer will ask
 * @param tarballs as npm packed them
 */
export async function startRegistry(
	folder: string,
	installed: InstalledN8n,
	tarballs: readonly string[],
): Promise<Interceptor> {
	const host = registryHost(installed);
	const answers = new Map<string, () => string | Buffer>();
	for (const tarball of tarballs) {
		const bytes = readFileSync(tarball);
		const text = execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], {
			encoding: 'utf8',
		});
		const manifest = JSON.parse(text) as { name: string; version: string };
		const { name, version } = manifest;
		const path = `/${name}/-/${name}-${version}.tgz`;
		const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
		const published = { ...manifest, dist: { tarball: `https://${host}${path}`, integrity } };
		const list = { name, 'dist-tags': { latest: version }, versions: { [version]: published } };
		answers.set(`/${name}`, () => JSON.stringify(list));
		for (const wish of [version, 'latest']) {
			answers.set(`/${name}/${wish}`, () => JSON.stringify(published));
		}
		answers.set(path, () => bytes);
	}
	const site: RequestListener = (request, response) => {
		const answer = answers.get(decodeURIComponent(request.url ?? ''));
		if (answer === undefined) response.writeHead(404).end('{"error":"Not found"}');
		else response.end(answer());
	};
	return await startInterceptor(folder, [host], site);
}
