import type {
	IDataObject,
	IExecuteFunctions,
	IHookFunctions,
	ITriggerFunctions,
	IWebhookFunctions,
} from 'n8n-workflow';
import { connectionOf } from '../api/client';
import type { ApiContext } from '../api/client';
import { getWebhook } from '../api/webhooks';
import { liveSecret } from '../delivery/signature';
import type { LiveSecret } from '../delivery/signature';
import { fingerprintOf, ownerKeyOf, parseMark } from '../registration/mark';
import type { MarkOwner, Mode } from '../registration/mark';
import { openSecrets, parseState } from '../registration/state';
import type { RegistrationState } from '../registration/state';
import { Allowance, LookUp, PastedSecrets } from './signingSecrets';
import type { FoundSecrets, SecretSearch, SecretSource } from './signingSecrets';

type Context = IHookFunctions | IWebhookFunctions | ITriggerFunctions | IExecuteFunctions;

/**
 * What this process knows of one registration, the production or the test one. It opens a sealed secret once, not once
 * for each delivery, and it knows a secret from the moment Anchor gave it, before n8n has saved the static data. A process
 * that knows nothing reads everything from static data.
 */
export class Registration implements SecretSource {
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
	/** What serves instead where the user keeps the webhook. */
	readonly pasted = new PastedSecrets();

	/** The last try to open what is stored. */
	private opening: LookUp | undefined;
	/** To Anchor, whether the secret here is the one that it signs with. */
	private readonly questions = new Allowance(10, 6_000);

	constructor(
		private readonly mode: Mode,
		private readonly workflowId: string,
		private readonly nodeId: string,
	) {}

	/** For whom its webhook at Anchor is. */
	ownerIn(context: Context): MarkOwner {
		const { workflowId, nodeId, mode } = this;
		const { name: workflowName = '' } = context.getWorkflow();
		return { workflowName, instanceId: context.getInstanceId(), workflowId, nodeId, mode };
	}

	/** Whether a state is of this registration: static data travels with a copied workflow, whose webhook is not this one's. */
	owns(context: Context, state: RegistrationState | undefined): state is RegistrationState {
		return state?.owner === ownerKeyOf(this.ownerIn(context));
	}

	/**
	 * Remembers a state that has just been made, and opens its secrets.
	 * @throws n8n's own message when the node has no credential
	 */
	async learn(context: ApiContext, state: RegistrationState): Promise<void> {
		this.remember(state, await this.open(context, state));
	}

	/** Remembers a state, and its secrets as they are known. */
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

	/** What n8n has kept of this node's registration; undefined when there is none, or something that is none. */
	stored(context: Context): RegistrationState | undefined {
		return parseState(globalData(context)[this.nodeId]);
	}

	/**
	 * Lets n8n keep a state, or drop it. Never from `webhook()`: n8n does not save what one that starts a run writes. Never from
	 * `trigger()`: n8n saves all static data as it was at the activation, other nodes' entries too.
	 * @param state undefined drops it
	 */
	store(context: IHookFunctions | IExecuteFunctions, state: RegistrationState | undefined): void {
		const data = globalData(context);
		if (state === undefined) delete data[this.nodeId];
		else data[this.nodeId] = state as unknown as IDataObject;
	}

	/**
	 * Notes here and in n8n when the trigger was taken out of service.
	 * @param endedAt in milliseconds; undefined when it is wanted again
	 */
	noteEnd(context: IHookFunctions, state: RegistrationState, endedAt: number | undefined): void {
		const noted = { ...state, endedAt };
		if (endedAt === undefined) delete noted.endedAt;
		this.store(context, noted);
		// The credential may be gone: nothing is opened anew here.
		this.remember(noted, this.secrets);
	}

	/**
	 * The one rule of precedence between what this process knows and what n8n has stored: the later secret counts, by
	 * Anchor's clock, because n8n may have stored an older one since (a restored database, a run that ended late). Of two
	 * that are equally old, the one of the process that keeps the webhook. With the same secret, what another main process has
	 * published or ended since. A state of another owner (a copied workflow) does not count.
	 */
	newest(context: Context): RegistrationState | undefined {
		const known = this.state;
		const stored = this.stored(context);
		if (known === undefined || stored === undefined) return known ?? stored;
		if (stored.owner !== known.owner) return known;
		const isLater =
			stored.secret === known.secret
				? !this.isInService && isChangedSince(known, stored)
				: stored.secretSince > known.secretSince ||
					(stored.secretSince === known.secretSince && !this.isInService);
		return isLater ? stored : known;
	}

