import type { INode, IWebhookFunctions } from 'n8n-workflow';
import { liveSecret } from '../delivery/signature';
import type { LiveSecret } from '../delivery/signature';
import type { Doubt } from '../delivery/verdict';

/** What a delivery is checked against. */
export interface FoundSecrets {
	secrets: readonly LiveSecret[];
	/** Anchor's id of the webhook; null when the user keeps it. */
	webhookId: string | null;
	/** Why these may not be the secrets that Anchor signs with. */
	doubt?: Doubt;
}

/** The delivery for which secrets are wanted. */
export interface SecretSearch {
	context: IWebhookFunctions;
	/** The trigger's node. */
	node: INode;
	/** The time in milliseconds. */
	nowMs: number;
}

/** What knows a trigger's secrets. It never throws: what cannot be found is no secret, and without one nothing is trusted. */
export interface SecretSource {
	/** Finds the secrets for a delivery. */
	find(search: SecretSearch): Promise<FoundSecrets>;
	/**
	 * Looks once more, for a delivery that matches none of those found. A flood of forged requests costs no more than one
	 * reading a second and ten questions a minute, beside those that were saved up.
	 * @returns undefined when nothing more is known
	 */
	findAnew(search: SecretSearch, found: FoundSecrets): Promise<FoundSecrets | undefined>;
}

/** How long a look is good for everybody where each delivery would cost one. */
const LOOK_MS = 1_000;

/** Secrets that are being looked up, or were. */
export class LookUp {
	/**
	 * @param of what they were looked up for, such as a credential's id
	 * @param atMs when that began, in milliseconds
	 */
	constructor(
		readonly of: string | null | undefined,
		private readonly atMs: number,
		readonly secrets: Promise<readonly LiveSecret[]>,
	) {}

	/** Whether it is young enough and was for the same. A clock that was set back must not make it count for longer. */
	isGoodFor(of: LookUp['of'], nowMs: number): boolean {
		return this.of === of && Math.abs(nowMs - this.atMs) < LOOK_MS;
	}
}

/** How often something may be asked for: so many times at once, and one time more whenever a time has passed. */
export class Allowance {
	private left: number;
	private atMs = 0;

	constructor(
		private readonly most: number,
		private readonly everyMs: number,
	) {
		this.left = most;
	}

	/** Whether it may be asked for once more; if so, that is counted. A clock that was set back gives some more. */
	take(nowMs: number): boolean {
		const left = Math.min(this.most, this.left + Math.abs(nowMs - this.atMs) / this.everyMs);
		if (left < 1) return false;
		this.left = left - 1;
		this.atMs = nowMs;
		return true;
	}
}

/** The two secrets of the user's own credential, read for each delivery, in a flood every five seconds. */
export class PastedSecrets implements SecretSource {
	private last: LookUp | undefined;
	/** Each reading costs n8n a query, a decryption and a JavaScript isolate: too much for each delivery of a flood. */
	private readonly readings = new Allowance(50, 5_000);

	async find(search: SecretSearch): Promise<FoundSecrets> {
		const { last } = this;
		const isAtHand = last !== undefined && last.of === credentialIn(search);
		const found = isAtHand && !this.readings.take(search.nowMs) ? last : this.read(search);
		return { secrets: await found.secrets, webhookId: null };
	}

	/** Somebody may have pasted a new one. */
	async findAnew(search: SecretSearch): Promise<FoundSecrets | undefined> {
		if (this.last?.isGoodFor(credentialIn(search), search.nowMs)) return undefined;
		return { secrets: await this.read(search).secrets, webhookId: null };
	}

	private read(search: SecretSearch): LookUp {
		const secrets = search.context
			.getCredentials<{ [name: string]: unknown }>('anchorBrowserSigningSecretApi')
			.then(
				({ signingSecret, previousSigningSecret }) => [
					...liveSecret(signingSecret, 'current'),
					...liveSecret(previousSigningSecret, 'previous'),
				],
				() => [],
			);
		this.last = new LookUp(credentialIn(search), search.nowMs, secrets);
		return this.last;
	}
}

const credentialIn = ({ node }: SecretSearch) =>
	node.credentials?.anchorBrowserSigningSecretApi?.id;
