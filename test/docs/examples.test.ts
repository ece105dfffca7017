import {
	boxOf,
	exampleFiles,
	exampleText,
	handlesOf,
	LOOP,
	overlap,
	readExample,
	STICKY_NOTE,
	WAIT,
} from '../e2e/examples/example';
import { TRIGGER, TRIGGER_TYPE } from '../e2e/trigger';

describe.each(exampleFiles())('%s as a file', (file) => {
	const { name, nodes, connections, settings, pinData } = readExample(file);

	it('is complete and holds nothing of one n8n: no credentials, pinned data, instance or addresses', () => {
		expect(name).toMatch(/^Anchor Browser: /);
		expect(settings).toEqual({ executionOrder: 'v1' });
		expect(pinData).toEqual({});
		for (const node of nodes) {
			expect(node.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
			expect(node).not.toHaveProperty('credentials');
			expect(node).not.toHaveProperty('webhookId');
		}
		expect(new Set(nodes.map((node) => node.id)).size).toBe(nodes.length);
		expect(exampleText(file)).not.toMatch(/instanceId|cachedResult|"staticData"/);
		const names = nodes.map((node) => node.name);
		const ends = Object.values(
			connections as Record<string, { main: Array<Array<{ node: string }>> }>,
		);
		expect(names).toEqual(expect.arrayContaining(Object.keys(connections)));
		expect(names).toEqual(
			expect.arrayContaining(ends.flatMap(({ main }) => main.flat().map((end) => end.node))),
		);
	});

	it('opens tidily: a note that says what to fill in, and no two things on top of each other', () => {
		const note = nodes.find((node) => node.type === STICKY_NOTE);
		expect(note?.parameters?.content).toMatch(/^## .+[^]+\*\*Fill in\*\*\n1\. /);
		// n8n puts a credential of any type that fits into an imported node.
		expect(note?.parameters?.content).toContain('your *Anchor Browser API* credential');
		expect(note?.parameters?.content).toMatch(/ry it: click \*Execute workflow\*/);
		const boxes = nodes.map((node) => ({ node: node.name, box: boxOf(node) }));
		const collisions = boxes.flatMap((one, index) =>
			boxes
				.slice(index + 1)
				.filter((other) => overlap(one.box, other.box))
				.map((other) => `${one.node} and ${other.node}`),
		);
		expect(collisions).toEqual([]);
	});

	it('stands in the list of examples', () => {
		expect(exampleText('README.md')).toContain(`[${file}](${file})`);
	});

	it('names how its trigger registers, so that the API key is what it asks for', () => {
		for (const { parameters } of nodes.filter(({ type }) => type === TRIGGER_TYPE)) {
			expect(parameters?.registration).toBe('automatic');
		}
	});

	it('says on its note and in the list for how long its trigger collects events, if it does', () => {
		const collects = nodes.flatMap(({ type, parameters }) => {
			const { collectMinutes } = (parameters?.options ?? {}) as { collectMinutes?: number };
			return type === TRIGGER_TYPE && collectMinutes !== undefined ? [collectMinutes] : [];
		});
		const note = String(nodes.find(({ type }) => type === STICKY_NOTE)?.parameters?.content);
		const noted = [...note.matchAll(/The trigger collects the events of (\d+) minutes/g)];
		expect(noted.map(([, minutes]) => Number(minutes))).toEqual(collects);
		expect(note.includes("change *Collect Events (Minutes)* under the trigger's *Options*")).toBe(
			collects.length > 0,
		);
		const inList = exampleText('README.md').includes(`_${file.replace('.json', '')}_`);
		expect(inList).toBe(collects.length > 0);
	});

	it('takes text as it is where no spreadsheet keeps it: in a message or an address, an apostrophe would show', () => {
		const isKept = nodes.some(({ type }) => /\.(dataTable|googleSheets|convertToFile)$/.test(type));
		const trigger = nodes.find(({ type }) => type === TRIGGER_TYPE)?.parameters;
		if (trigger?.format !== 'row' || isKept) return;
		expect(trigger.options).toMatchObject({ escapeFormulas: false });
	});

	it("sends the API key to Anchor's host only, and along no redirect", () => {
		const calls = nodes.filter(({ parameters }) => parameters?.nodeCredentialType !== undefined);
		for (const { name: nodeName, parameters } of calls) {
			// This one stands behind a condition on the same address, which test/e2e/examples tries in a real n8n.
			if (nodeName !== 'Fetch With the API Key') {
				expect(parameters?.url).toMatch(/^=?https:\/\/api\.anchorbrowser\.io\//);
			}
			expect(parameters?.options).toMatchObject({
				redirect: { redirect: { followRedirects: false } },
			});
		}
	});

	it('runs from left to right, but for the way back of a loop', () => {
		const find = (nodeName: string) => nodes.find((node) => node.name === nodeName);
		const left = (nodeName: string) => find(nodeName)?.position?.[0] ?? Number.NaN;
		for (const [from, { main }] of Object.entries(
			connections as Record<string, { main: Array<Array<{ node: string }>> }>,
		)) {
			for (const { node } of main.flat()) {
				const goesBack = find(node)?.type === LOOP || find(from)?.type === WAIT;
				if (!goesBack) expect(left(node)).toBeGreaterThan(left(from));
			}
		}
	});

	it('connects no output that the editor does not show, and would drop', () => {
		for (const node of nodes) {
			const { main = [] } = (connections[node.name] ?? {}) as { main?: unknown[] };
			expect({ [node.name]: main.length <= handlesOf(node) }).toEqual({ [node.name]: true });
		}
	});

	it('takes every event of a run: nothing behind the trigger looks at the first alone', () => {
		const parameters = nodes.map((node) => JSON.stringify(node.parameters ?? {})).join('');
		expect(parameters).not.toContain(`$('${TRIGGER}').first()`);
	});

	it('loads no file by a link that leads to a page', () => {
		expect(exampleText(file)).not.toContain('/blob/');
	});
});
