import type { Context } from 'hono';
import type { z } from 'zod';
import { invalid } from '../errors';
import type { Env } from '../server';

/**
 * The request's JSON body, checked.
 * @throws ApiError 400 for text that is no JSON, and for what the schema refuses, naming the first key
 */
export function bodyOf<T>(c: Context<Env>, schema: z.ZodType<T>): T {
	let value: unknown;
	try {
		value = JSON.parse(c.get('text'));
	} catch {
		throw invalid('Request body must be valid JSON');
	}
	return checked(value, schema);
}

/**
 * A value that fits a schema.
 * @throws ApiError 400
 */
export function checked<T>(value: unknown, schema: z.ZodType<T, z.ZodTypeDef, unknown>): T {
	const result = schema.safeParse(value);
	if (result.success) return result.data;
	const [issue] = result.error.issues;
	const where = issue.path.join('.');
	throw invalid(where ? `${where}: ${issue.message}` : issue.message);
}
