import type { IDataObject, IHookFunctions } from 'n8n-workflow';
import { readState, writeState } from '../../../nodes/AnchorBrowser/runtime/staticData';
import { stateOf } from './storedState';

const STATE = stateOf();

it('lies under the node in what the whole workflow has, and leaves the rest alone', () => {
	const data: IDataObject = { counter: 41, other: 'not a state' };
	const context = {
		getWorkflowStaticData: (type: string) => (type === 'global' ? data : {}),
	} as unknown as IHookFunctions;
	expect([readState(context, 'node'), readState(context, 'other')]).toEqual([undefined, undefined]);
	writeState(context, 'node', STATE);
	expect(readState(context, 'node')).toEqual(STATE);
	expect(data).toEqual({ counter: 41, other: 'not a state', node: STATE });
	writeState(context, 'node', undefined);
	expect(data).toEqual({ counter: 41, other: 'not a state' });
});
