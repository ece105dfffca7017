import { testEach } from '../conformance/audit';
import type { RegistrationAudit } from '../conformance/registration/checks';
import { registrationAudits } from '../conformance/registrationAudits';
import { TESTED } from '../support/n8n';
import { CAPABILITIES, driverOf, type RealN8n } from './registration/driver';
import { realAudits } from './registration/realAudits';
import { startSharedN8n, type SharedN8n } from './registration/sharedN8n';
import { Together, type Trial } from './registration/together';

/** They all run side by side from the beginning, so that each test may have to wait for others to end. */
const PATIENCE_MS = 900_000;

jest.setTimeout(PATIENCE_MS + 60_000);

/** Those that restart n8n come first, so that they do it at the same time. The order is for speed alone. */
const RESTARTING = ['34d5', '40c1', 'b1a6', '8ac4', 'e10b', '58e2', 'e3a7', '81fc'];

const byRestart = (one: Trial, other: Trial) =>
	Number(RESTARTING.includes(other.id)) - Number(RESTARTING.includes(one.id));

const kindOf = ({ needs }: RegistrationAudit<RealN8n>): Trial['kind'] => {
	if (needs.includes('crash')) return 'crash';
	return needs.includes('address') ? 'address' : 'ordinary';
};

const AUDITS: ReadonlyArray<RegistrationAudit<RealN8n>> = [...registrationAudits, ...realAudits];

describe.each(TESTED)('registration in a real n8n %s', (version) => {
	let shared: SharedN8n;
	let together: Together;
	const driver = driverOf(
		() => shared,
		() => together,
	);

	beforeAll(async () => {
		shared = await startSharedN8n(version);
		together = new Together({
			kill: async () => await shared.kill(),
			restart: async () => await shared.restart(),
		});
		const trials = AUDITS.filter(({ needs }) =>
			needs.every((capability) => CAPABILITIES.has(capability)),
		).map(
			(audit): Trial => ({
				id: audit.id,
				kind: kindOf(audit),
				run: async () => await audit.run(driver),
			}),
		);
		together.start(trials.sort(byRestart), PATIENCE_MS);
	}, PATIENCE_MS);

	afterAll(async () => await shared?.stop());

	testEach(
		AUDITS.map((audit) => ({
			...audit,
			run: async () => await together.resultOf(audit.id),
		})),
		CAPABILITIES,
		() => driver,
	);
});
