/** What the simulator keeps: the nouns of Anchor's webhook service. Times are milliseconds since 1970. */

/** Which secret signs while two are valid (the 24 hours after a rotation). Anchor does not say which of these it does. */
export type SigningMode = 'current' | 'previous' | 'both';

/** The states of a row in the delivery history, as in Anchor's newest API description. */
export const DELIVERY_STATUSES = ['pending', 'succeeded', 'failed', 'dead'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

interface PreviousSecret {
	value: string;
	/** When it stops being valid, 24 hours after the rotation that replaced it. */
	endsAt: number;
}

export interface Webhook {
	id: string;
	projectId: string;
	url: string;
	description: string | null;
	subscribedEvents: string[];
	enabled: boolean;
	createdAt: number;
	updatedAt: number;
	secret: string;
	/** Newest first; ended ones stay listed, for a test tool may want to sign with one. */
	previousSecrets: PreviousSecret[];
	/** A deleted webhook gets nothing new, but its history stays readable. */
	deletedAt: number | null;
}

export interface Envelope {
	id: string;
	type: string;
	created: string;
	project_id: string;
	text: string;
	data: Record<string, unknown>;
}

export interface Attempt {
	/** 1 for the first. */
	number: number;
	startedAt: number;
	/** How long it took, in milliseconds. */
	ms: number;
	/** The HTTP status, null when no whole answer came. */
	status: number | null;
	responseHeaders: Record<string, string | string[] | undefined>;
	/** At most 10,000 characters. */
	responseBody: string;
	/** What was sent, signature included. */
	requestHeaders: Record<string, string | string[]>;
	requestBody: Buffer;
	/** Why the attempt is no success, null for a 2xx. */
	error: string | null;
}

export interface Delivery {
	/** The row's own id, sent as Anchor-Delivery-Id. */
	id: string;
	eventId: string;
	type: string;
	webhookId: string;
	status: DeliveryStatus;
	attempts: Attempt[];
	scheduledAt: number;
	completedAt: number | null;
	/** The delivered `data`, for the history. */
	data: unknown;
	/** Sent by somebody else than Anchor, whose history does not have it. */
	isForged: boolean;
}

export interface RecordedRequest {
	method: string;
	path: string;
	query: Record<string, string>;
	/** The parsed JSON body, the text when it is no JSON, undefined when there was none. */
	body: unknown;
	/** Null while unanswered, and for ever when the connection was closed without an answer. */
	status: number | null;
	at: number;
}
