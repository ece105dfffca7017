/** A mark that no event holds. */
const MARK = '\uE000';

/** JSON text of a value, in which a bigint is a number with all its digits: those of other languages may be as large. */
export function jsonOf(value: unknown): string {
	const marked = JSON.stringify(value, (_key, part: unknown) =>
		typeof part === 'bigint' ? `${MARK}${part}` : part,
	);
	return marked.replace(new RegExp(`"${MARK}(-?\\d+)"`, 'g'), '$1');
}
