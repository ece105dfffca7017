import type { DeliveryRow } from '../api/webhooks';
import { entryOf, failureTypeOf, idsOf } from '../events/catalogue';
import type { AnchorEvent } from '../events/event';

/**
 * Makes an event of a row of Anchor's history. A row holds `data` alone: the rest of the envelope is filled in as far as
 * it is known, and says that it was.
 * @param row with its payload
 * @param projectId the project of the webhook; '' when Anchor did not say
 */
export function recoveredEvent(
	{
		external_event_id: id,
		event_type: type,
		scheduled_at: created,
		payload: data,
	}: Required<DeliveryRow>,
	projectId: string,
): AnchorEvent {
	return {
		id,
		type,
		...(created === null ? {} : { created }),
		...(projectId === '' ? {} : { project_id: projectId }),
		text: textOf({ id, type, data }),
		recovered: true,
		data,
	};
}

/**
 * One line for people. Ids and types stand in backticks, as Anchor's own text does with ids: an underscore in them
 * begins italics where a chat reads Markdown, and n8n's Telegram node is refused if they never end.
 */
function textOf(event: AnchorEvent): string {
	const ids = (['task', 'session', 'batch', 'identity'] as const).flatMap((kind) =>
		idsOf(event, kind).map((id) => `${kind} ${asCode(id)}`),
	);
	const failureType = failureTypeOf(event);
	const label = entryOf(event.type)?.label ?? asCode(event.type);
	const about = ids.length === 0 ? '' : `: ${ids.join(', ')}`;
	return `${label}${about}${failureType === undefined ? '' : ` (${asCode(failureType)})`}`;
}

function asCode(text: string): string {
	return `\`${text.replaceAll('`', "'")}\``;
}
