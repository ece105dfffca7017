/**
 * Loaded into an n8n by `--require`: writes a line into the file EVALUATIONS_FILE for each expression that n8n evaluates.
 */
const { appendFileSync } = require('node:fs');
const Module = require('node:module');

const load = Module._load;
const seen = new WeakSet();
Module._load = function (request, ...rest) {
	const loaded = load.call(this, request, ...rest);
	const prototype = request === 'n8n-workflow' ? loaded.Expression?.prototype : undefined;
	if (prototype && !seen.has(prototype)) {
		seen.add(prototype);
		const { renderExpression } = prototype;
		prototype.renderExpression = function (expression, ...others) {
			appendFileSync(process.env.EVALUATIONS_FILE, `${String(expression).replaceAll('\n', ' ')}\n`);
			return renderExpression.call(this, expression, ...others);
		};
	}
	return loaded;
};
