import type {
	ICredentialDataDecryptedObject,
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	INodeCredentialTestResult,
} from 'n8n-workflow';

/** What Anchor's API answers as a secret: 32 bytes as hexadecimal text (API description, create and rotate-secret). */
const ISSUED = /^[0-9a-f]{64}$/;

function faultOf(secret: unknown, field: string): string | undefined {
	if (typeof secret !== 'string' || secret.trim() === '') {
		return `${field} is blank. Paste the secret that Anchor Browser showed when you created the webhook or rotated its secret.`;
	}
	if (secret !== secret.trim()) {
		return `${field} has white space before or after it. Remove it, then save again.`;
	}
	if (!ISSUED.test(secret)) {
		return `${field} is not a secret that Anchor Browser issues: those have 64 characters, 0 to 9 and a to f, and this one has ${secret.length}. Copy it again; if it is no longer shown, rotate the secret of the webhook.`;
	}
	return undefined;
}

/**
 * Judges a pasted signing secret by its form; whether it is the right one shows at the first delivery.
 * @param credential the credential as the user filled it in
 * @returns green, or red with what to fix
 */
export async function signingSecretTest(
	this: ICredentialTestFunctions,
	credential: ICredentialsDecrypted<ICredentialDataDecryptedObject>,
): Promise<INodeCredentialTestResult> {
	const { signingSecret, previousSigningSecret = '' } = credential.data ?? {};
	const fault =
		faultOf(signingSecret, 'Signing Secret') ??
		(previousSigningSecret === ''
			? undefined
			: faultOf(previousSigningSecret, 'Previous Signing Secret'));
	return fault === undefined
		? {
				status: 'OK',
				message: 'This looks like a signing secret of Anchor Browser',
			}
		: { status: 'Error', message: fault };
}