	/** The current secret of a state in clear, where this process has opened it, perhaps under another API key than today's. */
	openedOf(state: RegistrationState | undefined): string | undefined {
		if (state?.secret !== this.state?.secret) return undefined;
		return this.secrets
			.find(({ age }) => age === 'current')
			?.key.export()
			.toString();
	}

	/** The current and the previous secret of the webhook. */
	async find({ context, nowMs }: SecretSearch): Promise<FoundSecrets> {
		const { isChanging, state: known } = this;
		const newest = this.newest(context);
		const changing = isChanging ? 'secret_changing' : undefined;
		if (newest === undefined) return { secrets: [], webhookId: null, doubt: changing };
		const isOpen = known !== undefined && this.secrets.length > 0 && isSameSecret(known, newest);
		const secrets = isOpen ? this.secrets : await this.openStored(context, newest, nowMs);
		const { webhookId } = newest;
		if (isChanging) return { secrets, webhookId, doubt: changing };
		if (secrets.length === 0) {
			const isSealed = this.owns(context, newest);
			return { secrets, webhookId, doubt: isSealed ? 'secret_sealed' : undefined };
		}
		// The process that keeps the webhook knows its secret first. Any other one has what n8n has stored so far.
		const isKept = this.isInService && newest === known;
		return { secrets, webhookId, doubt: isKept ? undefined : 'secret_outdated' };
	}

	/** Anchor can tell whether the secret at hand is up to date. */
	async findAnew(
		{ context, nowMs }: SecretSearch,
		found: FoundSecrets,
	): Promise<FoundSecrets | undefined> {
		const [current] = found.secrets;
		if (found.doubt !== 'secret_outdated' || current.age !== 'current') return undefined;
		if (!this.questions.take(nowMs)) return undefined;
		const fingerprint = fingerprintOf(current.key.export().toString());
		const isConfirmed = await isNamedByAnchor(context, found, fingerprint);
		return isConfirmed ? { ...found, doubt: undefined } : undefined;
	}

	/** Opens what is stored; what cannot be opened is tried again once a second, should the API key be put right. */
	private async openStored(
		context: IWebhookFunctions,
		state: RegistrationState,
		nowMs: number,
	): Promise<readonly LiveSecret[]> {
		const { opening } = this;
		if (opening?.isGoodFor(state.secret, nowMs)) return await opening.secrets;
		const opened = this.open(context, state).catch(() => []);
		this.opening = new LookUp(state.secret, nowMs, opened);
		const secrets = await opened;
		if (secrets.length > 0) this.remember(state, secrets);
		return secrets;
	}

	/** The secrets of a state, ready for checking; without what cannot be opened (see `openSecrets`). */
	private async open(context: ApiContext, state: RegistrationState): Promise<LiveSecret[]> {
		const { workflowId, nodeId } = this;
		const { apiKey } = await connectionOf(context);
		return openSecrets(state, { apiKey, workflowId, nodeId }).flatMap(({ value, age, expiresAt }) =>
			liveSecret(value, age, expiresAt),
		);
	}
}

/**
 * Static data is one JSON column of the workflow, and n8n keys its part for a node by the node's name. The state
 * therefore lies in the global part under the node's id: renaming the node loses nothing. While the editor listens for
 * a test event, n8n gives a listener static data of its own.
 */
const globalData = (context: Context): IDataObject => context.getWorkflowStaticData('global');

/** Whether the trigger was published or taken out of service since a state was known. */
const isChangedSince = (known: RegistrationState, stored: RegistrationState) =>
	stored.wantsSince > known.wantsSince ||
	(stored.wantsSince === known.wantsSince && stored.endedAt !== undefined);

const isSameSecret = (one: RegistrationState, other: RegistrationState) =>
	one.secret === other.secret && one.previous?.sealed === other.previous?.sealed;

/** Whether the mark of the webhook at Anchor names this secret as the one that n8n got last. */
async function isNamedByAnchor(
	context: IWebhookFunctions,
	{ webhookId }: FoundSecrets,
	fingerprint: string,
): Promise<boolean> {
	if (webhookId === null) return false;
	try {
		const webhook = await getWebhook(context, webhookId);
		return webhook.ok && parseMark(webhook.body.description)?.fingerprint === fingerprint;
	} catch {
		// The credential is gone: nothing can be known.
		return false;
	}
}
