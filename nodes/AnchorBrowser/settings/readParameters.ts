import type { INode } from 'n8n-workflow';
import { isObject, own } from '../events/json';

/**
 * Reads one parameter of the node, or one value in a collection.
 * @param path its name, or a path such as `options.toleranceSeconds`
 * @param fallback what is given where there is no such value
 */
export type ReadParameter = (path: string, fallback: unknown) => unknown;

/**
 * What is needed of n8n's contexts. They differ in the second argument of `getNodeParameter`: in a run it is the item, in
 * all others a fallback, which never counts here, because only values that are there are asked for.
 */
interface ParameterSource {
	getNode(): Pick<INode, 'parameters'>;
	getNodeParameter(path: string, itemIndex: 0): unknown;
}

function holdsExpression(value: unknown): boolean {
	if (typeof value === 'string') return value.startsWith('=');
	return typeof value === 'object' && value !== null && Object.values(value).some(holdsExpression);
}

/**
 * One reading of a node's parameters for one call from n8n. `getNodeParameter` walks and copies a whole collection each
 * time, and evaluates every expression in it; here the node is copied once, n8n is asked only for what holds an
 * expression, and for each of those once. What is read is the same.
 * @param context n8n's context of the call
 * @param node the trigger's node, where the caller has it already
 * @returns the reader; it throws what n8n throws for an expression that cannot be resolved
 */
export function parameterReader(
	context: ParameterSource,
	{ parameters }: Pick<INode, 'parameters'> = context.getNode(),
): ReadParameter {
	const evaluated = new Map<string, unknown>();
	const evaluate = (path: string): unknown => {
		if (!evaluated.has(path)) evaluated.set(path, context.getNodeParameter(path, 0));
		return evaluated.get(path);
	};
	return (path, fallback) => {
		let value: unknown = parameters;
		// A whole collection is never an expression: n8n puts an empty one in place of what is no object.
		for (const key of path.split('.')) value = isObject(value) ? own(value, key) : undefined;
		if (holdsExpression(value)) return evaluate(path);
		return value === undefined ? fallback : value;
	};
}
