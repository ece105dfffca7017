/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import type { IDataObject, IHookFunctions, ITriggerFunctions } from 'n8n-workflow';
import { lookAfter } from '../../../nodes/AnchorBrowser/hooks/trigger';
import { activate, deactivate } from '../../../nodes/AnchorBrowser/hooks/webhookMethods';
import { countTriggers } from '../../../nodes/AnchorBrowser/runtime/triggers';
import { AnchorInMemory } from '../registration/anchorInMemory';

/** The context of one trigger, with static data of its own; enough for activation and deactivation. */
function contextOf(anchor: AnchorInMemory, number: number, onDeactivate = 'delete') {
	const data: IDataObject = {};
	const parameters: IDataObject = {
		registration: 'automatic',
		events: ['task.failed'],
		options: { onDeactivate },
	};
	return {
		...anchor.context(),
		getNode: () => ({ ...anchor.node, id: `node-${number}`, parameters }),
		getMode: () => 'trigger',
		getActivationMode: () => 'activate',
		getInstanceId: () => 'a1',
		getWorkflow: () => ({ id: `workflow-${number}`, name: 'One of many' }),
		getNodeWebhookUrl: () => `https://n8n.example.com/webhook/${number}`,
		getNodeParameter: (name: string, fallback: unknown) => parameters[name] ?? fallback,
		getWorkflowStaticData: () => data,
		emit: () => {},
	} as unknown as IHookFunctions & ITriggerFunctions;
}

it('leave nothing of thousands of triggers that came and went, and with Disable what each needs to come back', async () => {
	const waits: AbortController[] = [];
	jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
		waits.push(new AbortController());
		return waits[waits.length - 1].signal;
	});
	/** Lets all waits end, with what comes of it. */
	const advance = async () => {
		for (const wait of waits.splice(0)) wait.abort();
		for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
	};
	const anchor = new AnchorInMemory();
	anchor.maxWebhooks = Infinity;
	const comeAndGo = async (number: number, onDeactivate?: string) => {
		const context = contextOf(anchor, number, onDeactivate);
		await activate(context);
		const { closeFunction } = lookAfter(context);
		await Promise.all([deactivate(context), closeFunction?.()]);
	};
	for (let wave = 0; wave < 100; wave++) {
		const numbers = Array.from({ length: 20 }, (_none, index) => wave * 20 + index);
		await Promise.all(numbers.map(async (number) => await comeAndGo(number)));
		expect(countTriggers()).toBe(20);
		await advance();
	}
	expect([countTriggers(), anchor.webhooks]).toEqual([0, []]);
	await comeAndGo(0, 'disable');
	await advance();
	expect(countTriggers()).toBe(1);
	jest.restoreAllMocks();
}, 30_000);
