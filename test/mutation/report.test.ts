import { tell, type MutationReport } from './report';

const at = (line: number, from: number, to: number) => ({
	start: { line, column: from },
	end: { line, column: to },
});

const report: MutationReport = {
	files: {
		'nodes/AnchorBrowser/output/a.ts': {
			source: "const a = 1;\nconst b = x || '';\n",
			mutants: [
				{ status: 'Killed', replacement: '2', location: at(1, 11, 12) },
				{ status: 'Timeout', replacement: '3', location: at(1, 11, 12) },
				{ status: 'CompileError', replacement: '4', location: at(1, 11, 12) },
				{ status: 'Survived', replacement: "''", location: at(2, 11, 18) },
				{ status: 'NoCoverage', replacement: '"s"', location: at(2, 16, 18) },
			],
		},
	},
};

describe('the mutation score', () => {
	it('counts what was noticed, and leaves out what does not compile', () => {
		const { text } = tell(report, {});
		expect(text).toContain('| `output/a.ts` | 4 | 2 | 50.0 % |');
		expect(text).toContain('| **All** | 4 | 2 | **50.0 %** |');
	});

	it('gives the reason for each mutant that lives, and counts those without one', () => {
		const { text, unexplained } = tell(report, {
			'output/a.ts': { "x || '' → ''": 'x is never empty.' },
		});
		expect(text).toContain("| `output/a.ts`, line 2 | `x \\|\\| '' → ''` | x is never empty. |");
		expect(text).toContain('| **not explained** |');
		expect(unexplained).toBe(1);
	});
});
