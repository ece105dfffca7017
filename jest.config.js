// A zone that is not UTC, and not whole hours from it: a time that is read in the zone of the machine shows itself.
process.env.TZ = 'Asia/Kolkata';

/** What `npm test` runs: everything that needs no n8n server. The built package is a precondition (`gulp build`). */
module.exports = {
	testEnvironment: 'node',
	roots: ['<rootDir>/test'],
	testMatch: ['**/*.test.ts'],
	testPathIgnorePatterns: ['/node_modules/', '/test/e2e/', '/test/gates/'],
	transform: {
		// Types are checked once, by `tsc -p test` in `npm run lint`; here each file is only stripped of them.
		'^.+\\.ts$': ['ts-jest', { tsconfig: 'test/tsconfig.json', diagnostics: false }],
	},
};
