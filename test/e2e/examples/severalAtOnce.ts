import type { EmitOptions } from '../../simulator';
import type { Execution, N8nClient, Workflow, WorkflowFile, WorkflowNode } from '../../support/n8n';
import { TRIGGER, TRIGGER_TYPE } from '../trigger';

/** An active workflow. */
export interface Published {
	readonly workflow: Workflow;
	/** Lets something happen at Anchor, and resolves when the trigger has taken it; throws when it has not. */
	send(type: string, wish?: EmitOptions): Promise<void>;
	/**
	 * Lets something happen at Anchor.
	 *
	 * @returns the run that it caused, finished or waiting for somebody
	 * @throws when that run did not succeed, with the words that its user sees
	 */
	emit(type: string, wish?: EmitOptions): Promise<Execution>;
	/** Deactivates it. */
	end(): Promise<void>;
}

export type SeveralEvents = ReadonlyArray<readonly [type: string, wish?: EmitOptions]>;

/** The node that a copy of the example starts from. */
export const SEVERAL_EVENTS = 'Several Events';

/** Runs an example with several events at once, which n8n's webhooks, one event a delivery, cannot cause. */
export class SeveralAtOnce {
	private trigger: Published | undefined;
	private copy: Workflow | undefined;

	/**
	 * @param example filled in, with credentials
	 * @param publish saves and activates a workflow
	 */
	constructor(
		private readonly client: N8nClient,
		private readonly example: WorkflowFile,
		private readonly publish: (workflow: WorkflowFile) => Promise<Published>,
	) {}

	/** Runs the same copy of the example each time, so that it remembers what it has seen. */
	async run(events: SeveralEvents): Promise<Execution> {
		const { items, outputs, width } = await this.asTheTriggerGives(events);
		const nodes = this.example.nodes.map((node) =>
			node.type === TRIGGER_TYPE ? inItsPlace(node, outputs, width) : node,
		);
		const copy: WorkflowFile = {
			...this.example,
			name: `${this.example.name} (several events)`,
			nodes: [
				{ name: SEVERAL_EVENTS, type: 'n8n-nodes-base.manualTrigger', typeVersion: 1 },
				...nodes,
			],
			connections: {
				...this.example.connections,
				[SEVERAL_EVENTS]: { main: [[{ node: TRIGGER, type: 'main', index: 0 }]] },
			},
			pinData: { [SEVERAL_EVENTS]: items },
		};
		this.copy = this.copy
			? await this.client.updateWorkflow(this.copy.id, copy)
			: await this.client.createWorkflow(copy);
		const id = await this.client.runManually(this.copy.id, SEVERAL_EVENTS);
		return await this.client.finishedExecution(id);
	}

	/** The items that the real trigger makes of events, and the output that each leaves by. */
	private async asTheTriggerGives(events: SeveralEvents) {
		const [trigger] = this.example.nodes.filter(({ type }) => type === TRIGGER_TYPE);
		this.trigger ??= await this.publish({
			name: `${this.example.name} (its trigger alone)`,
			nodes: [{ ...trigger, id: undefined }],
			connections: {},
		});
		const items: Array<{ json: Record<string, unknown> }> = [];
		const outputs: number[] = [];
		let width = 1;
		for (const [type, wish] of events) {
			const { data } = await this.trigger.emit(type, wish);
			const main = data.resultData.runData[TRIGGER][0].data?.main ?? [];
			const output = main.findIndex((list) => list?.length === 1);
			items.push({ json: main[output]?.[0].json ?? {} });
			outputs.push(output);
			width = main.length;
		}
		return { items, outputs, width };
	}

	async end(): Promise<void> {
		await this.trigger?.end();
	}
}

/** A node of the trigger's name that lets items leave as the trigger did. */
function inItsPlace(
	{ name, position }: WorkflowNode,
	outputs: readonly number[],
	width: number,
): WorkflowNode {
	return {
		name,
		position,
		type: 'n8n-nodes-base.switch',
		typeVersion: 3.2,
		parameters: {
			mode: 'expression',
			numberOutputs: width,
			output: `={{ [${outputs.join(', ')}][$itemIndex] }}`,
		},
	};
}
