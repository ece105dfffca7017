import type { DeliveryRow } from '../api/webhooks';
import { entryOf, failureTypeOf, idsOf } from '../events/catalogue';
import type { AnchorEvent } from '../events/event';

/**
 * Makes an event of a row of Anchor's history. A row holds `data` alone: the rest of the envelope is filled in as far as
 * it is known, and says that it was.
 * @param projectId of the webhook; '' when Anchor did not say
 */
export function recoveredEvent(
	{
		external_event_id: id,
		event_type: type,
		scheduled_at: created,
		payload,
	}: Required<DeliveryRow>,
	projectId: string,
): AnchorEvent {
	const event: AnchorEvent = {
		id,
		type,
		...(created === null ? {} : { created }),
		...(projectId === '' ? {} : { project_id: projectId }),
		data: payload,
	};
	const ids = (['task', 'session', 'batch', 'identity'] as const).flatMap((kind) =>
		idsOf(event, kind).map((found) => `${kind} ${found}`),
	);
	const failureType = failureTypeOf(event);
	const label = entryOf(type)?.label ?? type;
	const about = ids.length === 0 ? '' : `: ${ids.join(', ')}`;
	const text = `${label}${about}${failureType === undefined ? '' : ` (${failureType})`}`;
	const { data, ...envelope } = event;
	return { ...envelope, text, recovered: true, data };
}
