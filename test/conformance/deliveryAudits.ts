import type { DeliveryAudit } from './deliveryChecks';
import { forgedAudits } from './forgedAudits';
import { genuineAudits } from './genuineAudits';
import { headerAudits } from './headerAudits';
import { wantedAudits } from './wantedAudits';

/**
 * What every receiver of Anchor's deliveries has to do, as runnable checks. They know a driver and Anchor's
 * documentation, and nothing of our code: the same list judges the pure core, the built node and a real n8n. When the
 * third fails where the first passes, the fault is in the adapter or in the host.
 */
export const deliveryAudits: readonly DeliveryAudit[] = [
	...genuineAudits,
	...forgedAudits,
	...headerAudits,
	...wantedAudits,
];
