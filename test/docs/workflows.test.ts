/* eslint-disable @n8n/community-nodes/no-restricted-imports -- tests run in Node, not in n8n's sandbox */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

import { scripts } from '../../package.json';
import { PROJECT } from '../support/n8n';
import { RELEASES } from '../support/n8n/releases';
import { exactDependencies, read } from './documents';

interface Step {
	uses?: string;
	run?: string;
}
interface Job {
	needs?: string;
	uses?: string;
	steps?: Step[];
	permissions?: Record<string, string>;
	strategy?: { matrix: Record<string, unknown[]> };
}
interface Workflow {
	permissions: Record<string, string>;
	jobs: Record<string, Job>;
}

const FILES = readdirSync(join(PROJECT, '.github', 'workflows'));
const textOf = (file: string) => read(`.github/workflows/${file}`);
const workflow = (file: string) => parse(textOf(file)) as Workflow;
const matrix = (job: string) => workflow('ci.yml').jobs[job].strategy?.matrix ?? {};
const runs = ({ steps = [] }: Job) => steps.map(({ run }) => run);

describe.each(FILES)("GitHub's workflow %s", (file) => {
	it('takes each action by its hash, and says which version that is', () => {
		const actions = [...textOf(file).matchAll(/uses: (?!\.\/)(.+)$/gm)].map(([, action]) => action);
		expect(actions.length).toBeGreaterThan(0);
		const loose = actions.filter(
			(action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action),
		);
		expect(loose).toEqual([]);
	});

	it('may write nowhere, but for the login at npm of the one that publishes', () => {
		const { permissions, jobs } = workflow(file);
		expect(permissions).toEqual({ contents: 'read' });
		const wider = Object.entries(jobs).filter(([, job]) => job.permissions);
		expect(wider.map(([name]) => name)).toEqual(file === 'publish.yml' ? ['publish'] : []);
	});

	it('runs npm scripts that are there, on what npm ci installed', () => {
		for (const job of Object.values(workflow(file).jobs)) {
			for (const run of runs(job)) {
				const [, script] = /^npm run ([\w:-]+)/.exec(run ?? '') ?? [];
				if (script !== undefined && !script.endsWith(':')) expect(scripts).toHaveProperty([script]);
			}
			if (job.steps) expect(runs(job)).toContain('npm ci');
		}
	});
});

describe('CI on GitHub', () => {
	it('has a job for each check of package.json', () => {
		const checks = Object.keys(scripts).filter((name) => name.startsWith('check:'));
		expect(matrix('check').check.map((name) => `check:${String(name)}`)).toEqual(checks);
	});

	it('tests on Node 20, 22 and 24, and in each line of n8n', () => {
		expect(matrix('test').node).toEqual([20, 22, 24]);
		const lines = RELEASES.map(({ version }) => Number.parseInt(version, 10));
		expect(matrix('e2e').n8n).toEqual(lines.sort());
	});
});

describe('publishing from GitHub', () => {
	const { jobs } = workflow('publish.yml');

	it('comes after the placeholders were looked for, and after the whole CI', () => {
		expect(runs(jobs['filled-in'])).toContain('npm run gate:publisher');
		expect(jobs.ci).toEqual({ needs: 'filled-in', uses: './.github/workflows/ci.yml' });
		expect(jobs.publish.needs).toBe('ci');
	});

	it('signs where the package was built', () => {
		expect(jobs.publish.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
		expect(runs(jobs.publish)).toContain('npm run release');
	});
});

describe('Dependabot', () => {
	it('leaves alone what is exact in package.json', () => {
		const { updates } = parse(read('.github/dependabot.yml')) as {
			updates: Array<{ ignore?: Array<{ 'dependency-name': string; 'update-types'?: string[] }> }>;
		};
		const ignored = updates
			.flatMap(({ ignore = [] }) => ignore)
			.filter((one) => one['update-types'] === undefined)
			.map((one) => one['dependency-name']);
		expect(ignored.sort()).toEqual(exactDependencies());
	});
});
