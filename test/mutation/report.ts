import type { EXPLAINED } from './survivors';

interface Position {
	line: number;
	column: number;
}

/** What Stryker writes, as far as it is read here. Lines and columns count from 1. */
export interface MutationReport {
	files: Record<
		string,
		{
			source: string;
			mutants: Array<{
				status: string;
				replacement?: string;
				location: { start: Position; end: Position };
			}>;
		}
	>;
}

const NOTICED = ['Killed', 'Timeout'];
const UNNOTICED = ['Survived', 'NoCoverage'];
const ROOT = 'nodes/AnchorBrowser/';

/** The code between two places, on one line. */
function cut(source: string, { start, end }: { start: Position; end: Position }): string {
	const lines = source.split('\n').slice(start.line - 1, end.line);
	lines[lines.length - 1] = lines[lines.length - 1].slice(0, end.column - 1);
	lines[0] = lines[0].slice(start.column - 1);
	return lines.join(' ').replace(/\s+/g, ' ');
}

const percent = (part: number, whole: number) =>
	whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;

const code = (text: string) => `\`${text.replaceAll('|', '\\|').replaceAll('`', "'")}\``;

/**
 * Tells in Markdown how many changes of the code the tests noticed, and why the others may live.
 *
 * @param explained reasons by file and change; see survivors.ts
 * @returns the text, and how many living mutants have no reason
 */
export function tell(
	{ files }: MutationReport,
	explained: typeof EXPLAINED,
): { text: string; unexplained: number } {
	const scores: string[] = [];
	const living: string[] = [];
	let [noticed, all, unexplained] = [0, 0, 0];
	for (const [path, { source, mutants }] of Object.entries(files).sort()) {
		const file = path.replace(ROOT, '');
		const killed = mutants.filter(({ status }) => NOTICED.includes(status)).length;
		const alive = mutants.filter(({ status }) => UNNOTICED.includes(status));
		const tried = killed + alive.length;
		scores.push(`| \`${file}\` | ${tried} | ${killed} | ${percent(killed, tried)} |`);
		noticed += killed;
		all += tried;
		for (const { location, replacement = '' } of alive) {
			const change = `${cut(source, location)} → ${replacement.replace(/\s+/g, ' ')}`;
			const reason = explained[file]?.[change];
			if (reason === undefined) unexplained += 1;
			living.push(
				`| \`${file}\`, line ${location.start.line} | ${code(change)} | ${reason ?? '**not explained**'} |`,
			);
		}
	}
	const text = `# Mutation score

For contributors. Written by \`npm run mutate\`, which changes the code that decides in one place at a time and runs the unit test of that file,
and no other: a change that it does not notice is a mutant that lives. Each one is explained in \`test/mutation/survivors.ts\`.

<!-- prettier-ignore -->
| File | Mutants | Noticed | Score |
| --- | --- | --- | --- |
${scores.join('\n')}
| **All** | ${all} | ${noticed} | **${percent(noticed, all)}** |

## Mutants that live

<!-- prettier-ignore -->
| Where | Change | Why it may |
| --- | --- | --- |
${living.join('\n')}
`;
	return { text, unexplained };
}
