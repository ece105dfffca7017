const base = require('../../jest.config.js');

/** The tests of the sources themselves; the others drive the built package, which no mutant reaches. */
module.exports = {
	...base,
	rootDir: '../..',
	testMatch: [
		'**/test/unit/{events,delivery,output,recovery,registration}/**/*.test.ts',
		'**/test/conformance/core.test.ts',
	],
};
