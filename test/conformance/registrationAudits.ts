import { byHand, changes } from './registration/changes';
import type { RegistrationAudit } from './registration/checks';
import { company } from './registration/company';
import { crashes, lostAnswers } from './registration/crashes';
import { listening } from './registration/listening';
import { outages, refusals } from './registration/outages';
import { publishing } from './registration/publishing';
import { secrets } from './registration/secrets';

/**
 * What a registration that keeps itself in order has to do, as runnable checks against Anchor's simulator. After each,
 * exactly one production webhook leads to the trigger and deliveries are still verified.
 */
export const registrationAudits: readonly RegistrationAudit[] = [
	...publishing,
	...changes,
	...byHand,
	...outages,
	...lostAnswers,
	...crashes,
	...company,
	...secrets,
	...listening,
	...refusals,
];
