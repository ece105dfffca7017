import { ExecutionLifecycleHooks, WorkflowExecute } from 'n8n-core';
import { createRunExecutionData } from 'n8n-workflow';
import type {
	IDataObject,
	INodeExecutionData,
	IRun,
	IWorkflowBase,
	IWorkflowExecuteAdditionalData,
	Workflow,
	WorkflowExecuteMode,
} from 'n8n-workflow';

/** What came of one execution. */
export interface Run {
	id: string;
	workflowId: string;
	mode: WorkflowExecuteMode;
	status: string;
	/** The items on each output of the trigger; an empty list when it gave none. */
	outputs: IDataObject[][];
	items: INodeExecutionData[];
	error?: Error;
	/** Whether the execution changed the workflow's static data. */
	wroteStaticData: boolean;
	/** n8n's own account of it; none when `webhook()` threw. */
	result?: IRun;
}

interface RunWish {
	workflow: Workflow;
	nodeName: string;
	additionalData: IWorkflowExecuteAdditionalData;
	mode: WorkflowExecuteMode;
	executionId: string;
	/** What `webhook()` returned as `workflowData`. */
	workflowData: INodeExecutionData[][];
}

/** Runs the trigger's `execute()` in n8n's own engine, from what `webhook()` gave. */
export async function runWorkflow(wish: RunWish): Promise<Run> {
	const { workflow, nodeName, mode, executionId } = wish;
	const node = workflow.getNode(nodeName);
	if (node === null) throw new Error(`No node ${nodeName}`);
	const workflowData = { id: workflow.id, name: workflow.name ?? '' } as IWorkflowBase;
	const additionalData = {
		...wish.additionalData,
		executionId,
		hooks: new ExecutionLifecycleHooks(mode, executionId, workflowData),
	};
	const runExecutionData = createRunExecutionData({
		executionData: {
			nodeExecutionStack: [{ node, data: { main: wish.workflowData }, source: null }],
		},
	});
	const result = await new WorkflowExecute(
		additionalData,
		mode,
		runExecutionData,
	).processRunExecutionData(workflow);
	const { data, status } = result;
	const [task] = data.resultData.runData[nodeName] ?? [];
	const outputs = (task?.data?.main ?? []).map((items) => items ?? []);
	return {
		id: executionId,
		workflowId: workflow.id,
		mode,
		status,
		outputs: outputs.map((items) => items.map(({ json }) => json)),
		items: outputs.flat(),
		error: (data.resultData.error ?? task?.error) as Error | undefined,
		wroteStaticData: workflow.staticData.__dataChanged === true,
		result,
	};
}
