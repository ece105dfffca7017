import type { IExecuteFunctions } from 'n8n-workflow';
import { setCustomData } from '../../../nodes/AnchorBrowser/hooks/setCustomData';
import { fixture } from '../../fixtures/events';

const events = [fixture('task.failed')];

describe('setCustomData', () => {
	it.each([
		['has none, as n8n 1', {}],
		[
			'throws where there is no run',
			{
				get customData(): never {
					throw new Error('no run');
				},
			},
		],
		[
			'does not take it',
			{
				customData: {
					setAll() {
						throw new Error('refused');
					},
				},
			},
		],
	])('does nothing where n8n %s', (_, context) => {
		expect(() => setCustomData(context as unknown as IExecuteFunctions, events)).not.toThrow();
	});
});
