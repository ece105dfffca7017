import { isAtLeast, NEWEST, OLDEST, releasesNamed, runsOn, settingsOf } from './releases';

test.each([
	['2.41.1', '1.123', true],
	['1.123.0', '1.123', true],
	['1.122.9', '1.123', false],
	['v24.21.0', '24', true],
	['1.9.0', '1.10.0', false],
])('%s is at least %s: %s', (version, minimum, expected) => {
	expect(isAtLeast(version, minimum)).toBe(expected);
});

test.each([
	['2.41.1', 'v24.1.0', true],
	['2.41.1', 'v22.23.3', false],
	['2.20.0', 'v22.23.3', true],
	['2.20.0', 'v20.20.2', false],
	['1.123.81', 'v20.19.0', true],
	['1.123.81', 'v20.18.0', false],
	['1.123.81', 'v25.0.0', false],
])('n8n %s runs on Node %s: %s', (n8n, node, expected) => {
	expect(runsOn(n8n, node)).toBe(expected);
});

test('only the old line is told to do without the isolated expression engine', () => {
	expect(settingsOf(OLDEST, () => false)).toHaveProperty('N8N_EXPRESSION_ENGINE', 'legacy');
	expect(settingsOf(NEWEST, () => false)).not.toHaveProperty('N8N_EXPRESSION_ENGINE');
});

test('a module is left out only where there is one', () => {
	expect(settingsOf(NEWEST, () => true)).toHaveProperty('N8N_DISABLED_MODULES', 'mcp-registry');
	expect(settingsOf(OLDEST, () => false)).not.toHaveProperty('N8N_DISABLED_MODULES');
});

test.each([
	[undefined, [NEWEST, OLDEST]],
	['', [NEWEST, OLDEST]],
	['1', [OLDEST]],
	[' 2 ', [NEWEST]],
	[`1,${NEWEST}`, [NEWEST, OLDEST]],
])('N8N_VERSIONS=%s chooses %j', (switched, versions) => {
	expect(releasesNamed(switched)).toEqual(versions);
});

test('N8N_VERSIONS chooses no release that nobody knows', () => {
	expect(() => releasesNamed('2, 2.4')).toThrow('2.4, which is none of');
});
