import type * as Catalogue from '../../../nodes/AnchorBrowser/events/catalogue';
import type * as Envelope from '../../../nodes/AnchorBrowser/events/envelope';
import { fixture, fixtureBytes } from '../../fixtures/events';

/** n8n answers `require('zod')` with its own copy: 3.22 in old versions, 3.25 in today's, 4 before long. */
const versions = ['zod-3-22', 'zod', 'zod-4'];

type Zod = { z: { ZodType: abstract new () => unknown } };
type Loaded = { zod: Zod; catalogue: typeof Catalogue; envelope: typeof Envelope };

function eventsUnder(version: string): Loaded {
	let loaded: Loaded | undefined;
	jest.isolateModules(() => {
		const zod = jest.requireActual<Zod>(version);
		jest.doMock('zod', () => zod);
		loaded = {
			zod,
			catalogue: jest.requireActual('../../../nodes/AnchorBrowser/events/catalogue'),
			envelope: jest.requireActual('../../../nodes/AnchorBrowser/events/envelope'),
		};
	});
	jest.dontMock('zod');
	if (!loaded) throw new TypeError(`nothing loaded under ${version}`);
	return loaded;
}

describe.each(versions)('under %s', (version) => {
	const { zod, catalogue, envelope } = eventsUnder(version);
	const { EVENT_TYPES, entryOf } = catalogue;
	const { isDocumentedScalar, mismatchesOf, parseEvent } = envelope;
	const mismatchesIn = (bytes: Uint8Array) => {
		const parsed = parseEvent(bytes);
		if (parsed.kind !== 'event') throw new TypeError('The fixture is no event');
		return mismatchesOf(parsed.event).sort();
	};

	it('the schemas are of that very copy', () => {
		const own = EVENT_TYPES.filter((type) => entryOf(type)?.schema instanceof zod.z.ZodType);
		expect(own).toEqual(EVENT_TYPES);
	});

	it('the fields of an event can be listed', () => {
		const [first] = catalogue.CATALOGUE;
		expect(catalogue.fieldsOf(first)).toEqual(
			expect.arrayContaining(Object.keys(fixture(first.type).data)),
		);
	});

	it.each(EVENT_TYPES)('%s: the example is known and nothing in it is odd', (type) => {
		expect(mismatchesIn(fixtureBytes(type))).toEqual([]);
	});

	it('data that does not fit is delivered with the same places named', () => {
		const odd = fixture('task.failed', {
			error: { type: 'new_kind' },
			artifacts: [{ name: 1, url: 'https://example.com' }],
			duration_ms: null,
			task_id: 7,
			new_key: { any: ['thing'] },
		});
		const bytes = Buffer.from(JSON.stringify(odd));
		expect(parseEvent(bytes)).toEqual({ kind: 'event', event: odd });
		expect(mismatchesIn(bytes)).toEqual([
			'data.artifacts.0.name',
			'data.error.type',
			'data.task_id',
		]);
	});

	it('the same fields are known to hold one value', () => {
		for (const path of ['error.type', 'duration', 'tags.0', 'artifacts.0.size']) {
			expect(isDocumentedScalar(path.split('.'))).toBe(true);
		}
		for (const path of ['error', 'result', 'tags', 'artifacts.0', 'new_key']) {
			expect(isDocumentedScalar(path.split('.'))).toBe(false);
		}
	});

	it('a union that does not fit is named by its own place', () => {
		const odd = fixture('session.completed', { duration: [420], tags: 'production' });
		expect(mismatchesIn(Buffer.from(JSON.stringify(odd)))).toEqual(['data.duration', 'data.tags']);
	});

	it('a required key that is missing is named', () => {
		const bare = { ...fixture('intervention.requested'), data: {} };
		expect(mismatchesIn(Buffer.from(JSON.stringify(bare)))).toEqual(['data.live_view_url']);
	});
});
