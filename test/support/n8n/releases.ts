/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
/**
 * The n8n releases that the tests and the demo know how to install and start, the newest first, and what each needs.
 *
 * The overrides and the packages to build are what running each of them from npm's packages alone takes:
 * later linkedom releases ask for a package that npm does not have, and n8n 1.x points its xlsx at a tarball outside
 * npm. No webhook workflow touches either.
 */
export interface Release {
	version: string;
	/** Pinned below n8n, in the package.json of the folder that n8n is installed into. */
	overrides: Readonly<Record<string, string>>;
	/** Native packages to build after an install without scripts. */
	build: readonly string[];
}

export const RELEASES: readonly Release[] = [
	{
		version: '2.41.1',
		overrides: { linkedom: '0.18.12' },
		build: ['sqlite3', 'isolated-vm'],
	},
	{
		version: '1.123.81',
		overrides: { linkedom: '0.18.12', xlsx: '0.18.5' },
		build: ['sqlite3'],
	},
];

/** The newest n8n whose packages were all published at matching versions. */
export const NEWEST = RELEASES[0].version;

/** The last line of n8n 1.x, and the oldest n8n that the package is tested with. */
export const OLDEST = RELEASES[RELEASES.length - 1].version;

/**
 * The releases of the table that a switch chooses.
 *
 * @param switched versions or majors of n8n with commas between them, such as `1` or `2.41.1`; all when empty
 * @returns versions, the newest first
 * @throws Error when one of them is not in the table
 */
export function releasesNamed(switched: string | undefined): string[] {
	const names = (switched ?? '').split(',').map((name) => name.trim());
	const wanted = names.filter((name) => name !== '');
	const fits = (version: string, name: string) => `${version}.`.startsWith(`${name}.`);
	const known = RELEASES.map(({ version }) => version);
	const unknown = wanted.find((name) => !known.some((version) => fits(version, name)));
	if (unknown !== undefined) {
		throw new Error(`N8N_VERSIONS names ${unknown}, which is none of ${known.join(', ')}`);
	}
	return known.filter(
		(version) => wanted.length === 0 || wanted.some((name) => fits(version, name)),
	);
}

/** The n8n versions that tests in a real n8n run on: all of the table, unless `N8N_VERSIONS` names some. */
export const TESTED = releasesNamed(process.env.N8N_VERSIONS);

/** The Node that is fetched from npm where the machine's own is of another line: every release above runs on it. */
export const FALLBACK_NODE = '24.21.0';

/** Numbers of `1.2.3` or `v1.2.3-beta`; what is missing counts as 0. */
function numbersOf(version: string): number[] {
	const digits = /(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version);
	return [1, 2, 3].map((group) => Number(digits?.[group] ?? 0));
}

/** The major number: releases of one line run each other's native packages. */
export function lineOf(version: string): number {
	return numbersOf(version)[0];
}

/**
 * Whether a version is at least another one.
 *
 * @param version such as `2.41.1` or `v24.21.0`
 * @param minimum such as `1.123`
 */
export function isAtLeast(version: string, minimum: string): boolean {
	const [have, want] = [numbersOf(version), numbersOf(minimum)];
	for (let place = 0; place < 3; place++) {
		if (have[place] !== want[place]) return have[place] > want[place];
	}
	return true;
}

/**
 * Whether an n8n runs on a Node, after the `engines` of n8n's releases: 1.99 to 2.9 want 20.19, 2.10 to 2.35 want 22,
 * 2.36 onward want 24. Nothing above 24 is taken, because n8n ships its native packages built for Node 24 at most.
 *
 * @param n8nVersion such as `2.41.1`
 * @param nodeVersion such as `v24.21.0`
 */
export function runsOn(n8nVersion: string, nodeVersion: string): boolean {
	const minimum = isAtLeast(n8nVersion, '2.36')
		? '24'
		: isAtLeast(n8nVersion, '2.10')
			? '22'
			: '20.19';
	return isAtLeast(nodeVersion, minimum) && !isAtLeast(nodeVersion, '25');
}

/**
 * Settings that one n8n needs to start without asking anything of the outside world.
 *
 * @param n8nVersion such as `1.123.81`
 * @param hasModule whether this n8n has a module of that name; it does not start when told to leave out an unknown one
 */
export function settingsOf(
	n8nVersion: string,
	hasModule: (name: string) => boolean,
): Record<string, string> {
	return {
		// n8n 1.x would look for the isolated-vm package, which its line does not bring along ready to use.
		...(isAtLeast(n8nVersion, '2.0') ? {} : { N8N_EXPRESSION_ENGINE: 'legacy' }),
		// It fetches a list of MCP servers from n8n's own server at every start.
		...(hasModule('mcp-registry') ? { N8N_DISABLED_MODULES: 'mcp-registry' } : {}),
	};
}
