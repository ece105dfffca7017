/** A parsed JSON object, as opposed to a list, a scalar or null. */
export type JsonObject = Record<string, unknown>;

/** Takes any parsed JSON; returns whether it is an object. */
export function isObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Takes an object and a key; returns the object's own value, or undefined. Deliveries may name a key `constructor` or
 * `__proto__`, and a plain read of an absent one would find what every object inherits.
 */
export function own(holder: JsonObject, key: string): unknown {
	return Object.hasOwn(holder, key) ? holder[key] : undefined;
}

/** One of Anchor's times in milliseconds; undefined where there is none, or none that can be read. */
export function timeOf(text: string | null | undefined): number | undefined {
	const at = Date.parse(String(text));
	return Number.isNaN(at) ? undefined : at;
}
