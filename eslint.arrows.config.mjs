import { readFileSync } from 'node:fs';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * Who may import whom below nodes/ (CONTRIBUTING, "Where things are"). n8n's strict mode allows no change to
 * eslint.config.mjs, so the arrows have a configuration of their own.
 */
const root = './nodes/AnchorBrowser';

/** The files that decide: each of their branches has a unit test, and none of them knows n8n. */
const folders = JSON.parse(readFileSync(new URL('test/mutation/deciding.json', import.meta.url)));
const deciding = Object.entries(folders).flatMap(([folder, names]) =>
	names.map((name) => `nodes/AnchorBrowser/${folder}/${name}.ts`),
);

const may = (folder, ...allowed) => ({
	target: `${root}/${folder}`,
	from: root,
	except: [folder, ...allowed].map((path) => `./${path}`),
	message: `${folder}/ may import ${[folder, ...allowed].join(', ')} and nothing else of ours.`,
});

const noHost = {
	'no-restricted-imports': [
		'error',
		{
			paths: [{ name: 'n8n-workflow', message: 'This folder is pure: it must work without n8n.' }],
		},
	],
};

/** The rooms that know nothing of n8n's calls. */
const BELOW = ['settings', 'registration', 'recovery', 'api', 'delivery', 'output', 'events'];

export default [
	{
		files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
		languageOptions: { parser: tseslint.parser },
		plugins: { 'import-x': importX },
		settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.js'] } } },
		rules: {
			'import-x/no-cycle': 'error',
			'import-x/no-restricted-paths': [
				'error',
				{
					zones: [
						may('events'),
						may('delivery', 'events'),
						may('output', 'events'),
						may('api', 'events'),
						may('registration', 'api', 'events'),
						may('recovery', 'api', 'delivery', 'events'),
						may('settings', 'delivery', 'output', 'events'),
						may('runtime', ...BELOW),
						may('upkeep', 'runtime', ...BELOW),
						may('hooks', 'upkeep', 'runtime', ...BELOW),
					],
				},
			],
		},
	},
	{
		files: deciding,
		rules: noHost,
	},
];
