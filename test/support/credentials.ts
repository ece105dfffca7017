import { ICredentialsHelper, Workflow } from 'n8n-workflow';
import type {
	ICredentialDataDecryptedObject,
	ICredentials,
	IHttpRequestOptions,
	INode,
	INodeCredentialsDetails,
	INodeProperties,
	IRequestOptionsSimplified,
} from 'n8n-workflow';
import type { LoadedPackage } from './core';

/**
 * Stands in for n8n's own credentials helper, which is not published: it keeps credentials in clear, and attaches them
 * to requests by the credential type's own `authenticate`, whose expressions n8n's engine evaluates.
 */
export class CredentialStore extends ICredentialsHelper {
	/** Credential id to its fields. A test may change them at any time. */
	readonly stored = new Map<string, ICredentialDataDecryptedObject>();

	constructor(private readonly loaded: () => LoadedPackage) {
		super();
	}

	getParentTypes(): string[] {
		return [];
	}

	isCredentialUsableByNode(credentialType: string, nodeType: string): boolean {
		return this.loaded().mayUse(credentialType, nodeType);
	}

	async getDecrypted(
		_additionalData: unknown,
		{ id }: INodeCredentialsDetails,
	): Promise<ICredentialDataDecryptedObject> {
		const fields = this.stored.get(id ?? '');
		if (fields === undefined) throw new Error(`Credential with ID "${id}" does not exist.`);
		return structuredClone(fields);
	}

	async authenticate(
		credentials: ICredentialDataDecryptedObject,
		typeName: string,
		requestOptions: IHttpRequestOptions | IRequestOptionsSimplified,
		workflow: Workflow,
		node: INode,
	): Promise<IHttpRequestOptions> {
		const { authenticate } = this.loaded().credentialType(typeName);
		const options = requestOptions as IHttpRequestOptions;
		if (authenticate === undefined) return options;
		if (typeof authenticate === 'function') return await authenticate(credentials, options);
		const headers: Record<string, unknown> = { ...options.headers };
		for (const [name, value] of Object.entries(authenticate.properties.headers ?? {})) {
			headers[name] = workflow.expression.getSimpleParameterValue(
				node,
				value as string,
				'internal',
				{ $credentials: credentials },
				undefined,
				'',
			);
		}
		return { ...options, headers: headers as IHttpRequestOptions['headers'] };
	}

	getCredentialsProperties(type: string): INodeProperties[] {
		return this.loaded().credentialType(type).properties;
	}

	async preAuthentication(): Promise<undefined> {
		return undefined;
	}

	async runPreAuthentication(): Promise<undefined> {
		return undefined;
	}

	async getCredentials(): Promise<ICredentials> {
		throw new Error('No node asks for encrypted credentials');
	}

	async updateCredentials(): Promise<void> {}

	async updateCredentialsOauthTokenData(): Promise<void> {}
}
