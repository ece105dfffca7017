/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */

/** `FAULTS=full` takes the numbers of the README, about an hour; without it they are small and take a quarter of that. */
const FULL = process.env.FAULTS === 'full';

/**
 * How many there are to be of something.
 * @param name of the environment variable that says so
 * @param full the README's number
 * @param short the number for a quick run
 */
export const numberOf = (name: string, full: number, short: number): number =>
	Number(process.env[name]) || (FULL ? full : short);

/**
 * Settings of n8n for the numbers chosen. For every request to a community trigger n8n 2 makes a JavaScript isolate of its
 * own: on two cores that is ten deliveries a second, and the large numbers would mostly show how n8n does under an
 * overload that never ends.
 */
export const ENGINE: Record<string, string> = FULL ? { N8N_EXPRESSION_ENGINE: 'legacy' } : {};
