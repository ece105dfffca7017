/** `npm run mutate`: changes the code that decides, here and there, and looks whether a test notices. */
export default {
	plugins: ['@stryker-mutator/jest-runner'],
	testRunner: 'jest',
	jest: { configFile: 'test/mutation/jest.config.js' },
	coverageAnalysis: 'perTest',
	mutate: [
		'nodes/AnchorBrowser/{delivery,events,output}/*.ts',
		'nodes/AnchorBrowser/recovery/missed.ts',
		'nodes/AnchorBrowser/registration/{address,end,mark,plan,seal,state}.ts',
	],
	ignorePatterns: ['dist', 'docs', 'coverage'],
	// What was not changed since the last run is not tried again, so that a run can also go on with other files.
	incremental: true,
	incrementalFile: 'coverage/mutation.json',
	reporters: ['clear-text', 'progress-append-only'],
	cleanTempDir: 'always',
	allowConsoleColors: false,
};
