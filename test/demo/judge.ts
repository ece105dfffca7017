import type { Fate, Scenario, Sending } from './scenarios';

/** A delivery as the simulator has it in its log, as far as it is judged. */
interface SeenDelivery {
	attempts: ReadonlyArray<{ status: number | null; responseBody: string; error: string | null }>;
}

/** What was sent, and how the trigger answered. */
export interface Sent<What extends Sending = Scenario> {
	scenario: What;
	eventId: string;
	deliveries: readonly SeenDelivery[];
}

/** An execution of the sample workflow, and the event in the item of its last node. */
export interface Run {
	id: string;
	status: string;
	eventId?: string;
	eventType?: string;
	/** Whether its item says that the trigger fetched the event from Anchor's history. */
	recovered?: boolean;
}

/** An execution of the workflow that collects, and the events in its items. */
export interface CollectedRun {
	id: string;
	status: string;
	eventIds: readonly string[];
}

/** One line of the table: a delivery, or a batch. */
interface Row {
	cells: [sent: string, answer: string, inN8n: string, asItMustBe: 'yes' | 'NO'];
	good: boolean;
}

/** What an answer of the trigger says, in a few words. */
function answerOf({ attempts }: SeenDelivery): string {
	const last = attempts[attempts.length - 1];
	if (last?.status == null) return last?.error ?? 'none';
	let words: string;
	try {
		words = (JSON.parse(last.responseBody) as { message?: string }).message ?? '';
	} catch {
		words = last.responseBody.slice(0, 30);
	}
	return `${last.status} ${words}`.trim();
}

function inN8n(run: Run | undefined, fate: Fate, status: number): string {
	if (run) {
		const recovered = run.recovered ? ', recovered' : '';
		return `execution ${run.id}: ${run.eventType ?? run.status}${recovered}`;
	}
	if (fate === 'recovered') return 'no execution: never recovered';
	if (status >= 400 && status < 500) return 'no execution: refused';
	return fate === 'ignored' ? 'no execution: had it already' : 'no execution';
}

/**
 * Holds what became of one scenario against what must become of it.
 *
 * @param runs all executions of the sample workflow
 * @returns a row for each delivery; a single bad one if there were not as many as there must be
 */
export function judge({ scenario, eventId, deliveries }: Sent, runs: readonly Run[]): Row[] {
	const { title, type, expected } = scenario;
	if (deliveries.length !== expected.length) {
		const answer = `${deliveries.length} deliveries`;
		return [{ cells: [title, answer, 'nobody to send to', 'NO'], good: false }];
	}
	const own = runs.filter((run) => run.eventId === eventId);
	const wanted = expected.filter((fate) => fate === 'runs').length;
	return deliveries.map((delivery, copy) => {
		const fate = expected[copy];
		const status = delivery.attempts[delivery.attempts.length - 1]?.status ?? 0;
		const run = own[copy];
		const good = {
			runs: status === 202 && own.length === wanted && run?.status === 'success',
			ignored: status === 204 && run === undefined,
			refused: (status === 400 || status === 401) && run === undefined,
			recovered:
				status === 0 && own.length === 1 && run?.status === 'success' && run.recovered === true,
		}[fate];
		const right = good && (run === undefined || run.eventType === type);
		const name = deliveries.length > 1 ? `${title} (${copy + 1})` : title;
		return {
			cells: [name, answerOf(delivery), inN8n(run, fate, status), right ? 'yes' : 'NO'],
			good: right,
		};
	});
}

/** A run of the workflow that collects, in a few words. */
export function nameOf({ id, eventIds }: CollectedRun): string {
	return `execution ${id}: ${eventIds.length} events`;
}

/**
 * Holds what became of a batch that was sent to the workflow that collects against what must become of it.
 *
 * @param runs its executions that carry events
 * @returns a row that is good if each was taken, and all of them ran once, in one run
 */
export function judgeBatch(batch: readonly Sent<Sending>[], runs: readonly CollectedRun[]): Row {
	const answers = batch.flatMap(({ deliveries }) => deliveries.map(answerOf));
	const sorted = (ids: readonly string[]) => [...ids].sort().join();
	const [run] = runs;
	const good =
		answers.length === batch.length &&
		answers.every((answer) => answer === '202') &&
		runs.length === 1 &&
		run.status === 'success' &&
		sorted(run.eventIds) === sorted(batch.map(({ eventId }) => eventId));
	return {
		cells: [
			`a batch of ${batch.length} tasks, collected`,
			`${[...new Set(answers)].join(', ')} to each`,
			runs.length === 1 ? nameOf(run) : `${runs.length} executions`,
			good ? 'yes' : 'NO',
		],
		good,
	};
}
