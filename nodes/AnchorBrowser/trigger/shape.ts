import { randomUUID } from 'node:crypto';
import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { mismatchLine } from '../delivery/outcome';
import { mismatchesOf } from '../events/envelope';
import type { AnchorEvent } from '../events/envelope';
import { outputIndex, outputNames } from '../output/branch';
import { formatItem } from '../output/format';
import type { DeliveryNote } from '../output/format';
import { isRepeated } from './durable';
import { warnOncePerMinute } from './log';
import { readShapeSettings } from './settings';

/** What the gate hands over to the shape: the one item on output 0 of `webhook()`. */
export interface GateItem {
	event: AnchorEvent;
	delivery: DeliveryNote;
	/** The process that received it, see `PROCESS`. */
	receivedBy: string;
}

/** Tells this process from every other one of the same n8n, and from itself before a restart. */
const PROCESS = randomUUID();

/** The gate's item as n8n carries it from `webhook()` to `execute()`. */
export const toGateItem = (item: Omit<GateItem, 'receivedBy'>): IDataObject =>
	({ ...item, receivedBy: PROCESS }) as unknown as IDataObject;

const isGateItem = (json: unknown): json is GateItem =>
	typeof json === 'object' && json !== null && 'event' in json && 'delivery' in json;

/**
 * Turns the events that the gate let through into items on outputs: the durable check, then format, then branch.
 * @param context n8n's context of the run
 * @returns one list of items for each output; a repeated event ends here, with no items
 */
export async function shapeItems(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const settings = readShapeSettings((name, fallback) =>
		context.getNodeParameter(name, 0, fallback),
	);
	const outputs = outputNames(settings.branchBy, settings.events).map(
		(): INodeExecutionData[] => [],
	);

	for (const [index, item] of context.getInputData().entries()) {
		// Data that the user pinned or edited in the editor has the shape he gave it.
		if (!isGateItem(item.json)) {
			outputs[0].push({ ...item, pairedItem: { item: index } });
			continue;
		}
		const { event, delivery, receivedBy } = item.json;
		if (settings.deduplicate === 'durable') {
			const query = { eventId: event.id, acrossProcesses: receivedBy !== PROCESS };
			if (await isRepeated(context, query)) continue;
		}

		reportMismatches(context, event);
		const json = formatItem(event, {
			format: settings.format,
			escapeFormulas: settings.escapeFormulas,
			delivery: settings.includeDelivery ? delivery : undefined,
		}) as IDataObject;
		outputs[outputIndex(event, settings.branchBy, settings.events)].push({
			json,
			pairedItem: { item: index },
		});
	}
	return outputs;
}

/** A payload that does not look as documented is delivered all the same; the log says where it differs. */
function reportMismatches(context: IExecuteFunctions, event: AnchorEvent): void {
	const mismatches = mismatchesOf(event);
	if (mismatches.length === 0) return;
	const node = context.getNode();
	const workflowId = context.getWorkflow().id;
	warnOncePerMinute(
		context.logger,
		`${workflowId} ${node.id} mismatch ${event.type}`,
		`${node.name}: ${mismatchLine(event.type, mismatches)}`,
		{ workflowId, nodeId: node.id, mismatches },
		Date.now(),
	);
}
