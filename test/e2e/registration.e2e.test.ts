import { testEach } from '../conformance/audit';
import type { RegistrationAudit } from '../conformance/registration/checks';
import { registrationAudits } from '../conformance/registrationAudits';
import { TESTED } from '../support/n8n';
import { CAPABILITIES, driverOf, type RealN8n } from './registration/driver';
import { realAudits } from './registration/realAudits';
import { startSharedN8n, type SharedN8n } from './registration/sharedN8n';
import { AuditScheduler } from './registration/scheduler';

/** They all run side by side from the beginning, so that each test may have to wait for others to end. */
const PATIENCE_MS = 900_000;

jest.setTimeout(PATIENCE_MS + 60_000);

const AUDITS: ReadonlyArray<RegistrationAudit<RealN8n>> = [...registrationAudits, ...realAudits];

describe.each(TESTED)('registration in a real n8n %s', (version) => {
	let shared: SharedN8n;
	let scheduler: AuditScheduler;
	const driver = driverOf(
		() => shared,
		() => scheduler,
	);

	beforeAll(async () => {
		shared = await startSharedN8n(version);
		scheduler = new AuditScheduler(shared);
		const fitting = AUDITS.filter(({ needs }) => needs.every((one) => CAPABILITIES.has(one)));
		const scheduled = fitting.map((audit) => ({
			...audit,
			run: async () => await audit.run(driver),
		}));
		scheduler.start(scheduled, PATIENCE_MS);
	}, PATIENCE_MS);

	afterAll(async () => await shared?.stop());

	testEach(
		AUDITS.map((audit) => ({
			...audit,
			run: async () => await scheduler.resultOf(audit.id),
		})),
		CAPABILITIES,
		() => driver,
	);
});
