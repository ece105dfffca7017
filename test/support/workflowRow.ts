import { Workflow } from 'n8n-workflow';
import type { IDataObject, INode, INodeParameters, INodeTypes } from 'n8n-workflow';
import { TRIGGER_TYPE } from './core';

/** One workflow as n8n's database holds it. */
export interface WorkflowRow {
	id: string;
	name: string;
	nodes: INode[];
	active: boolean;
	/** The column's text. */
	staticData: string;
}

interface TriggerNodeWish {
	id?: string;
	name?: string;
	webhookId?: string;
	parameters?: INodeParameters;
	/** Credential type to credential id. */
	credentials?: Record<string, string>;
}

/** A trigger node as a workflow's JSON holds it. */
export function triggerNode(wish: TriggerNodeWish = {}): INode {
	const id = wish.id ?? '11111111-1111-4111-8111-111111111111';
	return {
		id,
		name: wish.name ?? 'Anchor Browser Trigger',
		type: TRIGGER_TYPE,
		typeVersion: 2,
		position: [0, 0],
		webhookId: wish.webhookId ?? `hook-${id}`,
		parameters: wish.parameters ?? {},
		credentials: Object.fromEntries(
			Object.entries(wish.credentials ?? {}).map(([type, credential]) => [
				type,
				{ id: credential, name: type },
			]),
		),
	};
}

/** The engine's object for a row, made anew for each use, as n8n does. */
export function openWorkflow(row: WorkflowRow, nodeTypes: INodeTypes, staticData?: IDataObject) {
	return new Workflow({
		id: row.id,
		name: row.name,
		nodes: structuredClone(row.nodes),
		connections: {},
		active: row.active,
		nodeTypes,
		staticData: staticData ?? (JSON.parse(row.staticData) as IDataObject),
		settings: { executionOrder: 'v1' },
	});
}

/** n8n's rule: the whole column is written, and only when something in it changed. */
export function saveStaticData(row: WorkflowRow, { staticData }: Workflow): boolean {
	if (staticData.__dataChanged !== true) return false;
	row.staticData = JSON.stringify(staticData);
	staticData.__dataChanged = false;
	return true;
}
