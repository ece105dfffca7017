/** A requirement in one sentence; a list with any other level does not compile. */
export type Requirement = `${'MUST' | 'SHOULD'} ${string}`;

/** One requirement as something that can be run against a driver. */
export interface Audit<Driver, Capability extends string> {
	/** Four characters that stay when the wording improves. */
	readonly id: string;
	readonly requirement: Requirement;
	/** What the driver must be able to do for this one to mean anything. */
	readonly needs: readonly Capability[];
	/** Resolves when the requirement is met and rejects with an AssertionError when it is not. */
	run(driver: Driver): Promise<void>;
}

/** Makes a jest test of each audit; those that the driver lacks a capability for are shown as skipped, with the reason. */
export function testEach<Driver, Capability extends string>(
	audits: ReadonlyArray<Audit<Driver, Capability>>,
	capabilities: ReadonlySet<Capability>,
	driver: () => Driver,
): void {
	for (const { id, requirement, needs, run } of audits) {
		const lacking = needs.filter((capability) => !capabilities.has(capability));
		if (lacking.length > 0) {
			test.skip(`${id} ${requirement} (needs ${lacking.join(', ')})`, () => {});
		} else {
			test(`${id} ${requirement}`, async () => await run(driver()));
		}
	}
}
