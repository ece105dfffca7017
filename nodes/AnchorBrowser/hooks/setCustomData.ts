import type { IExecuteFunctions } from 'n8n-workflow';
import type { AnchorEvent } from '../events/event';
import { customDataOf } from '../output/customData';

/**
 * Lets people find a run by what it carries: n8n 2 shows custom execution data beside it and filters its list by it.
 * Without them, as on n8n 1, nothing happens; a run never fails because of them.
 * @param context n8n's context of the run
 * @param events what the run outputs, none for a run without items
 */
export function setCustomData(context: IExecuteFunctions, events: readonly AnchorEvent[]): void {
	try {
		const customData: Partial<IExecuteFunctions>['customData'] = context.customData;
		customData?.setAll(customDataOf(events));
	} catch {
		// n8n's getter throws where a context knows no run.
	}
}
