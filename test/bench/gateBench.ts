import { built, builtGate } from './built';
import { makeDeliveries } from './deliveries';
import { race, type Contestant } from './interleave';
import { duration, ratio, table } from './table';

const CALLS = 1_000;
const REMEMBERED = [10, 100, 1_000, 20_000];
const FILTER_IDS = [0, 1, 10, 100];

/**
 * What judging a delivery of 2 KB costs as the trigger remembers more events and filters by more ids.
 * @returns Markdown
 */
export function gateBench(): string {
	const { judge, EventMemory } = builtGate();
	const { readWebhookSettings } =
		built<typeof import('../../nodes/AnchorBrowser/settings/readSettings')>(
			'settings/readSettings',
		);

	const nowMs = Date.now();
	const deliveries = makeDeliveries(CALLS, 2_000, Math.floor(nowMs / 1000));

	/** A full memory of so many ids: every new one makes the oldest go, the dearest state there is. */
	const fullMemory = (ids: number) => {
		const memory = new EventMemory({ maxIds: ids });
		for (let i = 0; i < ids; i++)
			memory.commit(`evt_before_${i.toString().padStart(16, '0')}`, nowMs);
		return memory;
	};
	const judging = (remembered: number, filterIds: number): Contestant => {
		// The task of the deliveries is the last one listed.
		const taskIds = Array.from({ length: filterIds }, (_nothing, i) =>
			i === filterIds - 1 ? 'tsk_4f8w9n2b' : `tsk_${i.toString(36).padStart(8, '0')}`,
		).join(', ');
		const parameters: Record<string, unknown> = {
			events: ['task.completed', 'task.failed'],
			filters: filterIds === 0 ? {} : { taskIds },
		};
		return () => {
			const seen = fullMemory(remembered);
			return (index) => {
				// The settings are read for every delivery: they may hold expressions.
				const settings = readWebhookSettings(
					(name, fallback) => parameters[name] ?? fallback,
					'UTC',
				);
				judge(deliveries[index], { settings, seen, nowMs });
			};
		};
	};
	const remembering =
		(remembered: number): Contestant =>
		() => {
			const seen = fullMemory(remembered);
			return (index) => {
				const id = `evt_${index.toString().padStart(24, '0')}`;
				seen.reserve(id, nowMs);
				seen.commit(id, nowMs);
			};
		};

	const options = { rounds: 25, calls: CALLS };
	const whole = race(
		REMEMBERED.map((ids) => judging(ids, 0)),
		options,
	);
	const memoryAlone = race(REMEMBERED.map(remembering), options);
	const filtered = race(
		FILTER_IDS.map((ids) => judging(1_000, ids)),
		options,
	);
	return [
		'### The gate as memory and filters grow (2 KB a delivery, aim: flat within 1.10)',
		'',
		table(
			['Remembered ids', 'Whole gate', 'Ratio', 'Memory alone'],
			REMEMBERED.map((ids, i) => [
				ids.toLocaleString('en'),
				duration(whole[i].perCall),
				ratio(whole[i].ratio),
				duration(memoryAlone[i].perCall),
			]),
		),
		'',
		table(
			['Ids in a filter', 'Whole gate', 'Ratio'],
			FILTER_IDS.map((ids, i) => [
				String(ids),
				duration(filtered[i].perCall),
				ratio(filtered[i].ratio),
			]),
		),
	].join('\n');
}
