/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- measurements run in Node, not in n8n's sandbox */
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { SECRET, type SignedDelivery } from './deliveries';

/** This project. */
export const PROJECT = resolve(__dirname, '..', '..');

/** The compiled package. `BENCH_DIST` names another build, to compare a change with what was before it. */
export const DIST = resolve(process.env.BENCH_DIST || join(PROJECT, 'dist'));

/**
 * Loads a module of the compiled package: what is measured is what users run, not what a test runner makes of the
 * sources.
 *
 * @param module below nodes/AnchorBrowser, such as `delivery/receive`
 */
export function built<T>(module: string): T {
	const file = join(DIST, 'nodes', 'AnchorBrowser', `${module}.js`);
	if (!existsSync(file)) throw new Error('The package is not built yet: run npm run build');
	return createRequire(__filename)(file) as T;
}

/** What is measured of judging a delivery. */
export function builtGate() {
	const { receive } =
		built<typeof import('../../nodes/AnchorBrowser/delivery/receive')>('delivery/receive');
	const { liveSecret } =
		built<typeof import('../../nodes/AnchorBrowser/delivery/signature')>('delivery/signature');
	const { EventMemory } =
		built<typeof import('../../nodes/AnchorBrowser/delivery/dedupe')>('delivery/dedupe');
	const secrets = liveSecret(SECRET, 'current');
	type Judged = Pick<Parameters<typeof receive>[1], 'settings' | 'seen' | 'nowMs'>;
	/** Judges a delivery as the trigger does, and remembers its event; throws when it was not accepted. */
	const judge = ({ headers, body }: SignedDelivery, { settings, seen, nowMs }: Judged) => {
		const verdict = receive({ method: 'POST', headers, body }, { settings, secrets, seen, nowMs });
		if (verdict.kind !== 'accepted') throw new Error(`A delivery was ${verdict.kind}`);
		seen.commit(verdict.event.id, nowMs);
	};
	return { judge, EventMemory };
}
