/** One event as Anchor delivered it, unknown keys included. Source: Anchor's page "Events", section Envelope. */
export interface AnchorEvent {
	/** DOCUMENTED. Names the event for good: the same on every retry. Opaque. */
	id: string;
	/** DOCUMENTED. `<entity>.<action>`, possibly one that the catalogue does not know. */
	type: string;
	/** DOCUMENTED. When it happened, ISO 8601. */
	created?: string;
	/** DOCUMENTED. The project it belongs to. */
	project_id?: string;
	/** DOCUMENTED. One line for people, made from `data`. */
	text?: string;
	/** DOCUMENTED. What the event is about; see payloads.ts. */
	data: Record<string, unknown>;
	/** Ours: the event was fetched from Anchor's delivery history. */
	recovered?: true;
	/** Whatever Anchor adds. */
	[key: string]: unknown;
}

/** What of an event stands beside its `data`: what an item shows under `_event`. */
export const ENVELOPE_KEYS = ['id', 'type', 'created', 'project_id', 'text', 'recovered'] as const;
