import { memoryOf } from '../../../nodes/AnchorBrowser/runtime/eventMemory';

const NOW = Date.UTC(2026, 0, 1);

describe('memoryOf', () => {
	it('keeps one memory for each node, so that a republished workflow still knows its events', () => {
		const memory = memoryOf('workflow node', true);
		memory.reserve('evt_1', NOW);
		memory.commit('evt_1', NOW);
		expect(memoryOf('workflow node', true).reserve('evt_1', NOW + 1)).toBe('seen');
		expect(memoryOf('workflow other', true).reserve('evt_1', NOW + 1)).toBe('new');
	});

	it('remembers nothing where nothing is to be remembered', () => {
		const off = memoryOf('workflow off', false);
		off.reserve('evt_1', NOW);
		off.commit('evt_1', NOW);
		expect(memoryOf('workflow off', false).reserve('evt_1', NOW)).toBe('new');
	});

	it('is bounded in nodes: the longest known gives way', () => {
		memoryOf('bounded first', true).reserve('evt_1', NOW);
		memoryOf('bounded first', true).commit('evt_1', NOW);
		for (let node = 0; node < 2_000; node++) {
			const memory = memoryOf(`bounded ${node}`, true);
			memory.reserve('evt', NOW);
			memory.commit('evt', NOW);
		}
		expect(memoryOf('bounded 1999', true).reserve('evt', NOW)).toBe('seen');
		expect(memoryOf('bounded first', true).reserve('evt_1', NOW)).toBe('new');
	});
});
