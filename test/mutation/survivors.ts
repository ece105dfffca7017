/**
 * Why a mutant may live: its change makes no difference that anybody could see. By file, then by what stood there and what
 * the mutant put in its place.
 */
export const EXPLAINED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	'output/branch.ts': {
		'\'\' → "Stryker was here!"':
			'Any text that is no kind of failure leads to Other Failure, as no text does.',
	},
};
