/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { createHash } from 'node:crypto';
import { DataDeduplicationService } from 'n8n-core';
import type {
	DeduplicationItemTypes,
	DeduplicationScope,
	ICheckProcessedContextData,
	ICheckProcessedOptions,
	IDeduplicationOutput,
} from 'n8n-workflow';

interface Row {
	mode: string;
	data: string[];
}

/** What the table does when it is next asked. */
type Fault = 'none' | 'collide' | 'fail' | 'hang';

/**
 * n8n's table of processed entries, as its own deduplication service keeps it: one row for each workflow and node, read,
 * changed and written back in three steps without a lock, an insert that collides with a row already there, and no more
 * than `maxEntries` digests, the oldest dropped. It outlives the process, so a restart does not empty it.
 */
class ProcessedData {
	readonly rows = new Map<string, Row>();
	/** Asked for in turn, one for each call; then `none`. */
	readonly faults: Fault[] = [];
	/** Fewer than the caller asks for, so that a test needs fewer events to go beyond it. */
	mostEntries = Infinity;
	calls = 0;
	/** How many callers of one row were inside at the same moment, at most. */
	mostAtOnce = 0;
	private inside = 0;

	reset(): void {
		this.rows.clear();
		this.faults.length = 0;
		this.mostEntries = Infinity;
		this.calls = 0;
		this.mostAtOnce = 0;
	}

	async checkProcessedAndRecord(
		items: DeduplicationItemTypes[],
		scope: DeduplicationScope,
		context: ICheckProcessedContextData,
		{ mode, maxEntries }: ICheckProcessedOptions,
	): Promise<IDeduplicationOutput> {
		return await this.entered(async (fault) => {
			const key = keyOf(scope, context);
			const row = await this.read(key);
			const known = new Set(row?.data ?? []);
			const digests = items.map(digest);
			const data = [...(row?.data ?? []), ...digests.filter((entry) => !known.has(entry))];
			const most = Math.min(maxEntries ?? Infinity, this.mostEntries);
			data.splice(0, Math.max(0, data.length - most));
			if (fault === 'collide') {
				this.rows.set(key, { mode, data: [digest('what the other process recorded')] });
			}
			await this.write(key, { mode, data }, row === undefined);
			return {
				new: items.filter((_item, index) => !known.has(digests[index])),
				processed: items.filter((_item, index) => known.has(digests[index])),
			};
		});
	}

	async removeProcessed(
		items: DeduplicationItemTypes[],
		scope: DeduplicationScope,
		context: ICheckProcessedContextData,
	): Promise<void> {
		await this.entered(async () => {
			const key = keyOf(scope, context);
			const row = await this.read(key);
			if (row === undefined) return;
			const gone = new Set(items.map(digest));
			await this.write(key, { ...row, data: row.data.filter((entry) => !gone.has(entry)) }, false);
		});
	}

	async clearAllProcessedItems(): Promise<void> {
		this.rows.clear();
	}

	async getProcessedDataCount(
		scope: DeduplicationScope,
		context: ICheckProcessedContextData,
	): Promise<number> {
		return (await this.read(keyOf(scope, context)))?.data.length ?? 0;
	}

	private async entered<T>(work: (fault: Fault) => Promise<T>): Promise<T> {
		this.calls += 1;
		this.inside += 1;
		this.mostAtOnce = Math.max(this.mostAtOnce, this.inside);
		try {
			const fault = this.faults.shift() ?? 'none';
			if (fault === 'fail') throw new Error('SQLITE_BUSY: database is locked');
			if (fault === 'hang') await new Promise(() => {});
			return await work(fault);
		} finally {
			this.inside -= 1;
		}
	}

	/** Each step takes a turn of the event loop, as a database does. */
	private async read(key: string): Promise<Row | undefined> {
		await new Promise(setImmediate);
		return structuredClone(this.rows.get(key));
	}

	private async write(key: string, row: Row, insert: boolean): Promise<void> {
		await new Promise(setImmediate);
		if (insert && this.rows.has(key)) {
			throw new Error('SQLITE_CONSTRAINT: UNIQUE constraint failed: processed_data');
		}
		this.rows.set(key, row);
	}
}

const keyOf = (scope: DeduplicationScope, { workflow, node }: ICheckProcessedContextData): string =>
	`${workflow.id} ${scope === 'node' ? `n:${node?.id}` : ''}`;

const digest = (item: DeduplicationItemTypes): string =>
	createHash('md5').update(String(item)).digest('base64');

/** n8n-core takes one store for the life of the process. */
export const processedData = new ProcessedData();
void DataDeduplicationService.init(processedData);
