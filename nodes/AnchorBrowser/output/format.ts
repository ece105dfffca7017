import { ENVELOPE_KEYS } from '../events/event';
import type { AnchorEvent } from '../events/event';
import { escapeFormula } from './cell';
import { uniqueNames, toRow } from './row';

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
 * Takes an event; returns the JSON of its item. `data`: the keys of `data` after `_event` with the envelope's.
 * `envelope`: as delivered. `row`: see toRow. With `delivery` given, its facts come last: under `_delivery`, in a row as
 * `_delivery_<fact>`, because a spreadsheet cell cannot hold an object. A delivered key of the same name as one of ours
 * is kept as `<name>_2`. Total: never throws.
 */
export function formatItem(
	event: AnchorEvent,
	options: { format: ItemFormat; escapeFormulas: boolean; delivery?: DeliveryNote },
): Record<string, unknown> {
	const { format, escapeFormulas, delivery } = options;
	// toJSON, because toISOString throws for a time that is none.
	const shown = delivery && { ...delivery, receivedAt: new Date(delivery.receivedAt).toJSON() };
	if (format === 'row') {
		// Rows of delivered and recovered events go into one sheet and have the same columns.
		const columns = { ...shown };
		delete columns.recovered;
		const facts = Object.entries(columns).map(([fact, value]) => [
			`_delivery_${fact}`,
			// The delivery's id is a header that nobody signed.
			escapeFormulas && typeof value === 'string' ? escapeFormula(value) : value,
		]);
		return withOurs({}, toRow(event, { escapeFormulas }), Object.fromEntries(facts));
	}
	const last = shown ? { _delivery: shown } : {};
	if (format === 'envelope') return withOurs({}, event, last);
	const delivered = ENVELOPE_KEYS.filter((key) => Object.hasOwn(event, key));
	const envelope = Object.fromEntries(delivered.map((key) => [key, event[key]]));
	return withOurs({ _event: envelope }, event.data, last);
}

/** Delivered keys between ours. Spread and fromEntries make own keys of all, even of one named `__proto__`. */
function withOurs(
	first: Record<string, unknown>,
	delivered: Record<string, unknown>,
	last: Record<string, unknown>,
): Record<string, unknown> {
	const ours = { ...first, ...last };
	const freeName = uniqueNames(
		(name) => Object.hasOwn(ours, name) || Object.hasOwn(delivered, name),
	);
	const renamed = Object.entries(delivered).map(([key, value]) => [
		Object.hasOwn(ours, key) ? freeName(key) : key,
		value,
	]);
	return { ...first, ...Object.fromEntries(renamed), ...last };
}
