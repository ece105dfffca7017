const deciding = Object.entries(require('./deciding.json'));

/** Fails when a branch of the files that decide is not taken by the unit tests of their folders (`npm run check:branches`). */
module.exports = {
	...require('../../jest.config.js'),
	rootDir: '../..',
	testMatch: deciding.map(([folder]) => `**/test/unit/${folder}/**/*.test.ts`),
	collectCoverage: true,
	collectCoverageFrom: deciding.flatMap(([folder, files]) =>
		files.map((file) => `nodes/AnchorBrowser/${folder}/${file}.ts`),
	),
	coverageReporters: ['text'],
	coverageThreshold: { global: { branches: 100, functions: 100, lines: 100 } },
};
