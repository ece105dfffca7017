import { EventMemory, NOTHING_SEEN } from '../../nodes/AnchorBrowser/delivery/dedupe';
import { makeFilters } from '../../nodes/AnchorBrowser/delivery/filters';
import { judgeCondition } from '../../nodes/AnchorBrowser/settings/judgeCondition';
import { answerOf, logLineOf } from '../../nodes/AnchorBrowser/delivery/verdict';
import type { Answer } from '../../nodes/AnchorBrowser/delivery/verdict';
import { receive } from '../../nodes/AnchorBrowser/delivery/receive';
import { liveSecret } from '../../nodes/AnchorBrowser/delivery/signature';
import type { LiveSecret } from '../../nodes/AnchorBrowser/delivery/signature';
import { formatItem } from '../../nodes/AnchorBrowser/output/format';
import { testEach } from './audit';
import { deliveryAudits } from './deliveryAudits';
import type {
	AuditedTrigger,
	AuditRequest,
	AuditRun,
	DeliveryCapability,
	DeliveryDriver,
	TriggerSetup,
} from './deliveryDriver';

const CAPABILITIES: DeliveryCapability[] = ['clock', 'hold', 'anyBody', 'longHeaders', 'log'];

/** The refusal that n8n sends when it cannot take a run. */
const REFUSED: Answer = { status: 500, headers: {}, body: { message: 'There was a problem' } };

/** The receiving core alone: no n8n, no clock, no network. The host's part, taking runs, is imitated here. */
class CoreTrigger implements AuditedTrigger {
	private readonly nowMs = 1_795_334_400_000;
	private readonly seen;
	private readonly secrets: LiveSecret[];
	private readonly taken: AuditRun[] = [];
	private readonly lines: string[] = [];
	private acceptance: Promise<'accept' | 'refuse'> | undefined;
	private arrived = () => {};

	constructor(private readonly setup: TriggerSetup) {
		this.seen = setup.options?.deduplicate === 'off' ? NOTHING_SEEN : new EventMemory();
		const { current, previous } = setup.secrets ?? {};
		this.secrets = [...liveSecret(current, 'current'), ...liveSecret(previous, 'previous')];
	}

	nowSeconds(): number {
		return this.nowMs / 1000;
	}

	async deliver({ method = 'POST', headers, body }: AuditRequest) {
		const { events = [], filters, options = {} } = this.setup;
		const verdict = receive(
			{ method, headers: headers as Record<string, string>, body },
			{
				settings: {
					events,
					filters: makeFilters(filters, judgeCondition),
					toleranceSeconds: (options.toleranceSeconds as number) ?? 120,
				},
				secrets: this.secrets,
				seen: this.seen,
				nowMs: this.nowMs,
			},
		);
		this.lines.push(logLineOf(verdict) ?? '');
		if (verdict.kind !== 'accepted') return asAuditAnswer(answerOf(verdict));

		const { event, facts } = verdict;
		this.arrived();
		if ((await this.acceptance) === 'refuse') {
			this.seen.release(event.id);
			return asAuditAnswer(REFUSED);
		}
		this.seen.commit(event.id, this.nowMs);
		this.taken.push([
			formatItem(event, {
				format: 'data',
				escapeFormulas: true,
				delivery: options.includeDelivery ? { ...facts, webhookId: null } : undefined,
			}),
		]);
		return asAuditAnswer(answerOf(verdict));
	}

	async runs() {
		return this.taken;
	}

	holdRuns() {
		let settle!: (how: 'accept' | 'refuse') => void;
		const arrived = new Promise<void>((resolve) => (this.arrived = resolve));
		this.acceptance = new Promise((resolve) => {
			settle = (how) => {
				this.acceptance = undefined;
				resolve(how);
			};
		});
		return { arrived, settle: (how: 'accept' | 'refuse') => settle(how) };
	}

	log() {
		return this.lines.join('\n');
	}

	async close() {}
}

function asAuditAnswer({ status, headers, body }: Answer) {
	const names = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
	return { status, headers: Object.fromEntries(names) as Record<string, string>, body: body ?? '' };
}

const driver: DeliveryDriver = {
	capabilities: new Set(CAPABILITIES),
	start: async (setup) => new CoreTrigger(setup),
};

describe('the receiving core', () => testEach(deliveryAudits, driver.capabilities, () => driver));
