const base = require('./jest.config.js');

/** What `npm run test:e2e` runs: real n8n servers and a real browser, one file after the other. */
module.exports = {
	...base,
	roots: ['<rootDir>/test/e2e'],
	testMatch: ['**/*.e2e.test.ts'],
	testPathIgnorePatterns: ['/node_modules/'],
	maxWorkers: 1,
	testTimeout: 180_000,
};
