const base = require('./jest.config.js');

/** What `npm run gates` runs: what n8n and npm ask of a package before it is published. Needs npm's registry. */
module.exports = {
	...base,
	roots: ['<rootDir>/test/gates'],
	testPathIgnorePatterns: ['/node_modules/'],
	testTimeout: 300_000,
};
