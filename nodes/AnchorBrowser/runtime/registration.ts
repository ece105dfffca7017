import { liveSecret } from '../delivery/signature';
import type { LiveSecret } from '../delivery/signature';
import type { SealContext } from '../registration/seal';
import { openSecrets } from '../registration/state';
import type { RegistrationState } from '../registration/state';

/** Something that was looked up, or is being looked up. */
export interface LookUp {
	/** What it was for, such as a credential's id: another one is not answered by it. */
	of: string | null | undefined;
	/** When it began, in milliseconds. */
	atMs: number;
	secrets: Promise<readonly LiveSecret[]>;
}

/** How often something may be asked for: so many times at once, and one time more whenever a time has passed. */
class Allowance {
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

/**
 * What this process knows of one registration, the production or the test one. It opens a sealed secret once, not once
 * for each delivery, and it knows a secret from the moment Anchor gave it, before n8n has saved the static data. A process
 * that knows nothing reads everything from static data.
 */
export class Registration {
	/** Undefined after a restart, in another process, or when the webhook is gone. */
	state: RegistrationState | undefined;
	/** The secrets of the state, opened; without what could not be opened. */
	secrets: readonly LiveSecret[] = [];
	/** Whether the secret is being rotated right now: a signature that does not match yet may in a moment. */
	isChanging = false;
	/** Whether n8n has activated the trigger here and not taken it out of service since. */
	isInService = false;
	/** Whether the other processes of this n8n, which read static data alone, may not have the secret yet. */
	isUnsaved = false;

	/** The last reading of the credential with a pasted secret. */
	reading: LookUp | undefined;
	/** Each reading costs n8n a query, a decryption and a JavaScript isolate: too much for each delivery of a flood. */
	readonly readings = new Allowance(50, 5_000);
	/** The last try to open what is stored. */
	opening: LookUp | undefined;
	/** To Anchor, whether the secret here is the one that it signs with. */
	readonly questions = new Allowance(10, 6_000);

	/** Remembers a state, and its secrets opened (see `openRegistration`). */
	remember(state: RegistrationState, secrets: readonly LiveSecret[]): void {
		this.state = state;
		this.secrets = secrets;
	}

	/** Forgets the webhook, when it is gone at Anchor or another process keeps it. */
	forget(): void {
		this.state = undefined;
		this.secrets = [];
		this.isChanging = false;
		this.isUnsaved = false;
	}

	/**
	 * The one rule of precedence between what this process knows and what n8n has stored: the later secret counts, by
	 * Anchor's clock, because n8n may have stored an older one since (a restored database, a run that ended late). Of two
	 * that are equally old, the one of the process that keeps the webhook. With the same secret, or a state of another
	 * owner (a copied workflow), what this process knows.
	 * @param stored from static data
	 */
	newest(stored: RegistrationState | undefined): RegistrationState | undefined {
		const known = this.state;
		if (known === undefined || stored === undefined) return known ?? stored;
		if (stored.owner !== known.owner || stored.secret === known.secret) return known;
		const isLater =
			stored.secretSince > known.secretSince ||
			(stored.secretSince === known.secretSince && !this.isInService);
		return isLater ? stored : known;
	}
}

/** The secrets of a registration, ready for checking; without what cannot be opened (see `openSecrets`). */
export function openRegistration(state: RegistrationState, context: SealContext): LiveSecret[] {
	return openSecrets(state, context).flatMap(({ value, age, expiresAt }) =>
		liveSecret(value, age, expiresAt),
	);
}
