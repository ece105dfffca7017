import { byHand } from './registration/byHand';
import { changes } from './registration/changes';
import type { RegistrationAudit } from './registration/checks';
import { company } from './registration/company';
import { crashes } from './registration/crashes';
import { listening } from './registration/listening';
import { lostAnswers } from './registration/lostAnswers';
import { outages } from './registration/outages';
import { publishing } from './registration/publishing';
import { refusals } from './registration/refusals';
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
