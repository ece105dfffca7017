import { CATALOGUE, EVENT_TYPES } from '../../../nodes/AnchorBrowser/events/catalogue';
import { outputNames } from '../../../nodes/AnchorBrowser/output/branch';
import type { BranchBy } from '../../../nodes/AnchorBrowser/output/branch';
import { formatItem } from '../../../nodes/AnchorBrowser/output/format';
import { BRANCH_BY_HINT, NODE_HINT } from '../../../nodes/AnchorBrowser/settings/builderHints';
import { fixture } from '../../fixtures/events';

const [{ content }] = NODE_HINT.builderHint.extraTypeDefContent;

/** What stands after a name at the start of a line. */
const listAfter = (name: string): string[] => {
	const line = content.split('\n').find((one) => one.startsWith(`${name}: `));
	return line === undefined ? [] : line.slice(name.length + 2).split(', ');
};

describe('what a model is told of the item', () => {
	it.each(EVENT_TYPES)('of %s, in format data, covers all that an example has', (type) => {
		const { data } = fixture(type);
		const known = listAfter(type).map((path) => path.split('.')[0]);
		expect(known).toEqual(expect.arrayContaining(Object.keys(data)));
	});

	it.each(CATALOGUE)('of $type, in format row, is the columns that it has', ({ type, entity }) => {
		const row = formatItem({ id: '', type, data: {} }, { format: 'row', escapeFormulas: true });
		const [common] = /(?<=^In format row: )[\w, ]+(?=, and)/m.exec(content) ?? [''];
		expect([...common.split(', '), ...listAfter(entity)].sort()).toEqual(Object.keys(row).sort());
	});

	it('names where a failure says its cause', () => {
		expect(listAfter('task.failed')).toContain('error.type');
		expect(listAfter('identity.authentication_failed')).toContain('failure_type');
	});
});

describe('what a model is told of the outputs', () => {
	const { propertyHint } = BRANCH_BY_HINT.builderHint;

	it.each<BranchBy>(['outcome', 'entity', 'failureType'])('numbers those of %s', (branchBy) => {
		const [, told = ''] =
			new RegExp(`(?<!\\w)${branchBy}: (.*?)\\.(?= \\w+: |$)`).exec(propertyHint) ?? [];
		const names = outputNames(branchBy, ['*']);
		expect(told.replace(/ \(.*?\)/g, '')).toBe(names.map((name, at) => `${at} ${name}`).join(', '));
	});

	it('lists those of events in their order', () => {
		expect(propertyHint).toContain(outputNames('event', ['*']).join(', '));
	});

	it('says which events leave by an outcome', () => {
		expect(propertyHint).toContain('2 Needs Attention (task.healed, intervention.requested)');
	});
});
