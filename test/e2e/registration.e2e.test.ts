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

/** The first of these that an audit needs. */
const KINDS = ['crash', 'address', 'restart'] as const;

const kindOf = ({ needs }: RegistrationAudit<RealN8n>): Trial['kind'] =>
	KINDS.find((kind) => needs.includes(kind)) ?? 'ordinary';

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
		together.start(trials, PATIENCE_MS);
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
