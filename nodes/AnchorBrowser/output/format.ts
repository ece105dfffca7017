import type { AnchorEvent } from '../events/event';
import { withOurs } from './names';
import { toRow } from './row';
import type { RowOptions } from './row';

/** The trigger's parameter `format`. */
export type ItemFormat = 'data' | 'envelope' | 'row';

/** How a delivery came, for `options.includeDelivery`. Never the signature, never a secret. */
export interface DeliveryNote {
	/** Anchor's name of this delivery, null when the header was missing. It is not covered by the signature. */
	deliveryId: string | null;
	/** Seconds since 1970, as signed; null for a recovered event. */
	timestamp: number | null;
	/** When n8n received or recovered it, in milliseconds; the item shows it in ISO 8601. */
	receivedAt: number;
	/** Which of the two live secrets proved it; null for a recovered event. */
	signedWith: 'current' | 'previous' | null;
	/** The webhook at Anchor, null when the node did not register it. */
	webhookId: string | null;
	/** Whether the event was fetched from Anchor's delivery history; left out for a delivered one. */
	recovered?: true;
}

/**
 * Takes an event; returns the JSON of its item. `data`: the keys of `data` after `_event`, which has all others.
 * `envelope`: as delivered. `row`: see toRow. With `delivery` given, its facts come last, under `_delivery`; a row has
 * them in columns, `delivery_id` and so on. A delivered key of the same name as one of ours is kept as `<name>_2`.
 * Total: never throws.
 */
export function formatItem(
	event: AnchorEvent,
	options: Omit<RowOptions, 'delivery'> & { format: ItemFormat; delivery?: DeliveryNote },
): Record<string, unknown> {
	const { format, escapeFormulas, resultColumns, delivery } = options;
	// toJSON, because toISOString throws for a time that is none.
	const shown = delivery && { ...delivery, receivedAt: new Date(delivery.receivedAt).toJSON() };
	if (format === 'row') {
		return toRow(event, { escapeFormulas, resultColumns, delivery: shown && columnsOf(shown) });
	}
	const last = shown ? { _delivery: shown } : {};
	if (format === 'envelope') return withOurs({}, event, last);
	const { data, ...envelope } = event;
	return withOurs({ _event: envelope }, data, last);
}

/** Rows of delivered and recovered events go into one sheet and have the same columns. */
function columnsOf(shown: Omit<DeliveryNote, 'receivedAt'> & { receivedAt: string }) {
	return {
		delivery_id: shown.deliveryId,
		delivery_timestamp: shown.timestamp,
		delivery_received_at: shown.receivedAt,
		delivery_signed_with: shown.signedWith,
		delivery_webhook_id: shown.webhookId,
	};
}
