import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** What a sealed secret is bound to. */
export interface SealContext {
	/** Of the credential. Whoever changes it makes sealed secrets unreadable, which is why they are then rotated. */
	apiKey: string;
	workflowId: string;
	nodeId: string;
}

const VERSION = 'v1';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals a signing secret for n8n's static data, which is stored in clear, exported with the workflow and returned by
 * n8n's public API: AES-256-GCM under a key derived from the API key (HKDF-SHA256), a new random IV each time,
 * workflow and node bound as additional data, so that a copy of the text in another node opens nowhere.
 * @returns `v1.<iv>.<ciphertext>.<tag>`, base64url
 */
export function seal(secret: string, context: SealContext): string {
	const iv = randomBytes(IV_BYTES);
	const cipher = createCipheriv(CIPHER, keyOf(context), iv);
	cipher.setAAD(boundTo(context));
	const ciphertext = Buffer.concat([cipher.update(Buffer.from(secret)), cipher.final()]);
	const parts = [iv, ciphertext, cipher.getAuthTag()];
	return [VERSION, ...parts.map((part) => part.toString('base64url'))].join('.');
}

/**
 * Opens what `seal` made. Total: never throws.
 * @returns the secret; undefined with another API key, in another workflow or node, and for any text that was changed
 */
export function open(sealed: unknown, context: SealContext): string | undefined {
	if (typeof sealed !== 'string') return undefined;
	const [version, ...texts] = sealed.split('.');
	if (version !== VERSION || texts.length !== 3) return undefined;
	const parts = texts.map((text) => Buffer.from(text, 'base64url'));
	// Buffer.from skips what is not base64url; a text that was changed only there must not open either.
	if (parts.some((part, index) => part.toString('base64url') !== texts[index])) return undefined;
	const [iv, ciphertext, tag] = parts;
	try {
		// The length matters: Node takes the first bytes of a tag for one otherwise.
		const decipher = createDecipheriv(CIPHER, keyOf(context), iv, { authTagLength: TAG_BYTES });
		decipher.setAAD(boundTo(context));
		decipher.setAuthTag(tag);
		return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString();
	} catch {
		return undefined;
	}
}

function keyOf({ apiKey }: SealContext): Buffer {
	const info = 'n8n-nodes-anchorbrowser-webhooks signing secret v1';
	return Buffer.from(hkdfSync('sha256', Buffer.from(apiKey), Buffer.alloc(0), info, KEY_BYTES));
}

/** JSON keeps the two ids apart whatever is in them. */
function boundTo({ workflowId, nodeId }: SealContext): Buffer {
	return Buffer.from(JSON.stringify([VERSION, workflowId, nodeId]));
}
